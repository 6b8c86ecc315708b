/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: misses of page replacement policies, in the emitter's words. */
#ifndef KMEMSIM_SIM_REPORT_REPLACE_H
#define KMEMSIM_SIM_REPORT_REPLACE_H

#include "sim/replace/replace.h"
#include "sim/report/emit/emitter.h"

struct report_replace_input {
	const char *version;
	const char *path;		/* of what was read */
	const char *format;
	const char *interrupted;	/* how far a signal let it come, or NULL */
	const struct stream *stream;
	const struct replace_config *cfg;
	const struct replace_result *res;
};

/* Errors show at emitter_write(). */
void report_replace(struct emitter *em, const struct report_replace_input *in);

#endif
