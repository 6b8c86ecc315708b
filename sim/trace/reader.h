/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: trace readers. One file per format implements struct reader_ops
 * over a byte source; reader_open() looks at the first bytes and picks one.
 *
 * A reader knows nothing of the machine. It hands out good events in their
 * order and keeps going: a malformed line is counted, described once through
 * the message callback, skipped, and the next good line is not lost.
 */
#ifndef KMEMSIM_SIM_TRACE_READER_H
#define KMEMSIM_SIM_TRACE_READER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pagemap/error.h"
#include "sim/trace/access/access.h"
#include "sim/trace/event.h"
#include "sim/trace/names.h"
#include "sim/trace/stacks.h"

/* ---- bytes ------------------------------------------------------------- */

struct source;

/* What messages call the file @path: "standard input" for "-", else @path itself. */
const char *source_path_name(const char *path);
/*
 * Open @path ("-": standard input) and unpack it where it starts as zstd, gzip, xz,
 * bzip2 or lz4 do. Of a directory it reads the file "metadata", see source_is_directory().
 * Errors: the negative errno of the system, -EISDIR where there is no such file, -EBADMSG,
 * or -ENOTSUP where this build cannot unpack it.
 */
int source_open(struct source **out, const char *path, struct kerror *err);
/*
 * The same, for bytes that may be long in coming: once *@stop, which a signal's
 * handler may set, is not 0, reading ends with -EINTR, also while it waits.
 */
int source_open_until(struct source **out, const char *path, const volatile sig_atomic_t *stop,
		      struct kerror *err);
/* The same over @len bytes in memory, which must outlive the source. */
int source_open_memory(struct source **out, const void *data, size_t len, struct kerror *err);
/* The same over whatever @fn delivers: up to @size bytes, 0 at the end, -errno. */
typedef int64_t (*source_read_fn)(void *ctx, void *buf, size_t size);
int source_open_callback(struct source **out, const char *name, source_read_fn fn, void *ctx,
			 struct kerror *err);
/* No bytes, but a name and a size, for a reader over other readers: to say how far they are. */
int source_open_sum(struct source **out, const char *name, uint64_t total, struct kerror *err);
void source_close(struct source *src);
/*
 * Up to @size bytes; 0 at the end. -EBADMSG for a damaged or truncated packed
 * stream (@err says at which offset), -EFBIG for one that unpacks to more than a
 * recording does (256 MiB, and 1,000 times its size), or -errno; what came before is good.
 */
int64_t source_read(struct source *src, void *buf, size_t size, struct kerror *err);
/*
 * For a reader that goes over its input twice. source_keep() as early as it knows, with the
 * bytes that were read so far: what comes through a pipe is kept from now on, packed; a file
 * or memory is simply read again. source_rewind(): the next byte is the first one. -ENOMEM,
 * or an error of the file or the temporary one.
 */
int source_keep(struct source *src, const void *head, size_t head_len, struct kerror *err);
int source_rewind(struct source *src, struct kerror *err);
/*
 * For whoever reads the first bytes to find out which reader it is: a packed input's are gone
 * when its reader says source_keep(). Who does not want them says no_start() instead.
 */
int source_keep_start(struct source *src, struct kerror *err);
void source_keep_no_start(struct source *src);
/* Bytes in a temporary file. */
uint64_t source_kept_in_file(const struct source *src);
/* Bytes of the file consumed so far and its size, 0 where unknown; for progress only. */
uint64_t source_consumed(const struct source *src);
uint64_t source_total(const struct source *src);
const char *source_name(const struct source *src);
/* Whether its path is a directory, a trace in CTF, of which it reads the metadata alone. */
bool source_is_directory(const struct source *src);
/*
 * For a reader that maps the file: its descriptor, and where in it the trace lies,
 * where @src is a regular file that is not packed and @read bytes of it were read;
 * else -1. Whoever reads it so says how far it is, and asks whether to go on.
 */
