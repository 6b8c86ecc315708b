/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: trace-cmd's trace.dat, versions 6 and 7, as the pages trace-cmd.dat.v6(5)
 * and trace-cmd.dat.v7(5) describe them.
 *
 *	version 6	head | headers | formats | kallsyms | printk | cmdlines | options | where each CPU's pages lie
 *	version 7	head, packer, place of the options | sections, in any order, each of which may be packed
 *	both		pages of the kernel's ring buffers, CPU by CPU; in version 7 packed in chunks
 *
 * The container is read here and not by libtracecmd. That library (3.1.6) hands all
 * descriptions of events to libtraceevent, which crashes on damaged ones: of 150
 * copies of a small recording in version 6, each with one to three bytes changed,
 * three ended tracecmd_open_fd() or the walk behind it with SIGSEGV. Nor is the
 * package complete: its header and its pkg-config file ask for libtracefs-dev, which
 * it does not depend on. What is left of its work is little: the places of sections,
 * and pages, whose format the kernel documents in events/header_page.
 *
 *	file.c     head, version 6, sections of version 7
 *	options.c  options of both
 *	section.c  unpacking
 *	rows.c     bytes of the CPUs' pages, where not all of the file is in memory
 *	pages.c    pages, and the events in them
 *	tasks.c    the names of tasks
 *	marks.c    what the kernel printed into the trace: marks of snapshots
 *	reader.c   the CPUs' events in one order
 *
 * Locking: none, single-threaded.
 */
#ifndef KMEMSIM_SIM_TRACE_DAT_DAT_H
#define KMEMSIM_SIM_TRACE_DAT_DAT_H

#include "sim/trace/content.h"
#include "sim/trace/dat/probe.h"
#include "sim/trace/kallsyms.h"
#include "sim/trace/tep/decode.h"

/* ---- bytes.c --------------------------------------------------------------- */

/* A part of the file, or of what was unpacked from it. */
struct dat_bytes {
	const unsigned char *data;
	uint64_t len, pos;
	uint64_t at;		/* byte of the file where it lies, or where it lies packed */
	bool packed;
	struct content *content;	/* it is all of the file, whose parts need not be in memory; or NULL */
	struct kerror *err;
};

/* All of these: 0, or -EBADMSG where the part ends before, which is said of @what. */
int dat_u16(struct dat_bytes *bytes, uint16_t *value, const char *what);
int dat_u32(struct dat_bytes *bytes, uint32_t *value, const char *what);
int dat_u64(struct dat_bytes *bytes, uint64_t *value, const char *what);
/* A terminated text. */
int dat_text(struct dat_bytes *bytes, const char **text, const char *what);
/* The next @len bytes as a part of their own. */
int dat_part(struct dat_bytes *bytes, uint64_t len, struct dat_bytes *part, const char *what);

/* ---- section.c ------------------------------------------------------------- */

enum dat_packer { DAT_PLAIN, DAT_ZSTD, DAT_ZLIB };

/* What libtracecmd's chunks and sections have is far below; what has more was made up. */
#define DAT_MAX_SECTIONS	(256u << 20)	/* bytes of all of them together, unpacked */
#define DAT_MAX_CHUNK		(16u << 20)
#define DAT_MAX_CHUNKS_HELD	(256u << 20)	/* of all CPUs together */

/*
 * Unpack the @len bytes at @data to exactly @size at @to. False where they are
 * damaged, or more or less.
 */
bool dat_unpack(enum dat_packer packer, void *to, size_t size, const void *data, size_t len);

/* ---- pages.c --------------------------------------------------------------- */

/* One CPU of one buffer, its pages from the first to the last. */
struct dat_cpu {
	uint16_t cpu;
	bool packed;
	bool microseconds;	/* its clock counts nanoseconds, and text shows microseconds */
	bool ended;
	bool counted;		/* @chunks was read */
	uint32_t page_size;
	uint64_t at, end;	/* bytes of the file: the next page or chunk, and the end */
	unsigned char *row;	/* owned; [row_at, row_end) of the file, see dat_row() */
	uint64_t row_at, row_end;
	uint32_t weight;	/* of its share of memory; 0: it never had one */
	uint32_t chunks;	/* that are left */
	unsigned char *chunk;	/* owned; its pages, or a copy of the page */
	size_t chunk_size, chunk_len, chunk_pos;
	const unsigned char *page;	/* NULL: none */
	uint64_t page_at;	/* byte of the file, or of the chunk that holds it */
	uint32_t pos, page_end;	/* in it */
	uint64_t time;		/* of the event, by the recorded clock */
	const unsigned char *raw;	/* the event */
	uint32_t raw_size;
	bool lost;		/* before it events are missing: */
	uint64_t nr_lost;	/* so many; 0: not known */
};

struct trace_dat;

