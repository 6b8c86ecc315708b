/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the reader of CTF, in the process in which babeltrace2 runs; see child.h. Events
 * are handed out in the order of time, as those of all streams are put. What babeltrace2
 * cannot read ends its stream; what came before is good, and the other streams go on.
 * Events have a number, for nothing says where in a file one stands.
 *
 * States: reading -> at the end, where read() goes on returning 0.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/trace/ctf/ctf.h"
#include "sim/trace/stack_text.h"

struct ctf {
	struct ctf_graph graph;
	struct ctf_classes classes;
	struct raw_decoder decoder;
	struct tasks tasks;
	struct kallsyms *kallsyms;
	struct text_complaint complaint;
	bool ended;
	bool has_tasks;		/* an event said whose it is */
	unsigned char chain[STACK_MAX_FRAMES * 8];
};

static int no_memory(struct kerror *err)
{
	return kerror_set(err, -ENOMEM, "no memory for the events of the trace");
}

static size_t symbol_of(void *ctx, uint64_t address, char text[SITE_TEXT])
{
	const struct ctf *c = ctx;

	return c->kallsyms ? kallsyms_name(c->kallsyms, address, text, SITE_TEXT) : 0;
}

/* ---- one event ------------------------------------------------------------- */

static int malformed(struct ctf *c, const char *what)
{
	text_complain(&c->complaint, "%s", what);
	return -EBADMSG;
}

static int set_time(struct ctf *c, const bt_message *message, const bt_event *event, struct event *ev)
{
	int64_t ns;

	if (!bt_stream_class_borrow_default_clock_class_const(
		    bt_event_class_borrow_stream_class_const(bt_event_borrow_class_const(event))))
		return malformed(c, "an event without a time");
	if (bt_clock_snapshot_get_ns_from_origin(bt_message_event_borrow_default_clock_snapshot_const(message), &ns) ||
	    ns < 0) {
		bt_current_thread_clear_error();
		return malformed(c, "its time is before 1970 or above what there is");
	}
	ev->time_ns = (uint64_t)ns;
	return 0;
}

static int set_task(struct ctf *c, struct reader *rd, const struct ctf_class *class, const bt_event *event,
		    struct event *ev)
{
	uint64_t cpu = 0, tid = 0;
	const char *comm = class->comm.scope ? ctf_text(ctf_field(event, &class->comm)) : NULL;

	ctf_number(ctf_field(event, &class->cpu), &cpu);
	if (cpu > EVENT_MAX_CPU) {
		text_complain(&c->complaint, "cpu=%" PRIu64 " is above %d", cpu, EVENT_MAX_CPU);
		return -EBADMSG;
	}
	c->has_tasks |= ctf_number(ctf_field(event, &class->tid), &tid);
	if ((int64_t)tid != (int32_t)tid && tid > UINT32_MAX)
		return malformed(c, "its task's number is above what there is");
	ev->cpu = (uint16_t)cpu;
	ev->pid = (int32_t)tid;
	if (comm && *comm) {
		ev->comm = names_intern(rd->names, comm, strlen(comm));
		return ev->comm ? 0 : -ENOMEM;
	}
	return tasks_name(&c->tasks, ev->pid, &ev->comm);
}

static int take_chain(struct ctf *c, struct reader *rd, const struct ctf_class *class, const bt_event *event,
		      struct event *ev)
{
	const bt_field *chain = class->chain.scope ? ctf_field(event, &class->chain) : NULL;
	uint64_t i, nr;

	if (!chain || !rd->stacks || !event_has_stack(ev->kind) ||
	    !bt_field_class_type_is(bt_field_get_class_type(chain), BT_FIELD_CLASS_TYPE_ARRAY))
		return 0;
	nr = bt_field_array_get_length(chain);
	if (nr > STACK_MAX_FRAMES)
		nr = STACK_MAX_FRAMES;
	for (i = 0; i < nr; i++) {
		uint64_t address;

		if (!ctf_number(bt_field_array_borrow_element_field_by_index_const(chain, i), &address))
			return malformed(c, "its call chain has no addresses");
		memcpy(c->chain + 8 * i, &address, sizeof(address));
	}
	return nr ? raw_chain(&c->decoder, rd, c->chain, nr, PERF_DEFAULT_MAX_STACK, ev) : 0;
}

