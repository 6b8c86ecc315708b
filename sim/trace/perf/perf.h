/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: perf.data, the binary recording of `perf record`. The format's parts,
 * a file each:
 *
 *	attrs.c    what was recorded, and so where in a sample each thing lies
 *	file.c     the head and the sections around the records
 *	order.c    records in the order of time
 *	unpack.c   records of `perf record -z`
 *	tasks.c    what each task is called at the time
 *	symbols.c  which kernel's symbols name the call sites
 *	reader.c   struct reader_ops
 *
 * Numbers in the file have the byte order of the machine that recorded it. Another
 * one is refused: kernels whose allocators are rebuilt here run on machines like
 * this one, and the raw bytes of tracepoints would have to be turned as well.
 *
 * Every offset and size is checked before it is used, and no record is trusted
 * beyond its own size.
 */
#ifndef KMEMSIM_SIM_TRACE_PERF_PERF_H
#define KMEMSIM_SIM_TRACE_PERF_PERF_H

#include <string.h>

#include "sim/trace/content.h"
#include "sim/trace/kallsyms.h"
#include "sim/trace/tep/decode.h"
#include "sim/util/table.h"

/* ---- the format ------------------------------------------------------------ */

#define PERF_MAGIC		"PERFILE2"
#define PERF_HEADER_BYTES	104u	/* of the head in file layout */
#define PERF_PIPE_HEADER_BYTES	16u
#define PERF_RECORD_HEADER	8u	/* type, misc, size */
#define PERF_TYPE_TRACEPOINT	2u
#define LOST_SAMPLES_BPF	(1u << 15)	/* in misc of LOST_SAMPLES */

enum perf_record {
	REC_MMAP = 1, REC_LOST = 2, REC_COMM = 3, REC_EXIT = 4, REC_FORK = 7, REC_SAMPLE = 9, REC_MMAP2 = 10,
	REC_LOST_SAMPLES = 13,
	REC_USER = 64,		/* from here on: perf's own, not the kernel's */
	REC_ATTR = 64, REC_TRACING_DATA = 66, REC_BUILD_ID = 67, REC_FINISHED_ROUND = 68, REC_AUXTRACE = 71,
	REC_FEATURE = 80, REC_COMPRESSED = 81, REC_COMPRESSED2 = 83,
};

enum perf_feature {
	FEAT_TRACING_DATA = 1, FEAT_BUILD_ID = 2, FEAT_OSRELEASE = 4, FEAT_CMDLINE = 11, PERF_NR_FEATURES = 256,
};

enum perf_sample_bit {
	SAMPLE_IP = 1 << 0, SAMPLE_TID = 1 << 1, SAMPLE_TIME = 1 << 2, SAMPLE_ADDR = 1 << 3, SAMPLE_READ = 1 << 4,
	SAMPLE_CALLCHAIN = 1 << 5, SAMPLE_ID = 1 << 6, SAMPLE_CPU = 1 << 7, SAMPLE_PERIOD = 1 << 8,
	SAMPLE_STREAM_ID = 1 << 9, SAMPLE_RAW = 1 << 10, SAMPLE_IDENTIFIER = 1 << 16,
};

enum perf_read_bit {
	READ_TIME_ENABLED = 1 << 0, READ_TIME_RUNNING = 1 << 1, READ_ID = 1 << 2, READ_GROUP = 1 << 3,
	READ_LOST = 1 << 4,
};

