/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the formats a report can have; see emitter.h. */
#include "sim/report/emit/emitter.h"

const struct emit_ops *const emit_formats[] = {
	&emit_text,
	&emit_json,
	&emit_csv,
	NULL
};

_Static_assert(sizeof(emit_formats) / sizeof(emit_formats[0]) <= EMIT_MAX_FORMATS + 1,
	       "more than a command has room for");