int source_plain_file(const struct source *src, uint64_t read, uint64_t *offset, uint64_t *len);
/* Of such a file: read on at byte @offset of the trace, which lies at @base. False: the system says no. */
bool source_seek(struct source *src, uint64_t base, uint64_t offset);
void source_set_consumed(struct source *src, uint64_t bytes);
bool source_stopped(const struct source *src);

/* ---- events ------------------------------------------------------------ */

#define READER_NOTE 160

struct reader_stats {
	uint64_t lines;		/* records looked at, comments and empty lines included */
	uint64_t events;	/* good events handed out, unknown tracepoints included */
	uint64_t malformed;	/* events that could not be understood */
	uint64_t ignored;	/* comments, empty lines, call chains */
	uint64_t files;		/* of which it was merged, see merge.h; 0: of one */
	uint64_t accesses;	/* memory accesses handed out, or passed over because nobody wants them */
	uint64_t lost_accesses;	/* those of damaged parts */
	uint64_t unknown_gfp;	/* gfp flag names no table knows */
	uint64_t by_kind[NR_EVENT_KINDS];
	bool binary;		/* what is wrong has a place in bytes, events have a number, not a line */
	bool numbered;		/* places of losses are events' numbers as well */
	uint64_t kept_bytes;	/* of the input, packed, which had to be kept in a temporary file */
	bool truncated;		/* the input ended with an error; @error says which */
	bool damaged;		/* and truncated: it did not end there, what is whole behind it was read as well */
	struct kerror error;
	/*
	 * Text whose last line has no newline may have been cut inside it, and
	 * half a number is a number, too: what became of that line is in doubt.
	 */
	bool unterminated;
	uint64_t unterminated_line;	/* its number */
	/* What the input says of itself. */
	uint64_t lost_events;	/* of all losses that say how many */
	uint64_t lost_chunks;	/* pieces of the recording, of unknown place and size */
	uint64_t tool_warnings;	/* of the program that printed the trace; counted in ignored, too */
	char os_release[64];	/* of the traced kernel, "" where it is not given */
	uint64_t cut_stacks;	/* call chains that are as deep as a recording goes */
	bool guessed_symbols;	/* call sites have the names of a kernel that may be another one */
	bool single_tasks;	/* the recording is of some tasks, not of the whole machine */
	const char *lacks;	/* what the format cannot tell (reader_ops), or NULL */
	char note[READER_NOTE];	/* what its reader found odd about the whole input, "" nothing */
};

/* A place where the recording lacks events, for its buffer was full. */
struct reader_loss {
	uint64_t behind;	/* number of events before it */
	uint64_t line;		/* or byte of a binary input */
	uint64_t events;	/* how many are lost; 0: not known */
};

/*
 * Called for a malformed line: @line counts from 1 (of binary input: the byte), @text says what is wrong
 * ("order=99 is above 10"). The reader calls it for the first @limit lines
 * only; the count goes on.
 */
typedef void (*reader_message_fn)(void *ctx, const char *source, uint64_t line, const char *text);

/* Called now and then while reading; bytes as source_consumed() and source_total(). */
typedef void (*trace_progress_fn)(void *ctx, uint64_t events, uint64_t bytes, uint64_t total);
/* 1, 16, 64 or 256 Ki events between two calls cost the same, to a ten-thousandth: some hundredths of a second. */
#define READER_PROGRESS_EVENTS	(64u << 10)

struct reader;

#define READER_SURE 100

/* A run of the input's bytes that tells its events without any others. */
struct reader_piece {
	const unsigned char *bytes;	/* a chunk as in a .kmt file, good until the next read() */
	size_t len;
	uint64_t offset;	/* of it in the unpacked input */
	uint32_t events;
};

/*
 * Some of a trace's events: those of both ranges. Whoever reads them still looks at each; a
 * reader that can leaves out what is before and behind.
 */
