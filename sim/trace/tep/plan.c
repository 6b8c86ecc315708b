/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a plan from a description: which fields an event of each kind has,
 * and where. What a kind needs is what the reader of perf's text needs of it
 * (sim/trace/text/perf_fields.c), so both give the same events.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <traceevent/event-parse.h>

#include "sim/trace/tep/formats.h"

#define PLACE(member) offsetof(struct raw_plan, member)
#define OF(kind) (UINT64_C(1) << (kind))

#define ALLOCS	(OF(EV_KMALLOC) | OF(EV_CACHE_ALLOC))
#define OBJECTS	(ALLOCS | OF(EV_KFREE) | OF(EV_CACHE_FREE))
#define BLOCKS	(OF(EV_PAGE_ALLOC) | OF(EV_PAGE_FREE))
#define EXTFRAG	OF(EV_PAGE_EXTFRAG)
#define PAGES	(BLOCKS | EXTFRAG | OF(EV_PAGE_FREE_BATCHED) | OF(EV_PAGE_ZONE_LOCKED) | OF(EV_PAGE_PCPU_DRAIN) | \
		 OF(EV_PAGE_FREE_OLD))

/* In the order in which a lack is reported. */
static const struct field_rule {
	const char *name;
	size_t place;
	uint64_t kinds;		/* that may have it */
	uint64_t needed;	/* that must */
} field_rules[] = {
	{ "ptr", PLACE(ptr), OBJECTS, OBJECTS },
	{ "pfn", PLACE(pfn), PAGES, BLOCKS },
	{ "order", PLACE(order), PAGES & ~EXTFRAG, BLOCKS },
	{ "bytes_req", PLACE(req), ALLOCS, ALLOCS },
	{ "bytes_alloc", PLACE(alloc), ALLOCS, ALLOCS },
	{ "gfp_flags", PLACE(gfp), ALLOCS | OF(EV_PAGE_ALLOC), ALLOCS | OF(EV_PAGE_ALLOC) },
	{ "call_site", PLACE(site), OBJECTS, 0 },
	{ "node", PLACE(node), ALLOCS, 0 },
	{ "migratetype", PLACE(migratetype), PAGES & ~EXTFRAG, 0 },
	{ "percpu_refill", PLACE(arg[0]), OF(EV_PAGE_ZONE_LOCKED), 0 },
	{ "alloc_order", PLACE(order), EXTFRAG, 0 },
	{ "alloc_migratetype", PLACE(migratetype), EXTFRAG, 0 },
	{ "fallback_order", PLACE(arg[0]), EXTFRAG, 0 },
	{ "fallback_migratetype", PLACE(arg[1]), EXTFRAG, 0 },
	{ "change_ownership", PLACE(arg[2]), EXTFRAG, 0 },
};

const struct tep_format_field *raw_plan_find(const struct tep_event *event, const char *name)
{
	const struct tep_format_field *field;

	for (field = event->format.fields; field; field = field->next)
		if (field->name && !strcmp(field->name, name))
			return field;
	return NULL;
}

static int bad_field(const struct tep_event *event, const struct tep_format_field *field, uint64_t at,
		     struct kerror *err)
{
	return kerror_set(err, -EBADMSG, "the format of %.40s at byte %llu: field %.40s has offset %d and size %d",
			  event->name, (unsigned long long)at, field->name, field->offset, field->size);
}

/* Every event has 8 bytes that are common to all, so the word that ends with a field lies in it. */
int raw_plan_place(struct raw_plan *plan, struct raw_field *to, const struct tep_event *event,
		   const struct tep_format_field *field, uint64_t at, struct kerror *err)
{
	int end;

	if (field->offset < 0 || field->offset > UINT16_MAX / 2 ||
	    (field->size != 1 && field->size != 2 && field->size != 4 && field->size != 8))
		return bad_field(event, field, at, err);
	end = field->offset + field->size;
	if (end < 8)
		return bad_field(event, field, at, err);
	*to = (struct raw_field){
		.from = (uint16_t)(end - 8), .shift = (uint8_t)(64 - 8 * field->size),
		.is_signed = field->flags & TEP_FIELD_IS_SIGNED, .there = true,
	};
	if (plan->min_size < end)
		plan->min_size = (uint16_t)end;
	return 0;
}

