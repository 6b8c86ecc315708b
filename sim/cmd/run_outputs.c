/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim run: what it writes; see run_outputs.h. */
#include "sim/cmd/run_outputs.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/cmd/procfs_processes.h"
#include "sim/traced/traced.h"

/* The end of a run, for those who write about it. */
struct run_end {
	const struct run_options *opt;
	const struct report_input *in;
	struct machine *machine;
};

struct run_output_ops {
	const char *option;	/* NULL: those of reports */
	/* NULL: it is not wanted. */
	const char *(*path)(const struct run_options *opt);
	/* @path is what path() says. */
	int (*open)(struct run_outputs *outs, enum run_output which, const struct run_options *opt,
		    const char *path, struct kerror *err);
	/* Only of what is open; closes it. */
	int (*write)(struct run_outputs *outs, enum run_output which, const struct run_end *end,
		     struct kerror *err);
};

/* ---- where they go ------------------------------------------------------- */

static const char *procfs_path(const struct run_options *opt)
{
	return opt->procfs;
}

static const char *owners_path(const struct run_options *opt)
{
	return opt->owner_list;
}

static const char *timeline_path(const struct run_options *opt)
{
	return opt->timeline;
}

/* Whatever else goes to standard output takes the text's place. */
static bool text_wanted(const struct run_options *opt)
{
	return !opt->report.quiet && !is_stdout(opt->timeline) && !is_stdout(opt->owner_list);
}

/* One of several, for there to be a report at all. */
static const char *report_path(const struct run_options *opt)
{
	unsigned int i;

	for (i = 0; i < opt->report.nr_files; i++)
		if (opt->report.files[i].path)
			return opt->report.files[i].path;
	return text_wanted(opt) ? "-" : NULL;
}

/* ---- opening ------------------------------------------------------------- */

static int open_file(struct run_outputs *outs, enum run_output which, const struct run_options *opt,
		     const char *path, struct kerror *err)
{
	(void)opt;
	return open_output(&outs->file[which], path, err);
}

static int procfs_file_path(char path[PATH_MAX], const char *folder, unsigned int i, struct kerror *err)
{
	if ((size_t)snprintf(path, PATH_MAX, "%s/%s", folder, procfs_files[i].name) < PATH_MAX)
		return 0;
	return kerror_set(err, -ENAMETOOLONG, "%.200s: the name is too long", folder);
}

static int open_procfs(struct run_outputs *outs, enum run_output which, const struct run_options *opt,
		       const char *folder, struct kerror *err)
{
	unsigned int i;
	int ret = 0;

	(void)which;
	(void)opt;
	if (!mkdir(folder, 0777))
		outs->made_folder = folder;
	else if (errno != EEXIST)
		return kerror_set(err, -errno, "%s: %s", folder, strerror(errno));
	for (i = 0; !ret && i < NR_PROCFS_FILES; i++) {
		ret = procfs_file_path(outs->procfs_path[i], folder, i, err);
		if (!ret)
			ret = open_output(&outs->procfs[i], outs->procfs_path[i], err);
	}
	return ret;
}

static int open_report(struct run_outputs *outs, enum run_output which, const struct run_options *opt,
		       const char *path, struct kerror *err)
{
	(void)which;
	(void)path;
	return open_report_outputs(&outs->report, &opt->report, err);
}

/* ---- writing ------------------------------------------------------------- */

static int write_procfs(struct run_outputs *outs, enum run_output which, const struct run_end *end,
			struct kerror *err)
{
	const struct traced *traced = end->in->traced;
	const struct vm *vm = traced && traced->machine == end->machine ? traced->vm : NULL;
	unsigned int i;
	int ret = 0;

	(void)which;
	/* Of one point in time: all of them get their names, or none does. */
	for (i = 0; !ret && i < NR_PROCFS_FILES; i++) {
		ret = procfs_files[i].print(end->machine, vm, outs->procfs[i].file);
		if (ret)
			kerror_set(err, ret, "%.180s: could not be written: %s", outs->procfs[i].path, strerror(-ret));
		else
			ret = finish_output(&outs->procfs[i], err);
	}
	if (ret)
		return ret;
	outs->made_folder = NULL;
	for (i = 0; !ret && i < NR_PROCFS_FILES; i++)
		ret = close_output(&outs->procfs[i], err);
	if (!ret && traced && traced->vm)
		ret = procfs_write_processes(end->opt->procfs, traced->vm, err);
	return ret;
}

static int write_owners(struct run_outputs *outs, enum run_output which, const struct run_end *end,
			struct kerror *err)
{
	int ret = page_owner_print(end->machine->buddy, end->in->replay->names, end->opt->owner_order,
				   outs->file[which].file, err);

