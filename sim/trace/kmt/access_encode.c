/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: accesses into the payload of a chunk; see accesses.h. Single-threaded. */
#include "sim/trace/kmt/accesses.h"

#include <stdlib.h>
#include <string.h>

#include "sim/trace/kmt/dictionary.h"

/* A data access has no jump to end a template; a short one comes again more often. */
#define DATA_TEMPLATE	8u

/* As the dictionary has it. */
struct template {
	uint64_t start;		/* of the first instruction, 0 where it begins with data */
	unsigned char length;
	unsigned char forms[KMT_TEMPLATE_ACCESSES];
};

_Static_assert(sizeof(struct template) == 64, "a cache line, without a hole");

struct kmt_access_encoder {
	struct kmt_dictionary templates;
	uint32_t *slots;		/* owned: where in @last the slots of each template begin */
	uint64_t *last;			/* owned: address of each slot when it was last used */
	uint32_t nr_slots;
	uint32_t forms[KMT_MAX_FORMS];	/* 4 * size + kind */
	uint32_t nr_forms, recent;	/* the form of the access before */
	struct template now;		/* being filled */
	uint64_t addr[KMT_TEMPLATE_ACCESSES];	/* of its slots */
	uint32_t now_slots;
	uint64_t next;			/* the instruction that would go on with it */
	uint32_t nr;			/* accesses of the chunk */
	uint64_t start, slot;		/* the last ones that were written */
	uint32_t placed, threaded;	/* accesses up to the last place, change of threads */
	uint64_t events;
	uint32_t thread;
	struct kmt_bytes section[NR_KMT_ACCESS_SECTIONS], payload;
};

struct kmt_access_encoder *kmt_access_encoder_create(void)
{
	struct kmt_access_encoder *enc = calloc(1, sizeof(*enc));

	if (!enc)
		return NULL;
	enc->slots = malloc(KMT_MAX_TEMPLATES * sizeof(*enc->slots));
	enc->last = malloc(KMT_CHUNK_ACCESSES * sizeof(*enc->last));
	if (enc->slots && enc->last && !kmt_dictionary_init(&enc->templates, KMT_MAX_TEMPLATES, sizeof(struct template)))
		return enc;
	kmt_access_encoder_destroy(enc);
	return NULL;
}

void kmt_access_encoder_destroy(struct kmt_access_encoder *enc)
{
	unsigned int i;

	if (!enc)
		return;
	for (i = 0; i < NR_KMT_ACCESS_SECTIONS; i++)
		kmt_bytes_free(&enc->section[i]);
	kmt_bytes_free(&enc->payload);
	kmt_dictionary_exit(&enc->templates);
	free(enc->slots);
	free(enc->last);
	free(enc);
}

uint32_t kmt_access_waiting(const struct kmt_access_encoder *enc)
{
	return enc->nr;
}

static void put_byte(struct kmt_bytes *to, unsigned int value)
{
	unsigned char byte = (unsigned char)value;

	kmt_put_bytes(to, &byte, 1);
}

/* ---- templates --------------------------------------------------------------- */

static void new_template(struct kmt_access_encoder *enc, uint32_t nr)
{
	const struct template *now = &enc->now;
	uint32_t i;

	put_byte(&enc->section[KMT_LENGTHS], now->length);
	kmt_put_bytes(&enc->section[KMT_TEMPLATE_FORMS], now->forms, now->length);
	if (enc->forms[now->forms[0]] % 4 == ACCESS_FETCH) {
		kmt_put_varint(&enc->section[KMT_STARTS], kmt_zigzag((int64_t)(now->start - enc->start)));
		enc->start = now->start;
	}
	enc->slots[nr] = enc->nr_slots;
	for (i = 0; i < enc->now_slots; i++) {
		enc->last[enc->nr_slots++] = enc->addr[i];
		kmt_put_varint(&enc->section[KMT_SLOTS], kmt_zigzag((int64_t)(enc->addr[i] - enc->slot)));
		enc->slot = enc->addr[i];
	}
}

static void put_distance(struct kmt_access_encoder *enc, uint64_t distance)
{
	unsigned char bytes[8];

	kmt_put_u64(bytes, distance);
	if (distance < KMT_IS_WIDE16) {
		put_byte(&enc->section[KMT_NEAR], (unsigned int)distance);
	} else if (distance <= UINT16_MAX) {
		put_byte(&enc->section[KMT_NEAR], KMT_IS_WIDE16);
		kmt_put_bytes(&enc->section[KMT_WIDE16], bytes, 2);
	} else if (distance <= UINT32_MAX) {
		put_byte(&enc->section[KMT_NEAR], KMT_IS_WIDE32);
		kmt_put_bytes(&enc->section[KMT_WIDE32], bytes, 4);
	} else {
		put_byte(&enc->section[KMT_NEAR], KMT_IS_WIDE64);
		kmt_put_bytes(&enc->section[KMT_WIDE64], bytes, 8);
	}
}

