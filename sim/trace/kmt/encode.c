/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: allocator events into the payload of a chunk; see events.h. Single-threaded. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/trace/kmt/events.h"
#include "sim/util/hash.h"
#include "sim/util/table.h"

#define ADDRESS_SLOTS	(2 * KMT_CHUNK_EVENTS)	/* a power of two */

struct task {
	int32_t pid;
	name_id comm;
	uint32_t cpu;
	uint32_t zero;
};

struct address {
	uint64_t addr;
	uint32_t at;		/* the event that had it last, plus one; 0: the slot is free */
};

/* Strings of the chunk: numbered in the order in which they come first. */
struct chunk_names {
	uint32_t nr;
	uint32_t *local;	/* by name_id; 0: not in this chunk */
	name_id size;
	name_id *used;		/* whose local number is to be forgotten behind the chunk */
	uint32_t nr_used, used_size;
	uint32_t kind[NR_EVENT_KINDS];
};

struct kmt_encoder {
	const struct names *names;	/* not owned; NULL: names and call chains stay numbers */
	const struct stacks *stacks;	/* not owned; NULL: there are none */
	uint32_t nr_stacks;
	struct table local_stacks;	/* by stack_id: its number in the chunk */
	struct kmt_dictionary shapes, tasks;
	struct chunk_names strings;
	struct address *addresses;
	uint64_t *fresh;		/* by shape: its last new address */
	uint32_t *follows;		/* by shape: what came behind it last, plus one */
	unsigned char *column[KMT_NR_COLUMNS];
	struct kmt_bytes section[NR_KMT_SECTIONS];	/* those of varints */
	struct kmt_bytes payload;
};

static void destroy_columns(struct kmt_encoder *enc)
{
	int i;

	free(enc->column[0]);
	for (i = 0; i < NR_KMT_SECTIONS; i++)
		kmt_bytes_free(&enc->section[i]);
}

struct kmt_encoder *kmt_encoder_create(const struct names *names, const struct stacks *stacks)
{
	struct kmt_encoder *enc = calloc(1, sizeof(*enc));
	int i;

	if (!enc)
		return NULL;
	enc->names = names;
	enc->stacks = stacks;
	enc->addresses = malloc(ADDRESS_SLOTS * sizeof(*enc->addresses));
	enc->fresh = malloc(KMT_CHUNK_EVENTS * sizeof(*enc->fresh));
	enc->follows = malloc(KMT_CHUNK_EVENTS * sizeof(*enc->follows));
	enc->column[0] = malloc((size_t)KMT_NR_COLUMNS * KMT_CHUNK_EVENTS);
	if (!enc->addresses || !enc->fresh || !enc->follows || !enc->column[0] ||
	    kmt_dictionary_init(&enc->shapes, KMT_CHUNK_EVENTS, sizeof(struct event)) ||
	    kmt_dictionary_init(&enc->tasks, KMT_CHUNK_EVENTS, sizeof(struct task))) {
		kmt_encoder_destroy(enc);
		return NULL;
	}
	for (i = 1; i < (int)KMT_NR_COLUMNS; i++)
		enc->column[i] = enc->column[0] + (size_t)i * KMT_CHUNK_EVENTS;
	return enc;
}

void kmt_encoder_destroy(struct kmt_encoder *enc)
{
	if (!enc)
		return;
	destroy_columns(enc);
	kmt_bytes_free(&enc->payload);
	kmt_dictionary_exit(&enc->shapes);
	kmt_dictionary_exit(&enc->tasks);
	table_free(&enc->local_stacks);
	free(enc->strings.local);
	free(enc->strings.used);
	free(enc->addresses);
	free(enc->fresh);
	free(enc->follows);
	free(enc);
}

/* ---- strings ------------------------------------------------------------ */

