/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: classes of events in CTF; see ctf.h. perf calls them "kmem:kmalloc", LTTng
 * "kmem_kmalloc"; perf puts the task among the fields and the CPU into the packet, LTTng
 * has the task where 'lttng add-context' was asked for it.
 */
#include <errno.h>
#include <stdlib.h>

#include "sim/trace/ctf/ctf.h"
#include "sim/trace/text/perf_script.h"

static const bt_field_class *structure_of(const bt_event_class *class, enum ctf_scope scope)
{
	const bt_stream_class *stream = bt_event_class_borrow_stream_class_const(class);

	switch (scope) {
	case CTF_PAYLOAD:
		return bt_event_class_borrow_payload_field_class_const(class);
	case CTF_SPECIFIC:
		return bt_event_class_borrow_specific_context_field_class_const(class);
	case CTF_COMMON:
		return bt_stream_class_borrow_event_common_context_field_class_const(stream);
	case CTF_PACKET:
		return bt_stream_class_supports_packets(stream) ?
		       bt_stream_class_borrow_packet_context_field_class_const(stream) : NULL;
	case CTF_NOWHERE:
		break;
	}
	return NULL;
}

static struct ctf_place find_in(const bt_event_class *class, enum ctf_scope scope, const char *name)
{
	const bt_field_class *structure = structure_of(class, scope);
	uint64_t i, nr = structure ? bt_field_class_structure_get_member_count(structure) : 0;

	for (i = 0; i < nr; i++)
		if (!strcmp(bt_field_class_structure_member_get_name(
				    bt_field_class_structure_borrow_member_by_index_const(structure, i)), name))
			return (struct ctf_place){ (uint8_t)scope, (uint32_t)i };
	return (struct ctf_place){ CTF_NOWHERE, 0 };
}

/* What is the event's own comes before what its surroundings have. */
static struct ctf_place find_field(const bt_event_class *class, const char *name)
{
	struct ctf_place place = { CTF_NOWHERE, 0 };
	unsigned int scope;

	for (scope = CTF_PAYLOAD; scope <= CTF_PACKET && place.scope == CTF_NOWHERE; scope++)
		place = find_in(class, (enum ctf_scope)scope, name);
	return place;
}

static struct ctf_place find_first(const bt_event_class *class, const char *const *names)
{
	struct ctf_place place = { CTF_NOWHERE, 0 };

	for (; *names && place.scope == CTF_NOWHERE; names++)
		place = find_field(class, *names);
	return place;
}

/* ---- plans ----------------------------------------------------------------- */

struct making {
	struct ctf_class *own;
	const bt_event_class *class;
};

static int add_word(void *ctx, struct raw_field *to, const char *name)
{
	struct making *m = ctx;
	struct ctf_place place = find_in(m->class, CTF_PAYLOAD, name);

	if (place.scope == CTF_NOWHERE || m->own->nr_words == CTF_MAX_WORDS)
		return 0;
	*to = (struct raw_field){ .from = (uint16_t)(8 * m->own->nr_words), .there = true };
	m->own->word[m->own->nr_words++] = place;
	return 0;
}

static void add_row(struct making *m, const struct event_row *row)
{
	struct raw_plan *plan = &m->own->plan;
	int i;

	for (i = 0; i < MAX_ROW_FIELDS && row->field[i].raw; i++) {
		add_word(m, &plan->row_field[i], row->field[i].raw);
		if (!plan->row_field[i].there && !plan->missing)
			plan->missing = row->field[i].key;
	}
	if (!event_is(row->kind, EVENT_NOTICE))
		add_word(m, &plan->site, "__probe_ret_ip");
	if (row->kind == EV_COMPACT_BEGIN)
		add_word(m, &plan->sync, "sync");
}

/* "kmem:kmalloc", "kmem_kmalloc", "kmem_cache_alloc", "mm_page_alloc". */
static enum event_kind kind_of(const char *name, const struct event_row **row)
{
	const char *colon = strchr(name, ':'), *bare = colon ? colon + 1 : name;
	enum event_kind kind = kmem_event_kind(bare, strlen(bare));

	*row = NULL;
	if (colon && strncmp(name, "kmem:", 5))
		kind = EV_UNKNOWN;
	else if (kind == EV_UNKNOWN && !strncmp(bare, "kmem_", 5))
		kind = kmem_event_kind(bare + 5, strlen(bare + 5));
	if (kind != EV_UNKNOWN)
		return kind;
	*row = event_row_find(NULL, bare, strlen(bare));
	if (*row && colon && (strncmp((*row)->system, name, (size_t)(colon - name)) || (*row)->system[colon - name]))
		*row = NULL;
	return *row ? (enum event_kind)(*row)->kind : EV_UNKNOWN;
}

