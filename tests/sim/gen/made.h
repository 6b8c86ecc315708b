/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: traces that are made in memory, read back as a file is, and replayed.
 */
#ifndef KMEMSIM_TESTS_SIM_GEN_MADE_H
#define KMEMSIM_TESTS_SIM_GEN_MADE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/gen/gen.h"
#include "sim/session/session.h"
#include "tests/tests.h"

struct made {
	char *bytes;
	size_t len;
	struct gen_result res;
};

/* The value of the parameter @name, to be set. */
static inline uint64_t *param_of(const struct gen_model *model, uint64_t *value, const char *name)
{
	unsigned int i;

	for (i = 0; model->params[i].name; i++)
		if (!strcmp(model->params[i].name, name))
			return &value[i];
	CU_FAIL_FATAL("no such parameter");
	return NULL;
}

static inline struct made make_values(const struct gen_model *model, const uint64_t *value, uint64_t seed,
				      uint64_t events)
{
	const struct gen_config cfg = { .seed = seed, .events = events };
	struct names *names = names_create();
	struct writer writer = { .names = names, .made_by = "test", .source = "gen" };
	struct kerror err = { 0 };
	struct made made = { 0 };

	writer.file = open_memstream(&made.bytes, &made.len);
	CU_ASSERT_EQUAL_FATAL(writer_open(&writer, &kmt_writer, &err), 0);
	if (gen_trace(model, value, &cfg, names, &writer, &made.res, &err))
		CU_FAIL(err.text);
	writer_close(&writer);
	fclose(writer.file);
	names_destroy(names);
	return made;
}

/* A trace of @model; @params: names and values by turns, ends with NULL. */
struct param_value {
	const char *name;
	uint64_t value;
};

static inline struct made make(const struct gen_model *model, const struct param_value *params, uint64_t seed,
			       uint64_t events)
{
	uint64_t value[GEN_MAX_PARAMS];

	gen_defaults(model, value);
	for (; params && params->name; params++)
		*param_of(model, value, params->name) = params->value;
	return make_values(model, value, seed, events);
}

static inline struct trace *load_made(const struct made *made)
{
	struct trace *trace = trace_create(0);
	struct kerror err = { 0 };
	struct source *src;
	struct reader *rd;

	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, made->bytes, made->len, &err), 0);
	CU_ASSERT_EQUAL_FATAL(reader_open(&rd, src, NULL, trace_names(trace), &err), 0);
	CU_ASSERT_EQUAL(trace_load(trace, rd, NULL, NULL, &err), 0);
	CU_ASSERT_FALSE(rd->stats.truncated);
	reader_close(rd);
	CU_ASSERT_EQUAL(trace_resolve(trace, &err), 0);
	return trace;
}

/* @made on a machine of @mem bytes, replayed to its end; @keep (may be NULL) takes the trace. */
static inline struct session *replay_made(const struct made *made, uint64_t mem, struct trace **keep)
{
	struct session_config cfg;
	struct kerror err = { 0 };
	struct session *s = NULL;

	*keep = load_made(made);
	session_config_default(&cfg);
	cfg.machine.mem_bytes = mem;
	if (session_create(&s, *keep, &cfg, &err) || session_run(s, UINT64_MAX, &err))
		CU_FAIL_FATAL(err.text);
	return s;
}

/* Nothing refused, nothing without a counterpart: all went as the trace says. */
static inline void no_loose_ends(const struct session *s)
{
	static const enum replay_counter good[] = {
		RC_objects_allocated, RC_objects_freed, RC_blocks_allocated, RC_blocks_freed
	};
	int i;
	size_t k;

	for (i = 0; i < NR_REPLAY_COUNTERS; i++) {
		bool fine = false;

		for (k = 0; k < sizeof(good) / sizeof(good[0]); k++)
			fine |= i == good[k];
		if (!fine && s->replay->ledger.counter[i])
			fprintf(stderr, "%s: %llu\n", replay_counter_desc[i].text,
				(unsigned long long)s->replay->ledger.counter[i]);
		CU_ASSERT(fine || !s->replay->ledger.counter[i]);
	}
}

#endif
