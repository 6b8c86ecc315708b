/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: debugging of object caches, switched on cache by cache at run time.
 * Off by default; a cache without flags never comes here. docs/debugging.md
 * draws the layout and says what each flag costs.
 *
 * What needs no flag, because the live bits show it for every cache: double
 * frees, frees into a wrong cache, frees of an address where no object begins.
 * Flags add what was written where nobody may write, and who did what before.
 *
 * Nothing here can see a read. A reader of freed memory gets 0x6b where
 * poisoning is on; to have the read itself reported, ask slab_check_access()
 * before it, or let a page fault report it (guard pages).
 *
 * Follows Linux 6.1's mm/slub.c, mm/failslab.c and lib/fault-inject.c, the
 * quarantine mm/kasan/quarantine.c. Differs from Linux:
 *   - What was overwritten is reported, restored, and the request goes on. The
 *     kernel then no longer trusts the object and leaks it (on a free) or the
 *     slab (on an allocation); here live bits say which objects are in use, and
 *     a broken free list is rebuilt from them.
 *   - Q, the quarantine, is a flag of a cache; the kernel's is KASAN's.
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_SLAB_DEBUG_DEBUG_H
#define KMEMSIM_SLAB_DEBUG_DEBUG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pagemap/error.h"
#include "slab/debug/track.h"

struct kmem_cache;
struct slab_report;

/* Bytes that mean something; the kernel's. */
#define SLUB_RED_INACTIVE	0xbb	/* red zone of a free object */
#define SLUB_RED_ACTIVE		0xcc	/* red zone of an object in use */
#define POISON_INUSE		0x5a	/* never handed out: padding */
#define POISON_FREE		0x6b	/* freed, or handed out and not written yet */
#define POISON_END		0xa5	/* the last byte of such an object */

/* Cache flags, beside those of slab.h; the letter that --slab-debug has for each. */
#define SLAB_CONSISTENCY_CHECKS	0x00010000u	/* F: check the object at each allocation and free */
#define SLAB_RED_ZONE		0x00020000u	/* Z: bytes around it that nobody may write */
#define SLAB_POISON		0x00040000u	/* P: fill what is free with POISON_FREE */
#define SLAB_STORE_USER		0x00080000u	/* U: remember who allocated and who freed */
#define SLAB_TRACE		0x00100000u	/* T: report each call to the trace function */
#define SLAB_FAILSLAB		0x00200000u	/* A: failures with cache_filter hit this cache */
#define SLAB_QUARANTINE		0x00400000u	/* Q: hold freed objects back; brings P along */
#define SLAB_NO_USER_FLAGS	0x00800000u	/* what the configuration says is not for this cache */

/* Those that make a cache a debugged one. */
#define SLAB_DEBUG_FLAGS (SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | \
			  SLAB_STORE_USER | SLAB_TRACE | SLAB_QUARANTINE)
/* Those that make objects larger. */
#define SLAB_DEBUG_METADATA (SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER | SLAB_QUARANTINE)
/* What a list of caches without letters means: FZPU. */
#define SLAB_DEBUG_DEFAULT (SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER)

#define SLAB_QUARANTINE_BYTES (1u << 20)	/* default of slab_config's quarantine_bytes */

/* ---- which cache is debugged how ---------------------------------------- */

/*
 * Check @text, which has the syntax of the kernel's slab_debug= parameter:
 * blocks divided by ';', each of them letters, or letters ',' cache names, where
 * a name may end in '*'. Letters: F Z P U T A Q as above, O (no metadata where
 * it would make a slab's smallest order larger), '-' (nothing), in any case of
 * letters; none means FZPU. A block without names is for every cache that no
 * block names; of several such the last counts. The first name that fits wins.
 * Differs from Linux: an unknown letter is an error (-EINVAL), not skipped, and
 * so is a comma without a name behind it.
 */
int slab_debug_parse(const char *text, struct kerror *err);
/* All flags that any cache can get from @text. */
uint32_t slab_debug_any_flags(const char *text);
/*
 * Call @fn for each name (of @len bytes) of @text that neither a cache of @sa nor
 * a name merged into one has, and that a '*' at its end does not lead to any.
 */
void slab_debug_unmet(const struct slab_allocator *sa, const char *text,
		      void (*fn)(void *ctx, const char *name, size_t len), void *ctx);