struct reader_range {
	uint64_t from_event, to_event;	/* numbers, from 0; to_event is not of it */
	uint64_t from_ns, to_ns;	/* since the first event; to_ns is not of it */
	/* What reader_seek() found. */
	uint64_t begin_ns;		/* time of the trace's first event */
	uint64_t next;			/* number of the event that is read next */
	uint64_t end;			/* the events from this number on need not be read */
};

/* The same in the trace's own time; events earlier than the first one count as from its begin. */
static inline uint64_t reader_range_from(const struct reader_range *range)
{
	uint64_t ns;

	if (!range->from_ns)
		return 0;
	return __builtin_add_overflow(range->begin_ns, range->from_ns, &ns) ? UINT64_MAX : ns;
}

static inline uint64_t reader_range_to(const struct reader_range *range)
{
	uint64_t ns;

	return __builtin_add_overflow(range->begin_ns, range->to_ns, &ns) ? UINT64_MAX : ns;
}

struct reader_ops {
	const char *name;	/* "perf-script" */
	const char *text;	/* one sentence */
	const char *needs;	/* a package without which this build was made, so that it reads none; or NULL */
	const char *lacks;	/* what no file of this format can tell, a sentence, or NULL */
	bool keeps;		/* open() says source_keep() or source_keep_no_start() before it reads */
	/* Score 0..READER_SURE: how much the first @len bytes look like this format. */
	int (*probe)(const unsigned char *head, size_t len);
	/* What keeps text that nearly is this format from being read, or NULL. May be missing. */
	const char *(*why_not)(const unsigned char *head, size_t len);
	int (*open)(struct reader *rd, struct kerror *err);
	void (*close)(struct reader *rd);
	/*
	 * Fill up to @max events; 0 at the end of the input, or where accesses are next and
	 * accesses() has some; -errno only for lack of memory.
	 */
	int (*read)(struct reader *rd, struct event *events, int max, struct kerror *err);
	/*
	 * May be missing. Whether the last event that read() handed out was the last one of a
	 * piece, all of whose events it handed out: that piece, for whoever wants to decode it
	 * again instead of keeping them.
	 */
	bool (*piece)(const struct reader *rd, struct reader_piece *piece);
	/*
	 * NULL: the format has none. The next memory accesses behind the events handed out so far:
	 * their number, 0 where read() goes on; -errno only for lack of memory.
	 */
	int (*accesses)(struct reader *rd, struct access_block *block, struct kerror *err);
	/*
	 * May be missing. Before the first read(): go where the events of @range begin, 1 with
	 * what it found in @range; 0 where the input cannot be sought in, -ENOMEM.
	 */
	int (*seek)(struct reader *rd, struct reader_range *range);
	/*
	 * Where the end of the input says something of all of it: leave out as many events as can
	 * be. What read() still gives is not wanted.
	 */
	void (*skip_rest)(struct reader *rd);
};

/* Gets a trace's memory accesses, block by block; 0, or a negative errno, which ends the reading. */
typedef int (*reader_access_fn)(void *ctx, const struct access_block *block, struct kerror *err);

struct reader {
	const struct reader_ops *ops;
	struct source *src;	/* owned */
	struct names *names;	/* not owned */
	struct stacks *stacks;	/* not owned; NULL: call chains are passed over */
	const char *kallsyms;	/* not owned; a file of kernel symbols, or NULL */
	uint64_t memory_bytes;	/* see struct reader_config */
	struct reader_stats stats;
	reader_message_fn message;
	void *message_ctx;
	unsigned int message_limit;
	reader_access_fn on_accesses;	/* NULL: reader_read() passes them over */
	void *access_ctx;
	void *priv;		/* the format's */
	struct reader_loss *losses;	/* in their order, owned */
	size_t nr_losses, losses_size;
	unsigned char *head;	/* bytes read while probing; the format's read() consumes them first */
	size_t head_len;
};