static int widen_strings(struct chunk_names *strings, name_id id)
{
	size_t size = (size_t)id + 1 + id / 2;
	uint32_t *local;

	if (id < strings->size)
		return 0;
	local = size > UINT32_MAX ? NULL : reallocarray(strings->local, size, sizeof(*local));
	if (!local)
		return -ENOMEM;
	memset(local + strings->size, 0, (size - strings->size) * sizeof(*local));
	strings->local = local;
	strings->size = (name_id)size;
	return 0;
}

static void strings_clear(struct chunk_names *strings)
{
	uint32_t i;

	for (i = 0; i < strings->nr_used; i++)
		strings->local[strings->used[i]] = 0;
	strings->nr = strings->nr_used = 0;
	memset(strings->kind, 0, sizeof(strings->kind));
}

static uint32_t add_string(struct kmt_encoder *enc, const char *text)
{
	kmt_put_bytes(&enc->section[KMT_STRINGS], text, strlen(text) + 1);
	return ++enc->strings.nr;
}

/* The number of @id in this chunk, 0 for 0. What fails shows in the strings' section. */
static uint32_t local_string(struct kmt_encoder *enc, name_id id)
{
	struct chunk_names *strings = &enc->strings;
	char number[16];

	if (!id)
		return 0;
	if (widen_strings(strings, id)) {
		enc->section[KMT_STRINGS].failed = true;
		return 0;
	}
	if (strings->local[id])
		return strings->local[id];
	if (strings->nr_used == strings->used_size) {
		uint32_t size = strings->used_size ? 2 * strings->used_size : 256;
		name_id *used = reallocarray(strings->used, size, sizeof(*used));

		if (!used) {
			enc->section[KMT_STRINGS].failed = true;
			return 0;
		}
		strings->used = used;
		strings->used_size = size;
	}
	strings->used[strings->nr_used++] = id;
	if (!enc->names)
		snprintf(number, sizeof(number), "%" PRIu32, id);
	strings->local[id] = add_string(enc, enc->names ? names_text(enc->names, id) : number);
	return strings->local[id];
}

static uint32_t kind_string(struct kmt_encoder *enc, unsigned int kind)
{
	uint32_t *local = &enc->strings.kind[kind];

	if (!*local)
		*local = add_string(enc, event_kind_desc[kind].tracepoint);
	return *local;
}

/* ---- dictionaries -------------------------------------------------------- */

/* The number of @id in this chunk, 0 for none. */
static uint32_t local_stack(struct kmt_encoder *enc, stack_id id)
{
	struct kmt_bytes *out = &enc->section[KMT_STACKS];
	const name_id *frames;
	uint64_t *local;
	size_t nr, i;

	if (!enc->names)
		return id;
	if (!id || !enc->stacks)
		return 0;
	local = table_get(&enc->local_stacks, id);
	if (!local) {
		out->failed = true;
		return 0;
	}
	if (*local)
		return (uint32_t)*local;
	*local = ++enc->nr_stacks;
	frames = stacks_frames(enc->stacks, id, &nr);
	kmt_put_varint(out, nr);
	for (i = 0; i < nr; i++)
		kmt_put_varint(out, local_string(enc, frames[i]));
	return enc->nr_stacks;
}

static void put_shape(struct kmt_encoder *enc, const struct event *shape)
{
	bool second = event_has_second(shape->kind), stack = event_has_stack(shape->kind);
	const uint64_t fields[NR_KMT_SHAPE_FIELDS] = {
		[KMT_KIND]		= kind_string(enc, shape->kind),
		[KMT_SITE]		= local_string(enc, shape->call_site),
		[KMT_CACHE]		= local_string(enc, shape->cache),
		[KMT_STACK]		= stack ? local_stack(enc, shape->stack) : 0,
		[KMT_BYTES_REQ]		= second ? 0 : shape->bytes_req,
		[KMT_BYTES_ALLOC]	= second ? 0 : shape->bytes_alloc,
		[KMT_HAS_SECOND]	= second,
		[KMT_GFP]		= shape->gfp,
		[KMT_NODE]		= kmt_zigzag(shape->node),
		[KMT_ORDER]		= shape->order,
		[KMT_MIGRATETYPE]	= shape->migratetype,
		[KMT_FLAGS]		= shape->flags,
		[KMT_ARG]		= stack ? 0 : kmt_zigzag(shape->arg),
		[KMT_CONTEXT]		= shape->context,
		[KMT_DEPTH]		= shape->depth,
	};
	int i;

	for (i = 0; i < NR_KMT_SHAPE_FIELDS; i++)
		kmt_put_varint(&enc->section[KMT_SHAPES], fields[i]);
}

