/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the descriptions of tracepoints that a recording carries (the files
 * events/SYSTEM/EVENT/format of the recorded kernel), and the plans made from
 * them: where in an event's raw bytes each number lies that struct event wants.
 * libtraceevent reads a description once; no event is decoded by it.
 *
 * perf.data and trace.dat begin with the same block of descriptions.
 * Locking: none, single-threaded.
 */
#ifndef KMEMSIM_SIM_TRACE_TEP_FORMATS_H
#define KMEMSIM_SIM_TRACE_TEP_FORMATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pagemap/error.h"
#include "sim/trace/event_fields.h"

/* Where a number lies: in the 8 bytes at @from, which end with it. */
struct raw_field {
	uint16_t from;
	uint8_t shift;		/* what stands before it is shifted out */
	bool is_signed;
	bool there;
};

enum raw_text {
	RAW_TEXT_NONE,
	RAW_TEXT_DATA_LOC,	/* its place and length lie in a word */
	RAW_TEXT_REL_LOC,	/* the same, counted from behind the word */
	RAW_TEXT_FIXED,		/* an array */
	RAW_TEXT_POINTER,	/* an address of the recorded kernel */
};

/* What a raw value of gfp_flags means: each kernel numbers its flags as it likes. */
struct raw_gfp_slot {
	uint64_t raw;
	uint32_t gfp;
	uint16_t unknown;	/* names no table knows */
	bool known;		/* false: the slot is free */
};

#define RAW_GFP_SLOTS	256u

struct raw_flag {
	struct raw_flag *next;
	int64_t value;
	char name[];
};

struct raw_gfp {
	bool plain;		/* no names of flags are known: the number is all there is */
	char *none;		/* what it prints for 0, or NULL */
	struct raw_flag *flags;	/* in the order in which they are tried */
	struct raw_gfp_slot slots[RAW_GFP_SLOTS];
};

/* Addresses of 8 bytes, one behind the other, that are printed under a name of one letter. */
struct raw_array {
	uint16_t at, nr;
	char name;
};

#define MAX_RAW_ARRAYS	4

struct raw_plan {
	uint32_t id;
	uint16_t min_size;	/* bytes an event has at least */
	uint8_t kind;		/* enum event_kind */
	bool hex_site;		/* call_site is printed as a plain number */
	bool refill_is_order;	/* percpu_refill is printed, but follows from the order */
	const char *missing;	/* a field that such an event needs and does not have, or NULL */
	struct raw_field ptr, site, req, alloc, gfp, node;
	struct raw_field pfn, order, migratetype;
	struct raw_field sync;	/* of COMPACT_BEGIN */
	struct raw_field arg[3];	/* see EXTFRAG_*; of others only the first */
	enum raw_text text;		/* the cache's name */
	struct raw_field name;
	uint16_t name_at, name_size;	/* of the word, or of the array */
	struct raw_gfp flags;
	/* Of what is no tracepoint of kmem: fields as the row has them, and the arrays of kbulk_free. */
	const struct event_row *row;
	struct raw_field row_field[MAX_ROW_FIELDS];
	struct raw_array array[MAX_RAW_ARRAYS];
};

struct raw_formats;

/* -ENOMEM. */
int raw_formats_create(struct raw_formats **out, struct kerror *err);
void raw_formats_destroy(struct raw_formats *formats);

/*
 * Read the block of descriptions in [@data, @data + @len), which lies at byte @at
 * of the file. -EBADMSG says what is wrong and where; -ENOMEM.
 */
int raw_formats_read(struct raw_formats *formats, const unsigned char *data, size_t len, uint64_t at,
		     struct kerror *err);
/* The same of one description; one that is of no use here is passed over. */
int raw_formats_add(struct raw_formats *formats, const char *system, const char *text, size_t len, uint64_t at,
		    struct kerror *err);
/* The plan for events of that id; one whose kind is EV_UNKNOWN where there is none. */
struct raw_plan *raw_formats_plan(struct raw_formats *formats, uint64_t id);
/* Whether descriptions were read at all. */
bool raw_formats_known(const struct raw_formats *formats);

/*
 * For a reader that has no descriptions: ask @fn for the place of each field that an event of
 * @plan's kind may have. It fills @to where there is one; else what such an event needs is noted
 * as missing. 0, or what @fn returned.
 */
typedef int (*raw_place_fn)(void *ctx, struct raw_field *to, const char *name);
int raw_plan_fields(struct raw_plan *plan, raw_place_fn fn, void *ctx);
/* Names of flags for the field called @field, from what @print, of @len bytes, prints of it. -ENOMEM. */
int raw_gfp_make(struct raw_gfp *gfp, const char *print, size_t len, const char *field);
void raw_gfp_exit(struct raw_gfp *gfp);

/* ---- plan.c, rows.c, gfp.c: inside this folder ---- */

struct tep_event;
struct tep_format_field;

/* Fill @plan, whose kind is set, from a description and what it prints. -EBADMSG, -ENOMEM. */
int raw_plan_make(struct raw_plan *plan, const struct tep_event *event, const char *print, size_t len, uint64_t at,
		  struct kerror *err);
/* The same for a plan with a row. */
int raw_rows_make(struct raw_plan *plan, const struct tep_event *event, const char *print, size_t len, uint64_t at,
		  struct kerror *err);
/* Where @field lies in an event, and how long such an event is at least. -EBADMSG. */
int raw_plan_place(struct raw_plan *plan, struct raw_field *to, const struct tep_event *event,
		   const struct tep_format_field *field, uint64_t at, struct kerror *err);
/* The field called @name, or NULL. */
const struct tep_format_field *raw_plan_find(const struct tep_event *event, const char *name);

/* The slot for @raw, filled; NULL where the number is out of range. */
const struct raw_gfp_slot *raw_gfp_slow(struct raw_gfp *gfp, uint64_t raw);

static inline const struct raw_gfp_slot *raw_gfp_of(struct raw_gfp *gfp, uint64_t raw)
{
	const struct raw_gfp_slot *slot = &gfp->slots[(raw ^ raw >> 8 ^ raw >> 16) % RAW_GFP_SLOTS];

	return slot->known && slot->raw == raw ? slot : raw_gfp_slow(gfp, raw);
}

#endif
