/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what a verification of virtual memory found, through the emitter. Single-threaded. */
#include <stdio.h>

#include "sim/verify/rates.h"
#include "sim/verify/vm/run.h"

static void phase_name(const struct vm_run *run, const struct vm_phase *phase, char *buf, size_t size)
{
	const char *name = run->scenario && phase->name <= scenario_nr_phases(run->scenario) ?
			   scenario_phase_name(run->scenario, (scenario_id)phase->name) : "";

	if (*name)
		snprintf(buf, size, "%s", name);
	else if (phase->name)
		snprintf(buf, size, "from operation %u", phase->first_op);
	else
		snprintf(buf, size, "start");
}

static void emit_phases(struct emitter *em, const struct vm_run *run)
{
	static const struct emitter_column columns[] = {
		{ "phase", "phase", "", true },
		{ "operations", "operations", "", false },
		{ "minflt", "minor faults", "here", false },
		{ "real_minflt", "minor faults", "for real", false },
		{ "majflt", "major faults", "here", false },
		{ "real_majflt", "major faults", "for real", false },
		{ "compared", "figures", "compared", false },
		{ "equal", "figures", "equal", false },
	};
	char name[40];
	uint32_t i;

	emit_table(em, "phases", "Phases", columns, NR_COLUMNS(columns));
	for (i = 0; i < run->compared.nr_phases; i++) {
		const struct vm_phase *phase = &run->compared.phases[i];

		if (!phase->nr_ops)
			continue;
		phase_name(run, phase, name, sizeof(name));
		emit_cell_str(em, name);
		emit_cell_u64(em, phase->nr_ops);
		emit_cell_u64(em, phase->minflt[0]);
		emit_cell_u64(em, phase->minflt[1]);
		emit_cell_u64(em, phase->majflt[0]);
		emit_cell_u64(em, phase->majflt[1]);
		emit_cell_u64(em, phase->figures.all);
		emit_cell_u64(em, phase->figures.hits);
		emit_row_end(em);
	}
	emit_table_end(em);
}

static void emit_risen(struct emitter *em, const struct vm_compared *compared)
{
	static const struct emitter_column columns[] = {
		{ "counter", "counter", "", true },
		{ "here", "here", "", false },
		{ "real", "for real", "", false },
		{ "share", "here, of the real one", "%", false },
	};
	uint32_t i;

	if (!compared->nr_risen)
		return;
	emit_table(em, "vmstat", "Counters of /proc/vmstat, from the first look to the last", columns, NR_COLUMNS(columns));
	for (i = 0; i < compared->nr_risen; i++) {
		emit_cell_str(em, compared->risen[i].name);
		emit_cell_u64(em, compared->risen[i].here);
		emit_cell_u64(em, compared->risen[i].real);
		emit_cell_share(em, compared->risen[i].here, compared->risen[i].real);
		emit_row_end(em);
	}
	emit_table_end(em);
}

static void emit_differences(struct emitter *em, const struct vm_run *run, unsigned int explain)
{
	char name[40], text[400];
	uint32_t i;

	for (i = 0; i < run->compared.nr_phases && explain; i++) {
		const struct vm_phase *phase = &run->compared.phases[i];

		if (!phase->first[0])
			continue;
		phase_name(run, phase, name, sizeof(name));
		snprintf(text, sizeof(text), "%s: %s", name, phase->first);
		emit_note(em, text);
		explain--;
	}
}

void vm_run_report(struct emitter *em, const struct vm_run *run, unsigned int explain)
{
	static const struct emitter_column columns[] = {
		{ "figure", "figure", "", true },
		{ "compared", "compared", "", false },
		{ "equal", "equal", "", false },
		{ "meaning", "", "", true },
	};
	const struct vm_compared *compared = &run->compared;
	unsigned int i;

	emit_section(em, "verify", "Verification of virtual memory");
	emit_str(em, "capture", "capture", run->capture);
	emit_str(em, "kernel", "kernel", run->kernel);
	emit_str(em, "rules", "rules of", vm_rules[run->cfg.kernel].kernel);
	emit_u64(em, "operations", "operations", "", run->program.nr_ops);
	emit_phases(em, run);
	emit_table(em, "figures", "Figures", columns, NR_COLUMNS(columns));
	for (i = 0; i < NR_VM_FIGURES; i++) {
		if (!compared->figures[i].all)
			continue;
		emit_cell_str(em, vm_figure_desc[i].name);
		emit_cell_u64(em, compared->figures[i].all);
		emit_cell_u64(em, compared->figures[i].hits);
		emit_cell_str(em, vm_figure_desc[i].text);
		emit_row_end(em);
	}
	emit_table_end(em);
	emit_risen(em, compared);
	if (run->frames) {
		struct vm_frames_others others = vm_frames_others(run->frames);

		emit_share(em, "other_frames", "frames of others predicted", "frames", others.frames.hits, others.frames.all);
		emit_u64(em, "unforeseen", "frames that the player took by itself, not known", "frames", others.unforeseen);
	}
	emit_u64(em, "differences", "differences", "", compared->differences);
	emit_u64(em, "violations", "violations of vm_validate()", "", run->violations);
	if (run->violation[0])
		emit_note(em, run->violation);
	emit_differences(em, run, explain);
	emit_section_end(em);
}
