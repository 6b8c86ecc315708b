/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: babeltrace2's graph: source.ctf.fs reads a directory and has a port for each
 * stream, a sink of ours as many, and of each it keeps one batch at a time. See ctf.h.
 *
 * Their messages are put in the order of time here, not by babeltrace2's muxer: that one
 * ends with the first stream that is damaged and, where the source has handed out messages
 * before it says so (2.0.4), with the whole process.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/trace/ctf/ctf.h"

/* The name of the file that babeltrace2 cannot index, or whose first packet it cannot read; "" where it says something else. */
static void find_cut(const bt_error *error, char name[CTF_FILE_BYTES])
{
	static const char *const said[] = { "index CTF stream file", "Cannot get stream file's first packet" };
	uint64_t i, nr = error ? bt_error_get_cause_count(error) : 0;

	name[0] = '\0';
	for (i = 0; i < nr && !name[0]; i++) {
		const char *text = bt_error_cause_get_message(bt_error_borrow_cause_by_index(error, i));
		const char *slash = strstr(text, said[0]) || strstr(text, said[1]) ? strrchr(text, '/') : NULL;

		snprintf(name, CTF_FILE_BYTES, "%.*s", slash ? (int)strcspn(slash + 1, "'`") : 0, slash ? slash + 1 : "");
	}
}

/* What went wrong first is what counts; babeltrace2 keeps a row of it. @file: where, or NULL. */
static int describe(const bt_error *error, const char *file, struct kerror *err)
{
	const bt_error_cause *cause = error && bt_error_get_cause_count(error) ? bt_error_borrow_cause_by_index(error, 0) :
				      NULL;
	char text[200];
	char *at;

	snprintf(text, sizeof(text), "%s", cause ? bt_error_cause_get_message(cause) : "no reason is given");
	/* It may be of several lines, and end with what was where in its memory. */
	for (at = text; *at; at++)
		if ((unsigned char)*at < ' ')
			*at = ' ';
	at = strstr(text, "=0x");
	while (at && at > text && *at != ':')
		at--;
	if (at && at > text)
		*at = '\0';
	/* Its own words for these say nothing to whoever does not know its source. */
	if (!file && !strncmp(text, "Cannot create trace", 19))
		return kerror_set(err, -EBADMSG, "its file 'metadata' is damaged; 'babeltrace2 DIRECTORY' says in which line");
	if (file)
		return kerror_set(err, -EBADMSG, "%.60s is damaged, what comes before was read; babeltrace2 says: %s", file, text);
	return kerror_set(err, -EBADMSG, "babeltrace2 cannot read it, 'babeltrace2 DIRECTORY' may say more: %s", text);
}

static int fail(struct ctf_graph *g, struct kerror *err)
{
	const bt_error *error = bt_current_thread_take_error();
	int ret;

	find_cut(error, g->cut);
	if (g->cut[0])
		ret = kerror_set(err, -EBADMSG, "its file '%.60s' is cut, or a packet in it is damaged: nothing of it can be read",
				 g->cut);
	else
		ret = describe(error, NULL, err);
	if (error)
		bt_error_release(error);
	return ret;
}

/* ---- crashes --------------------------------------------------------------- */

static const struct ctf_crash *crash_of(const struct ctf_graph *g, const struct ctf_stream *stream)
{
	uint32_t index = (uint32_t)(stream - g->stream), i;

	for (i = 0; g->watch && i < g->watch->nr_crashes; i++)
		if (g->watch->crash[i].stream == index && g->watch->crash[i].step == stream->steps)
			return &g->watch->crash[i];
	return NULL;
}

