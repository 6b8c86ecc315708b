/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: traces in CTF, the Common Trace Format, through babeltrace2. The parts, a
 * file each:
 *
 *	graph.c    babeltrace2's graph: the streams of a directory as one row of messages, by time
 *	classes.c  for each class of events, which of its fields goes where
 *	folder.c   a trace without the files that babeltrace2 refuses
 *	gfp.c      what the numbers in gfp_flags mean, which CTF does not say
 *	reader.c   messages become events
 *	child.c    the process in which all that runs, for babeltrace2 may crash
 *	apart.c    the reader that others see: what that process reads
 *
 * Fields are found by name once a class, put into words one behind the other, and
 * become an event as perf's raw bytes do (tep/decode.h): ranges, names and complaints
 * are the same.
 *
 * Locking: none, single-threaded. babeltrace2's log is switched off for the process.
 */
#ifndef KMEMSIM_SIM_TRACE_CTF_CTF_H
#define KMEMSIM_SIM_TRACE_CTF_CTF_H

#include <semaphore.h>

#include <babeltrace2/babeltrace.h>

#include "sim/trace/ctf/folder.h"
#include "sim/trace/kallsyms.h"
#include "sim/trace/perf/perf.h"
#include "sim/trace/reader.h"

/* ---- reader.c -------------------------------------------------------------- */

#define CTF_MAX_CRASHES	64u

/* Where babeltrace2 crashed: as it was asked for the events of @stream for the time @step. */
struct ctf_crash {
	uint32_t stream;
	int ended_by;		/* the signal; or minus the exit status */
	uint64_t step;
};

/* Shared by the process in which babeltrace2 runs and its parent; see child.h. */
struct ctf_watch {
	/* 0: babeltrace2 is not asked for events; else 1 + stream, and the step. Read when the writer is gone. */
	uint32_t inside;
	uint64_t step;
	struct ctf_crash crash[CTF_MAX_CRASHES];
	uint32_t nr_crashes;
	char folder[CTF_FOLDER_BYTES];	/* that the writer made; "" none */
	unsigned int messages;	/* malformed events to describe, set before @go */
	sem_t go;
};

/*
 * The reader in this process, which babeltrace2 may end. Where rd->priv is a struct ctf_watch when it is opened,
 * it writes down where babeltrace2 is, does not ask where that crashed, and leaves out files that are cut.
 */
extern const struct reader_ops ctf_inside_reader;

/* ---- graph.c --------------------------------------------------------------- */

#define CTF_FILE_BYTES	256u

struct ctf_stream {
	const char *file;		/* its name, of babeltrace2's */
	bt_message_iterator *iterator;
	/* Messages from @next to @nr are owned and were not taken. */
	bt_message_array_const messages;
	uint64_t next, nr;
	uint64_t steps;			/* how often babeltrace2 was asked */
	int64_t ns;			/* of the next one, where @timed */
	bool timed;
	bool ended;			/* no more than these will come */
};

struct ctf_graph {
	bt_graph *graph;
	struct ctf_stream *stream;
	size_t nr_streams;
	struct ctf_watch *watch;	/* not owned, or NULL */
	uint64_t number;		/* of the event that was read last, for messages */
	char cut[CTF_FILE_BYTES];	/* the file for which babeltrace2 refused the trace, or "" */
	size_t failed;			/* streams that ended with an error, or were left out; */
	struct kerror why;		/* the first one's */
};

/*
 * Of the directory @path; @watch may be NULL. -EBADMSG with what babeltrace2 says, -ENOMEM. ctf_graph_close() may be
 * called in any case.
 */
int ctf_graph_open(struct ctf_graph *g, const char *path, struct ctf_watch *watch, struct kerror *err);
void ctf_graph_close(struct ctf_graph *g);
/*
 * The next message in the order of time, for the caller to put; NULL with 0 in *@ret at the end,
 * else with a negative errno and @err. A stream that is damaged ends there, and is told at the end of all.
 */
const bt_message *ctf_graph_next(struct ctf_graph *g, int *ret, struct kerror *err);
/* Whether ctf_graph_next() would have to read. */
bool ctf_graph_is_empty(const struct ctf_graph *g);

/* ---- classes.c ------------------------------------------------------------- */

enum ctf_scope { CTF_NOWHERE, CTF_PAYLOAD, CTF_SPECIFIC, CTF_COMMON, CTF_PACKET };

/* A member of one of an event's structures. */
struct ctf_place {
	uint8_t scope;		/* enum ctf_scope */
	uint32_t index;
};

enum ctf_role { CTF_EVENT, CTF_COMM, CTF_FORK, CTF_IGNORED };

#define CTF_MAX_WORDS	16u
#define CTF_NAME_BYTES	256u

/* What an event's fields are put into; plans point into it. */
struct ctf_words {
	uint64_t word[CTF_MAX_WORDS];
	char name[CTF_NAME_BYTES];
};

struct ctf_class {
	enum ctf_role role;
	struct raw_plan plan;
	struct ctf_place word[CTF_MAX_WORDS];	/* where each word comes from */
	unsigned int nr_words;
	struct ctf_place name, cpu, tid, comm, parent, chain;
};

struct ctf_classes {
	struct table by_address;	/* of babeltrace2's class -> index + 1; classes live as long as their trace */
	struct ctf_class **class;
	size_t nr, size;
	const bt_trace *trace;		/* held, so that they do */
	bool modern_gfp;		/* see ctf_gfp_print() */
};

/* The class of @event, made where it is new; NULL: no memory. */
struct ctf_class *ctf_class_of(struct ctf_classes *classes, const bt_event *event);
void ctf_classes_exit(struct ctf_classes *classes);

/* The field at @place of @event, or NULL. */
const bt_field *ctf_field(const bt_event *event, const struct ctf_place *place);
/* A whole number of any size and sign, negative ones as two's complement; false where the field is none. */
bool ctf_number(const bt_field *field, uint64_t *value);
/* A text; NULL where the field is none. */
const char *ctf_text(const bt_field *field);

/* ---- gfp.c ----------------------------------------------------------------- */

/* What the kernel prints for gfp_flags, as its description of the event would have it; @modern: from Linux 6.3 on. */
const char *ctf_gfp_print(bool modern);
/* Whether those of kernel @release are; a release that is not known is. *@sure: it is from 5.4 on, or later. */
bool ctf_gfp_is_modern(const char *release, bool *sure);

#endif
