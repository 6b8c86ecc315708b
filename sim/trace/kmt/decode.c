/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the payload of a chunk into allocator events; see events.h. What is the
 * same for many events (strings, shapes, tasks) is read and checked when the chunk
 * begins; an event then is a copy of its shape with time, task and address put in.
 * Single-threaded.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/trace/kmt/events.h"

struct task {
	int32_t pid;
	name_id comm;
	uint16_t cpu;
};

/* What many events have in common, and what the last of them left behind. */
struct shape {
	struct event event;	/* time, task and address are 0 */
	uint64_t fresh;		/* its last new address */
	uint64_t max_addr;	/* EVENT_PFN_FAILED, or of frames the largest */
	struct shape *follows;	/* the shape that came behind it last; NULL: none yet */
	bool second;		/* it has a second address */
};

/* A string of the chunk. It gets its name_id when an event first needs it: a kind's name never does. */
struct string {
	const char *text;
	uint32_t len;
	name_id id;
};

/* A call chain of the chunk; as with a string, an event must need it. */
struct chain {
	const unsigned char *at;	/* behind its depth */
	uint32_t depth;
	stack_id id;
};

struct kmt_decoder {
	struct names *names;		/* not owned; NULL: names and call chains are numbers */
	struct stacks *stacks;		/* not owned; NULL: nobody wants them */
	struct chain *chains;		/* owned; by their number in the chunk less one */
	uint32_t nr_chains, chains_size;
	struct string *strings;		/* owned; by their number in the chunk less one */
	uint32_t nr_strings, strings_size;
	struct shape *shapes;
	struct task *tasks;
	uint32_t nr_shapes, nr_tasks;
	uint64_t *addresses;		/* of the events so far */
	uint32_t room;			/* so many of each of these three */
	struct kmt_walk section[NR_KMT_SECTIONS];
	const unsigned char *column[KMT_NR_COLUMNS];
	uint64_t first;			/* number of the chunk's first event */
	uint32_t nr, next;
	uint32_t last_shape;
	uint64_t time_ns;
	uint64_t min_ns, max_ns;	/* the header says so */
	uint64_t loss_behind;
	bool no_memory;			/* for a name or a call chain */
};

struct kmt_decoder *kmt_decoder_create(struct names *names, struct stacks *stacks)
{
	struct kmt_decoder *dec = calloc(1, sizeof(*dec));

	if (!dec)
		return NULL;
	dec->names = names;
	dec->stacks = stacks;
	return dec;
}

void kmt_decoder_destroy(struct kmt_decoder *dec)
{
	if (!dec)
		return;
	free(dec->chains);
	free(dec->strings);
	free(dec->shapes);
	free(dec->tasks);
	free(dec->addresses);
	free(dec);
}

/* For a chunk of @nr events: a file of few costs little. */
static int make_room(struct kmt_decoder *dec, uint32_t nr, struct kerror *err)
{
	if (nr <= dec->room)
		return 0;
	free(dec->shapes);
	free(dec->tasks);
	free(dec->addresses);
	dec->shapes = malloc(nr * sizeof(*dec->shapes));
	dec->tasks = malloc(nr * sizeof(*dec->tasks));
	dec->addresses = malloc(nr * sizeof(*dec->addresses));
	dec->room = dec->shapes && dec->tasks && dec->addresses ? nr : 0;
	return dec->room ? 0 : kerror_set(err, -ENOMEM, "no memory to read a chunk of the trace");
}

static int bad(struct kerror *err, const char *what)
{
	return kerror_set(err, -EBADMSG, "%s", what);
}

/* ---- what the events have in common --------------------------------------- */

static int take_sections(struct kmt_decoder *dec, const unsigned char *payload, size_t len, struct kerror *err)
{
	struct kmt_walk all = { .at = payload, .end = payload + len };
	int i;

	for (i = 0; i < NR_KMT_SECTIONS; i++) {
		const unsigned char *size = kmt_take_bytes(&all, 4), *at;
		uint32_t bytes = size ? kmt_get_u32(size) : 0;
		uint32_t column = (uint32_t)i - KMT_FIRST_COLUMN;

		at = kmt_take_bytes(&all, bytes);
		if (!at)
			return bad(err, "its sections are longer than the chunk");
		dec->section[i] = (struct kmt_walk){ .at = at, .end = at + bytes };
		if (column >= KMT_NR_COLUMNS)
			continue;
		if (bytes != dec->nr)
			return bad(err, "a column is not as long as there are events");
		dec->column[column] = at;
	}
	return 0;
}

