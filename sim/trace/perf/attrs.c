/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what was recorded. A sample holds, each where its bit of sample_type is
 * set, and always in this order:
 *
 *	IDENTIFIER  IP  TID  TIME  ADDR  ID  STREAM_ID  CPU  PERIOD  READ  CALLCHAIN  RAW ...
 *
 * Up to PERIOD everything has 8 bytes, so its place is known beforehand. Other
 * records end with TID TIME ID STREAM_ID CPU IDENTIFIER (sample_id_all).
 *
 * Several things can be recorded together, each with a sample_type of its own; the
 * id that says which it is must then stand at the same place in all.
 */
#include <errno.h>
#include <stdlib.h>

#include "sim/trace/perf/perf.h"
#include "sim/trace/stack_text.h"

#define ATTR_MIN_BYTES	64u	/* of the first perf that knew this format */
#define ATTR_STACK_AT	108u	/* sample_max_stack, where it has that many bytes */
#define FLAG_ENABLE_ON_EXEC	(UINT64_C(1) << 12)
#define FLAG_SAMPLE_ID_ALL	(UINT64_C(1) << 18)

static void place_fields(struct perf_attr *attr, uint16_t *id_at)
{
	static const struct { uint64_t bit; size_t place; } fields[] = {
		{ SAMPLE_IDENTIFIER, 0 }, { SAMPLE_IP, 0 }, { SAMPLE_TID, offsetof(struct perf_attr, tid_at) },
		{ SAMPLE_TIME, offsetof(struct perf_attr, time_at) }, { SAMPLE_ADDR, 0 }, { SAMPLE_ID, 0 },
		{ SAMPLE_STREAM_ID, 0 }, { SAMPLE_CPU, offsetof(struct perf_attr, cpu_at) }, { SAMPLE_PERIOD, 0 },
	};
	uint16_t at = PERF_RECORD_HEADER;
	size_t i;

	*id_at = 0;
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (!(attr->sample_type & fields[i].bit))
			continue;
		if (fields[i].place)
			memcpy((char *)attr + fields[i].place, &at, sizeof(at));
		if (fields[i].bit == SAMPLE_IDENTIFIER || (fields[i].bit == SAMPLE_ID && !*id_at))
			*id_at = at;
		at += 8;
	}
	attr->read_at = at;
	attr->usual = attr->tid_at && attr->cpu_at &&
		      (attr->sample_type & (SAMPLE_READ | SAMPLE_CALLCHAIN | SAMPLE_RAW)) == SAMPLE_RAW;
}

static void place_trailer(struct perf_attr *attr, uint16_t *id_back)
{
	static const uint64_t bits[] = {
		SAMPLE_TID, SAMPLE_TIME, SAMPLE_ID, SAMPLE_STREAM_ID, SAMPLE_CPU, SAMPLE_IDENTIFIER
	};
	uint16_t at = 0, id = 0;
	bool has_id = false;
	size_t i;

	attr->trailer_time = UINT16_MAX;
	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		if (!(attr->sample_type & bits[i]))
			continue;
		if (bits[i] == SAMPLE_TIME)
			attr->trailer_time = at;
		if (bits[i] == SAMPLE_ID || bits[i] == SAMPLE_IDENTIFIER) {
			id = at;
			has_id = true;
		}
		at += 8;
	}
	attr->trailer_size = at;
	*id_back = has_id ? at - id : 0;
}

/* The places that all must have in common. */
static int agree(struct perf_attrs *attrs, uint16_t id_at, uint16_t id_back, uint64_t at, struct kerror *err)
{
	const struct perf_attr *attr = &attrs->attr[attrs->nr];

	if (!attrs->nr) {
		attrs->sample_id_at = id_at;
		attrs->record_id_back = id_back;
		attrs->time_at = attr->time_at;
		return 0;
	}
	if (!id_at || id_at != attrs->sample_id_at || id_back != attrs->record_id_back)
		return kerror_set(err, -EBADMSG, "the event at byte %llu: its samples and those before it cannot be told "
				  "apart (sample_type 0x%llx)", (unsigned long long)at,
				  (unsigned long long)attr->sample_type);
	if (attrs->time_at != attr->time_at)
		attrs->time_at = 0;
	return 0;
}