/* ---- rows.c ---------------------------------------------------------------- */

/*
 * The next @len bytes of the CPU's pages, all of which lie before its end: valid until the
 * next call for whichever CPU, where td->content.parts, else for good. -ENOMEM; what went
 * wrong with the input.
 */
int dat_row(struct trace_dat *td, struct dat_cpu *cpu, uint64_t len, const unsigned char **data, struct kerror *err);

/* ---- pages.c, continued ------------------------------------------------------ */

/*
 * Find the next event of @cpu. 1; 0 at its end; -EAGAIN after a complaint, where a
 * page or an event was passed over; -EBADMSG, -EFBIG: nothing more can be read of it;
 * -ENOMEM.
 */
int dat_next(struct trace_dat *td, struct dat_cpu *cpu, struct text_complaint *complaint, struct kerror *err);

/* ---- the whole ------------------------------------------------------------- */

struct dat_task {
	int32_t pid;
	name_id name;
};

/* The kernel's own events that hold text. */
struct dat_marks {
	int32_t print, bprint;	/* their ids; -1: none */
	struct dat_bytes formats;	/* "0xffff888012345678 : "text %s\n"" a line: what a bprint prints */
};

#define DAT_MAX_CPUS	4096u	/* CPUs of all buffers */

struct trace_dat {
	struct content content;
	struct raw_formats *formats;
	struct raw_decoder decoder;
	struct kallsyms *kallsyms;	/* NULL: none */
	struct text_complaint complaint;
	struct dat_task *tasks;		/* by pid */
	size_t nr_tasks;
	name_id idle, unknown;		/* names of pid 0 and of one without a name */
	struct dat_marks marks;
	unsigned char **sections;	/* owned: unpacked ones that are still needed */
	size_t nr_sections, section_bytes;
	int version;
	enum dat_packer packer;
	uint32_t page_size;
	bool microseconds;		/* clock of buffers that name none */
	int64_t offset;			/* to be added to all times */
	struct dat_cpu *cpus;
	size_t nr_cpus;
	size_t chunk_bytes;		/* of all CPUs' chunks */
	uint64_t memory_bytes;		/* for all CPUs' rows together, where not all is in memory */
	uint64_t read;			/* bytes of pages */
	struct kerror cut;		/* code != 0: pages that the file tells of are not in it */
	/* The CPU whose turn it is, and until when. */
	struct dat_cpu *current;
	const struct dat_cpu *rival;
	bool started;
};

/* All of the file, from byte @pos on. */
static inline struct dat_bytes dat_whole(struct trace_dat *td, uint64_t pos, struct kerror *err)
{
	return (struct dat_bytes){
		.data = td->content.data, .len = td->content.len, .pos = pos, .content = &td->content, .err = err,
	};
}

/* ---- file.c, options.c ----------------------------------------------------- */

/* Read all but the pages. -EBADMSG, -ENOTSUP, -ENOMEM. */
int dat_file_open(struct trace_dat *td, struct reader *rd, struct kerror *err);
/* A CPU of a buffer, whose pages lie in @len bytes at byte @at of the file. */
int dat_add_cpu(struct trace_dat *td, uint32_t cpu, uint64_t at, uint64_t len, uint32_t page_size, bool packed,
		const char *clock, struct kerror *err);
/* The places that options give, to be looked at when all options were read. */
struct dat_places {
	uint64_t section[6];	/* DAT_SECTION_*: 0: there is none */
	uint64_t instance[64];	/* of version 6: where the CPUs of other buffers are told */
	size_t nr_instances;
	uint64_t next;		/* more options; 0: no more */
};

enum { DAT_HEADERS, DAT_FTRACE, DAT_EVENTS, DAT_KALLSYMS, DAT_PRINTK, DAT_CMDLINES };

/* Options up to the last one. */
int dat_options(struct trace_dat *td, struct reader *rd, struct dat_bytes *bytes, struct dat_places *places);
/* Whether a clock called so counts nanoseconds, of which text shows microseconds. */
bool dat_clock_is_ns(const char *clock);

/* ---- tasks.c, marks.c ------------------------------------------------------ */

/* Read saved_cmdlines: "PID NAME" a line. -ENOMEM. */
int dat_tasks_read(struct trace_dat *td, struct names *names, const struct dat_bytes *text);
/* The name of a task. */
name_id dat_task_name(const struct trace_dat *td, int32_t pid);

/* One of ftrace's own descriptions. */
void dat_marks_note(struct dat_marks *marks, const char *text, uint64_t len);
/* Where the event, of that id, is a mark of a snapshot: fill @ev. 0, -EBADMSG after a complaint, -ENOMEM. */
int dat_mark_decode(struct trace_dat *td, struct names *names, uint16_t id, const unsigned char *raw, uint32_t size,
		    struct event *ev, struct text_complaint *complaint);

#endif