	return ret ? ret : close_output(&outs->file[which], err);
}

/* Its rows were written along the run. */
static int write_timeline(struct run_outputs *outs, enum run_output which, const struct run_end *end,
			  struct kerror *err)
{
	(void)end;
	return close_output(&outs->file[which], err);
}

static int write_report(struct run_outputs *outs, enum run_output which, const struct run_end *end,
			struct kerror *err)
{
	struct emitter *em = emitter_create();
	struct shrink_metrics shrink;
	int ret;

	(void)which;
	if (!em)
		return kerror_set(err, -ENOMEM, "no memory for the report");
	ret = report_emit(em, end->in, err);
	/* Last: the machine is another afterwards. */
	if (!ret && end->opt->shrink) {
		metrics_shrink(end->machine, &shrink);
		report_shrink(em, &shrink);
	}
	if (!ret)
		ret = write_report_outputs(em, text_wanted(end->opt), &end->opt->report, &outs->report, err);
	emitter_destroy(em);
	return ret;
}

/* ---- the table ----------------------------------------------------------- */

static const struct run_output_ops ops[NR_RUN_OUTPUTS] = {
	[RUN_PROCFS] = { "procfs", procfs_path, open_procfs, write_procfs },
	[RUN_OWNERS] = { "page-owner-list", owners_path, open_file, write_owners },
	[RUN_TIMELINE] = { "timeline", timeline_path, open_file, write_timeline },
	[RUN_REPORT] = { NULL, report_path, open_report, write_report },
};

int run_outputs_check(const struct run_options *opt, const char *maps, struct kerror *err)
{
	const char *const beside[] = { opt->common.kallsyms, maps, opt->costs };
	const size_t nr_beside = sizeof(beside) / sizeof(beside[0]);
	char procfs[NR_PROCFS_FILES][PATH_MAX];
	struct wanted_output writes[NR_RUN_OUTPUTS + EMIT_MAX_FORMATS + NR_PROCFS_FILES + PROCFS_PROCESS_FILES];
	unsigned int i, nr = 0;
	int ret = 0;

	for (i = 0; i < NR_RUN_OUTPUTS; i++)
		if (i != RUN_PROCFS && i != RUN_REPORT)
			writes[nr++] = (struct wanted_output){ ops[i].option, ops[i].path(opt) };
	nr += report_files(&opt->report, writes + nr);
	for (i = 0; !ret && opt->procfs && i < NR_PROCFS_FILES; i++) {
		ret = procfs_file_path(procfs[i], opt->procfs, i, err);
		writes[nr++] = (struct wanted_output){ ops[RUN_PROCFS].option, procfs[i] };
	}
	if (!ret)
		ret = check_outputs(opt->traces.path, opt->traces.nr, writes, nr, err);
	if (!ret)
		ret = check_outputs(beside, nr_beside, writes, nr, err);
	if (!ret && opt->procfs)
		ret = procfs_check_processes(opt->procfs, opt->traces.path, opt->traces.nr, writes, nr, err);
	return ret || !opt->procfs ? ret : procfs_check_processes(opt->procfs, beside, nr_beside, writes, nr, err);
}

int run_outputs_open(struct run_outputs *outs, const struct run_options *opt, struct kerror *err)
{
	int ret = 0, i;

	for (i = 0; !ret && i < NR_RUN_OUTPUTS; i++)
		if (ops[i].path(opt))
			ret = ops[i].open(outs, i, opt, ops[i].path(opt), err);
	return ret;
}

FILE *run_outputs_timeline(const struct run_outputs *outs)
{
	return outs->file[RUN_TIMELINE].file;
}

int run_outputs_write(struct run_outputs *outs, const struct run_options *opt,
		      const struct report_input *in, struct machine *machine, struct kerror *err)
{
	const struct run_end end = { .opt = opt, .in = in, .machine = machine };
	int ret = 0, i;

	for (i = 0; !ret && i < NR_RUN_OUTPUTS; i++)
		if (ops[i].path(opt))
			ret = ops[i].write(outs, i, &end, err);
	return ret;
}

void run_outputs_exit(struct run_outputs *outs)
{
	int i;

	for (i = 0; i < NR_RUN_OUTPUTS; i++)
		drop_output(&outs->file[i]);
	for (i = 0; i < NR_PROCFS_FILES; i++)
		drop_output(&outs->procfs[i]);
	drop_report_outputs(&outs->report);
	if (outs->made_folder)
		rmdir(outs->made_folder);
}