/*
 * All of @ev that its shape keeps; the rest is zero. Most are the one that followed @last
 * before, which is found without a hash of it.
 */
static uint32_t shape_of(struct kmt_encoder *enc, const struct event *ev, uint32_t last)
{
	uint32_t before = enc->shapes.nr, nr, guess = enc->follows[last];
	struct event shape = *ev;

	shape.time_ns = shape.addr = shape.line = 0;
	shape.pid = 0;
	shape.comm = 0;
	shape.cpu = 0;
	shape.flags &= (uint8_t)~EVF_RESOLVED;
	if (event_has_second(ev->kind))
		shape.addr2 = 0;
	if (guess && !memcmp(enc->shapes.records + (size_t)(guess - 1) * sizeof(shape), &shape, sizeof(shape)))
		return guess - 1;
	nr = kmt_dictionary_number(&enc->shapes, &shape);
	if (nr == before) {
		put_shape(enc, &shape);
		enc->fresh[nr] = 0;
		enc->follows[nr] = 0;
	}
	return nr;
}

/* @last is that of the event before, and most likely of this one. */
static uint32_t task_of(struct kmt_encoder *enc, const struct event *ev, uint32_t last)
{
	const struct task task = { .pid = ev->pid, .comm = ev->comm, .cpu = ev->cpu };
	uint32_t before = enc->tasks.nr, nr;
	struct kmt_bytes *out = &enc->section[KMT_TASKS];

	if (before && !memcmp(enc->tasks.records + (size_t)last * sizeof(task), &task, sizeof(task)))
		return last;
	nr = kmt_dictionary_number(&enc->tasks, &task);
	if (nr == before) {
		kmt_put_varint(out, kmt_zigzag(task.pid));
		kmt_put_varint(out, local_string(enc, task.comm));
		kmt_put_varint(out, task.cpu);
	}
	return nr;
}

/* ---- columns ------------------------------------------------------------- */

static inline void put_column(struct kmt_encoder *enc, enum kmt_section low, uint32_t at, uint32_t value)
{
	enc->column[low - KMT_FIRST_COLUMN][at] = (unsigned char)value;
	enc->column[low + 1 - KMT_FIRST_COLUMN][at] = (unsigned char)(value >> 8);
}

static void put_time(struct kmt_encoder *enc, uint32_t at, uint64_t since)
{
	uint64_t coded = kmt_zigzag((int64_t)since);

	if (coded >= KMT_TIME_ESCAPE) {
		kmt_put_varint(&enc->section[KMT_TIME_LONG], coded);
		coded = KMT_TIME_ESCAPE;
	}
	put_column(enc, KMT_TIME_LOW, at, (uint32_t)coded);
}

static struct address *find_address(struct kmt_encoder *enc, uint64_t addr)
{
	uint32_t at = (uint32_t)hash_u64(addr) & (ADDRESS_SLOTS - 1);

	while (enc->addresses[at].at && enc->addresses[at].addr != addr)
		at = (at + 1) & (ADDRESS_SLOTS - 1);
	return &enc->addresses[at];
}

