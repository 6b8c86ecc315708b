/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the data TLB of one CPU: which translations it holds, hit or miss, and how many
 * memory references a page walk takes. It counts, it does not time; it knows nothing of
 * caches, of speculation or of walks that overlap.
 *
 * Two levels. An entry is tagged with its process (asid), its page's number and its page's
 * size; entries of several sizes live side by side, in arrays of their own or in one that
 * they share (geometry.h). The TLB knows no page tables: on a miss the caller walks its own
 * and says what it found.
 *
 *	tlb_access() --> TLB_L1_HIT, TLB_L2_HIT
 *	       |
 *	    TLB_MISS --> the caller walks --> mapped:  tlb_fill()
 *	                                  --> a fault: tlb_fault(), and after it another tlb_access()
 *
 * Addresses may be any. One that no core accepts (its bits above the lowest 57 do not equal
 * bit 56) is told apart from all others as long as asids are below 512, and stays where a
 * process is flushed.
 *
 * What is done where hardware differs or is not known:
 * - All page sizes are looked for in the first level, then all in the second. A hit in the
 *   first does not renew the entry in the second; a hit in the second brings it into the
 *   first; a walk fills both. An entry that leaves one level does not move to the other.
 * - A level without entries for a page size never hits for it, though a core may keep a
 *   smaller piece of the translation.
 * - The second level serves data alone, where a core may share it with instructions.
 * - Where two sizes map one address (a stale entry that was not flushed) the page of the
 *   last access answers, else the smallest. Cores may use either (SDM volume 3, 4.10.2.3).
 * - Replacement is what the geometry says; assoc.h describes it. Page-walk caches: walk_cache.h.
 *
 * Flushes follow Intel's SDM, volume 3, 4.10.4.1. tlb_flush_page() is INVLPG: translations of
 * the page, global ones whatever their process, and all page-walk cache entries of the
 * process, whatever their address. A switch without process tags is a write to CR3: all that
 * is not global goes, page-walk caches all. tlb_flush_asid() is INVPCID type 1,
 * tlb_flush_all() its types 2 (with global translations) and 3.
 *
 * Locking: none. Ownership: tlb_create()'s caller; any number may exist.
 */
#ifndef KMEMSIM_PAGEMAP_TLB_TLB_H
#define KMEMSIM_PAGEMAP_TLB_TLB_H

#include "pagemap/tlb/walk_cache.h"

#define TLB_NO_PAGE	UINT64_MAX	/* a page number has at most 52 bits */
#define TLB_MAX_ASID	UINT16_MAX

/* Ordered: the worst of several is the largest. */
enum tlb_result { TLB_L1_HIT, TLB_L2_HIT, TLB_MISS };

/* Of one page size. A fault's lookup is in none: no page answered it. */
struct tlb_stats {
	uint64_t lookups;	/* l1_hits + l2_hits + walks */
	uint64_t l1_hits, l2_hits;
	uint64_t walks;		/* that found a translation */
	uint64_t walk_refs;	/* memory references of these */
};

/* Of all page sizes: X(name, meaning). */
#define TLB_COUNTERS(X) \
	X(faults,           "walks that found no translation") \
	X(fault_refs,       "memory references of these") \
	X(switches,         "changes to another process") \
	X(flush_switch,     "flushes because of these: there are no process tags") \
	X(flush_page,       "flushes of one page") \
	X(flush_asid,       "flushes of one process") \
	X(flush_nonglobal,  "flushes of all but global translations") \
	X(flush_all,        "flushes of all")

struct tlb_counters {
#define X(name, text) uint64_t name;
	TLB_COUNTERS(X)
#undef X
};

/* The only page size that is there, with what its lookups and fills need. */
struct tlb_lone {
	struct assoc *l1, *l2;
	struct tlb_stats *stats;
	uint64_t key;		/* the size, as keys have it */
	unsigned int shift;
	enum tlb_page size;
};

/* The last lookup that no level answered. */
struct tlb_missed {
	enum { TLB_NOT_MISSED, TLB_MISSED, TLB_MISSED_LONE } kind;
	uint32_t set[2];	/* TLB_MISSED_LONE: where both levels are to have it, and by which key */
	uint64_t addr;
	uint64_t key;
};

