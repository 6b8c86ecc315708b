/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the payload of a chunk of memory accesses.
 *
 * A program runs the same instructions again and again, so accesses come in the same
 * sequences: a template is a run of instructions without a jump, and the loads and stores
 * between them. A chunk has each template once, and then only says which comes next, and how
 * far each load or store is from the one that the same place of the same template had last.
 *
 *	forms       the distinct (kind, size); at most 256
 *	templates   lengths, a form for each access, where the first instruction is
 *	slots       an address for each access of a template that is no instruction
 *	places      where in the chunk events come between the accesses
 *	threads     where in the chunk another thread goes on
 *	numbers     the template that comes next, two columns of a byte
 *	near        a byte for each access that is no instruction: zigzag distance, or where it is
 *	wide        distances that need 2, 4, 8 bytes
 *
 * A decoder copies a template's accesses and corrects the addresses of its slots.
 *
 * Locking: none. An encoder or decoder belongs to one thread.
 */
#ifndef KMEMSIM_SIM_TRACE_KMT_ACCESSES_H
#define KMEMSIM_SIM_TRACE_KMT_ACCESSES_H

#include "sim/trace/access/access.h"
#include "sim/trace/kmt/bytes.h"
#include "sim/trace/kmt/format.h"

/* In this order, each a u32 length and that many bytes. A later version may add some behind them. */
enum kmt_access_section {
	KMT_FORMS,		/* varint 4 * size + kind; from 0 */
	KMT_LENGTHS,		/* a byte each: accesses of a template; from 0 */
	KMT_TEMPLATE_FORMS,	/* a byte each: of all templates, one behind the other */
	KMT_STARTS,		/* of those that begin with an instruction: zigzag distance from the start before, at first 0 */
	KMT_SLOTS,		/* zigzag distance from the slot before, at first 0 */
	KMT_PLACES,		/* varint accesses since the place before, varint events since, at first of the trace */
	KMT_THREADS,		/* varint accesses since the change before, varint thread */
	KMT_NUMBER_LOW,
	KMT_NUMBER_HIGH,
	KMT_NEAR,		/* zigzag distance; KMT_IS_WIDE16 and so on: see there */
	KMT_WIDE16,		/* zigzag distances, u16, u32, u64 */
	KMT_WIDE32,
	KMT_WIDE64,
	NR_KMT_ACCESS_SECTIONS
};

#define KMT_IS_WIDE16		253u
#define KMT_IS_WIDE32		254u
#define KMT_IS_WIDE64		255u

/*
 * Fewer accesses mean that a damaged chunk costs less. A whole chunk is decoded into blocks,
 * so none is ever held as a whole but for its payload.
 */
#define KMT_CHUNK_ACCESSES	262144u
#define KMT_MAX_FORMS		256u
#define KMT_MAX_TEMPLATES	65536u
#define KMT_TEMPLATE_ACCESSES	55u	/* with start and length a cache line, as the encoder looks them up */

struct kmt_access_encoder;
struct kmt_access_decoder;

struct kmt_access_encoder *kmt_access_encoder_create(void);	/* NULL: no memory */
void kmt_access_encoder_destroy(struct kmt_access_encoder *enc);
/*
 * The next accesses, which stand behind @events events of the trace: how many of them the
 * chunk takes; fewer than @nr: it is full, so put it and go on. A failure for lack of
 * memory shows when it is put.
 */
uint32_t kmt_access_add(struct kmt_access_encoder *enc, const struct access *at, uint32_t nr, uint64_t events);
uint32_t kmt_access_waiting(const struct kmt_access_encoder *enc);	/* accesses of the chunk so far */
/* The chunk's payload, the encoder's until the next call; it begins anew. NULL: no memory. */
const struct kmt_bytes *kmt_access_put(struct kmt_access_encoder *enc);

struct kmt_access_decoder *kmt_access_decoder_create(void);	/* NULL: no memory */
void kmt_access_decoder_destroy(struct kmt_access_decoder *dec);
/*
 * Begin with a payload of @nr accesses, which must stay until the last one was taken.
 * -EBADMSG with @err: it is no such thing; -ENOMEM.
 */
int kmt_access_begin(struct kmt_access_decoder *dec, uint32_t nr, const unsigned char *payload, size_t len,
		     struct kerror *err);
/* Events of the trace before the next access. */
uint64_t kmt_access_place(const struct kmt_access_decoder *dec);
/*
 * The next accesses at one place, valid until the next call of any function but
 * kmt_access_place(): their number, 0 behind the last; -EBADMSG with @err, and the chunk is over.
 */
int kmt_access_next(struct kmt_access_decoder *dec, struct access_block *block, struct kerror *err);

#endif