static int add_string(struct kmt_decoder *dec, const char *text, size_t len, struct kerror *err)
{
	if (dec->nr_strings == dec->strings_size) {
		uint32_t size = dec->strings_size ? 2 * dec->strings_size : 1024;
		struct string *strings = reallocarray(dec->strings, size, sizeof(*strings));

		if (!strings)
			return kerror_set(err, -ENOMEM, "no memory for the names of the trace");
		dec->strings = strings;
		dec->strings_size = size;
	}
	dec->strings[dec->nr_strings++] = (struct string){ .text = text, .len = (uint32_t)len };
	return 0;
}

static int take_strings(struct kmt_decoder *dec, struct kerror *err)
{
	const struct kmt_walk *walk = &dec->section[KMT_STRINGS];
	const unsigned char *at, *nul;
	int ret = 0;

	dec->nr_strings = 0;
	for (at = walk->at; !ret && at < walk->end; at = nul + 1) {
		nul = memchr(at, 0, (size_t)(walk->end - at));
		if (!nul)
			return bad(err, "its last string has no end");
		ret = add_string(dec, (const char *)at, (size_t)(nul - at), err);
	}
	return ret;
}

/* String @number as a name; false where there is no such string, or no memory. */
static bool name_of(struct kmt_decoder *dec, uint64_t number, name_id *id)
{
	struct string *string;

	*id = 0;
	if (!number)
		return true;
	if (number > dec->nr_strings)
		return false;
	string = &dec->strings[number - 1];
	if (!string->id && string->len) {
		string->id = dec->names ? names_intern(dec->names, string->text, string->len) :
			     (name_id)strtoul(string->text, NULL, 10);
		dec->no_memory |= !string->id;
	}
	*id = string->id;
	return !dec->no_memory;
}

static int add_chain(struct kmt_decoder *dec, struct chain chain, struct kerror *err)
{
	if (dec->nr_chains == dec->chains_size) {
		uint32_t size = dec->chains_size ? 2 * dec->chains_size : 256;
		struct chain *chains = reallocarray(dec->chains, size, sizeof(*chains));

		if (!chains)
			return kerror_set(err, -ENOMEM, "no memory for the call chains of the trace");
		dec->chains = chains;
		dec->chains_size = size;
	}
	dec->chains[dec->nr_chains++] = chain;
	return 0;
}

/* All of them are looked at, so that nothing needs to be checked when one is wanted. */
static int take_chains(struct kmt_decoder *dec, struct kerror *err)
{
	struct kmt_walk *walk = &dec->section[KMT_STACKS];
	int ret = 0;

	for (dec->nr_chains = 0; !ret && walk->at < walk->end; ) {
		struct chain chain = { .depth = (uint32_t)kmt_take_varint_upto(walk, STACK_MAX_FRAMES) };
		uint32_t i;

		chain.at = walk->at;
		for (i = 0; i < chain.depth; i++)
			kmt_take_varint_upto(walk, dec->nr_strings);
		if (walk->failed)
			return bad(err, "a call chain is cut, too deep, or names a string that is not there");
		ret = add_chain(dec, chain, err);
	}
	return ret;
}

/* Call chain @number; false where there is no such chain, or no memory. */
static bool stack_of(struct kmt_decoder *dec, uint64_t number, stack_id *id)
{
	name_id frames[STACK_MAX_FRAMES];
	struct kmt_walk walk;
	struct chain *chain;
	uint32_t i;

	*id = dec->names ? 0 : (stack_id)number;
	if (!dec->names)
		return true;
	if (!number || number > dec->nr_chains)
		return !number;
	chain = &dec->chains[number - 1];
	if (!dec->stacks || !chain->depth || chain->id) {
		*id = chain->id;
		return true;
	}
	walk = (struct kmt_walk){ .at = chain->at, .end = dec->section[KMT_STACKS].end };
	for (i = 0; i < chain->depth; i++)
		if (!name_of(dec, kmt_take_varint(&walk), &frames[i]))
			return false;
	chain->id = stacks_intern(dec->stacks, frames, chain->depth);
	dec->no_memory |= !chain->id;
	*id = chain->id;
	return !dec->no_memory;
}