static inline uint64_t get_u64(const unsigned char *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static inline uint32_t get_u32(const unsigned char *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static inline uint16_t get_u16(const unsigned char *p)
{
	uint16_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static inline uint32_t record_type(const unsigned char *rec)
{
	return get_u32(rec);
}

static inline uint32_t record_size(const unsigned char *rec)
{
	return get_u16(rec + 6);
}

/* ---- attrs.c --------------------------------------------------------------- */

/* One thing that was recorded, a tracepoint say. Offsets count from a record's start; 0: it is not there. */
struct perf_attr {
	uint32_t type;
	uint64_t config;		/* of a tracepoint: the id of its description */
	uint64_t sample_type, read_format;
	bool id_trailer;		/* records that are no samples end with task, time and id as well */
	bool enable_on_exec;		/* it began with a command: one of single tasks */
	bool usual;			/* samples have a task, a CPU and raw bytes, all at a fixed place */
	uint16_t max_stack;		/* frames that a chain can have */
	uint16_t tid_at, time_at, cpu_at;
	uint16_t read_at;		/* where what has no fixed place begins */
	uint16_t trailer_size, trailer_time;	/* the time's offset inside it; UINT16_MAX: none */
	struct raw_plan *plan;		/* NULL until the first sample */
};

#define PERF_LAST_IDS	64u	/* a power of two */

struct perf_attrs {
	struct perf_attr *attr;
	size_t nr, size;
	struct table ids;		/* id -> index + 1 */
	/* Those that samples had last, by the low bits of their ids, which the kernel counts up. Id 0 is attr[0]. */
	struct perf_last_id { uint64_t id; uint32_t index; } last[PERF_LAST_IDS];
	uint16_t sample_id_at;		/* of every sample */
	uint16_t record_id_back;	/* of every other record, counted from its end */
	uint16_t time_at;		/* where all have the time at the same place; else 0 */
};

/* Add what the @size bytes at @data, at byte @at of the file, say. -EBADMSG, -ENOTSUP, -ENOMEM. */
int perf_attrs_add(struct perf_attrs *attrs, const unsigned char *data, size_t size, uint64_t at, struct kerror *err);
/* @id belongs to the one that was added last. */
int perf_attrs_add_id(struct perf_attrs *attrs, uint64_t id, struct kerror *err);
void perf_attrs_exit(struct perf_attrs *attrs);
/* What perf_attrs_of_id() does for an id that @last is not of. */
struct perf_attr *perf_attrs_look_up(struct perf_attrs *attrs, uint64_t id, struct perf_last_id *last);
/* What has that id; NULL where the file does not describe it. What perf makes up itself has id 0. */
static inline struct perf_attr *perf_attrs_of_id(struct perf_attrs *attrs, uint64_t id)
{
	struct perf_last_id *last = &attrs->last[id % PERF_LAST_IDS];

	return last->id == id ? &attrs->attr[last->index] : perf_attrs_look_up(attrs, id, last);
}

/* What the sample @rec, of @size bytes, belongs to; the same of any other record. */
static inline struct perf_attr *perf_attrs_of_sample(struct perf_attrs *attrs, const unsigned char *rec,
						     uint32_t size)
{
	if (attrs->nr == 1)
		return attrs->attr;
	if (!attrs->nr || size < attrs->sample_id_at + 8u)
		return NULL;
	return perf_attrs_of_id(attrs, get_u64(rec + attrs->sample_id_at));
}
struct perf_attr *perf_attrs_of_record(struct perf_attrs *attrs, const unsigned char *rec, uint32_t size);

struct perf_sample {
	int32_t tid;
	uint32_t cpu;
	const unsigned char *chain;	/* @nr_chain addresses of 8 bytes */
	uint64_t nr_chain;
	const unsigned char *raw;
	uint32_t raw_size;
};

/* False where the record is too short for what it should hold. */
bool perf_sample_parse_slow(const struct perf_attr *attr, const unsigned char *rec, uint32_t size,
			    struct perf_sample *sample);
static inline bool perf_sample_parse(const struct perf_attr *attr, const unsigned char *rec, uint32_t size,
				     struct perf_sample *sample)
{
	if (!attr->usual || size < attr->read_at + 4u)
		return perf_sample_parse_slow(attr, rec, size, sample);
	*sample = (struct perf_sample){
		.tid = (int32_t)get_u32(rec + attr->tid_at + 4), .cpu = get_u32(rec + attr->cpu_at),
		.raw = rec + attr->read_at + 4, .raw_size = get_u32(rec + attr->read_at),
	};
	return sample->raw_size <= size - attr->read_at - 4;
}

/* ---- order.c --------------------------------------------------------------- */

struct order_entry {
	uint64_t time;
	const unsigned char *rec;
};

/* Records that wait: so many at most, whatever the file says of rounds. */
#define ORDER_MAX_ENTRIES	(16u << 20)

#define ORDER_PREFETCH		16u

struct order {
	struct order_entry *entry, *spare;
	size_t *run;			/* where each run of rising times begins */
	size_t nr, size, spare_size, nr_runs, runs_size;
	size_t next, ready;		/* entries from next to ready can be handed out */
	uint64_t max_time, round_time;
};

void order_exit(struct order *order);
int order_add_slow(struct order *order, uint64_t time, const unsigned char *rec);
/* -ENOMEM. All that is ready must have been taken; the same for order_round() and order_flush(). */
static inline int order_add(struct order *order, uint64_t time, const unsigned char *rec)
{
	struct order_entry *entry = order->entry + order->nr;

	if (order->ready || order->nr == order->size || !order->nr || time < entry[-1].time)
		return order_add_slow(order, time, rec);
	*entry = (struct order_entry){ time, rec };
	order->nr++;
	if (time > order->max_time)
		order->max_time = time;
	return 0;
}
/* A record of that time was there, but is of no interest. */
static inline void order_note(struct order *order, uint64_t time)
{
	if (time > order->max_time)
		order->max_time = time;
}
/* A round is finished: what is not later than the end of the round before is ready. -ENOMEM. */
int order_round(struct order *order);
/* All is ready; or, for want of room, the earlier half. -ENOMEM. */
int order_flush(struct order *order, bool half);

/* The next that is ready, or NULL. Those behind it are fetched: they lie all over the round. */
static inline const struct order_entry *order_take(struct order *order)
{
	const struct order_entry *entry = &order->entry[order->next];

	if (order->next >= order->ready)
		return NULL;
	if (order->next + ORDER_PREFETCH < order->nr) {
		__builtin_prefetch(entry[ORDER_PREFETCH].rec);
		__builtin_prefetch(entry[ORDER_PREFETCH].rec + 64);
	}
	order->next++;
	return entry;
}

/* ---- tasks.c --------------------------------------------------------------- */

struct tasks {
	struct names *names;		/* the trace's, not owned */
	struct names *own;		/* what tasks are called; the trace gets what its events need */
	struct table by_tid;		/* tid -> name in own, shifted, and whether it was set; see tasks.c */
	name_id *shared;		/* of each name in own, that in names; 0: not yet */
	size_t shared_size;
	uint64_t last_tid;
	name_id last;			/* of last_tid, in names */
};

/* -ENOMEM. tasks_exit() may be called in any case. */
int tasks_init(struct tasks *tasks, struct names *names);
void tasks_exit(struct tasks *tasks);
int tasks_set(struct tasks *tasks, int32_t tid, const char *comm, size_t len);
int tasks_fork(struct tasks *tasks, int32_t tid, int32_t parent);
int tasks_name_slow(struct tasks *tasks, int32_t tid, name_id *id);

/* What perf would call the task now. 0 with *@id set; -ENOMEM. */
static inline int tasks_name(struct tasks *tasks, int32_t tid, name_id *id)
{
	if (tasks->last_tid != (uint32_t)tid)
		return tasks_name_slow(tasks, tid, id);
	*id = tasks->last;
	return 0;
}

/* ---- unpack.c -------------------------------------------------------------- */

struct unpack_chunk {
	struct unpack_chunk *next;
	uint64_t at;			/* of the packed record it begins with, for messages */
	uint64_t waiting;		/* records of it that were not handed out */
	uint32_t used, parsed;
	unsigned char data[];
};

struct unpack {
	void *zstd;
	struct unpack_chunk *first, *last;	/* last is written to */
	const unsigned char *in;	/* packed bytes that are left of the record */
	size_t in_size, in_pos;
	bool more;			/* the decoder has bytes that did not fit */
	uint64_t at;
	uint64_t packed, unpacked;	/* bytes so far */
	uint64_t held;			/* bytes of all chunks */
};

/* Begin with the @size packed bytes at @data, of the record at byte @at. */
int unpack_start(struct unpack *unpack, const unsigned char *data, size_t size, uint64_t at, struct kerror *err);
/*
 * The next whole record, NULL where the packed bytes are used up (a part of a
 * record may be left and is continued by the next packed record), with *@ret 0 or
 * -EBADMSG, -ENOMEM. It stays until unpack_done().
 */
const unsigned char *unpack_next(struct unpack *unpack, int *ret, struct kerror *err);
/* The chunk a record lies in; NULL where it lies in none. */
struct unpack_chunk *unpack_chunk_of(const struct unpack *unpack, const unsigned char *rec);
/* A record of it is done with. */
void unpack_done(struct unpack *unpack, struct unpack_chunk *chunk);
bool unpack_full(const struct unpack *unpack);
void unpack_exit(struct unpack *unpack);

/* ---- the reader ------------------------------------------------------------ */

struct perf_data {
	struct content content;
	bool pipe;
	uint64_t at, end;		/* of the records that are left and have come */
	uint64_t row_end;		/* of all records; UINT64_MAX: not known yet */
	uint64_t look_at;		/* the byte behind which those in front are dropped again */
	struct perf_attrs attrs;
	struct raw_formats *formats;
	struct raw_decoder decoder;
	struct order order;
	struct tasks tasks;
	struct unpack unpack;
	struct text_complaint complaint;
	bool ended;
	struct {
		uint64_t placed;	/* by LOST records, where they happened */
		uint64_t counted;	/* by perf in all, when the recording ended, */
		uint64_t place;		/* in records of which the last one is there */
	} lost;
	bool has_command;		/* the command line says what was recorded */
	/* symbols.c */
	struct kallsyms *kallsyms;
	bool has_build_id, has_reference;
	unsigned char build_id[BUILD_ID_BYTES];
	char reference[64];
	uint64_t reference_address;
};

/* Whether a file that begins so has pipe layout. */
static inline bool perf_is_pipe(const unsigned char *head, size_t len)
{
	return len >= PERF_PIPE_HEADER_BYTES && get_u64(head + 8) == PERF_PIPE_HEADER_BYTES;
}

/* file.c: what stands around the records. The records' place is set. Errors as reader_ops.open. */
int perf_file_open(struct perf_data *pd, struct reader *rd, struct kerror *err);
/* A section, or what a record of its own says in pipe layout. */
int perf_feature(struct perf_data *pd, struct reader *rd, unsigned int feature, const unsigned char *data,
		 uint64_t size, uint64_t at, struct kerror *err);

/* symbols.c */
void perf_symbols_note_build_id(struct perf_data *pd, const unsigned char *rec, uint32_t size);
void perf_symbols_note_map(struct perf_data *pd, const unsigned char *rec, uint32_t size);
/* Choose the symbols, before the first event. An error where the user named a file that is none. */
int perf_symbols_open(struct perf_data *pd, struct reader *rd, struct kerror *err);
size_t perf_symbol(void *ctx, uint64_t address, char text[SITE_TEXT]);

#endif
