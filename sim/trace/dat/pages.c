/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: pages of a ring buffer, and the events in them, as the kernel's
 * ring_buffer.c writes them:
 *
 *	page	8 bytes  time of its beginning
 *		8 bytes  bytes of events that follow; bit 31: events were lost before it;
 *			 bit 30: behind its events stands how many
 *		events
 *	event	4 bytes  5 bits type, 27 bits nanoseconds (or ticks) since the one before
 *		type 1 to 28: so many words of 4 bytes follow
 *		type 0: a word says how many bytes follow, it included
 *		type 29: what was reserved and not used; without a time, the rest of the page
 *		type 30: a word with the upper bits of the time
 *		type 31: the same, of a time that is no difference
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "sim/trace/dat/dat.h"

#define PAGE_HEAD	16u
#define PAGE_BYTES_MASK	((UINT64_C(1) << 27) - 1)
#define PAGE_LOST	(UINT64_C(1) << 31)
#define PAGE_LOST_COUNT	(UINT64_C(1) << 30)

#define CHUNK_HEAD	8u	/* bytes of it packed, and unpacked */

#define TYPE_BITS	5
#define TIME_BITS	27
#define TYPE_PADDING	29u
#define TYPE_EXTEND	30u
#define TYPE_STAMP	31u
/* A stamp has 59 bits; those above come from the time before it. */
#define STAMP_BITS	59