/* A tracepoint of a later version is one that nobody knows. */
static bool kind_of(const struct kmt_decoder *dec, uint64_t number, uint8_t *kind)
{
	const struct string *string;

	if (!number || number > dec->nr_strings)
		return false;
	string = &dec->strings[number - 1];
	for (*kind = 0; *kind < EV_UNKNOWN; (*kind)++)
		if (!strcmp(event_kind_desc[*kind].tracepoint, string->text))
			break;
	return true;
}

/* Largest values; those of a range of their own are checked where they are put in. */
static const uint64_t field_max[NR_KMT_SHAPE_FIELDS] = {
	[KMT_KIND]		= UINT32_MAX,
	[KMT_SITE]		= UINT32_MAX,
	[KMT_CACHE]		= UINT32_MAX,
	[KMT_STACK]		= UINT32_MAX,
	[KMT_BYTES_REQ]		= UINT32_MAX,
	[KMT_BYTES_ALLOC]	= UINT32_MAX,
	[KMT_HAS_SECOND]	= 1,
	[KMT_GFP]		= UINT32_MAX,
	[KMT_NODE]		= 2 * EVENT_MAX_NODE,	/* zigzag: -1 is 1 */
	[KMT_ORDER]		= UINT8_MAX,	/* see event_max_order() */
	[KMT_MIGRATETYPE]	= EVENT_MAX_MIGRATETYPE,
	[KMT_FLAGS]		= UINT8_MAX,	/* see event_reader_flags() */
	[KMT_ARG]		= UINT32_MAX,
	[KMT_CONTEXT]		= CONTEXT_NMI_IN_IRQ,
	[KMT_DEPTH]		= EVENT_MAX_DEPTH,
};

/* NULL, or what is wrong with the numbers of a shape. */
static const char *check_shape(const struct event *shape, const uint64_t *field)
{
	/* Of a kind of a later version nobody here knows. */
	if (field[KMT_HAS_SECOND] != event_has_second(shape->kind) && shape->kind != EV_UNKNOWN)
		return "a shape has a second address, or lacks one, against its kind";
	if (field[KMT_STACK] && !event_has_stack(shape->kind))
		return "a shape has a call chain against its kind";
	if (shape->order > event_max_order(shape->kind))
		return "a shape's order is too large for its kind";
	if (field[KMT_BYTES_ALLOC] < field[KMT_BYTES_REQ])
		return "a shape has more bytes requested than allocated";
	if (shape->node < EVENT_NO_NODE)
		return "a shape's node is below -1";
	return (shape->flags & ~event_reader_flags(shape->kind)) ? "a shape has flags that its kind has not" : NULL;
}