/* babeltrace2 is to be asked for @stream; false where it is known to crash then, which ends the stream. */
static bool may_ask(struct ctf_graph *g, struct ctf_stream *stream)
{
	const struct ctf_crash *crash = crash_of(g, stream);

	if (!crash) {
		if (g->watch) {
			g->watch->step = stream->steps;
			g->watch->inside = 1 + (uint32_t)(stream - g->stream);
		}
		return true;
	}
	stream->ended = true;
	stream->next = stream->nr = 0;
	if (!g->failed++)
		kerror_set(&g->why, -EBADMSG, "%.60s is damaged: babeltrace2 crashed (%s %d) in it after event %llu; what "
			   "comes before was read, but for up to 14 events", stream->file, crash->ended_by > 0 ? "signal" : "status",
			   abs(crash->ended_by), (unsigned long long)g->number);
	return false;
}

static void was_asked(struct ctf_graph *g, struct ctf_stream *stream)
{
	stream->steps++;
	if (g->watch)
		g->watch->inside = 0;
}

/* ---- the sink -------------------------------------------------------------- */

static bt_component_class_initialize_method_status sink_start(bt_self_component_sink *self,
		bt_self_component_sink_configuration *configuration, const bt_value *params, void *data)
{
	bt_self_component_add_port_status status = BT_SELF_COMPONENT_ADD_PORT_STATUS_OK;
	struct ctf_graph *g = data;
	char name[24];
	size_t i;

	bt_self_component_set_data(bt_self_component_sink_as_self_component(self), g);
	for (i = 0; i < g->nr_streams && !status; i++) {
		snprintf(name, sizeof(name), "in%zu", i);
		status = bt_self_component_sink_add_input_port(self, name, NULL, NULL);
	}
	return (bt_component_class_initialize_method_status)status;
}