static int take_fields(struct ctf *c, struct ctf_class *class, const bt_event *event, struct event *ev)
{
	struct ctf_words words;
	const char *name;
	unsigned int i;

	for (i = 0; i < class->nr_words; i++)
		if (!ctf_number(ctf_field(event, &class->word[i]), &words.word[i]))
			return malformed(c, "a field that should be a number is none");
	if (class->plan.text) {
		name = ctf_text(ctf_field(event, &class->name));
		if (!name)
			return malformed(c, "its name is no text");
		memccpy(words.name, name, '\0', sizeof(words.name));
	}
	return raw_decode(&c->decoder, &class->plan, (const unsigned char *)&words, sizeof(words), ev, &c->complaint);
}

/* 0; -EBADMSG after a complaint; -ENOMEM. */
static int make_event(struct reader *rd, struct ctf_class *class, const bt_message *message, const bt_event *event,
		      struct event *ev)
{
	struct ctf *c = rd->priv;
	int ret;

	*ev = (struct event){
		.line = rd->stats.events + rd->stats.malformed + 1, .node = EVENT_NO_NODE, .kind = class->plan.kind,
	};
	ret = set_time(c, message, event, ev);
	if (!ret)
		ret = set_task(c, rd, class, event, ev);
	if (!ret)
		ret = take_fields(c, class, event, ev);
	return ret ? ret : take_chain(c, rd, class, event, ev);
}

/* What perf says of tasks. */
static int take_record(struct ctf *c, const struct ctf_class *class, const bt_event *event)
{
	const char *comm = ctf_text(ctf_field(event, &class->comm));
	uint64_t tid, parent;

	if (!ctf_number(ctf_field(event, &class->tid), &tid))
		return 0;
	if (class->role == CTF_COMM)
		return comm ? tasks_set(&c->tasks, (int32_t)tid, comm, strlen(comm)) : 0;
	if (class->role == CTF_FORK && ctf_number(ctf_field(event, &class->parent), &parent))
		return tasks_fork(&c->tasks, (int32_t)tid, (int32_t)parent);
	return 0;
}

/* 1: @ev is an event; 0: it is none; -ENOMEM. */
static int take_event(struct reader *rd, const bt_message *message, struct event *ev)
{
	struct ctf *c = rd->priv;
	const bt_event *event = bt_message_event_borrow_event_const(message);
	struct ctf_class *class = ctf_class_of(&c->classes, event);
	int ret;

	if (!class)
		return -ENOMEM;
	rd->stats.lines++;
	if (class->role != CTF_EVENT) {
		rd->stats.ignored++;
		return take_record(c, class, event);
	}
	c->complaint.given = false;
	c->complaint.wanted = rd->message && rd->stats.malformed < rd->message_limit;
	ret = make_event(rd, class, message, event, ev);
	if (ret == -ENOMEM)
		return ret;
	if (!ret) {
		rd->stats.by_kind[ev->kind]++;
		rd->stats.events++;
		return 1;
	}
	rd->stats.malformed++;
	if (c->complaint.given)
		rd->message(rd->message_ctx, source_name(rd->src), rd->stats.events + rd->stats.malformed, c->complaint.text);
	return 0;
}

/* ---- what is no event ------------------------------------------------------ */

/* The first stream says of which trace it is; one directory holds one. */
static int take_stream(struct reader *rd, const bt_message *message)
{
	static const char *const keys[] = { "release", "kernel_release" };	/* perf's, LTTng's */
	struct ctf *c = rd->priv;
	const bt_value *value = NULL;
	bool sure;
	int i;

	if (c->classes.trace)
		return 0;
	c->classes.trace = bt_stream_borrow_trace_const(bt_message_stream_beginning_borrow_stream_const(message));
	bt_trace_get_ref(c->classes.trace);
	for (i = 0; i < 2 && !value; i++)
		value = bt_trace_borrow_environment_entry_value_by_name_const(c->classes.trace, keys[i]);
	if (value && bt_value_is_string(value))
		snprintf(rd->stats.os_release, sizeof(rd->stats.os_release), "%s", bt_value_string_get(value));
	c->classes.modern_gfp = ctf_gfp_is_modern(rd->stats.os_release, &sure);
	if (!sure)
		snprintf(rd->stats.note, sizeof(rd->stats.note), "its gfp_flags are numbers, which are read as Linux 6.18 has them: "
			 "%s", value ? "its kernel is older than 5.4" : "it does not say which kernel was recorded");
	return 0;
}