/* The template that was being filled comes next. */
static void end_template(struct kmt_access_encoder *enc)
{
	uint32_t before = enc->templates.nr, nr, i;
	uint64_t *last;

	if (!enc->now.length)
		return;
	nr = kmt_dictionary_number(&enc->templates, &enc->now);
	if (enc->templates.nr != before)
		new_template(enc, nr);
	put_byte(&enc->section[KMT_NUMBER_LOW], nr & 0xff);
	put_byte(&enc->section[KMT_NUMBER_HIGH], nr >> 8);
	last = enc->last + enc->slots[nr];
	for (i = 0; i < enc->now_slots; i++) {
		put_distance(enc, kmt_zigzag((int64_t)(enc->addr[i] - last[i])));
		last[i] = enc->addr[i];
	}
	memset(&enc->now, 0, sizeof(enc->now));
	enc->now_slots = 0;
}

/* ---- accesses ---------------------------------------------------------------- */

/* The number of @form; KMT_MAX_FORMS where the chunk has no room for it. */
static uint32_t form_number(struct kmt_access_encoder *enc, uint32_t form)
{
	uint32_t i;

	if (enc->nr_forms && enc->forms[enc->recent] == form)
		return enc->recent;
	for (i = 0; i < enc->nr_forms && enc->forms[i] != form; i++)
		;
	if (i == enc->nr_forms && i < KMT_MAX_FORMS) {
		enc->forms[enc->nr_forms++] = form;
		kmt_put_varint(&enc->section[KMT_FORMS], form);
	}
	if (i < KMT_MAX_FORMS)
		enc->recent = i;
	return i;
}

/* Does @access go on with the template that is being filled? */
static bool goes_on(const struct kmt_access_encoder *enc, const struct access *access)
{
	const struct template *now = &enc->now;
	bool code = now->length && enc->forms[now->forms[0]] % 4 == ACCESS_FETCH;

	if (access->kind == ACCESS_FETCH)
		return code && access->addr == enc->next && now->length < KMT_TEMPLATE_ACCESSES;
	return now->length && now->length < (code ? KMT_TEMPLATE_ACCESSES : DATA_TEMPLATE);
}

static bool add_one(struct kmt_access_encoder *enc, const struct access *access)
{
	struct template *now = &enc->now;
	uint32_t form;

	if (enc->nr == KMT_CHUNK_ACCESSES)
		return false;
	if (!goes_on(enc, access)) {
		end_template(enc);
		if (enc->templates.nr == KMT_MAX_TEMPLATES)
			return false;
	}
	form = form_number(enc, access->size * 4u + access->kind);
	if (form == KMT_MAX_FORMS)
		return false;
	if (access->kind != ACCESS_FETCH)
		enc->addr[enc->now_slots++] = access->addr;
	else if (!now->length)
		now->start = access->addr;
	if (access->kind == ACCESS_FETCH)
		enc->next = access->addr + access->size;
	now->forms[now->length++] = (unsigned char)form;
	if (access->thread != enc->thread) {
		kmt_put_varint(&enc->section[KMT_THREADS], enc->nr - enc->threaded);
		kmt_put_varint(&enc->section[KMT_THREADS], access->thread);
		enc->threaded = enc->nr;
		enc->thread = access->thread;
	}
	enc->nr++;
	return true;
}

uint32_t kmt_access_add(struct kmt_access_encoder *enc, const struct access *at, uint32_t nr, uint64_t events)
{
	uint32_t i, before = enc->nr;

	for (i = 0; i < nr && add_one(enc, &at[i]); i++)
		;
	if (i && (!before || events != enc->events)) {
		kmt_put_varint(&enc->section[KMT_PLACES], before - enc->placed);
		kmt_put_varint(&enc->section[KMT_PLACES], events - enc->events);
		enc->placed = before;
		enc->events = events;
	}
	return i;
}

const struct kmt_bytes *kmt_access_put(struct kmt_access_encoder *enc)
{
	unsigned char length[4];
	bool failed = false;
	unsigned int i;

	end_template(enc);
	enc->payload.len = 0;
	for (i = 0; i < NR_KMT_ACCESS_SECTIONS; i++) {
		kmt_put_u32(length, (uint32_t)enc->section[i].len);
		kmt_put_bytes(&enc->payload, length, sizeof(length));
		kmt_put_bytes(&enc->payload, enc->section[i].at, enc->section[i].len);
		failed |= enc->section[i].failed;
		enc->section[i].len = 0;
	}
	kmt_dictionary_clear(&enc->templates);
	enc->nr_slots = enc->nr_forms = enc->recent = enc->nr = 0;
	enc->start = enc->slot = enc->events = 0;
	enc->placed = enc->threaded = enc->thread = 0;
	return failed || enc->payload.failed ? NULL : &enc->payload;
}
