/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what a diagnosis found, in the emitter's words. */
#ifndef KMEMSIM_SIM_REPORT_DIAGNOSE_H
#define KMEMSIM_SIM_REPORT_DIAGNOSE_H

#include "sim/diagnose/diagnose.h"
#include "sim/report/emit/emitter.h"

/* @names is the trace's table; @interrupted how far a signal let it come, or NULL; @top rows a table at most. Errors show at emitter_write(). */
void report_diagnosis(struct emitter *em, const struct diagnosis_report *report,
		      const struct names *names, const char *path, const char *version,
		      const char *interrupted, unsigned int top);

#endif
