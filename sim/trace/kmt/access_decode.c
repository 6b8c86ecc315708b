/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: accesses out of the payload of a chunk; see accesses.h.
 *
 * The templates are laid out as accesses: those of instructions are what comes out, those
 * of slots have the address that they had last. The hot loop copies a template and walks over
 * its slots, which a list of their places names.
 *
 * States of a chunk: begun -> over (its last access was decoded, or something was wrong).
 * Locking: none, single-threaded.
 */
#include "sim/trace/kmt/accesses.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct template {
	uint32_t first;		/* in accesses[] */
	uint32_t slots;		/* in slot[] */
	uint16_t nr_slots;
	uint16_t length;
};

struct kmt_access_decoder {
	struct kmt_walk section[NR_KMT_ACCESS_SECTIONS];
	struct access form[KMT_MAX_FORMS];
	uint32_t nr_forms;
	struct template *templates;	/* owned */
	uint32_t nr_templates, max_templates;
	struct access *accesses;	/* owned: of all templates, no more than the chunk has */
	unsigned char *slot;		/* owned, as many: which accesses of a template are slots */
	uint32_t max;
	uint32_t nr, decoded, given;	/* accesses of the chunk */
	uint32_t place_at;		/* accesses before the next place; UINT32_MAX: there is none */
	uint64_t place_events, next_events;	/* at the place that is due; from the next on */
	uint32_t thread_at;		/* the same for changes of threads */
	uint32_t thread, next_thread;
	bool broken;			/* the next place is no good */
	uint32_t begin, end;		/* of what is in block[] and not handed out */
	/* A template that begins in a block is written whole. */
	struct access block[ACCESS_BLOCK];
};

struct kmt_access_decoder *kmt_access_decoder_create(void)
{
	return calloc(1, sizeof(struct kmt_access_decoder));
}

/* Room for what a chunk of @nr accesses in @templates can need: chunks are mostly of one size. */
static int make_room(struct kmt_access_decoder *dec, uint32_t nr, uint32_t templates)
{
	if (nr > dec->max) {
		free(dec->accesses);
		free(dec->slot);
		dec->accesses = malloc(nr * sizeof(*dec->accesses));
		dec->slot = malloc(nr);
		dec->max = dec->accesses && dec->slot ? nr : 0;
	}
	if (templates > dec->max_templates) {
		free(dec->templates);
		dec->templates = malloc(templates * sizeof(*dec->templates));
		dec->max_templates = dec->templates ? templates : 0;
	}
	return nr > dec->max || templates > dec->max_templates ? -ENOMEM : 0;
}

void kmt_access_decoder_destroy(struct kmt_access_decoder *dec)
{
	if (!dec)
		return;
	free(dec->templates);
	free(dec->accesses);
	free(dec->slot);
	free(dec);
}

/* ---- the front of a chunk ------------------------------------------------------ */

static int bad(struct kerror *err, const char *what)
{
	return kerror_set(err, -EBADMSG, "%s", what);
}

static int take_sections(struct kmt_access_decoder *dec, const unsigned char *payload, size_t len, struct kerror *err)
{
	struct kmt_walk walk = { .at = payload, .end = payload + len };
	unsigned int i;

	for (i = 0; i < NR_KMT_ACCESS_SECTIONS; i++) {
		const unsigned char *length = kmt_take_bytes(&walk, 4), *at;
		uint32_t bytes = length ? kmt_get_u32(length) : 0;

		at = kmt_take_bytes(&walk, bytes);
		if (!at)
			return bad(err, "a section of accesses ends behind its chunk");
		dec->section[i] = (struct kmt_walk){ .at = at, .end = at + bytes };
	}
	return 0;
}

static int take_forms(struct kmt_access_decoder *dec, struct kerror *err)
{
	struct kmt_walk *walk = &dec->section[KMT_FORMS];

	for (dec->nr_forms = 0; walk->at < walk->end; dec->nr_forms++) {
		uint64_t form = kmt_take_varint_upto(walk, 4 * (uint64_t)UINT16_MAX + 3);

		if (walk->failed || form < 4 || dec->nr_forms == KMT_MAX_FORMS)
			return bad(err, "a kind and size of accesses is out of range");
		dec->form[dec->nr_forms] = (struct access){ .size = (uint16_t)(form / 4), .kind = form % 4 };
	}
	return 0;
}

static bool ends_in_range(const struct access *access)
{
	return access->addr + (access->size - 1u) >= access->addr;
}

