/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: where a report goes; see report_options.h. */
#include "sim/cmd/report_options.h"

#include "sim/cmd/parse.h"
#include "sim/cmd/values.h"

#define OPT_FORMAT 256	/* that of emit_formats[0] */

static void set_file(struct argp_state *state, struct report_options *opt, unsigned int format, const char *path)
{
	unsigned int i;

	for (i = 0; i < opt->nr_files; i++)
		if (opt->files[i].format == emit_formats[format])
			opt->files[i].path = need_name(state, emit_formats[format]->option, path, "file");
}

static void init_files(struct report_options *opt)
{
	unsigned int i;

	for (i = 0; emit_formats[i]; i++)
		if (emit_formats[i]->option)
			opt->files[opt->nr_files++].format = emit_formats[i];
}

const struct report_file *report_on_stdout(const struct report_options *opt, unsigned int from)
{
	for (; from < opt->nr_files; from++)
		if (is_stdout(opt->files[from].path))
			return &opt->files[from];
	return NULL;
}

static void check_stdout(struct argp_state *state, const struct report_options *opt)
{
	const struct report_file *first = report_on_stdout(opt, 0), *second;

	second = first ? report_on_stdout(opt, (unsigned int)(first - opt->files) + 1) : NULL;
	if (second)
		usage_error(state->name, "only one of --%s and --%s can go to standard output",
			    first->format->option, second->format->option);
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct report_options *opt = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		init_files(opt);
		return 0;
	case 'q':
		opt->quiet = true;
		return 0;
	case ARGP_KEY_END:
		check_stdout(state, opt);
		return 0;
	default:
		if (key < OPT_FORMAT || key >= OPT_FORMAT + EMIT_MAX_FORMATS)
			return ARGP_ERR_UNKNOWN;
		set_file(state, opt, (unsigned int)key - OPT_FORMAT, arg);
		return 0;
	}
}

const struct argp *report_argp(void)
{
	static const struct argp_option quiet = {
		"quiet", 'q', NULL, 0, "no text report and no progress line", REPORT_GROUP
	};
	static struct argp_option options[EMIT_MAX_FORMATS + 2];	/* ends with zeros */
	static char docs[EMIT_MAX_FORMATS][80];
	static const struct argp argp = { .options = options, .parser = parse_one };
	unsigned int i, nr = 0;

	for (i = 0; emit_formats[i]; i++) {
		if (!emit_formats[i]->option)
			continue;
		snprintf(docs[i], sizeof(docs[i]), "also write the report as %s; '-': in place of text",
			 emit_formats[i]->name);
		options[nr++] = (struct argp_option){
			emit_formats[i]->option, OPT_FORMAT + (int)i, "FILE", 0, docs[i], REPORT_GROUP
		};
	}
	options[nr] = quiet;
	return &argp;
}

unsigned int report_files(const struct report_options *opt, struct wanted_output files[EMIT_MAX_FORMATS])
{
	unsigned int i;

	for (i = 0; i < opt->nr_files; i++)
		files[i] = (struct wanted_output){ opt->files[i].format->option, opt->files[i].path };
	return opt->nr_files;
}

int open_report_outputs(struct report_outputs *out, const struct report_options *opt, struct kerror *err)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < opt->nr_files; i++)
		ret = open_output(&out->files[i], opt->files[i].path, err);
	if (ret)
		drop_report_outputs(out);
	return ret;
}

int write_report_outputs(struct emitter *em, bool text, const struct report_options *opt,
			 struct report_outputs *out, struct kerror *err)
{
	struct output screen = { .file = stdout, .path = "-" };
	unsigned int i;
	int ret = 0;

	if (text && !report_on_stdout(opt, 0))
		ret = write_format(em, &emit_text, &screen, err);
	for (i = 0; !ret && i < opt->nr_files; i++)
		ret = write_format(em, opt->files[i].format, &out->files[i], err);
	return ret;
}

void drop_report_outputs(struct report_outputs *out)
{
	unsigned int i;

	for (i = 0; i < EMIT_MAX_FORMATS; i++)
		drop_output(&out->files[i]);
}
