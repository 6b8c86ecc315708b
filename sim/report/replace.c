/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: misses of page replacement policies as a report; definitions in docs/metrics.md. Single-threaded. */
#include "sim/report/replace.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct column {
	char name[32];		/* the policy's, with a number where it comes again */
	char key[48];
};

static void name_columns(const struct report_replace_input *in, struct column *columns)
{
	unsigned int i, j;
	char number[12], *c;

	for (i = 0; i < in->res->nr_policies; i++) {
		const struct policy_ops *ops = in->cfg->policies[i].ops;
		unsigned int same = 1;

		for (j = 0; j < i; j++)
			same += in->cfg->policies[j].ops == ops;
		number[0] = '\0';
		if (same > 1)
			snprintf(number, sizeof(number), "_%u", same);
		snprintf(columns[i].name, sizeof(columns[i].name), "%.16s%s", ops->name, number);
		snprintf(columns[i].key, sizeof(columns[i].key), "misses_%.16s%s", ops->name, number);
		for (c = columns[i].key; (c = strchr(c, '-'));)
			*c = '_';
	}
}

/* "2q,kin=25,kout=50" */
static void describe(char *text, size_t size, const struct policy_config *cfg)
{
	size_t len = (size_t)snprintf(text, size, "%s", cfg->ops->name);
	unsigned int i;

	for (i = 0; cfg->ops->params[i].name && len < size; i++)
		len += (size_t)snprintf(text + len, size - len, ",%s=%" PRIu32, cfg->ops->params[i].name, cfg->value[i]);
}

static void emit_policies(struct emitter *em, const struct report_replace_input *in,
			  const struct column *columns)
{
	static const struct emitter_column heads[] = {
		{ "column", "column", "", true }, { "policy", "policy and what is set", "", true },
		{ "paper", "follows", "", true },
	};
	unsigned int i;
	char text[128];

	emit_table(em, "policies", "Policies", heads, 3);
	for (i = 0; i < in->res->nr_policies; i++) {
		describe(text, sizeof(text), &in->cfg->policies[i]);
		emit_cell_str(em, columns[i].name);
		emit_cell_str(em, text);
		emit_cell_str(em, in->cfg->policies[i].ops->paper);
		emit_row_end(em);
	}
	emit_table_end(em);
}

static void emit_misses(struct emitter *em, const struct report_replace_input *in, const struct column *columns)
{
	struct emitter_column heads[1 + REPLACE_MAX_POLICIES] = { { "frames", "frames", "", false } };
	unsigned int nr = in->res->nr_policies, i, k;

	for (i = 0; i < nr; i++)
		heads[1 + i] = (struct emitter_column){ columns[i].key, columns[i].name, "", false };
	emit_table(em, "misses", "Misses", heads, 1 + nr);
	for (k = 0; k < in->cfg->nr_frames; k++) {
		emit_cell_u64(em, in->cfg->frames[k]);
		for (i = 0; i < nr; i++)
			emit_cell_u64(em, replace_misses(in->cfg, in->res, i, k));
		emit_row_end(em);
	}
	emit_table_end(em);
}

static void emit_anomalies(struct emitter *em, const struct report_replace_input *in, const struct column *columns)
{
	struct replace_anomaly found;
	char text[256], more[64];
	unsigned int i;

	for (i = 0; i < in->res->nr_policies; i++) {
		replace_anomaly(&found, in->cfg, in->res, i);
		if (!found.places)
			continue;
		snprintf(more, sizeof(more), "; and in %u other place%s", found.places - 1,
			 found.places == 2 ? "" : "s");
		snprintf(text, sizeof(text), "Belady's anomaly: %s misses %" PRIu64 " times with %" PRIu32 " frames and %"
			 PRIu64 " times with %" PRIu32 ", which is more%s", columns[i].name,
			 replace_misses(in->cfg, in->res, i, found.worst), in->cfg->frames[found.worst],
			 replace_misses(in->cfg, in->res, i, found.worst + 1), in->cfg->frames[found.worst + 1],
			 found.places > 1 ? more : "");
		emit_note(em, text);
	}
}

void report_replace(struct emitter *em, const struct report_replace_input *in)
{
	struct column columns[REPLACE_MAX_POLICIES];

	name_columns(in, columns);
	emit_section(em, "replacement", "Page replacement");
	emit_str(em, "version", "kmemsim", in->version);
	emit_str(em, "file", "stream", in->path);
	emit_str(em, "format", "format", in->format);
	if (in->interrupted)
		emit_str(em, "interrupted", "interrupted by a signal", in->interrupted);
	emit_u64(em, "accesses", "accesses to pages", "", in->stream->nr);
	emit_u64(em, "pages", "different pages, so first misses", "", in->stream->nr_pages);
	emit_policies(em, in, columns);
	emit_misses(em, in, columns);
	emit_anomalies(em, in, columns);
	emit_section_end(em);
}
