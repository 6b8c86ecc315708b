/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what a scenario's processes did, as a report; definitions in docs/scenario.md. */
#ifndef KMEMSIM_SIM_REPORT_PLAY_H
#define KMEMSIM_SIM_REPORT_PLAY_H

#include "sim/metrics/costs.h"
#include "sim/play/play.h"
#include "sim/report/emit/emitter.h"

struct report_play_input {
	const char *version;
	const char *path;
	const struct play *play;
	const struct costs *costs;	/* what faults take */
	const char *stopped;		/* why it ended early, NULL: it did not */
};

void report_play(struct emitter *em, const struct report_play_input *in);

#endif