static void put_address(struct kmt_encoder *enc, uint32_t at, uint32_t shape, uint64_t addr)
{
	struct address *seen = find_address(enc, addr);

	put_column(enc, KMT_BACK_LOW, at, seen->at ? at + 1 - seen->at : 0);
	if (!seen->at) {
		kmt_put_varint(&enc->section[KMT_FRESH], kmt_zigzag((int64_t)(addr - enc->fresh[shape])));
		enc->fresh[shape] = addr;
		seen->addr = addr;
	}
	seen->at = at + 1;
}

static void put_events(struct kmt_encoder *enc, const struct event *events, uint32_t nr)
{
	uint64_t time_ns = events[0].time_ns;
	uint32_t last = 0, task = 0, i;

	for (i = 0; i < nr; i++) {
		const struct event *ev = &events[i];
		uint32_t shape = shape_of(enc, ev, last);

		put_column(enc, KMT_SHAPE_LOW, i, enc->follows[last] == shape + 1 ? 0 : shape + 1);
		enc->follows[last] = shape + 1;
		last = shape;
		task = task_of(enc, ev, task);
		put_column(enc, KMT_TASK_LOW, i, task);
		put_time(enc, i, ev->time_ns - time_ns);
		time_ns = ev->time_ns;
		put_address(enc, i, shape, ev->addr);
		if (event_has_second(ev->kind))
			kmt_put_varint(&enc->section[KMT_SECOND], ev->addr2);
	}
}

/* ---- the payload --------------------------------------------------------- */

static void put_losses(struct kmt_encoder *enc, const struct reader_loss *losses, size_t nr)
{
	uint64_t behind = 0;
	size_t i;

	for (i = 0; i < nr; i++) {
		kmt_put_varint(&enc->section[KMT_LOSSES], losses[i].behind - behind);
		kmt_put_varint(&enc->section[KMT_LOSSES], losses[i].events);
		behind = losses[i].behind;
	}
}

static void put_section(struct kmt_bytes *payload, const void *from, size_t len)
{
	unsigned char size[4];

	kmt_put_u32(size, (uint32_t)len);
	kmt_put_bytes(payload, size, sizeof(size));
	kmt_put_bytes(payload, from, len);
}

static int join_sections(struct kmt_encoder *enc, uint32_t nr)
{
	struct kmt_bytes *payload = &enc->payload;
	uint64_t bytes = (uint64_t)KMT_NR_COLUMNS * nr + 4 * NR_KMT_SECTIONS;
	int i;

	for (i = 0; i < NR_KMT_SECTIONS; i++) {
		if (enc->section[i].failed)
			return -ENOMEM;
		bytes += enc->section[i].len;
	}
	if (bytes > KMT_MAX_PLAIN)
		return -E2BIG;
	payload->len = 0;
	for (i = 0; i < NR_KMT_SECTIONS; i++) {
		uint32_t column = (uint32_t)i - KMT_FIRST_COLUMN;

		if (column < KMT_NR_COLUMNS)
			put_section(payload, enc->column[column], nr);
		else
			put_section(payload, enc->section[i].at, enc->section[i].len);
	}
	return payload->failed ? -ENOMEM : 0;
}

int kmt_encode(struct kmt_encoder *enc, const struct event *events, uint32_t nr,
	       const struct reader_loss *losses, size_t nr_losses, const struct kmt_bytes **out)
{
	int i, ret;

	kmt_dictionary_clear(&enc->shapes);
	kmt_dictionary_clear(&enc->tasks);
	memset(enc->addresses, 0, ADDRESS_SLOTS * sizeof(*enc->addresses));
	enc->follows[0] = 0;
	table_free(&enc->local_stacks);
	enc->nr_stacks = 0;
	for (i = 0; i < NR_KMT_SECTIONS; i++)
		enc->section[i].len = 0;
	strings_clear(&enc->strings);
	if (nr)
		put_events(enc, events, nr);
	put_losses(enc, losses, nr_losses);
	ret = join_sections(enc, nr);
	*out = &enc->payload;
	return ret;
}
