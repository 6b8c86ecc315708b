/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the progress line; see progress.h. */
#include "sim/cmd/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "sim/machine/host.h"

#define EVERY_NS 100000000ULL

void progress_init(struct progress *progress, bool wanted)
{
	*progress = (struct progress){ .on = wanted && isatty(STDERR_FILENO) };
}

void progress_clear(const struct progress *progress)
{
	if (progress->on)
		fputs("\r\033[K", stderr);
}

void progress_line(struct progress *progress, const char *what, uint64_t events, uint64_t part,
		   uint64_t whole)
{
	uint64_t now;

	if (!progress->on)
		return;
	now = host_now();
	if (now - progress->last_ns < EVERY_NS)
		return;
	progress->last_ns = now;
	fprintf(stderr, "\r\033[K%s: %" PRIu64 " events", what, events);
	if (whole)
		fprintf(stderr, ", %" PRIu64 " %%", part * 100 / whole);
	fflush(stderr);
}
