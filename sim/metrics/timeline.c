/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: samples along a replay; see timeline.h. Single-threaded. */
#include "sim/metrics/timeline.h"

#include <inttypes.h>
#include <string.h>

void timeline_init(struct timeline *tl, FILE *csv)
{
	size_t i;

	memset(tl, 0, sizeof(*tl));
	tl->csv = csv;
	for (i = 0; csv && i < NR_SAMPLE_FIELDS; i++)
		fprintf(csv, "%s%s", i ? "," : "", sample_desc[i].name);
	if (csv)
		fputc('\n', csv);
}

void timeline_add(struct timeline *tl, const struct sample *sample)
{
	int64_t value[NR_SAMPLE_FIELDS];
	size_t i;

	if (!tl->nr)
		tl->first = *sample;
	if (!tl->nr || sample->used_pages > tl->peak.used_pages)
		tl->peak = *sample;
	tl->last = *sample;
	tl->nr++;
	tl->unbalanced += metrics_check(sample) != 0;
	if (!tl->csv)
		return;
	memcpy(value, sample, sizeof(value));
	for (i = 0; i < NR_SAMPLE_FIELDS; i++)
		fprintf(tl->csv, "%s%" PRId64, i ? "," : "", value[i]);
	fputc('\n', tl->csv);
}