static int place_name(struct raw_plan *plan, const struct tep_event *event, uint64_t at, struct kerror *err)
{
	const struct tep_format_field *field = raw_plan_find(event, "name");
	int end;

	if (!field)
		return 0;
	if (field->flags & TEP_FIELD_IS_DYNAMIC) {
		if (field->size != 4)
			return bad_field(event, field, at, err);
		plan->text = field->flags & TEP_FIELD_IS_RELATIVE ? RAW_TEXT_REL_LOC : RAW_TEXT_DATA_LOC;
		plan->name_at = (uint16_t)(field->offset + field->size);
		return raw_plan_place(plan, &plan->name, event, field, at, err);
	}
	if (!(field->flags & TEP_FIELD_IS_ARRAY)) {
		plan->text = RAW_TEXT_POINTER;
		return raw_plan_place(plan, &plan->name, event, field, at, err);
	}
	if (field->offset < 8 || field->offset > UINT16_MAX / 2 || field->size < 1 || field->size > UINT16_MAX / 2)
		return bad_field(event, field, at, err);
	end = field->offset + field->size;
	plan->text = RAW_TEXT_FIXED;
	plan->name_at = (uint16_t)field->offset;
	plan->name_size = (uint16_t)field->size;
	if (plan->min_size < end)
		plan->min_size = (uint16_t)end;
	return 0;
}

/* The byte behind @text, of the @len bytes at @print; 0 where that is not in them. */
static char printed(const char *print, size_t len, const char *text)
{
	const char *at = memmem(print, len, text, strlen(text));

	return at && at + strlen(text) < print + len ? at[strlen(text)] : '\0';
}

int raw_plan_fields(struct raw_plan *plan, raw_place_fn fn, void *ctx)
{
	uint64_t kind = OF(plan->kind);
	size_t i;

	for (i = 0; i < sizeof(field_rules) / sizeof(field_rules[0]); i++) {
		const struct field_rule *rule = &field_rules[i];
		struct raw_field *field = (struct raw_field *)((char *)plan + rule->place);
		int ret = kind & rule->kinds ? fn(ctx, field, rule->name) : 0;

		if (ret)
			return ret;
		if (kind & rule->needed && !field->there && !plan->missing)
			plan->missing = rule->name;
	}
	return 0;
}

struct described {
	struct raw_plan *plan;
	const struct tep_event *event;
	uint64_t at;
	struct kerror *err;
};

static int place_described(void *ctx, struct raw_field *to, const char *name)
{
	const struct described *d = ctx;
	const struct tep_format_field *field = raw_plan_find(d->event, name);

	return field ? raw_plan_place(d->plan, to, d->event, field, d->at, d->err) : 0;
}

int raw_plan_make(struct raw_plan *plan, const struct tep_event *event, const char *print, size_t len, uint64_t at,
		  struct kerror *err)
{
	uint64_t kind = OF(plan->kind);
	struct described described = { plan, event, at, err };
	int ret = raw_plan_fields(plan, place_described, &described);
	char site;

	if (!ret && kind & (OF(EV_CACHE_ALLOC) | OF(EV_CACHE_FREE)))
		ret = place_name(plan, event, at, err);
	if (ret)
		return ret;
	site = printed(print, len, "call_site=%");
	plan->hex_site = site && site != 'p';
	plan->refill_is_order = plan->kind == EV_PAGE_ZONE_LOCKED && !plan->arg[0].there &&
				printed(print, len, "percpu_refill=");
	if (plan->gfp.there && raw_gfp_make(&plan->flags, print, len, "gfp_flags"))
		return kerror_set(err, -ENOMEM, "no memory for the formats of the trace");
	return 0;
}
