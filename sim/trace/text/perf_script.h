/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the two halves of the perf script reader share. The header
 * half finds task, CPU, time and event in a line; the field half reads the
 * key=value pairs behind them.
 */
#ifndef KMEMSIM_SIM_TRACE_TEXT_PERF_SCRIPT_H
#define KMEMSIM_SIM_TRACE_TEXT_PERF_SCRIPT_H

#include "sim/trace/text/text.h"

enum perf_header_status {
	PERF_HEADER_GOOD,
	PERF_HEADER_NONE,	/* the line does not look like an event */
	PERF_HEADER_BAD,	/* it does, but something in it is wrong */
	PERF_HEADER_RECORD,	/* perf's own PERF_RECORD_* line; fields is where that name stands */
};

struct perf_header {
	const char *comm, *comm_end;
	const char *cpu_end;		/* behind "[cpu] "; NULL without one */
	const char *fields;		/* behind the event's name and colon */
	uint64_t time_ns;
	int32_t pid;
	uint16_t cpu;
	uint8_t kind;			/* enum event_kind */
};

/* The longest name of a task (COMM_MAX_BYTES), its pid and its CPU fit. */
#define PERF_FRONT_BYTES 96

/*
 * The last line's front, up to and with "[cpu] ". Lines come in runs of one
 * task on one CPU, and equal bytes there mean an equal task, pid and CPU: which
 * token ends the name is decided within them. All zero remembers nothing.
 */
struct perf_front {
	char text[PERF_FRONT_BYTES];
	uint32_t len;
	uint16_t comm, comm_end;	/* offsets in text */
	int32_t pid;
	uint16_t cpu;
};

enum perf_header_status perf_header_parse(struct perf_header *head, struct perf_front *front,
					  const char *start, const char *end,
					  struct text_complaint *complaint);

/* Is the line an event but for its time, which perf was not asked for? */
bool perf_header_lacks_time(const char *start, const char *end);

/* The call chain that is being read, and the event it belongs to. All zero: none is. */
struct perf_chain {
	struct event *of;		/* NULL: of an event that keeps none */
	uint32_t nr;
	uint32_t depth;			/* lines of it; nr is fewer where some are a program's */
	bool in_user;			/* the last one is */
	name_id frames[STACK_MAX_FRAMES];
};

/* Add the frame whose address begins at @p; -ENOMEM. */
int perf_chain_add(struct perf_chain *chain, struct names *names, const char *p, const char *end);
/* Nothing follows: the event gets its chain. -ENOMEM. */
int perf_chain_end(struct perf_chain *chain, struct reader *rd);

/* The kmem tracepoint of that name, EV_UNKNOWN for any other. */
enum event_kind kmem_event_kind(const char *name, size_t len);

/* Whether perf_fields_parse() reads the fields of such events; those of others are event_fields.h's. */
static inline bool perf_has_fields(unsigned int kind)
{
	return event_is(kind, EVENT_OBJECT) || event_is(kind, EVENT_PAGE) || event_is(kind, EVENT_PROCESS) ||
	       kind == EV_UNKNOWN;
}

/*
 * gfp_flags= comes in a few dozen spellings per trace, so they are parsed once each. Million
 * instructions of a run over find-tar with 16, 64, 256 and 1024 slots: 301, 300, 297, 297.
 */
#define GFP_CACHE_SLOTS	256
#define GFP_CACHE_TEXT	116

struct gfp_cache_slot {
	uint32_t gfp;
	uint16_t len;		/* 0: free */
	uint8_t unknown;
	char text[GFP_CACHE_TEXT];
};

/*
 * Object events of one call site mostly differ in the pointer alone:
 *
 *	call_site=SITE ptr=0xffff888100d2b900 TAIL
 *
 * A slot keeps what the last TAIL of a call site meant; equal bytes mean the same. The
 * same run with 16, 64, 256 and 1024 slots: 342, 299, 297, 297.
 */
#define TAIL_SLOTS	256
#define TAIL_TEXT	160

struct tail_slot {
	name_id call_site;	/* 0: free */
	name_id cache;
	uint32_t bytes_req, bytes_alloc, gfp;
	int16_t node;
	uint16_t len;
	uint8_t kind;
	uint8_t unknown_gfp;
	char text[TAIL_TEXT];
};

struct perf_fields {
	struct names *names;	/* not owned */
	struct gfp_cache_slot gfp_cache[GFP_CACHE_SLOTS];
	struct tail_slot tails[TAIL_SLOTS];
};

/*
 * Read the fields at @p into @ev, whose kind is set. 0; -EBADMSG after a
 * complaint; -ENOMEM. Names no gfp table knows are added to *@unknown_gfp.
 */
int perf_fields_parse(struct perf_fields *fields, struct event *ev, const char *p,
		      const char *end, struct text_complaint *complaint, uint64_t *unknown_gfp);

#endif
