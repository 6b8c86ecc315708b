/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: how a program's structs lie in memory, and what they cost in slabs.
 *
 * dwarf/ reads types out of debug information; everything else works on
 * struct layout_type alone and can be tested without a binary. A type's
 * members stand in the order of their addresses. Offsets are in bits from the
 * start of the type, so that bit-fields need no special case.
 *
 *	bit   0                32       48  51        64
 *	      | int count      | (hole) |a:3| spare   |      holes are whole bytes,
 *	      |                | 16     |   | 5 bits  |      spare are bits of a byte
 *	                                                     that has a bit-field
 *
 * Locking: none. Ownership: a program owns its types and their strings.
 */
#ifndef KMEMSIM_SIM_LAYOUT_LAYOUT_H
#define KMEMSIM_SIM_LAYOUT_LAYOUT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pagemap/error.h"

/* Sizes above it are called damage, so that bits fit 64 bits with room to spare. */
#define LAYOUT_MAX_BYTES	(1ULL << 40)
#define LAYOUT_MAX_MEMBERS	65536u
#define LAYOUT_LINE		64u	/* bytes of a cache line, unless the caller says otherwise */

enum layout_kind { LAYOUT_STRUCT, LAYOUT_CLASS, LAYOUT_UNION };
extern const char *const layout_kind_names[];

struct layout_type;

struct layout_member {
	const char *name;		/* "" where it has none */
	const char *type_text;		/* "struct list_head *", "char[16]" */
	const struct layout_type *type;	/* the struct it is, or is an array of; NULL: none */
	uint64_t elements;		/* of an array, of all its dimensions; 1 where it is none */
	uint64_t bit_offset;
	uint64_t bit_size;
	uint32_t align;			/* bytes, as its type asks for, or an attribute of its own */
	uint32_t storage;		/* bit-fields: bytes of the declared type */
	bool bitfield;
	bool base;			/* of a C++ class */
	bool elsewhere;			/* a virtual base: placed when the whole object is built */
	bool artificial;		/* the compiler's own, such as a table of virtual functions */
	bool array;			/* with bit_size 0 a flexible one, or a marker */
	uint64_t data_before;		/* bit behind all members before this one; by layout_analyse() */
};

/* All in bytes but where it says bits. */
struct layout_stats {
	unsigned int holes;		/* runs of whole unused bytes between members */
	uint64_t hole_bytes;
	uint64_t spare_bits;		/* unused bits of bytes that bit-fields share */
	uint64_t padding;		/* whole unused bytes behind the last member */
	uint64_t nested;		/* unused within members that are structs */
	uint64_t unused;		/* the sum, spare bits rounded down to bytes */
	uint64_t unknown;		/* what a tag decides, here and within members; not in unused */
};

struct layout_type {
	const char *name;		/* with its namespaces; "" where it has none */
	enum layout_kind kind;
	uint64_t size;			/* bytes */
	uint32_t align;
	bool align_given;		/* by an attribute in the source, as DWARF 5 says */
	bool packed;			/* a member or the size is not aligned as its type asks */
	bool flexible;			/* ends in an array without a size, directly or within */
	bool variants;			/* a tag decides what its gaps hold (Rust's enums, and each variant) */
	unsigned int nr_members;
	struct layout_member *members;
	struct layout_stats stats;	/* by layout_analyse() */
	uint64_t data_end;		/* bit behind all members; likewise */
	unsigned int line;		/* of the declaration, 0 unknown */
};

/* ---- a program's types (dwarf/) ------------------------------------------ */

struct layout_program;

/*
 * Read all named structs, classes and unions that @path has debug information
 * for: an executable, a library, an object file or archive, a kernel module,
 * vmlinux; split debug information is looked for as libdw does (build id and
 * .gnu_debuglink, below /usr/lib/debug); a caller that wants nothing from the
 * network removes DEBUGINFOD_URLS from the environment, which libdw heeds. What
 * several units declare alike (name, size, line, members) is one type. Not 0 in
 * *@stop, which may be NULL, ends the reading behind a unit; what was read stays. Errors: -ENOENT and other
 * errors of open(), -EINVAL (no regular file), -ENOEXEC (not ELF), -ENODATA (no
 * debug information), -EBADMSG (damaged), -ENOMEM, -ENOTSUP (built without
 * libdw), -EINTR (stopped before there was a type).
 */
int layout_open(struct layout_program **out, const char *path, const volatile sig_atomic_t *stop,
		struct kerror *err);
void layout_close(struct layout_program *prog);

/* Types by name, then as they came; *@nr gets their number. */
const struct layout_type *const *layout_types(const struct layout_program *prog, size_t *nr);
/* How many units had been read when @stop ended that; 0: all were. */
uint64_t layout_stopped(const struct layout_program *prog);
/* Units that could not be read to their end, and members left out as impossible. */
uint64_t layout_damaged(const struct layout_program *prog);
/*
 * "" or a sentence: how many units' debug information lies in files of its own
 * (.dwo, .dwp) that are not there or not read, so that their types are missing.
 */
