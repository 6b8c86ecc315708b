/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the files of sim/scenario/ share while a scenario is read.
 *
 * A line that is wrong makes no step. Its words are remembered as excused: a name
 * that is unknown later may have been made there, and one mistake is to have one message.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_SCENARIO_INTERNAL_H
#define KMEMSIM_SIM_SCENARIO_INTERNAL_H

#include "sim/scenario/scenario.h"
#include "sim/trace/names.h"
#include "sim/util/nearest.h"

struct scenario {
	struct scenario_machine machine;
	struct step *steps;
	uint32_t nr_steps, max_steps;
	uint64_t *numbers;
	uint32_t nr_numbers, max_numbers;
	struct names *processes, *maps, *files, *phases, *caches;
	uint64_t length;
};

/* ---- lines.c ------------------------------------------------------------------ */

#define MAX_WORDS	64u

struct word {
	const char *text;		/* terminated; without its quotes */
	uint16_t column;
	bool quoted;
};

struct line {
	uint32_t number;
	uint16_t end_column;		/* behind the last word */
	unsigned int nr;
	struct word words[MAX_WORDS];
	char text[SCENARIO_MAX_LINE + 1];
};

struct reading {
	struct scenario *scenario;
	struct scenario_errors *errors;
	struct line line;
	struct names *excused;
	bool bad;			/* this line is */
	bool no_memory;
	bool broken;			/* repeat and end do not match */
	bool begun;			/* a statement was there */
	uint32_t open[SCENARIO_MAX_DEPTH];	/* indexes of repeat steps, or UINT32_MAX: a bad one */
	struct { uint32_t line; uint16_t column; } open_at[SCENARIO_MAX_DEPTH];
	unsigned int depth;		/* may be more than SCENARIO_MAX_DEPTH, after an error */
};

/* The words of the @len bytes at @text, without the line's end. False: wrong, and said. */
bool scn_read_line(struct reading *r, const char *text, size_t len);

/* Whether @text can be the name of a process, a mapping or a file. */
bool scn_is_name(const char *text);

/* ---- errors.c ------------------------------------------------------------------ */

void scenario_fail_at(struct scenario_errors *errors, uint32_t line, uint32_t column, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* In this line, which is bad then. */
void scn_fail(struct reading *r, unsigned int column, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* ---- statements.c: which values a statement takes ----------------------------- */

enum value_type {
	VALUE_SIZE,		/* uint64_t, from min to max */
	VALUE_SIGNED_SIZE,	/* int64_t, a sign in front */
	VALUE_LIMIT,		/* uint64_t: a size, or unlimited */
	VALUE_NUMBER,		/* uint64_t, from min to max */
	VALUE_SIGNED,		/* int64_t, from -max to max */
	VALUE_TIME,		/* uint64_t, ns, from 1 to max */
	VALUE_ADDRESS,		/* uint64_t, 0x... */
	VALUE_WORD,		/* int: one of words */
	VALUE_CHOICE,		/* the same; stands alone, without a key */
	VALUE_FLAG,		/* bool; its name stands alone */
	VALUE_KERNEL,		/* int */
	VALUE_MTHP,		/* three sets of orders: always, madvise, inherit */
	VALUE_TLB,		/* text of up to SCENARIO_MAX_TLB letters */
	VALUE_LOOPS, VALUE_PAGES,	/* struct scenario_list */
	VALUE_NODES,		/* uint64_t: a bit each */
	VALUE_STRING,		/* scenario_id of a phase */
	VALUE_CACHE,		/* scenario_id */
	/* Names: where they go is known. */
	VALUE_NEW_PROCESS, VALUE_CHILD, VALUE_VICTIM, VALUE_NEW_MAP, VALUE_PLACE, VALUE_NEW_FILE, VALUE_FILE,
};

struct argument {
	const char *name;	/* a position's: for messages */
	enum value_type type;
	size_t offset;		/* in struct step; the machine's in struct scenario_machine */
	uint64_t min, max;
	uint64_t def;		/* where it is not given */
	const struct scenario_word *words;
};

#define MAX_ARGUMENTS	32u

/* Positions stand in their order behind the statement's word; options follow in any order. */
struct statement {
	const struct argument *positions, *options;	/* each ends with a NULL name */
};

extern const struct statement scn_statements[];	/* indexed by enum step_kind */

/* A line that was read: what was given where. */
struct given {
	const struct statement *statement;
	uint16_t position[4], option[MAX_ARGUMENTS];	/* columns, 0: not given */
};

/* The column of the option called @name, 0: not given. A choice goes by its name in the table. */
unsigned int scn_given_column(const struct given *given, const char *name);

/* ---- values.c ------------------------------------------------------------------ */

#define MAX_EXPECTED	256

/* What a message says is expected: "a size such as 4k or 64M". */
void scn_describe_value(const struct argument *arg, char *buf, size_t size);
/* Put what @text at @column says into @step, or into @base for the machine; false: said what is wrong. */
bool scn_read_value(struct reading *r, const struct argument *arg, const char *text, unsigned int column,
		    struct step *step, void *base);
void scn_default_value(const struct argument *arg, void *base);
/* "0x7fff0000", less than the values that stand for something else. */
bool scn_parse_address(const char *text, uint64_t *value);
/* One of @words; false: said what is wrong. */
bool scn_read_word(struct reading *r, const struct scenario_word *words, const char *text, unsigned int column,
		   int *value);

/* ---- names in values ------------------------------------------------------------- */

/* The number of a process, mapping, file there is; 0 and said so where there is none. */
scenario_id scn_find_process(struct reading *r, const char *text, unsigned int column);
scenario_id scn_find_map(struct reading *r, const char *text, unsigned int column);
scenario_id scn_find_file(struct reading *r, const char *text, unsigned int column);
bool scn_is_excused(const struct reading *r, const char *text);

/* ---- checks.c, expect.c, resolve.c -------------------------------------------------- */

/* What cannot be together in this line. */
void scn_check_step(struct reading *r, struct step *step, const struct given *given);
void scn_check_machine(struct reading *r, const struct given *given);
void scn_read_expect(struct reading *r, struct step *step);
/* Whether each process lives, each mapping is known where it is used. Sets the scenario's length. */
void scn_resolve(struct reading *r);

#endif