int perf_attrs_add(struct perf_attrs *attrs, const unsigned char *data, size_t size, uint64_t at, struct kerror *err)
{
	uint16_t id_at, id_back;
	struct perf_attr *attr;
	uint64_t flags;
	int ret;

	if (size < ATTR_MIN_BYTES)
		return kerror_set(err, -EBADMSG, "the event at byte %llu has %zu bytes, of %u at least",
				  (unsigned long long)at, size, ATTR_MIN_BYTES);
	if (attrs->nr == attrs->size) {
		size_t nr = attrs->size ? attrs->size * 2 : 16;
		struct perf_attr *larger = reallocarray(attrs->attr, nr, sizeof(*larger));

		if (!larger)
			return kerror_set(err, -ENOMEM, "no memory for the events of the trace");
		attrs->attr = larger;
		attrs->size = nr;
	}
	attr = &attrs->attr[attrs->nr];
	flags = get_u64(data + 40);
	*attr = (struct perf_attr){
		.type = get_u32(data), .config = get_u64(data + 8), .sample_type = get_u64(data + 24),
		.read_format = get_u64(data + 32), .enable_on_exec = flags & FLAG_ENABLE_ON_EXEC,
		.id_trailer = flags & FLAG_SAMPLE_ID_ALL, .max_stack = PERF_DEFAULT_MAX_STACK,
	};
	if (size >= ATTR_STACK_AT + 2 && get_u16(data + ATTR_STACK_AT))
		attr->max_stack = get_u16(data + ATTR_STACK_AT);
	place_fields(attr, &id_at);
	place_trailer(attr, &id_back);
	if (!attr->time_at)
		return kerror_set(err, -ENOTSUP, "its events have no time; record with 'perf record -T'");
	ret = agree(attrs, id_at, id_back, at, err);
	attrs->nr += !ret;
	return ret;
}

int perf_attrs_add_id(struct perf_attrs *attrs, uint64_t id, struct kerror *err)
{
	uint64_t *index = table_get(&attrs->ids, id);

	if (!index)
		return kerror_set(err, -ENOMEM, "no memory for the events of the trace");
	*index = attrs->nr;
	attrs->last[id % PERF_LAST_IDS] = (struct perf_last_id){ 0 };
	return 0;
}

void perf_attrs_exit(struct perf_attrs *attrs)
{
	free(attrs->attr);
	table_free(&attrs->ids);
}

struct perf_attr *perf_attrs_look_up(struct perf_attrs *attrs, uint64_t id, struct perf_last_id *last)
{
	const uint64_t *index = table_find(&attrs->ids, id);

	if (!id)
		return attrs->attr;
	if (!index)
		return NULL;
	*last = (struct perf_last_id){ .id = id, .index = (uint32_t)(*index - 1) };
	return &attrs->attr[last->index];
}

struct perf_attr *perf_attrs_of_record(struct perf_attrs *attrs, const unsigned char *rec, uint32_t size)
{
	if (attrs->nr == 1 || (attrs->nr && !attrs->attr[0].id_trailer))
		return attrs->attr;
	if (!attrs->nr || size < PERF_RECORD_HEADER + attrs->record_id_back)
		return NULL;
	return perf_attrs_of_id(attrs, get_u64(rec + size - attrs->record_id_back));
}

/* ---- samples --------------------------------------------------------------- */

/* Bytes of what read_format asks for, at @at; 0 where they do not fit. */
static uint64_t read_bytes(const struct perf_attr *attr, const unsigned char *rec, uint32_t size, uint64_t at)
{
	uint64_t format = attr->read_format;
	uint64_t times = !!(format & READ_TIME_ENABLED) + !!(format & READ_TIME_RUNNING);
	uint64_t each = 1 + !!(format & READ_ID) + !!(format & READ_LOST), nr;

	if (!(format & READ_GROUP))
		return (each + times) * 8;
	if (size < at + 8)
		return 0;
	nr = get_u64(rec + at);
	return nr > size ? 0 : (1 + times + nr * each) * 8;
}

bool perf_sample_parse_slow(const struct perf_attr *attr, const unsigned char *rec, uint32_t size,
			    struct perf_sample *sample)
{
	uint64_t at = attr->read_at, bytes;

	*sample = (struct perf_sample){ .tid = -1 };
	if (size < at)
		return false;
	if (attr->tid_at)
		sample->tid = (int32_t)get_u32(rec + attr->tid_at + 4);
	if (attr->cpu_at)
		sample->cpu = get_u32(rec + attr->cpu_at);
	if (attr->sample_type & SAMPLE_READ) {
		bytes = read_bytes(attr, rec, size, at);
		if (!bytes || bytes > size - at)
			return false;
		at += bytes;
	}
	if (attr->sample_type & SAMPLE_CALLCHAIN) {
		if (size - at < 8)
			return false;
		sample->nr_chain = get_u64(rec + at);
		at += 8;
		if (sample->nr_chain > (size - at) / 8)
			return false;
		sample->chain = rec + at;
		at += sample->nr_chain * 8;
	}
	if (attr->sample_type & SAMPLE_RAW) {
		if (size - at < 4)
			return false;
		sample->raw_size = get_u32(rec + at);
		sample->raw = rec + at + 4;
		return sample->raw_size <= size - at - 4;
	}
	return true;
}