static int take_shape(struct kmt_decoder *dec, struct shape *out, struct kerror *err)
{
	struct event *shape = &out->event;
	struct kmt_walk *walk = &dec->section[KMT_SHAPES];
	uint64_t field[NR_KMT_SHAPE_FIELDS];
	name_id site, cache;
	const char *what;
	stack_id stack;
	int i;

	for (i = 0; i < NR_KMT_SHAPE_FIELDS; i++)
		field[i] = kmt_take_varint_upto(walk, field_max[i]);
	if (walk->failed)
		return bad(err, "a shape is cut, or has a number out of range");
	memset(shape, 0, sizeof(*shape));
	if (!kind_of(dec, field[KMT_KIND], &shape->kind) || !name_of(dec, field[KMT_SITE], &site) ||
	    !name_of(dec, field[KMT_CACHE], &cache) || !stack_of(dec, field[KMT_STACK], &stack))
		return bad(err, "a shape names a string or a call chain that is not there");
	shape->call_site = site;
	shape->cache = cache;
	shape->gfp = (uint32_t)field[KMT_GFP];
	shape->node = (int16_t)kmt_unzigzag(field[KMT_NODE]);
	shape->order = (uint8_t)field[KMT_ORDER];
	shape->migratetype = (uint8_t)field[KMT_MIGRATETYPE];
	shape->flags = (uint8_t)field[KMT_FLAGS];
	shape->arg = (int32_t)kmt_unzigzag(field[KMT_ARG]);
	if (event_has_stack(shape->kind))
		shape->stack = stack;
	shape->context = field[KMT_CONTEXT] & 15;
	shape->depth = field[KMT_DEPTH] & 15;
	if (!field[KMT_HAS_SECOND]) {
		shape->bytes_req = (uint32_t)field[KMT_BYTES_REQ];
		shape->bytes_alloc = (uint32_t)field[KMT_BYTES_ALLOC];
	}
	out->second = field[KMT_HAS_SECOND];
	out->max_addr = event_is(shape->kind, EVENT_PAGE) ? EVENT_MAX_PFN : UINT64_MAX;
	what = dec->names ? check_shape(shape, field) : NULL;
	return what ? bad(err, what) : 0;
}

static int take_shapes(struct kmt_decoder *dec, struct kerror *err)
{
	const struct kmt_walk *walk = &dec->section[KMT_SHAPES];
	int ret = 0;

	for (dec->nr_shapes = 0; !ret && walk->at < walk->end; dec->nr_shapes++) {
		if (dec->nr_shapes == dec->nr)
			return bad(err, "more shapes than events");
		dec->shapes[dec->nr_shapes].fresh = 0;
		dec->shapes[dec->nr_shapes].follows = NULL;
		ret = take_shape(dec, &dec->shapes[dec->nr_shapes], err);
	}
	if (!ret && dec->nr && !dec->nr_shapes)
		return bad(err, "events, and no shape");
	return ret;
}

static int take_tasks(struct kmt_decoder *dec, struct kerror *err)
{
	struct kmt_walk *walk = &dec->section[KMT_TASKS];

	for (dec->nr_tasks = 0; walk->at < walk->end; dec->nr_tasks++) {
		uint64_t pid = kmt_take_varint_upto(walk, UINT32_MAX);
		uint64_t comm = kmt_take_varint_upto(walk, UINT32_MAX);
		uint64_t cpu = kmt_take_varint_upto(walk, EVENT_MAX_CPU);
		struct task *task = &dec->tasks[dec->nr_tasks];

		if (walk->failed)
			return bad(err, "a task is cut, or has a number out of range");
		if (dec->nr_tasks == dec->nr)
			return bad(err, "more tasks than events");
		task->pid = (int32_t)kmt_unzigzag(pid);
		task->cpu = (uint16_t)cpu;
		if (!name_of(dec, comm, &task->comm))
			return bad(err, "a task names a string that is not there");
	}
	return 0;
}

bool kmt_decode_loss(struct kmt_decoder *dec, uint32_t *behind, uint64_t *lost)
{
	struct kmt_walk *walk = &dec->section[KMT_LOSSES];

	if (walk->at == walk->end)
		return false;
	dec->loss_behind += kmt_take_varint_upto(walk, dec->nr - dec->loss_behind);
	*lost = kmt_take_varint(walk);
	*behind = (uint32_t)dec->loss_behind;
	return !walk->failed;
}

/* All of them, once, so that whoever takes them later gets good ones. */
static int check_losses(struct kmt_decoder *dec, struct kerror *err)
{
	struct kmt_walk *walk = &dec->section[KMT_LOSSES], all = *walk;
	uint64_t lost;
	uint32_t behind;

	while (kmt_decode_loss(dec, &behind, &lost))
		;
	if (walk->failed)
		return bad(err, "a loss is cut, or lies behind the last event");
	*walk = all;
	dec->loss_behind = 0;
	return 0;
}

