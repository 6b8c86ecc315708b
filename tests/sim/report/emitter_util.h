/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: what a report is once it is written, for the suites of the emitter. */
#ifndef KMEMSIM_TESTS_SIM_REPORT_EMITTER_UTIL_H
#define KMEMSIM_TESTS_SIM_REPORT_EMITTER_UTIL_H

#include <CUnit/Basic.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/report/emit/emitter.h"

static inline struct emitter *start(void)
{
	struct emitter *em = emitter_create();

	CU_ASSERT_PTR_NOT_NULL_FATAL(em);
	return em;
}

/* What emitter_write() gives; the caller frees it. */
static inline char *written(struct emitter *em, const struct emit_ops *format)
{
	struct kerror err = { 0 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int ret;

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	ret = emitter_write(em, format, out, &err);
	if (ret)
		fprintf(stderr, "%s\n", err.text);
	CU_ASSERT_EQUAL(ret, 0);
	fclose(out);
	return text;
}

static inline void assert_written(struct emitter *em, const struct emit_ops *format, const char *expected)
{
	char *text = written(em, format);

	if (strcmp(text, expected))
		fprintf(stderr, "expected:\n%s\ngot:\n%s\n", expected, text);
	CU_ASSERT_STRING_EQUAL(text, expected);
	free(text);
}

static inline json_t *written_json(struct emitter *em)
{
	char *text = written(em, &emit_json);
	json_error_t error;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	CU_ASSERT_EQUAL(text[strlen(text) - 1], '\n');
	free(text);
	return root;
}

#endif