extern const struct reader_ops perf_data_reader;
extern const struct reader_ops trace_dat_reader;
extern const struct reader_ops ctf_reader;
extern const struct reader_ops perf_script_reader;
extern const struct reader_ops ftrace_text_reader;
extern const struct reader_ops kmt_reader;
extern const struct reader_ops rep_reader;
extern const struct reader_ops mtrace_reader;
extern const struct reader_ops heaptrack_reader;
extern const struct reader_ops ostep_reader;
extern const struct reader_ops memory_replay_reader;
extern const struct reader_ops lackey_reader;
extern const struct reader_ops plain_reader;
extern const struct reader_ops recording_reader;
/* All formats, ending with NULL. */
extern const struct reader_ops *const reader_formats[];

/*
 * Where no format is given: whether the input, which begins with @head, is no trace but
 * something else that the caller knows; it may read on in @src. @recognised: some format
 * of traces would take it. 0: it is not; else reader_open_config() fails with what this returns.
 */
typedef int (*reader_claim_fn)(void *ctx, const void *head, size_t len, bool recognised, struct source *src,
			       struct kerror *err);

struct reader_config {
	const char *format;	/* its name; NULL: what it looks like most */
	struct names *names;	/* where strings go */
	struct stacks *stacks;	/* where call chains go; NULL: they are passed over */
	const char *kallsyms;	/* text as in /proc/kallsyms of the recorded kernel; NULL: this computer's, if it fits */
	/*
	 * So many bytes are in memory of a format that is read in another order than it lies, where it is packed or
	 * comes through a pipe; 0: CONTENT_MEMORY_BYTES of perf.data, CONTENT_PARTS_BYTES of trace.dat and recordings.
	 */
	uint64_t memory_bytes;
	reader_claim_fn claim;	/* NULL: whatever comes is a trace */
	void *claim_ctx;
};

/*
 * Open @src, which is taken over on success and on failure; what @cfg points to
 * must outlive the reader. Errors:
 * -EINVAL (no such format), -ENOMSG (looks like none), -ENODATA (empty
 * input), those of source_read() and of @cfg's claim.
 */
int reader_open_config(struct reader **out, struct source *src, const struct reader_config *cfg,
		       struct kerror *err);
/* The same with no more than a format and names. */
int reader_open(struct reader **out, struct source *src, const char *format, struct names *names,
		struct kerror *err);
void reader_close(struct reader *rd);
void reader_set_message(struct reader *rd, reader_message_fn fn, void *ctx, unsigned int limit);

/* Places of losses that are kept; what is lost in further ones is added to the last. */
#define READER_MAX_LOSSES (64u << 10)
/* Add what another reader of the same trace found. */
void reader_stats_add(struct reader_stats *sum, const struct reader_stats *more);

/* For a format: @events (0: nobody knows) are lost behind those handed out so far. -ENOMEM. */
int reader_lost(struct reader *rd, uint64_t line, uint64_t events);

/*
 * At the end: 0, or -EBADMSG where more than half of the lines that looked like events
 * or accesses were malformed, for then it is hardly a trace of this format.
 */
int reader_is_wrong(const struct reader *rd, struct kerror *err);

/*
 * Up to @max events; 0 at the end of the input. Memory accesses that are met on the way
 * go to the function of reader_set_accesses(), whose error is this one's. -ENOMEM.
 */
int reader_read(struct reader *rd, struct event *events, int max, struct kerror *err);
void reader_set_accesses(struct reader *rd, reader_access_fn fn, void *ctx);

/*
 * For those who want both in their order: events as ops->read gives them, 0 where
 * accesses are next; and the next block of accesses: their number, 0 where events are
 * next. The input is at its end where the second follows the first and both give 0.
 */
static inline int reader_events(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	return rd->ops->read(rd, events, max, err);
}

static inline int reader_accesses(struct reader *rd, struct access_block *block, struct kerror *err)
{
	return rd->ops->accesses ? rd->ops->accesses(rd, block, err) : 0;
}

#endif