static int take_all(struct kmt_decoder *dec, const unsigned char *payload, size_t len, struct kerror *err)
{
	int ret = take_sections(dec, payload, len, err);

	if (!ret)
		ret = take_strings(dec, err);
	if (!ret)
		ret = take_chains(dec, err);
	if (!ret)
		ret = take_shapes(dec, err);
	if (!ret)
		ret = take_tasks(dec, err);
	return ret ? ret : check_losses(dec, err);
}

int kmt_decode_begin(struct kmt_decoder *dec, const struct kmt_chunk *chunk, const unsigned char *payload,
		     size_t len, struct kerror *err)
{
	int ret;

	dec->nr = dec->next = dec->last_shape = 0;
	if (chunk->records > KMT_CHUNK_EVENTS)
		return bad(err, "it has more events than a chunk may have");
	if (chunk->max_ns > EVENT_MAX_NS || chunk->min_ns > chunk->max_ns)
		return bad(err, "its times are out of range");
	dec->nr = chunk->records;
	dec->first = chunk->first;
	dec->time_ns = chunk->start_ns;
	dec->min_ns = chunk->min_ns;
	dec->max_ns = chunk->max_ns;
	dec->loss_behind = 0;
	dec->no_memory = false;
	ret = make_room(dec, chunk->records, err);
	if (!ret)
		ret = take_all(dec, payload, len, err);
	if (dec->no_memory)
		ret = kerror_set(err, -ENOMEM, "no memory for the names of the trace");
	if (ret)
		dec->nr = 0;
	return ret;
}

/* ---- events ---------------------------------------------------------------- */

#define BLOCK_EVENTS	256u	/* whose columns are joined at a time */

/* What a block's events have in the columns. */
struct block {
	uint16_t shape[BLOCK_EVENTS], task[BLOCK_EVENTS], time[BLOCK_EVENTS], back[BLOCK_EVENTS];
};

/*
 * The decoder's state while events are made, so that it can lie in registers: the
 * compiler cannot know that an event is not written over the decoder.
 */
struct hot {
	struct shape *shapes, *last;
	const struct task *tasks;
	uint64_t *addresses;
	uint64_t time_ns, min_ns, span_ns, line;
	uint32_t nr_shapes, nr_tasks;
	struct kmt_walk fresh, time_long, second;
};

typedef unsigned char bytes16 __attribute__((vector_size(16)));

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a low byte with a high one behind it is a number");