const char *layout_missing(const struct layout_program *prog);
/* The file a type of this program is declared in; "" where that is not known. */
const char *layout_declared_in(const struct layout_program *prog, const struct layout_type *type);
/* Whether this build can read debug information at all. */
bool layout_supported(void);

/*
 * True where @pattern means @type: its name, or a glob over its name with or without
 * its namespaces, with or without "struct ", "class " or "union " in front.
 */
bool layout_matches(const struct layout_type *type, const char *pattern);

/* ---- what is unused (holes.c) ---------------------------------------------- */

/* What lies between two members, or behind the last one; in a type with variants it may be used. */
struct layout_gap {
	uint64_t bit_offset;
	uint64_t bytes;			/* whole ones; they start at the first byte border */
	unsigned int bits;		/* in the bytes before and behind them, 0..14 */
};

/*
 * The gap in front of member @i, or behind all of them where @i is nr_members;
 * returns false where there is none. Unions and virtual bases have no gaps.
 */
bool layout_gap(const struct layout_type *type, unsigned int i, struct layout_gap *gap);

/*
 * Sort @type's members by address and fill its stats; those of the types of
 * its members must be filled. A union's unused bytes are those its best filled
 * member leaves. The gaps of a type with variants are unknown, not unused.
 */
void layout_analyse(struct layout_type *type);

/* Cache lines of @line bytes that the @size bytes at @offset touch; 0 for none. */
uint64_t layout_lines(uint64_t offset, uint64_t size, uint32_t line);
/* Members that touch more lines than they must, when the type starts at a line's start. */
unsigned int layout_crossing(const struct layout_type *type, uint32_t line);

/* ---- a better order (reorder.c) -------------------------------------------- */

struct layout_plan {
	const char *why_not;		/* no order can be offered, and why; NULL: there is one */
	uint64_t size;			/* bytes with the new order; the old size where nothing is gained */
	uint32_t align;			/* of the whole, with what the source seems to force */
	unsigned int moved;		/* members that change places; the others keep their order */
	bool least;			/* no order that crosses no fence can be smaller */
	bool unnamed;			/* there are bits without a name; they stay in front of theirs */
	unsigned int *order;		/* members in the new order; nr_members of them */
	uint64_t *bit_offset;		/* by member: where it would lie */
	bool *was_moved;		/* by member */
};

/*
 * Find an order of members that makes @type smallest, with few members moved.
 * Base classes stay in front, flexible arrays at the end, bit-fields with their
 * neighbours; a member aligned to a cache line (@line bytes) or an array of
 * nothing is a fence that no other member crosses. -ENOMEM. layout_plan_free() afterwards.
 */
int layout_reorder(const struct layout_type *type, uint32_t line, struct layout_plan *plan,
		   struct kerror *err);
void layout_plan_free(struct layout_plan *plan);

/* ---- drawn (map.c) ----------------------------------------------------------- */

#define LAYOUT_MAP_BYTES	(1u << 20)	/* drawn at once at most */
#define LAYOUT_HOLE		'.'
#define LAYOUT_NESTED_HOLE	','
#define LAYOUT_PADDING		'_'
#define LAYOUT_SHARED		'#'
#define LAYOUT_UNKNOWN		'?'	/* a tag decides, or the place of a virtual base */

/* The letter of member @i: a-z, A-Z, 0-9, and again from the start. */
char layout_letter(unsigned int i);

/*
 * Draw @type from byte @from (at most @size) on, one character a byte, into @map of
 * at least min(size - from, LAYOUT_MAP_BYTES) characters; returns how many.
 * @bit_offset (by member) is where members lie; NULL: where they are. @size: of
 * the whole.
 */
size_t layout_map(const struct layout_type *type, const uint64_t *bit_offset, uint64_t size,
		  uint64_t from, char *map);

/* ---- in slabs (fit.c) --------------------------------------------------------- */

enum layout_fit_kind {
	FIT_CACHE,		/* a cache of its own, as KMEM_CACHE() makes it */
	FIT_CACHE_HWALIGN,	/* the same with SLAB_HWCACHE_ALIGN */
	FIT_KMALLOC,		/* kmalloc(sizeof) */
	NR_LAYOUT_FITS
};

struct layout_fit {
	char name[32];		/* "own cache", "kmalloc-256", "pages, order 2" */
	uint32_t stride;	/* bytes from object to object */
	uint32_t align;
	unsigned int order;
	unsigned int objects;	/* a slab */
	uint64_t slab_bytes;
	uint64_t waste;		/* bytes of a slab that belong to no object: rounding and the end */
	uint64_t lines;		/* cache lines that its objects touch, each object for itself */
};

/*
 * How objects of @size bytes, aligned to @align, lie in slabs of a kernel with
 * @nr_cpus CPUs and default settings. -EINVAL for size 0 and alignments no
 * cache can have, -E2BIG where no block holds one.
 */
int layout_fit(struct layout_fit *fit, enum layout_fit_kind kind, uint64_t size, uint32_t align,
	       unsigned int nr_cpus, uint32_t line, struct kerror *err);

#endif
