/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: raw bytes of a tracepoint become a struct event; see decode.h. Single-threaded. */
#include "sim/trace/tep/decode.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "sim/trace/stack_text.h"

#define MAX_LISTED	256	/* addresses of a kbulk_free: the capture kit asks for so many */

/* As the number would stand in perf's text. */
static uint64_t load(const struct raw_field *field, const unsigned char *raw)
{
	uint64_t word;

	memcpy(&word, raw + field->from, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word <<= field->shift;
#endif
	return field->is_signed ? (uint64_t)((int64_t)word >> field->shift) : word >> field->shift;
}

int raw_decoder_init(struct raw_decoder *dec, struct names *names, site_symbol_fn symbol, void *ctx,
		     uint64_t *unknown_gfp)
{
	int ret;

	*dec = (struct raw_decoder){ .names = names, .unknown_gfp = unknown_gfp };
	ret = sites_init(&dec->sites[0], names, symbol, ctx, false);
	return ret ? ret : sites_init(&dec->sites[1], names, NULL, NULL, true);
}

void raw_decoder_exit(struct raw_decoder *dec)
{
	sites_exit(&dec->sites[0]);
	sites_exit(&dec->sites[1]);
}

/* "order=99 is above 10"; "is no number" where it is negative, for text has none such. */
static int refuse(struct text_complaint *complaint, const char *key, uint64_t value, uint64_t max)
{
	if ((int64_t)value < 0)
		text_complain(complaint, "%s=%" PRId64 " is no number", key, (int64_t)value);
	else
		text_complain(complaint, "%s=%" PRIu64 " is above %" PRIu64, key, value, max);
	return -EBADMSG;
}

static int take_gfp(struct raw_decoder *dec, struct raw_plan *plan, const unsigned char *raw, struct event *ev,
		    struct text_complaint *complaint)
{
	uint64_t value = load(&plan->gfp, raw);
	const struct raw_gfp_slot *slot = raw_gfp_of(&plan->flags, value);

	if (!slot) {
		text_complain(complaint, "gfp_flags=0x%" PRIx64 " is no list of flags", value);
		return -EBADMSG;
	}
	ev->gfp = slot->gfp;
	*dec->unknown_gfp += slot->unknown;
	return 0;
}

/* ---- the cache's name ------------------------------------------------------ */

/* A name is terminated inside its place, or fills it. */
static int find_name(const struct raw_plan *plan, const unsigned char *raw, size_t size, const char **text,
		     size_t *len)
{
	size_t at = plan->name_at, room = plan->name_size;
	uint64_t word;

	if (plan->text != RAW_TEXT_FIXED) {
		word = load(&plan->name, raw);
		at = (word & 0xffff) + (plan->text == RAW_TEXT_REL_LOC ? plan->name_at : 0);
		room = word >> 16 & 0xffff;
	}
	if (at > size || room > size - at)
		return -EBADMSG;
	*text = (const char *)raw + at;
	*len = strnlen(*text, room);
	return 0;
}

static int take_name(struct raw_decoder *dec, const struct raw_plan *plan, const unsigned char *raw, size_t size,
		     struct site *site, struct event *ev, struct text_complaint *complaint)
{
	char number[STACK_ADDRESS_TEXT];
	const char *text;
	size_t len;

	if (plan->text == RAW_TEXT_POINTER) {
		len = stack_address_text(number, load(&plan->name, raw)) - 2;
		ev->cache = names_intern(dec->names, number + 2, len);
		return ev->cache ? 0 : -ENOMEM;
	}
	if (find_name(plan, raw, size, &text, &len)) {
		text_complain(complaint, "its name lies behind its end");
		return -EBADMSG;
	}
	if (site && site->cache && site->cache_len == len && !memcmp(site->cache_text, text, len)) {
		ev->cache = site->cache;
		return 0;
	}
	ev->cache = names_intern(dec->names, text, len);
	if (!ev->cache)
		return len ? -ENOMEM : 0;
	if (site) {
		site->cache = ev->cache;
		site->cache_len = (uint32_t)len;
		site->cache_text = names_text(dec->names, ev->cache);
	}
	return 0;
}

/* ---- events ---------------------------------------------------------------- */

static int take_sizes(struct raw_decoder *dec, struct raw_plan *plan, const unsigned char *raw, struct event *ev,
		      struct text_complaint *complaint)
{
	uint64_t req = load(&plan->req, raw), alloc = load(&plan->alloc, raw);

	if (req > UINT32_MAX)
		return refuse(complaint, "bytes_req", req, UINT32_MAX);
	if (alloc > UINT32_MAX)
		return refuse(complaint, "bytes_alloc", alloc, UINT32_MAX);
	ev->bytes_req = (uint32_t)req;
	ev->bytes_alloc = (uint32_t)alloc;
	if (take_gfp(dec, plan, raw, ev, complaint))
		return -EBADMSG;
	if (plan->node.there) {
		int64_t node = (int64_t)load(&plan->node, raw);

		if (node < EVENT_NO_NODE || node > EVENT_MAX_NODE)
			return refuse(complaint, "node", (uint64_t)node, EVENT_MAX_NODE);
		ev->node = (int16_t)node;
	}
	if (alloc < req) {
		text_complain(complaint, "bytes_alloc=%" PRIu64 " is below bytes_req=%" PRIu64, alloc, req);
		return -EBADMSG;
	}
	return 0;
}

static int decode_object(struct raw_decoder *dec, struct raw_plan *plan, const unsigned char *raw, size_t size,
			 struct event *ev, struct text_complaint *complaint)
{
	struct site *site = NULL;
	int ret = 0;

	ev->addr = load(&plan->ptr, raw);
	if (plan->site.there) {
		site = sites_get(&dec->sites[plan->hex_site], load(&plan->site, raw));
		if (!site)
			return -ENOMEM;
		ev->call_site = site->site;
	}
	if (plan->text)
		ret = take_name(dec, plan, raw, size, site, ev, complaint);
	if (!ret && plan->req.there)
		ret = take_sizes(dec, plan, raw, ev, complaint);
	return ret;
}

/* A small number of an event's own; its place in arg is event.h's. */
static int take_args(const struct raw_plan *plan, const unsigned char *raw, struct event *ev,
		     struct text_complaint *complaint)
{
	static const struct { const char *key; unsigned int shift; } args[] = {
		{ "fallback_order", EXTFRAG_ORDER_SHIFT },
		{ "fallback_migratetype", EXTFRAG_TYPE_SHIFT },
		{ "change_ownership", EXTFRAG_CHANGE_SHIFT },
	};
	unsigned int i;

	if (plan->kind != EV_PAGE_EXTFRAG && plan->kind != EV_PAGE_ZONE_LOCKED)
		return 0;
	if (plan->refill_is_order)
		ev->arg = !ev->order;
	for (i = 0; i < sizeof(args) / sizeof(args[0]); i++) {
		uint64_t value;

		if (!plan->arg[i].there)
			continue;
		value = load(&plan->arg[i], raw);
		if (value > 255)
			return refuse(complaint, plan->kind == EV_PAGE_EXTFRAG ? args[i].key : "percpu_refill", value, 255);
		ev->arg |= (int32_t)(value << (plan->kind == EV_PAGE_EXTFRAG ? args[i].shift : 0));
	}
	return 0;
}

static int decode_page(struct raw_decoder *dec, struct raw_plan *plan, const unsigned char *raw, struct event *ev,
		       struct text_complaint *complaint)
{
	uint64_t value;

	ev->addr = EVENT_PFN_FAILED;
	if (plan->pfn.there) {
		value = load(&plan->pfn, raw);
		if (value > EVENT_MAX_PFN && value != EVENT_PFN_FAILED) {
			text_complain(complaint, "pfn=0x%" PRIx64 " is above 0xfffffffffffff", value);
			return -EBADMSG;
		}
		ev->addr = value;
	}
	if (plan->order.there) {
		value = load(&plan->order, raw);
		if (value > EVENT_MAX_ORDER)
			return refuse(complaint, "order", value, EVENT_MAX_ORDER);
		ev->order = (uint8_t)value;
	}
	if (plan->migratetype.there) {
		value = load(&plan->migratetype, raw);
		if (value > EVENT_MAX_MIGRATETYPE)
			return refuse(complaint, "migratetype", value, EVENT_MAX_MIGRATETYPE);
		ev->migratetype = (uint8_t)value;
	}
	if (plan->gfp.there && take_gfp(dec, plan, raw, ev, complaint))
		return -EBADMSG;
	return take_args(plan, raw, ev, complaint);
}

/* ---- what is no tracepoint of kmem ------------------------------------------ */

/*
 * The addresses that kbulk_free lists, as many as were freed, are kept as they are
 * printed: "0xffff888004805b40,0xffff888004a33840".
 */
static int take_addresses(struct raw_decoder *dec, const struct raw_plan *plan, const unsigned char *raw,
			  struct event *ev)
{
	char text[MAX_LISTED * (STACK_ADDRESS_TEXT + 5)];
	int32_t left = ev->arg;
	size_t len = 0;
	int i;

	for (i = 0; i < MAX_RAW_ARRAYS && plan->array[i].nr && left > 0; i++) {
		const struct raw_array *array = &plan->array[i];
		unsigned int at;

		for (at = 0; at < array->nr && left > 0 && len < sizeof(text) - STACK_ADDRESS_TEXT - 5; at++, left--) {
			uint64_t address;

			memcpy(&address, raw + array->at + 8 * at, sizeof(address));
			if (i && !at) {
				memcpy(text + len, "} x={", 5);
				text[len + 2] = array->name;
				len += 5;
			} else if (len) {
				text[len++] = ',';
			}
			len += stack_address_text(text + len, address);
		}
	}
	if (!len)
		return 0;
	ev->cache = names_intern(dec->names, text, len);
	return ev->cache ? 0 : -ENOMEM;
}

static int take_caller(struct raw_decoder *dec, const struct raw_plan *plan, const unsigned char *raw, struct event *ev)
{
	const struct site *site = sites_get(&dec->sites[0], load(&plan->site, raw));

	if (!site)
		return -ENOMEM;
	ev->call_site = site->site;
	return 0;
}

static int decode_row(struct raw_decoder *dec, struct raw_plan *plan, const unsigned char *raw, struct event *ev,
		      struct text_complaint *complaint)
{
	const struct event_row *row = plan->row;
	int i;

	if (plan->sync.there)
		ev->order = !load(&plan->sync, raw);
	if (plan->site.there && take_caller(dec, plan, raw, ev))
		return -ENOMEM;
	for (i = 0; i < MAX_ROW_FIELDS && row->field[i].key; i++) {
		uint64_t value = load(&plan->row_field[i], raw);

		if (row->field[i].to == TO_GFP_NAMES) {
			const struct raw_gfp_slot *slot = raw_gfp_of(&plan->flags, value);

			if (!slot) {
				text_complain(complaint, "%s0x%" PRIx64 " is no list of flags", row->field[i].key, value);
				return -EBADMSG;
			}
			ev->gfp = slot->gfp;
		} else if (!event_row_store(ev, row->field[i].to, value)) {
			text_complain(complaint, "%s%" PRId64 " is no number that fits", row->field[i].key, (int64_t)value);
			return -EBADMSG;
		}
	}
	return row->kind == EV_KBULK_FREE ? take_addresses(dec, plan, raw, ev) : 0;
}

int raw_decode(struct raw_decoder *dec, struct raw_plan *plan, const unsigned char *raw, size_t size,
	       struct event *ev, struct text_complaint *complaint)
{
	if (plan->kind == EV_UNKNOWN || plan->kind == EV_RSS_STAT || event_is(plan->kind, EVENT_NOTICE))
		return 0;
	if (plan->missing) {
		text_complain(complaint, "%s without %s", event_kind_desc[plan->kind].tracepoint, plan->missing);
		return -EBADMSG;
	}
	if (size < plan->min_size) {
		text_complain(complaint, "%s with %zu bytes, of %u at least", event_kind_desc[plan->kind].tracepoint, size,
			      plan->min_size);
		return -EBADMSG;
	}
	if (plan->row)
		return decode_row(dec, plan, raw, ev, complaint);
	if (event_is(plan->kind, EVENT_OBJECT))
		return decode_object(dec, plan, raw, size, ev, complaint);
	return decode_page(dec, plan, raw, ev, complaint);
}