/* The accesses of a template behind its first: instructions follow each other, slots get their addresses later. */
static int fill_template(struct kmt_access_decoder *dec, struct template *template, uint64_t *start, struct kerror *err)
{
	const unsigned char *forms = kmt_take_bytes(&dec->section[KMT_TEMPLATE_FORMS], template->length);
	struct access *at = dec->accesses + template->first;
	uint64_t next = 0;
	unsigned int i;

	if (!forms)
		return bad(err, "a template has more accesses than there are");
	for (i = 0; i < template->length; i++) {
		if (forms[i] >= dec->nr_forms)
			return bad(err, "an access is of no kind and size that the chunk has");
		at[i] = dec->form[forms[i]];
		if (at[i].kind != ACCESS_FETCH) {
			dec->slot[template->slots + template->nr_slots++] = (unsigned char)i;
			continue;
		}
		if (!i) {
			*start += (uint64_t)kmt_unzigzag(kmt_take_varint(&dec->section[KMT_STARTS]));
			next = *start;
		} else if (at[0].kind != ACCESS_FETCH) {
			return bad(err, "an instruction follows data in a template");
		}
		at[i].addr = next;
		if (!ends_in_range(&at[i]))
			return bad(err, "an instruction ends behind the last address");
		next += at[i].size;
	}
	return 0;
}

static int take_templates(struct kmt_access_decoder *dec, struct kerror *err)
{
	struct kmt_walk *lengths = &dec->section[KMT_LENGTHS], *slots = &dec->section[KMT_SLOTS];
	uint32_t nr = (uint32_t)(lengths->end - lengths->at), i, j, first = 0, nr_slots = 0;
	uint64_t start = 0, slot = 0;
	int ret;

	if (nr > KMT_MAX_TEMPLATES || lengths->end - lengths->at > KMT_MAX_TEMPLATES)
		return bad(err, "it has more templates than a chunk may have");
	if (make_room(dec, dec->nr, nr))
		return kerror_set(err, -ENOMEM, "no memory for accesses");
	for (i = 0; i < nr; i++) {
		struct template *template = &dec->templates[i];

		*template = (struct template){ .first = first, .slots = nr_slots, .length = lengths->at[i] };
		if (!template->length || template->length > KMT_TEMPLATE_ACCESSES || template->length > dec->nr - first)
			return bad(err, "a template's length is out of range");
		ret = fill_template(dec, template, &start, err);
		if (ret)
			return ret;
		for (j = 0; j < template->nr_slots; j++) {
			slot += (uint64_t)kmt_unzigzag(kmt_take_value(slots));
			dec->accesses[first + dec->slot[nr_slots + j]].addr = slot;
		}
		first += template->length;
		nr_slots += template->nr_slots;
	}
	dec->nr_templates = nr;
	if (slots->failed || dec->section[KMT_STARTS].failed)
		return bad(err, "a template's addresses end too early");
	return 0;
}

/* The next pair of numbers of @section: accesses from @from on, and a value; UINT32_MAX behind the last. */
static int take_mark(struct kmt_walk *walk, uint32_t nr, uint32_t *at, uint64_t *value, struct kerror *err)
{
	uint64_t since;

	if (walk->at == walk->end) {
		*at = UINT32_MAX;
		return 0;
	}
	since = kmt_take_varint(walk);
	*value = kmt_take_varint(walk);
	if (walk->failed || since > nr || *at + since >= nr)
		return bad(err, "a place or a thread lies behind the accesses");
	*at += (uint32_t)since;
	return 0;
}

/* From a place to the next. */
static int take_place(struct kmt_access_decoder *dec, struct kerror *err)
{
	uint64_t events = 0;
	int ret;

	dec->place_events = dec->next_events;
	ret = take_mark(&dec->section[KMT_PLACES], dec->nr, &dec->place_at, &events, err);
	if (!ret && __builtin_add_overflow(dec->next_events, events, &dec->next_events))
		ret = bad(err, "a place lies behind more events than there can be");
	return ret;
}

static int take_thread(struct kmt_access_decoder *dec, struct kerror *err)
{
	uint64_t thread = 0;
	int ret;

	dec->thread = dec->next_thread;
	ret = take_mark(&dec->section[KMT_THREADS], dec->nr, &dec->thread_at, &thread, err);
	if (!ret && thread > UINT32_MAX)
		ret = bad(err, "a thread's number is out of range");
	dec->next_thread = (uint32_t)thread;
	return ret;
}

int kmt_access_begin(struct kmt_access_decoder *dec, uint32_t nr, const unsigned char *payload, size_t len,
		     struct kerror *err)
{
	int ret;

	dec->nr = nr;
	dec->decoded = dec->given = dec->begin = dec->end = 0;
	dec->place_at = dec->thread_at = 0;
	dec->next_events = 0;
	dec->thread = dec->next_thread = 0;
	dec->broken = false;
	if (nr > KMT_CHUNK_ACCESSES)
		return bad(err, "it has more accesses than a chunk may have");
	ret = take_sections(dec, payload, len, err);
	if (!ret)
		ret = take_forms(dec, err);
	if (!ret)
		ret = take_templates(dec, err);
	if (!ret && nr)
		ret = take_place(dec, err);
	if (!ret && dec->place_at)
		ret = bad(err, "the place of its first access is missing");
	/* The first place is where it begins; of several there the last one counts, as further on. */
	while (!ret && nr && !dec->place_at)
		ret = take_place(dec, err);
	if (!nr)
		dec->place_at = UINT32_MAX;
	if (!ret)
		ret = take_thread(dec, err);
	return ret;
}

