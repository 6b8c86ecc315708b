/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim fuzzing: two reports in JSON, one behind the other with a NUL between them; each also against itself. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/diff/diff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t differences(json_t *before, json_t *after)
{
	struct kerror err = { 0 };
	struct diff diff;
	size_t nr;

	nr = diff_reports(&diff, before, after, &err) ? 0 : diff.nr;
	diff_free(&diff);
	return nr;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, 0, size) : NULL;
	size_t len = end ? (size_t)(end - data) : size;
	json_t *before = json_loadb((const char *)data, len, 0, NULL);
	json_t *after = end ? json_loadb((const char *)end + 1, size - len - 1, 0, NULL) : json_incref(before);

	if (before && differences(json_incref(before), json_incref(before)))
		abort();
	if (before && after)
		differences(json_incref(before), json_incref(after));
	json_decref(before);
	json_decref(after);
	return 0;
}