/* What @text gives a cache called @name: debug flags, without the checks. */
uint32_t slab_debug_flags_of(const char *text, const char *name);
/* The letters of @flags as --slab-debug takes them, "-" for none. @buf holds 8 bytes or more. */
const char *slab_debug_letters(uint32_t flags, char *buf, size_t size);

/* ---- looking for what was overwritten ----------------------------------- */

/*
 * Check every object of @s, in use or not, its free lists and the bytes behind
 * the last object, as writing to the kernel's "validate" attribute does. What
 * is wrong is counted, reported and repaired; returns how many. 0 for a cache
 * that isn't debugged: there is nothing to compare with (slab_validate() looks at
 * its lists). Follows validate_slab_cache().
 */
unsigned int slab_validate_cache(struct kmem_cache *s);
/* The same for all caches. */
unsigned int slab_validate_caches(struct slab_allocator *sa);

/*
 * Ask before @bytes bytes from @addr on are read or written: true where they
 * lie in one live object (in the size that was asked for, where that is known)
 * or large kmalloc. Otherwise counted and reported as SLAB_BAD_ACCESS. Works
 * for every cache; follows what KASAN's instrumented code does before an access.
 */
bool slab_check_access(struct slab_allocator *sa, const void *addr, size_t bytes, bool write);

/*
 * Write @report as text, several lines each ending in a newline: what, where,
 * who allocated and freed, the bytes around. Addresses are what they would be in a direct
 * map at ffff888000000000, so that the same run gives the same text. To be
 * called inside a report function, while the bytes are as they were found. As
 * snprintf() does, returns the length of the whole and cuts what does not fit.
 */
size_t slab_report_text(const struct slab_allocator *sa, const struct slab_report *report,
			char *buf, size_t size);

/* ---- trace -------------------------------------------------------------- */

struct slab_trace {
	const struct kmem_cache *cache;
	const void *object;
	bool alloc;		/* false: it is being freed */
	struct slab_track by;
};
/* @fn (NULL: nobody) hears of each allocation and free in caches with SLAB_TRACE. */
typedef void (*slab_trace_fn)(void *ctx, const struct slab_trace *trace);
void slab_set_trace(struct slab_allocator *sa, slab_trace_fn fn, void *ctx);

/* ---- quarantine --------------------------------------------------------- */

/* Give what is held back of @s (NULL: of all caches) to its cache now. Returns how many. */
unsigned int slab_quarantine_drain(struct slab_allocator *sa, struct kmem_cache *s);
/* Bytes held back now, metadata included. */
uint64_t slab_quarantine_bytes(const struct slab_allocator *sa);
/* True where the object that begins at @object was freed and is held back. */
bool slab_quarantined(const struct slab_allocator *sa, const void *object);

/* ---- failures on demand -------------------------------------------------- */

/*
 * Which requests for objects fail; follows struct fault_attr. In this order: requests that
 * the filters leave out never count; the first @space bytes succeed; of the
 * others each @interval-th fails with @probability percent, @times times at
 * most. A bulk call is one request.
 */
struct slab_fail_attr {
	unsigned int interval;		/* 0 is taken as 1 */
	unsigned int probability;	/* percent; 0: off */
	int64_t times;			/* -1: no end */
	int64_t space;			/* bytes (object sizes) */
	bool cache_filter;		/* only caches with SLAB_FAILSLAB */
	bool ignore_gfp_wait;		/* not requests that may sleep (the kernel's default) */
	uint32_t site;			/* only this caller's (slab_set_caller()); 0: every one's */
};
/*
 * "INTERVAL,PROBABILITY,SPACE,TIMES" as the kernel's failslab= takes it, then
 * as many as wanted of ",cache-filter", ",ignore-gfp-wait=N" and ",site=NAME";
 * a name is the rest of @text and *@site points to it (NULL without one).
 * Errors: -EINVAL.
 */
int slab_fail_parse(struct slab_fail_attr *attr, const char *text, const char **site,
		    struct kerror *err);
/* @attr NULL: no failures. */
void slab_set_failslab(struct slab_allocator *sa, const struct slab_fail_attr *attr);
/* Requests that failed on demand so far (fail_injected, without a look at all caches). */
uint64_t slab_fail_injected(const struct slab_allocator *sa);

#endif
