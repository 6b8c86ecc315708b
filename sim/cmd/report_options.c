/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: where a report goes; see report_options.h. */
#include "sim/cmd/report_options.h"

enum { OPT_JSON = 256, OPT_CSV };

static const struct argp_option options[] = {
	{ "json", OPT_JSON, "FILE", 0, "write the report as JSON too; '-': instead of text", 3 },
	{ "csv", OPT_CSV, "FILE", 0, "write the report as CSV too; '-': instead of text", 3 },
	{ "quiet", 'q', NULL, 0, "no text report and no progress line", 3 },
	{ 0 }
};

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct report_options *opt = state->input;

	switch (key) {
	case OPT_JSON:
		opt->json = arg;
		return 0;
	case OPT_CSV:
		opt->csv = arg;
		return 0;
	case 'q':
		opt->quiet = true;
		return 0;
	case ARGP_KEY_END:
		if (is_stdout(opt->json) && is_stdout(opt->csv))
			argp_error(state, "only one of --json and --csv can go to standard output");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp report_argp = { .options = options, .parser = parse_one };

int open_report_outputs(struct report_outputs *out, const struct report_options *opt, struct kerror *err)
{
	int ret = open_output(&out->json, opt->json, err);

	if (!ret)
		ret = open_output(&out->csv, opt->csv, err);
	if (ret)
		drop_report_outputs(out);
	return ret;
}

int write_report_outputs(struct emitter *em, const struct report_options *opt, struct report_outputs *out,
			 struct kerror *err)
{
	return write_formats(em, !opt->quiet, &out->json, &out->csv, err);
}

void drop_report_outputs(struct report_outputs *out)
{
	drop_output(&out->json);
	drop_output(&out->csv);
}
