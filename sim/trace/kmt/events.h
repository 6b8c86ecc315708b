/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the payload of a chunk of allocator events.
 *
 *	strings    what the events name: kinds, call sites, caches, tasks
 *	stacks     call chains, each a list of strings
 *	shapes     the distinct events but for time, task and address
 *	tasks      the distinct (pid, comm, cpu)
 *	losses     where events are missing
 *	columns    of each event: its shape, task, time and address
 *
 * What makes it small: events come in a few hundred shapes a chunk, and mostly in
 * the order in which they came before; an address that was there before is a
 * distance in events, and a new one is near the one before it of the same shape.
 * Columns put what is alike side by side, and zstd does the rest: 2.4 to 4.3 bytes an
 * event of the shared perf.data files, where their texts, packed by zstd, have 4.0 to 5.5.
 *
 * Locking: none. An encoder or decoder belongs to one thread.
 */
#ifndef KMEMSIM_SIM_TRACE_KMT_EVENTS_H
#define KMEMSIM_SIM_TRACE_KMT_EVENTS_H

#include "sim/trace/kmt/bytes.h"
#include "sim/trace/kmt/dictionary.h"
#include "sim/trace/kmt/format.h"
#include "sim/trace/reader.h"

/* In this order, each a u32 length and that many bytes. A later version may add some behind them. */
enum kmt_section {
	KMT_STRINGS,		/* each with a NUL behind it; numbered from 1 */
	KMT_STACKS,		/* varint depth, then so many strings, the innermost call first; from 1 */
	KMT_SHAPES,		/* see enum kmt_shape_field; from 0 */
	KMT_TASKS,		/* zigzag pid, string, cpu; from 0 */
	KMT_LOSSES,		/* varint: events since the loss before, varint: events lost, 0 not known */
	/* of each event, a byte a column */
	KMT_SHAPE_LOW,		/* 0: the shape that followed the last one's before; else number + 1 */
	KMT_SHAPE_HIGH,
	KMT_TASK_LOW,
	KMT_TASK_HIGH,
	KMT_TIME_LOW,		/* zigzag ns since the event before; KMT_TIME_ESCAPE: see KMT_TIME_LONG */
	KMT_TIME_HIGH,
	KMT_BACK_LOW,		/* events since its address was there last; 0: see KMT_FRESH */
	KMT_BACK_HIGH,
	/* varints, for the events that need one */
	KMT_TIME_LONG,		/* zigzag ns since the event before */
	KMT_FRESH,		/* zigzag distance from the last such address of the same shape, at first 0 */
	KMT_SECOND,		/* second addresses, of shapes that have them */
	NR_KMT_SECTIONS
};

#define KMT_FIRST_COLUMN	KMT_SHAPE_LOW
#define KMT_NR_COLUMNS		(KMT_TIME_LONG - KMT_SHAPE_LOW)
#define KMT_TIME_ESCAPE		0xffffu

/* A shape is these varints; one more behind them would need a version of its own. */
enum kmt_shape_field {
	KMT_KIND,		/* string: the tracepoint, as event_kind_desc has it */
	KMT_SITE,		/* string */
	KMT_CACHE,		/* string */
	KMT_STACK,		/* stack, of events without an argument */
	KMT_BYTES_REQ,
	KMT_BYTES_ALLOC,
	KMT_HAS_SECOND,		/* 1: a second address in their place */
	KMT_GFP,
	KMT_NODE,		/* zigzag */
	KMT_ORDER,
	KMT_MIGRATETYPE,
	KMT_FLAGS,
	KMT_ARG,		/* zigzag */
	KMT_CONTEXT,
	KMT_DEPTH,
	NR_KMT_SHAPE_FIELDS
};

struct kmt_encoder;
struct kmt_decoder;

/*
 * The events' names and call chains; both must outlive it. @stacks may be NULL. Without
 * @names, names and call chains are written as the numbers they have, for a decoder that
 * has none either: no file is written so. NULL: no memory.
 */
struct kmt_encoder *kmt_encoder_create(const struct names *names, const struct stacks *stacks);
void kmt_encoder_destroy(struct kmt_encoder *enc);
/*
 * The payload of @nr events, up to KMT_CHUNK_EVENTS, and of the losses before, between
 * and behind them (reader_loss.behind counts from @events). *@out is the encoder's until the next call.
 * -ENOMEM; -E2BIG where it would be larger than KMT_MAX_PLAIN: take fewer.
 */
int kmt_encode(struct kmt_encoder *enc, const struct event *events, uint32_t nr,
	       const struct reader_loss *losses, size_t nr_losses, const struct kmt_bytes **out);

/*
 * Strings go to @names, call chains to @stacks; NULL: they are passed over. Where all of them
 * are known already, neither is written to. NULL: no memory.
 */
struct kmt_decoder *kmt_decoder_create(struct names *names, struct stacks *stacks);
void kmt_decoder_destroy(struct kmt_decoder *dec);
/*
 * Begin with a payload of @nr events, which must stay until the last one was taken;
 * @chunk is its header. -EBADMSG with @err: it is no such thing; -ENOMEM.
 */
int kmt_decode_begin(struct kmt_decoder *dec, const struct kmt_chunk *chunk, const unsigned char *payload,
		     size_t len, struct kerror *err);
/* Up to @max events, 0 behind the last; -EBADMSG with @err, and the chunk is over. */
int kmt_decode(struct kmt_decoder *dec, struct event *events, int max, struct kerror *err);
/* The next loss of the chunk, if there is one: *@lost events are missing behind *@behind of the chunk's. */
bool kmt_decode_loss(struct kmt_decoder *dec, uint32_t *behind, uint64_t *lost);

#endif