struct tlb {
	/* the page of the last access, which is the newest of its set wherever it is */
	uint64_t last_page;	/* TLB_NO_PAGE: none */
	uint64_t *last_hits;	/* what counts another access to it */
	unsigned int last_shift;
	enum tlb_result last_result;
	/* tlb.c's */
	const struct tlb_lone *lone;	/* NULL: several sizes, something global, or no entries in a level */
	uint64_t tag;		/* of the process, as keys have it */
	struct tlb_missed missed;
	unsigned int sizes;	/* a bit for each page size that was ever filled since all was flushed */
	bool has_global;	/* a global entry may be there */
	bool no_tags;
	unsigned int shift[NR_TLB_PAGES];
	struct assoc *level[2][NR_TLB_PAGES];	/* into arrays; sizes may share one */
	struct tlb_stats stats[NR_TLB_PAGES];	/* but for lookups */
	struct tlb_counters counters;
	struct tlb_lone lone_size;
	struct assoc arrays[2][NR_TLB_PAGES];
	struct walk_cache walk;
};

/* Empty, its process is 0. *@out is the caller's until tlb_destroy(). -EINVAL (tlb_geometry_check()), -ENOMEM. */
int tlb_create(struct tlb **out, const struct tlb_geometry *geo, struct kerror *err);
void tlb_destroy(struct tlb *tlb);

/* tlb_access() for a page other than the last one. */
enum tlb_result tlb_lookup(struct tlb *tlb, uint64_t addr);

/*
 * One access to the byte at @addr by the current process. After TLB_MISS the caller calls
 * tlb_fill() or tlb_fault() for the same address. An access that straddles a page border
 * is two, whose result is the larger one: at most one miss.
 */
static inline enum tlb_result tlb_access(struct tlb *tlb, uint64_t addr)
{
	if (addr >> tlb->last_shift != tlb->last_page)
		return tlb_lookup(tlb, addr);
	++*tlb->last_hits;
	return tlb->last_result;
}

/*
 * The walk for @addr found a page of @size, mapped for the current process, or for all
 * (@global). Both levels have it now. @size is one that the geometry has. Returns the
 * walk's memory references, 1 to 4.
 */
unsigned int tlb_fill(struct tlb *tlb, uint64_t addr, enum tlb_page size, bool global);
/*
 * The walk for @addr ended at an entry of level @level (geometry.h: 0 to 3) that is not
 * present. Nothing is kept but the entries above it. Returns memory references.
 */
unsigned int tlb_fault(struct tlb *tlb, uint64_t addr, unsigned int level);

/* For those whose memory is mapped with pages of @size throughout: what misses is filled. */
static inline enum tlb_result tlb_access_mapped(struct tlb *tlb, uint64_t addr, enum tlb_page size)
{
	enum tlb_result result = tlb_access(tlb, addr);

	if (result == TLB_MISS)
		tlb_fill(tlb, addr, size, false);
	return result;
}

/* For the next one: the pages behind that of @addr, up to that of @last; @worst or worse. */
enum tlb_result tlb_access_rest(struct tlb *tlb, uint64_t addr, uint64_t last, enum tlb_page size,
				enum tlb_result worst);

/* The same of each page that the @bytes (at least 1) from @addr on touch, which end within 64 bits; the worst result. */
static inline enum tlb_result tlb_access_range(struct tlb *tlb, uint64_t addr, uint32_t bytes, enum tlb_page size)
{
	uint64_t last = addr + (bytes - 1);
	enum tlb_result result = tlb_access_mapped(tlb, addr, size);

	return (addr ^ last) >> tlb->shift[size] ? tlb_access_rest(tlb, addr, last, size, result) : result;
}

/* From now on accesses are those of @asid. The same one again is no switch. */
void tlb_switch(struct tlb *tlb, uint16_t asid);
void tlb_flush_page(struct tlb *tlb, uint16_t asid, uint64_t addr);
/* All translations of @asid but global ones. */
void tlb_flush_asid(struct tlb *tlb, uint16_t asid);
void tlb_flush_all(struct tlb *tlb, bool global);

struct tlb_stats tlb_stats(const struct tlb *tlb, enum tlb_page size);
/* All page sizes of @tlb are added to @sum. */
void tlb_stats_add(struct tlb_stats *sum, const struct tlb *tlb);

struct tlb_counter_desc {
	const char *name, *text;
};
/* As many as struct tlb_counters has members, in their order; ends with a NULL name. */
extern const struct tlb_counter_desc tlb_counter_desc[];

#endif