/* The file that @port's messages come from; the source calls its ports "ID | PATH". */
static const char *file_of(const bt_port *port)
{
	const char *name = bt_port_get_name(port), *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

static bt_component_class_sink_graph_is_configured_method_status sink_configured(bt_self_component_sink *self)
{
	struct ctf_graph *g = bt_self_component_get_data(bt_self_component_sink_as_self_component(self));
	bt_message_iterator_create_from_sink_component_status status = BT_MESSAGE_ITERATOR_CREATE_FROM_SINK_COMPONENT_STATUS_OK;
	size_t i;

	for (i = 0; i < g->nr_streams && !status; i++) {
		if (!may_ask(g, &g->stream[i]))
			continue;
		status = bt_message_iterator_create_from_sink_component(
			self, bt_self_component_sink_borrow_input_port_by_index(self, i), &g->stream[i].iterator);
		was_asked(g, &g->stream[i]);
	}
	return (bt_component_class_sink_graph_is_configured_method_status)status;
}

/* The next batch of @stream, or its end. False: no memory. */
static bool fill(struct ctf_graph *g, struct ctf_stream *stream)
{
	bt_message_iterator_next_status status;
	const bt_error *error;

	if (!may_ask(g, stream))
		return true;
	status = bt_message_iterator_next(stream->iterator, &stream->messages, &stream->nr);
	was_asked(g, stream);
	stream->next = 0;
	if (status != BT_MESSAGE_ITERATOR_NEXT_STATUS_OK)
		stream->nr = 0;
	stream->ended = status != BT_MESSAGE_ITERATOR_NEXT_STATUS_OK;
	if (status == BT_MESSAGE_ITERATOR_NEXT_STATUS_MEMORY_ERROR)
		return false;
	/* What went wrong behind messages that are good is left behind for whoever asks next. */
	error = bt_current_thread_take_error();
	if (error || status == BT_MESSAGE_ITERATOR_NEXT_STATUS_ERROR) {
		stream->ended = true;
		if (!g->failed++)
			describe(error, stream->file, &g->why);
		if (error)
			bt_error_release(error);
	}
	return true;
}

static bt_component_class_sink_consume_method_status sink_consume(bt_self_component_sink *self)
{
	struct ctf_graph *g = bt_self_component_get_data(bt_self_component_sink_as_self_component(self));
	bool any = false;
	size_t i;

	for (i = 0; i < g->nr_streams; i++) {
		struct ctf_stream *stream = &g->stream[i];

		while (!stream->ended && stream->next == stream->nr)
			if (!fill(g, stream))
				return BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_MEMORY_ERROR;
		any |= stream->next < stream->nr;
	}
	return any ? BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_OK : BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_END;
}

/* ---- the order of time ------------------------------------------------------ */

/* What has no time that anybody asks for comes at once. */
static int64_t time_of(const bt_message *message)
{
	const bt_clock_snapshot *snapshot = NULL;
	const bt_stream_class *class;
	int64_t ns;

	if (bt_message_get_type(message) == BT_MESSAGE_TYPE_EVENT) {
		class = bt_event_class_borrow_stream_class_const(
			bt_event_borrow_class_const(bt_message_event_borrow_event_const(message)));
		if (bt_stream_class_borrow_default_clock_class_const(class))
			snapshot = bt_message_event_borrow_default_clock_snapshot_const(message);
	} else if (bt_message_get_type(message) == BT_MESSAGE_TYPE_DISCARDED_EVENTS) {
		class = bt_stream_borrow_class_const(bt_message_discarded_events_borrow_stream_const(message));
		if (bt_stream_class_discarded_events_have_default_clock_snapshots(class))
			snapshot = bt_message_discarded_events_borrow_beginning_default_clock_snapshot_const(message);
	}
	if (!snapshot)
		return INT64_MIN;
	if (!bt_clock_snapshot_get_ns_from_origin(snapshot, &ns))
		return ns;
	bt_current_thread_clear_error();
	return INT64_MIN;
}

/* The earliest message of all streams, of equal ones the first stream's; NULL: none is at hand. */
static const bt_message *take_earliest(struct ctf_graph *g)
{
	struct ctf_stream *first = NULL, *stream;

	for (stream = g->stream; stream < g->stream + g->nr_streams; stream++) {
		if (stream->next == stream->nr)
			continue;
		if (!stream->timed) {
			stream->ns = time_of(stream->messages[stream->next]);
			stream->timed = true;
		}
		if (!first || stream->ns < first->ns)
			first = stream;
	}
	if (!first)
		return NULL;
	first->timed = false;
	return first->messages[first->next++];
}

bool ctf_graph_is_empty(const struct ctf_graph *g)
{
	size_t i;

	for (i = 0; i < g->nr_streams; i++)
		if (g->stream[i].next == g->stream[i].nr && !g->stream[i].ended)
			return true;
	return !g->nr_streams;
}

/* ---- the graph ------------------------------------------------------------- */

static bool add_sink(struct ctf_graph *g, const bt_component_sink **sink)
{
	bt_component_class_sink *class = bt_component_class_sink_create("kmemsim", sink_consume);
	bool ok = class && !bt_component_class_sink_set_initialize_method(class, sink_start) &&
		  !bt_component_class_sink_set_graph_is_configured_method(class, sink_configured) &&
		  !bt_graph_add_sink_component_with_initialize_method_data(g->graph, class, "sink", NULL, g,
									   BT_LOGGING_LEVEL_NONE, sink);

	if (class)
		bt_component_class_sink_put_ref(class);
	return ok;
}

static bool add_source(struct ctf_graph *g, const bt_plugin *plugin, const char *path, const bt_component_source **source)
{
	const bt_component_class_source *class = bt_plugin_borrow_source_component_class_by_name_const(plugin, "fs");
	bt_value *params = bt_value_map_create(), *inputs = bt_value_array_create();
	bool ok = class && params && inputs && !bt_value_array_append_string_element(inputs, path) &&
		  !bt_value_map_insert_entry(params, "inputs", inputs) &&
		  !bt_graph_add_source_component(g->graph, class, "source", params, BT_LOGGING_LEVEL_NONE, source);

	if (params)
		bt_value_put_ref(params);
	if (inputs)
		bt_value_put_ref(inputs);
	return ok;
}

static bool add_streams(struct ctf_graph *g, const bt_component_source *source)
{
	g->nr_streams = bt_component_source_get_output_port_count(source);
	g->stream = calloc(g->nr_streams + 1, sizeof(*g->stream));
	return g->stream;
}

static bool connect_all(struct ctf_graph *g, const bt_component_source *source, const bt_component_sink *sink)
{
	uint64_t i;

	for (i = 0; i < g->nr_streams; i++) {
		const bt_port_output *from = bt_component_source_borrow_output_port_by_index_const(source, i);

		g->stream[i].file = file_of(bt_port_output_as_port_const(from));
		if (bt_graph_connect_ports(g->graph, from, bt_component_sink_borrow_input_port_by_index_const(sink, i), NULL))
			return false;
	}
	return true;
}

static int open_once(struct ctf_graph *g, const char *path, struct kerror *err)
{
	const bt_component_source *source;
	const bt_component_sink *sink;
	const bt_plugin *ctf = NULL;
	int ret = 0;

	bt_logging_set_global_level(BT_LOGGING_LEVEL_NONE);
	g->graph = bt_graph_create(0);
	g->cut[0] = '\0';
	if (!g->graph || bt_plugin_find("ctf", BT_TRUE, BT_FALSE, BT_TRUE, BT_TRUE, BT_FALSE, &ctf))
		ret = kerror_set(err, -ENOTSUP, "babeltrace2's plugin 'ctf' is not here");
	else if (!add_source(g, ctf, path, &source))
		ret = fail(g, err);
	else if (!add_streams(g, source))
		ret = kerror_set(err, -ENOMEM, "no memory for the streams of the trace");
	else if (!add_sink(g, &sink) || !connect_all(g, source, sink))
		ret = fail(g, err);
	if (ctf)
		bt_plugin_put_ref(ctf);
	bt_current_thread_clear_error();
	return ret;
}

void ctf_graph_close(struct ctf_graph *g)
{
	struct ctf_stream *stream;

	for (stream = g->stream; stream && stream < g->stream + g->nr_streams; stream++) {
		for (; stream->next < stream->nr; stream->next++)
			bt_message_put_ref(stream->messages[stream->next]);
		if (stream->iterator)
			bt_message_iterator_put_ref(stream->iterator);
	}
	if (g->graph)
		bt_graph_put_ref(g->graph);
	free(g->stream);
	g->graph = NULL;
	g->stream = NULL;
	g->nr_streams = 0;
}

int ctf_graph_open(struct ctf_graph *g, const char *path, struct ctf_watch *watch, struct kerror *err)
{
	struct kerror why = { 0 };
	int ret;

	*g = (struct ctf_graph){ .watch = watch };
	ret = open_once(g, path, err);
	/* All but the files that are cut; the first of these is what is told. */
	while (ret && watch && g->cut[0]) {
		if (!g->failed++)
			g->why = *err;
		ctf_graph_close(g);
		ret = watch->folder[0] ? 0 : ctf_folder_make(watch->folder, path, &why);
		if (!ret)
			ret = ctf_folder_leave_out(watch->folder, g->cut, &why);
		if (ret)
			return kerror_set(err, -EBADMSG, "its file '%.60s' is cut, and %s", g->cut, why.text);
		ret = open_once(g, watch->folder, err);
	}
	if (!ret && g->failed && !g->nr_streams) {
		*err = g->why;
		return g->why.code;
	}
	return ret;
}

const bt_message *ctf_graph_next(struct ctf_graph *g, int *ret, struct kerror *err)
{
	bt_graph_run_once_status status = BT_GRAPH_RUN_ONCE_STATUS_OK;
	const bt_message *message;

	*ret = 0;
	if (ctf_graph_is_empty(g))
		status = bt_graph_run_once(g->graph);
	if (status == BT_GRAPH_RUN_ONCE_STATUS_MEMORY_ERROR) {
		bt_current_thread_clear_error();
		*ret = -ENOMEM;
		return NULL;
	}
	if (status != BT_GRAPH_RUN_ONCE_STATUS_OK && status != BT_GRAPH_RUN_ONCE_STATUS_END) {
		*ret = fail(g, err);
		return NULL;
	}
	message = take_earliest(g);
	if (!message && g->failed) {
		*err = g->why;
		*ret = g->why.code;
	}
	return message;
}