static uint32_t get_u32(const unsigned char *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static uint64_t get_u64(const unsigned char *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static int cut(const struct dat_cpu *cpu, const char *what, struct kerror *err)
{
	return kerror_set(err, -EBADMSG, "the %s of CPU %u at byte %" PRIu64 " goes beyond its end at byte %" PRIu64, what,
			  cpu->cpu, cpu->at, cpu->end);
}

static int damaged(const struct dat_cpu *cpu, struct kerror *err)
{
	return kerror_set(err, -EBADMSG, "the chunk of CPU %u at byte %" PRIu64 " is damaged", cpu->cpu, cpu->at);
}

/* Memory for the pages of a chunk, of all CPUs not more than DAT_MAX_CHUNKS_HELD. */
static int make_room(struct trace_dat *td, struct dat_cpu *cpu, uint32_t size, struct kerror *err)
{
	unsigned char *larger;

	if (size > DAT_MAX_CHUNK || (size > cpu->chunk_size &&
				     td->chunk_bytes + size - cpu->chunk_size > DAT_MAX_CHUNKS_HELD))
		return kerror_set(err, -EFBIG, "the chunk at byte %" PRIu64 " unpacks to %u bytes, as no recording does",
				  cpu->at, size);
	if (size <= cpu->chunk_size)
		return 0;
	larger = realloc(cpu->chunk, size);
	if (!larger)
		return kerror_set(err, -ENOMEM, "no memory for the pages of the trace");
	td->chunk_bytes += size - cpu->chunk_size;
	cpu->chunk = larger;
	cpu->chunk_size = size;
	return 0;
}

/* How many chunks there are stands before the first. */
static int count_chunks(struct trace_dat *td, struct dat_cpu *cpu, struct kerror *err)
{
	const unsigned char *data;
	int ret;

	cpu->counted = true;
	if (cpu->at == cpu->end)
		return 0;
	ret = dat_row(td, cpu, sizeof(cpu->chunks), &data, err);
	if (ret)
		return ret;
	cpu->chunks = get_u32(data);
	cpu->at += sizeof(cpu->chunks);
	return 0;
}

/* 1 with a new chunk; 0: there is none. */
static int next_chunk(struct trace_dat *td, struct dat_cpu *cpu, struct kerror *err)
{
	const unsigned char *data;
	uint32_t packed = 0, size = 0;
	int ret = cpu->counted ? 0 : count_chunks(td, cpu, err);

	if (ret || !cpu->chunks)
		return ret;
	if (cpu->end - cpu->at < CHUNK_HEAD)
		return cut(cpu, "chunk", err);
	ret = dat_row(td, cpu, CHUNK_HEAD, &data, err);
	if (!ret) {
		packed = get_u32(data);
		size = get_u32(data + 4);
	}
	if (!ret && packed > cpu->end - cpu->at - CHUNK_HEAD)
		return cut(cpu, "chunk", err);
	if (!ret)
		ret = make_room(td, cpu, size, err);
	/* No packer makes more than that of pages. */
	if (!ret && packed > 2 * DAT_MAX_CHUNK)
		return damaged(cpu, err);
	if (!ret)
		ret = dat_row(td, cpu, CHUNK_HEAD + (uint64_t)packed, &data, err);
	if (ret)
		return ret;
	if (!dat_unpack(td->packer, cpu->chunk, size, data + CHUNK_HEAD, packed))
		return damaged(cpu, err);
	cpu->page_at = cpu->at;
	cpu->chunk_len = size;
	cpu->chunk_pos = 0;
	cpu->chunks--;
	cpu->at += CHUNK_HEAD + (uint64_t)packed;
	td->read += CHUNK_HEAD + (uint64_t)packed;
	return 1;
}

/* Where the CPU's bytes move about, the page must stay where it is. */
static int take_page(struct trace_dat *td, struct dat_cpu *cpu, struct kerror *err)
{
	const unsigned char *data;
	int ret = dat_row(td, cpu, cpu->page_size, &data, err);

	if (!ret && td->content.parts) {
		ret = make_room(td, cpu, cpu->page_size, err);
		if (!ret)
			data = memcpy(cpu->chunk, data, cpu->page_size);
	}
	if (!ret)
		cpu->page = data;
	return ret;
}

/* 1 with @cpu->page set; 0: there is none. */
static int find_page(struct trace_dat *td, struct dat_cpu *cpu, struct kerror *err)
{
	int ret;

	if (cpu->packed) {
		while (cpu->chunk_len - cpu->chunk_pos < cpu->page_size) {
			ret = next_chunk(td, cpu, err);
			if (ret <= 0)
				return ret;
		}
		cpu->page = cpu->chunk + cpu->chunk_pos;
		cpu->chunk_pos += cpu->page_size;
		return 1;
	}
	if (cpu->at == cpu->end)
		return 0;
	if (cpu->end - cpu->at < cpu->page_size)
		return cut(cpu, "page", err);
	ret = take_page(td, cpu, err);
	if (ret)
		return ret;
	cpu->page_at = cpu->at;
	cpu->at += cpu->page_size;
	td->read += cpu->page_size;
	return 1;
}

static int open_page(struct trace_dat *td, struct dat_cpu *cpu, struct text_complaint *complaint, struct kerror *err)
{
	uint64_t word, len;
	int ret = find_page(td, cpu, err);

	if (ret <= 0)
		return ret;
	word = get_u64(cpu->page + 8);
	len = word & PAGE_BYTES_MASK;
	if (len > cpu->page_size - PAGE_HEAD) {
		cpu->page = NULL;
		text_complain(complaint, "a page of %u bytes with %" PRIu64 " bytes of events", cpu->page_size, len);
		return -EAGAIN;
	}
	cpu->time = get_u64(cpu->page);
	cpu->pos = PAGE_HEAD;
	cpu->page_end = PAGE_HEAD + (uint32_t)len;
	if (word & PAGE_LOST) {
		cpu->lost = true;
		cpu->nr_lost = 0;
		if (word & PAGE_LOST_COUNT && cpu->page_size - cpu->page_end >= 8)
			cpu->nr_lost = get_u64(cpu->page + cpu->page_end);
		/* -1: the kernel does not know either. */
		if ((int64_t)cpu->nr_lost < 0)
			cpu->nr_lost = 0;
	}
	return 1;
}

/* What is left of the page cannot be understood. */
static int drop_page(struct dat_cpu *cpu, struct text_complaint *complaint)
{
	text_complain(complaint, "an event of CPU %u at byte %u of its page goes beyond its end", cpu->cpu, cpu->pos);
	cpu->page = NULL;
	return -EAGAIN;
}

/* The word behind an event's first, for the types that have one. */
static uint32_t second_word(const struct dat_cpu *cpu)
{
	return cpu->page_end - cpu->pos < 8 ? 0 : get_u32(cpu->page + cpu->pos + 4);
}

static void take_stamp(struct dat_cpu *cpu, uint64_t stamp)
{
	uint64_t above = cpu->time >> STAMP_BITS << STAMP_BITS;

	stamp |= above;
	if (above && stamp < cpu->time)
		stamp += UINT64_C(1) << STAMP_BITS;
	cpu->time = stamp;
}

/* One entry of the page. 1: it is an event; 0: it is none; -EAGAIN after a complaint. */
static int take_entry(struct dat_cpu *cpu, struct text_complaint *complaint)
{
	uint32_t left = cpu->page_end - cpu->pos, word, type, skip, head = 4;
	uint64_t delta;

	if (left < 4)
		return drop_page(cpu, complaint);
	word = get_u32(cpu->page + cpu->pos);
	type = word & ((1u << TYPE_BITS) - 1);
	delta = word >> TYPE_BITS;
	if (type == TYPE_PADDING && !delta) {
		cpu->page = NULL;
		return 0;
	}
	if (type >= TYPE_EXTEND) {
		if (left < 8)
			return drop_page(cpu, complaint);
		delta += (uint64_t)second_word(cpu) << TIME_BITS;
		if (type == TYPE_STAMP)
			take_stamp(cpu, delta);
		else
			cpu->time += delta;
		cpu->pos += 8;
		return 0;
	}
	skip = type && type != TYPE_PADDING ? type * 4 : second_word(cpu);
	if (skip < 4 || skip > left - 4)
		return drop_page(cpu, complaint);
	if (!type)
		head = 8;
	cpu->time += delta;
	cpu->raw = cpu->page + cpu->pos + head;
	cpu->raw_size = skip + 4 - head;
	/* The kernel rounds up what it reserves; the last one may fill the page but for that. */
	skip = (skip + 3) & ~3u;
	cpu->pos += 4 + (skip < left - 4 ? skip : left - 4);
	return type != TYPE_PADDING;
}

int dat_next(struct trace_dat *td, struct dat_cpu *cpu, struct text_complaint *complaint, struct kerror *err)
{
	int ret;

	for (;;) {
		if (!cpu->page || cpu->pos >= cpu->page_end) {
			cpu->page = NULL;
			ret = open_page(td, cpu, complaint, err);
			if (ret <= 0)
				return ret;
			continue;
		}
		ret = take_entry(cpu, complaint);
		if (ret)
			return ret;
	}
}
