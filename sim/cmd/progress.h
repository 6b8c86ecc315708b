/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a line on a terminal that says how far a long run is. */
#ifndef KMEMSIM_SIM_CMD_PROGRESS_H
#define KMEMSIM_SIM_CMD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool on;
	uint64_t last_ns;	/* when the line was last written */
};

/* Wanted, and standard error is a terminal. */
void progress_init(struct progress *progress, bool wanted);
/* Ten times a second at most; @whole 0: unknown. */
void progress_line(struct progress *progress, const char *what, uint64_t events, uint64_t part,
		   uint64_t whole);
/* Before anything else is written to standard error, and at the end. */
void progress_clear(const struct progress *progress);

#endif
