/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: is every key of a report defined in docs/metrics.md? */
#ifndef KMEMSIM_TESTS_SIM_REPORT_DOCUMENTED_H
#define KMEMSIM_TESTS_SIM_REPORT_DOCUMENTED_H

#include <CUnit/Basic.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* @doc is that file's text or a part of it; @skip lists keys that need no row, each in backquotes. */
static inline void check_documented(const json_t *node, const char *doc, const char *skip)
{
	const json_t *value;
	const char *key;
	char quoted[128];
	size_t i;

	json_array_foreach(node, i, value)
		check_documented(value, doc, skip);
	if (!json_is_object(node))
		return;
	json_object_foreach((json_t *)node, key, value) {
		snprintf(quoted, sizeof(quoted), "`%s`", strncmp(key, "note_", 5) ? key : "note_1");
		if (!strstr(doc, quoted) && !strstr(skip, quoted) && strncmp(key, "node", 4)) {
			fprintf(stderr, "docs/metrics.md does not define %s\n", quoted);
			CU_FAIL("an undocumented figure");
		}
		if (strcmp(key, "counters"))
			check_documented(value, doc, skip);
	}
}

#endif
