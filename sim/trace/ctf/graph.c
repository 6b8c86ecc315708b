/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: babeltrace2's graph: source.ctf.fs reads a directory and has a port for each
 * stream, filter.utils.muxer puts their messages in the order of time, and a sink of ours
 * keeps one batch at a time for whoever asks. See ctf.h.
 */
#include <errno.h>
#include <stdio.h>

#include "sim/trace/ctf/ctf.h"

/* What went wrong first is what counts; babeltrace2 keeps a row of it. */
static int fail(struct kerror *err)
{
	const bt_error *error = bt_current_thread_take_error();
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
	if (error)
		bt_error_release(error);
	return kerror_set(err, -EBADMSG, "babeltrace2 cannot read it, 'babeltrace2 DIRECTORY' may say more: %s", text);
}

/* ---- the sink -------------------------------------------------------------- */

static bt_component_class_initialize_method_status sink_start(bt_self_component_sink *self,
		bt_self_component_sink_configuration *configuration, const bt_value *params, void *data)
{
	bt_self_component_set_data(bt_self_component_sink_as_self_component(self), data);
	return (bt_component_class_initialize_method_status)bt_self_component_sink_add_input_port(self, "in", NULL, NULL);
}

static bt_component_class_sink_graph_is_configured_method_status sink_configured(bt_self_component_sink *self)
{
	struct ctf_graph *g = bt_self_component_get_data(bt_self_component_sink_as_self_component(self));
	bt_self_component_port_input *port = bt_self_component_sink_borrow_input_port_by_index(self, 0);

	return (bt_component_class_sink_graph_is_configured_method_status)
		bt_message_iterator_create_from_sink_component(self, port, &g->iterator);
}

static bt_component_class_sink_consume_method_status sink_consume(bt_self_component_sink *self)
{
	struct ctf_graph *g = bt_self_component_get_data(bt_self_component_sink_as_self_component(self));
	bt_message_iterator_next_status status = bt_message_iterator_next(g->iterator, &g->messages, &g->nr);

	g->next = 0;
	if (status != BT_MESSAGE_ITERATOR_NEXT_STATUS_OK)
		g->nr = 0;
	return (bt_component_class_sink_consume_method_status)status;
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

static bool add_muxer(struct ctf_graph *g, const bt_plugin *plugin, const bt_component_filter **muxer)
{
	const bt_component_class_filter *class = bt_plugin_borrow_filter_component_class_by_name_const(plugin, "muxer");

	return class && !bt_graph_add_filter_component(g->graph, class, "muxer", NULL, BT_LOGGING_LEVEL_NONE, muxer);
}

static bool connect_all(struct ctf_graph *g, const bt_component_source *source, const bt_component_filter *muxer,
			const bt_component_sink *sink)
{
	uint64_t i, nr = bt_component_source_get_output_port_count(source);

	/* The muxer has one free port, always. */
	for (i = 0; i < nr; i++)
		if (bt_graph_connect_ports(g->graph, bt_component_source_borrow_output_port_by_index_const(source, i),
					   bt_component_filter_borrow_input_port_by_index_const(muxer, i), NULL))
			return false;
	return !bt_graph_connect_ports(g->graph, bt_component_filter_borrow_output_port_by_index_const(muxer, 0),
				       bt_component_sink_borrow_input_port_by_index_const(sink, 0), NULL);
}

int ctf_graph_open(struct ctf_graph *g, const char *path, struct kerror *err)
{
	const bt_plugin *ctf = NULL, *utils = NULL;
	const bt_component_source *source;
	const bt_component_filter *muxer;
	const bt_component_sink *sink;
	int ret = 0;

	bt_logging_set_global_level(BT_LOGGING_LEVEL_NONE);
	*g = (struct ctf_graph){ .graph = bt_graph_create(0) };
	if (!g->graph || bt_plugin_find("ctf", BT_TRUE, BT_FALSE, BT_TRUE, BT_TRUE, BT_FALSE, &ctf) ||
	    bt_plugin_find("utils", BT_TRUE, BT_FALSE, BT_TRUE, BT_TRUE, BT_FALSE, &utils))
		ret = kerror_set(err, -ENOTSUP, "babeltrace2's plugins 'ctf' and 'utils' are not here");
	else if (!add_source(g, ctf, path, &source) || !add_muxer(g, utils, &muxer) || !add_sink(g, &sink) ||
		 !connect_all(g, source, muxer, sink))
		ret = fail(err);
	if (ctf)
		bt_plugin_put_ref(ctf);
	if (utils)
		bt_plugin_put_ref(utils);
	bt_current_thread_clear_error();
	return ret;
}

void ctf_graph_close(struct ctf_graph *g)
{
	for (; g->next < g->nr; g->next++)
		bt_message_put_ref(g->messages[g->next]);
	if (g->iterator)
		bt_message_iterator_put_ref(g->iterator);
	if (g->graph)
		bt_graph_put_ref(g->graph);
}

const bt_message *ctf_graph_next(struct ctf_graph *g, int *ret, struct kerror *err)
{
	bt_graph_run_once_status status = BT_GRAPH_RUN_ONCE_STATUS_OK;

	*ret = 0;
	while (g->next == g->nr && status == BT_GRAPH_RUN_ONCE_STATUS_OK)
		status = bt_graph_run_once(g->graph);
	if (g->next < g->nr)
		return g->messages[g->next++];
	if (status == BT_GRAPH_RUN_ONCE_STATUS_MEMORY_ERROR) {
		bt_current_thread_clear_error();
		*ret = -ENOMEM;
	} else if (status != BT_GRAPH_RUN_ONCE_STATUS_END) {
		*ret = fail(err);
	}
	return NULL;
}