uint64_t kmt_access_place(const struct kmt_access_decoder *dec)
{
	return dec->place_events;
}

/* ---- accesses -------------------------------------------------------------------- */

static inline const unsigned char *take_wide(struct kmt_walk *walk, size_t bytes)
{
	const unsigned char *at = walk->at;

	if ((size_t)(walk->end - at) < bytes) {
		walk->failed = true;
		return NULL;
	}
	walk->at += bytes;
	return at;
}

/* A distance of two bytes and more; 0 where there is none. */
static __attribute__((noinline)) uint64_t wide_distance(struct kmt_access_decoder *dec, unsigned int near)
{
	const unsigned char *at;

	if (near == KMT_IS_WIDE16) {
		at = take_wide(&dec->section[KMT_WIDE16], 2);
		return at ? at[0] | (uint64_t)at[1] << 8 : 0;
	}
	if (near == KMT_IS_WIDE32) {
		at = take_wide(&dec->section[KMT_WIDE32], 4);
		return at ? kmt_get_u32(at) : 0;
	}
	at = take_wide(&dec->section[KMT_WIDE64], 8);
	return at ? kmt_get_u64(at) : 0;
}

/* Fill the block with whole templates; false where something is wrong. */
static bool decode_templates(struct kmt_access_decoder *dec)
{
	struct kmt_walk *low = &dec->section[KMT_NUMBER_LOW], *high = &dec->section[KMT_NUMBER_HIGH];
	const unsigned char *near = dec->section[KMT_NEAR].at, *near_end = dec->section[KMT_NEAR].end;
	struct access *to = dec->block, *full = to + ACCESS_BLOCK - KMT_TEMPLATE_ACCESSES;
	uint32_t left = dec->nr - dec->decoded;
	bool good = true;

	while (to <= full && left) {
		const struct template *template;
		const unsigned char *slot;
		struct access *from;
		uint32_t number, i;

		if (low->at == low->end || high->at == high->end) {
			good = false;
			break;
		}
		number = *low->at++ | (uint32_t)*high->at++ << 8;
		if (number >= dec->nr_templates) {
			good = false;
			break;
		}
		template = &dec->templates[number];
		if (template->length > left || template->nr_slots > near_end - near) {
			good = false;
			break;
		}
		from = dec->accesses + template->first;
		slot = dec->slot + template->slots;
		for (i = 0; i < template->nr_slots; i++) {
			struct access *access = &from[slot[i]];
			uint64_t distance = *near++;

			if (distance >= KMT_IS_WIDE16)
				distance = wide_distance(dec, (unsigned int)distance);
			access->addr += (uint64_t)kmt_unzigzag(distance);
			good &= ends_in_range(access);
		}
		memcpy(to, from, template->length * sizeof(*to));
		to += template->length;
		left -= template->length;
	}
	dec->section[KMT_NEAR].at = near;
	dec->begin = 0;
	dec->end = (uint32_t)(to - dec->block);
	dec->decoded = dec->nr - left;
	return good && !dec->section[KMT_WIDE16].failed && !dec->section[KMT_WIDE32].failed &&
	       !dec->section[KMT_WIDE64].failed;
}

/* Put in the threads of what was decoded: accesses from @first on. */
static int put_in_threads(struct kmt_access_decoder *dec, uint32_t first, struct kerror *err)
{
	uint32_t i;
	int ret;

	for (i = 0; i < dec->end; i++) {
		while (first + i == dec->thread_at) {
			ret = take_thread(dec, err);
			if (ret)
				return ret;
		}
		/* Nearly always the whole block is one thread's, most often 0. */
		if (!dec->thread && dec->thread_at >= first + dec->end)
			break;
		dec->block[i].thread = dec->thread;
	}
	return 0;
}

static int end_chunk(struct kmt_access_decoder *dec, int ret)
{
	dec->nr = dec->decoded = dec->given = dec->begin = dec->end = 0;
	dec->broken = false;
	return ret;
}

int kmt_access_next(struct kmt_access_decoder *dec, struct access_block *block, struct kerror *err)
{
	uint32_t nr;

	if (dec->broken)
		return end_chunk(dec, bad(err, "a place of accesses is out of range"));
	if (dec->begin == dec->end) {
		uint32_t first = dec->decoded;

		if (first == dec->nr)
			return 0;
		if (!decode_templates(dec))
			return end_chunk(dec, bad(err, "an access of the chunk is out of range"));
		if (put_in_threads(dec, first, err))
			return end_chunk(dec, -EBADMSG);
	}
	nr = dec->end - dec->begin;
	if (nr > dec->place_at - dec->given)
		nr = dec->place_at - dec->given;
	*block = (struct access_block){ .at = dec->block + dec->begin, .nr = nr, .events = dec->place_events };
	dec->begin += nr;
	dec->given += nr;
	/* What is wrong with the next place is told when its accesses are asked for. */
	while (dec->given == dec->place_at && !dec->broken)
		dec->broken = take_place(dec, NULL) != 0;
	return (int)nr;
}