static int make_plan(struct ctf_class *own, const bt_event_class *class, const char *name, bool modern_gfp)
{
	struct raw_plan *plan = &own->plan;
	struct making making = { own, class };
	const char *print = ctf_gfp_print(modern_gfp);

	plan->kind = (uint8_t)kind_of(name, &plan->row);
	if (plan->kind == EV_UNKNOWN)
		return 0;
	if (plan->row)
		add_row(&making, plan->row);
	else
		raw_plan_fields(plan, add_word, &making);
	if (plan->kind == EV_CACHE_ALLOC || plan->kind == EV_CACHE_FREE) {
		own->name = find_in(class, CTF_PAYLOAD, "name");
		plan->text = own->name.scope ? RAW_TEXT_FIXED : RAW_TEXT_NONE;
		plan->name_at = offsetof(struct ctf_words, name);
		plan->name_size = CTF_NAME_BYTES;
	}
	plan->min_size = sizeof(struct ctf_words);
	return raw_gfp_make(&plan->flags, print, strlen(print), "gfp_flags");
}

static enum ctf_role role_of(const char *name)
{
	if (strncmp(name, "perf_", 5))
		return CTF_EVENT;
	return !strcmp(name, "perf_comm") ? CTF_COMM : !strcmp(name, "perf_fork") ? CTF_FORK : CTF_IGNORED;
}

static struct ctf_class *make_class(const bt_event_class *class, bool modern_gfp)
{
	static const char *const cpus[] = { "cpu_id", "perf_cpu", NULL };
	static const char *const tids[] = { "perf_tid", "tid", "vtid", "common_pid", NULL };
	static const char *const comms[] = { "procname", "comm", NULL };
	struct ctf_class *own = calloc(1, sizeof(*own));
	const char *name = bt_event_class_get_name(class);

	if (!own)
		return NULL;
	if (!name)
		name = "";
	own->role = role_of(name);
	own->cpu = find_first(class, cpus);
	own->tid = find_first(class, own->role == CTF_EVENT ? tids : tids + 1);
	own->comm = find_first(class, comms);
	own->parent = find_field(class, "ptid");
	own->chain = find_field(class, "perf_callchain");
	if (own->role == CTF_EVENT && make_plan(own, class, name, modern_gfp)) {
		raw_gfp_exit(&own->plan.flags);
		free(own);
		return NULL;
	}
	return own;
}

static int add_class(struct ctf_classes *classes, struct ctf_class *own, uint64_t address)
{
	uint64_t *slot;

	if (classes->nr == classes->size) {
		size_t size = classes->size ? classes->size * 2 : 32;
		struct ctf_class **larger = reallocarray(classes->class, size, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		classes->class = larger;
		classes->size = size;
	}
	slot = table_get(&classes->by_address, address);
	if (!slot)
		return -ENOMEM;
	classes->class[classes->nr++] = own;
	*slot = classes->nr;
	return 0;
}

struct ctf_class *ctf_class_of(struct ctf_classes *classes, const bt_event *event)
{
	const bt_event_class *class = bt_event_borrow_class_const(event);
	const uint64_t *slot = table_find(&classes->by_address, (uint64_t)(uintptr_t)class);
	struct ctf_class *own;

	if (slot)
		return classes->class[*slot - 1];
	own = make_class(class, classes->modern_gfp);
	if (own && add_class(classes, own, (uint64_t)(uintptr_t)class)) {
		raw_gfp_exit(&own->plan.flags);
		free(own);
		return NULL;
	}
	return own;
}

void ctf_classes_exit(struct ctf_classes *classes)
{
	size_t i;

	for (i = 0; i < classes->nr; i++) {
		raw_gfp_exit(&classes->class[i]->plan.flags);
		free(classes->class[i]);
	}
	free(classes->class);
	table_free(&classes->by_address);
	if (classes->trace)
		bt_trace_put_ref(classes->trace);
}

/* ---- fields ---------------------------------------------------------------- */

const bt_field *ctf_field(const bt_event *event, const struct ctf_place *place)
{
	const bt_field *structure = NULL;
	const bt_packet *packet;

	switch (place->scope) {
	case CTF_PAYLOAD:
		structure = bt_event_borrow_payload_field_const(event);
		break;
	case CTF_SPECIFIC:
		structure = bt_event_borrow_specific_context_field_const(event);
		break;
	case CTF_COMMON:
		structure = bt_event_borrow_common_context_field_const(event);
		break;
	case CTF_PACKET:
		packet = bt_event_borrow_packet_const(event);
		structure = packet ? bt_packet_borrow_context_field_const(packet) : NULL;
		break;
	default:
		break;
	}
	return structure ? bt_field_structure_borrow_member_field_by_index_const(structure, place->index) : NULL;
}

bool ctf_number(const bt_field *field, uint64_t *value)
{
	bt_field_class_type type;

	if (!field)
		return false;
	type = bt_field_get_class_type(field);
	if (bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER))
		*value = bt_field_integer_unsigned_get_value(field);
	else if (bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_SIGNED_INTEGER))
		*value = (uint64_t)bt_field_integer_signed_get_value(field);
	else if (type == BT_FIELD_CLASS_TYPE_BOOL)
		*value = (uint64_t)bt_field_bool_get_value(field);
	else
		return false;
	return true;
}

const char *ctf_text(const bt_field *field)
{
	return field && bt_field_get_class_type(field) == BT_FIELD_CLASS_TYPE_STRING ? bt_field_string_get_value(field) : NULL;
}