static int take_discarded(struct reader *rd, const bt_message *message)
{
	uint64_t count = 0;

	if (bt_message_discarded_events_get_count(message, &count) != BT_PROPERTY_AVAILABILITY_AVAILABLE)
		count = 0;
	return reader_lost(rd, rd->stats.events + rd->stats.malformed, count);
}

static int take_message(struct reader *rd, const bt_message *message, struct event *ev)
{
	switch (bt_message_get_type(message)) {
	case BT_MESSAGE_TYPE_EVENT:
		return take_event(rd, message, ev);
	case BT_MESSAGE_TYPE_STREAM_BEGINNING:
		return take_stream(rd, message);
	case BT_MESSAGE_TYPE_DISCARDED_EVENTS:
		return take_discarded(rd, message);
	case BT_MESSAGE_TYPE_DISCARDED_PACKETS:
		rd->stats.lost_chunks++;
		return 0;
	default:
		return 0;
	}
}

/* ---- reading --------------------------------------------------------------- */

static void at_end(struct reader *rd, const struct kerror *why)
{
	struct ctf *c = rd->priv;

	c->ended = true;
	if (why) {
		rd->stats.truncated = true;
		/* The other streams went on. */
		rd->stats.damaged = why->code == -EBADMSG;
		kerror_set(&rd->stats.error, why->code, "%.100s: %s", source_name(rd->src), why->text);
	}
	if (rd->stats.events && !c->has_tasks && !rd->stats.note[0])
		snprintf(rd->stats.note, sizeof(rd->stats.note), "no event says which task it is of; record with 'lttng add-context "
			 "-k -t tid -t procname'");
}

static int ctf_read(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	static const struct kerror interrupted = { .code = -EINTR, .text = "interrupted" };
	struct ctf *c = rd->priv;
	int n = 0, ret;

	while (n < max && !c->ended) {
		const bt_message *message;
		struct kerror why = { 0 };

		if (ctf_graph_is_empty(&c->graph) && source_stopped(rd->src)) {
			at_end(rd, &interrupted);
			break;
		}
		c->graph.number = rd->stats.events + rd->stats.malformed;
		message = ctf_graph_next(&c->graph, &ret, &why);
		if (!message) {
			if (ret == -ENOMEM)
				return no_memory(err);
			at_end(rd, ret ? &why : NULL);
			break;
		}
		ret = take_message(rd, message, &events[n]);
		bt_message_put_ref(message);
		if (ret < 0)
			return no_memory(err);
		n += ret;
	}
	return n;
}

static void ctf_close(struct reader *rd)
{
	struct ctf *c = rd->priv;

	ctf_classes_exit(&c->classes);
	ctf_graph_close(&c->graph);
	kallsyms_close(c->kallsyms);
	tasks_exit(&c->tasks);
	raw_decoder_exit(&c->decoder);
	free(c);
}

static int open_parts(struct reader *rd, struct ctf *c, struct ctf_watch *watch, struct kerror *err)
{
	struct kerror why = { 0 };
	int ret;

	if (!source_is_directory(rd->src))
		return kerror_set(err, -EINVAL, "%.100s: this is the metadata of a trace in CTF: name the directory it lies in, "
				  "which holds the events", source_name(rd->src));
	if (raw_decoder_init(&c->decoder, rd->names, symbol_of, c, &rd->stats.unknown_gfp) ||
	    tasks_init(&c->tasks, rd->names))
		return no_memory(err);
	ret = rd->kallsyms ? kallsyms_open(&c->kallsyms, rd->kallsyms, err) : 0;
	if (ret)
		return ret;
	ret = ctf_graph_open(&c->graph, source_name(rd->src), watch, &why);
	return ret ? kerror_set(err, ret, "%.100s: %s", source_name(rd->src), why.text) : 0;
}

static int ctf_open(struct reader *rd, struct kerror *err)
{
	struct ctf *c = calloc(1, sizeof(*c));
	struct ctf_watch *watch = rd->priv;
	int ret;

	if (!c)
		return no_memory(err);
	rd->priv = c;
	rd->stats.numbered = true;
	ret = open_parts(rd, c, watch, err);
	if (ret)
		ctf_close(rd);
	return ret;
}

const struct reader_ops ctf_inside_reader = {
	.name = "ctf",
	.open = ctf_open,
	.close = ctf_close,
	.read = ctf_read,
};