/* Low and high bytes side by side. Sixteen at a time: gcc makes no vector code of the plain loop at -O2. */
static inline void join_column(uint16_t *to, const unsigned char *lo, const unsigned char *hi, uint32_t n)
{
	uint32_t i = 0;

	for (; i + 16 <= n; i += 16) {
		bytes16 low, high, pairs[2];

		memcpy(&low, lo + i, 16);
		memcpy(&high, hi + i, 16);
		pairs[0] = __builtin_shufflevector(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
		pairs[1] = __builtin_shufflevector(low, high, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30,
						   15, 31);
		memcpy(to + i, pairs, sizeof(pairs));
	}
	for (; i < n; i++)
		to[i] = (uint16_t)(lo[i] | hi[i] << 8);
}

static void join_columns(struct block *block, const struct kmt_decoder *dec, uint32_t at, uint32_t n)
{
	const unsigned char *const *column = dec->column;

	join_column(block->shape, column[KMT_SHAPE_LOW - KMT_FIRST_COLUMN] + at,
		    column[KMT_SHAPE_HIGH - KMT_FIRST_COLUMN] + at, n);
	join_column(block->task, column[KMT_TASK_LOW - KMT_FIRST_COLUMN] + at,
		    column[KMT_TASK_HIGH - KMT_FIRST_COLUMN] + at, n);
	join_column(block->time, column[KMT_TIME_LOW - KMT_FIRST_COLUMN] + at,
		    column[KMT_TIME_HIGH - KMT_FIRST_COLUMN] + at, n);
	join_column(block->back, column[KMT_BACK_LOW - KMT_FIRST_COLUMN] + at,
		    column[KMT_BACK_HIGH - KMT_FIRST_COLUMN] + at, n);
}

static void hot_begin(struct hot *hot, const struct kmt_decoder *dec)
{
	*hot = (struct hot){
		.shapes = dec->shapes, .last = &dec->shapes[dec->last_shape], .tasks = dec->tasks,
		.addresses = dec->addresses, .time_ns = dec->time_ns, .min_ns = dec->min_ns,
		.span_ns = dec->max_ns - dec->min_ns, .line = dec->first + 1,
		.nr_shapes = dec->nr_shapes, .nr_tasks = dec->nr_tasks, .fresh = dec->section[KMT_FRESH],
		.time_long = dec->section[KMT_TIME_LONG], .second = dec->section[KMT_SECOND],
	};
}

static void hot_end(const struct hot *hot, struct kmt_decoder *dec)
{
	dec->last_shape = (uint32_t)(hot->last - dec->shapes);
	dec->time_ns = hot->time_ns;
	dec->section[KMT_FRESH] = hot->fresh;
	dec->section[KMT_TIME_LONG] = hot->time_long;
	dec->section[KMT_SECOND] = hot->second;
}

/* Event @i of @block, which is @at of the chunk. NULL, or what is wrong. */
static inline const char *decode_one(struct hot *hot, const struct block *block, struct event *ev, uint32_t i,
				     uint32_t at)
{
	uint32_t code = block->shape[i], back = block->back[i];
	struct shape *shape = hot->last->follows;
	const struct task *task = &hot->tasks[block->task[i]];
	uint64_t since = block->time[i], addr;

	if (code) {
		if (code > hot->nr_shapes)
			return "an event has a shape that is not there";
		shape = &hot->shapes[code - 1];
		hot->last->follows = shape;
	} else if (!shape) {
		return "an event has the shape that followed, and none did";
	}
	hot->last = shape;
	if (block->task[i] >= hot->nr_tasks)
		return "an event has a task that is not there";
	if (since == KMT_TIME_ESCAPE)
		since = kmt_take_value(&hot->time_long);
	hot->time_ns += (uint64_t)kmt_unzigzag(since);
	if (hot->time_ns - hot->min_ns > hot->span_ns)
		return "an event's time is not within those of its chunk";
	if (back > at)
		return "an event's address is to be found before the chunk";
	if (back)
		addr = hot->addresses[at - back];
	else
		addr = shape->fresh += (uint64_t)kmt_unzigzag(kmt_take_value(&hot->fresh));
	if (addr > shape->max_addr && addr != EVENT_PFN_FAILED)
		return "a frame number is above 0xfffffffffffff";
	hot->addresses[at] = addr;
	*ev = shape->event;
	ev->time_ns = hot->time_ns;
	ev->addr = addr;
	ev->line = (hot->line + at) & EVENT_MAX_LINE;
	ev->pid = task->pid;
	ev->comm = task->comm;
	ev->cpu = task->cpu;
	if (shape->second)
		ev->addr2 = kmt_take_value(&hot->second);
	return NULL;
}

/* @n events from @dec->next on. NULL, or what is wrong. */
static const char *decode_block(struct kmt_decoder *dec, struct event *events, uint32_t n)
{
	const char *what = NULL;
	struct block block;
	struct hot hot;
	uint32_t i;

	join_columns(&block, dec, dec->next, n);
	hot_begin(&hot, dec);
	for (i = 0; i < n && !what; i++)
		what = decode_one(&hot, &block, &events[i], i, dec->next + i);
	hot_end(&hot, dec);
	if (!what && (hot.fresh.failed || hot.time_long.failed || hot.second.failed))
		what = "a list of numbers is shorter than the events need";
	return what;
}

int kmt_decode(struct kmt_decoder *dec, struct event *events, int max, struct kerror *err)
{
	uint32_t left = dec->nr - dec->next, done = 0;
	uint32_t all = (uint32_t)max < left ? (uint32_t)max : left;
	const char *what = NULL;

	while (done < all && !what) {
		uint32_t n = all - done < BLOCK_EVENTS ? all - done : BLOCK_EVENTS;

		what = decode_block(dec, events + done, n);
		dec->next += n;
		done += n;
	}
	if (!what)
		return (int)all;
	dec->nr = dec->next = 0;
	return bad(err, what);
}
