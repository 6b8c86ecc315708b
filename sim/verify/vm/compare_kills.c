/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: whom the OOM killer chose, as the kernel's log has it, and here; see compare.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/verify/vm/compare_look.h"
#include "sim/vm/oom.h"

/* What the log says of a victim; sizes in KiB. */
struct kill {
	double time;			/* s since boot */
	uint32_t pid;
	uint64_t kib[5];		/* total-vm, anon-rss, file-rss, shmem-rss, pgtables */
	int32_t score_adj;
};

static const char *const sizes[5] = { "total-vm", "anon-rss", "file-rss", "shmem-rss", "pgtables" };

/* "<3>[   12.345678] Out of memory: Killed process 77 (vm-player) total-vm:1kB, anon-rss:1kB, ..."; false: no such line. */
static bool parse_kill(const char *line, size_t len, struct kill *kill)
{
	char text[400], *at;
	unsigned int i;

	if (len >= sizeof(text))
		return false;
	memcpy(text, line, len);
	text[len] = '\0';
	at = strchr(text, '[');
	if (!at || sscanf(at, "[%lf]", &kill->time) != 1)
		return false;
	at = strstr(at, "Killed process ");
	if (!at || sscanf(at, "Killed process %" SCNu32, &kill->pid) != 1)
		return false;
	for (i = 0; i < 5; i++) {
		const char *size = strstr(at, sizes[i]);

		if (!size || sscanf(size + strlen(sizes[i]), ":%" SCNu64, &kill->kib[i]) != 1)
			return false;
	}
	at = strstr(at, "oom_score_adj:");
	return at && sscanf(at, "oom_score_adj:%" SCNd32, &kill->score_adj) == 1;
}

/* Number of the process; 0: none of the program's. */
static uint32_t of_real(const struct comparison *c, uint32_t pid)
{
	uint32_t process;

	for (process = PLAYER_MAX_PROCESSES - 1; process && c->pids[process] != pid; process--)
		;
	return process;
}

static uint32_t of_simulated(const struct comparison *c, int32_t pid)
{
	uint32_t process;

	for (process = PLAYER_MAX_PROCESSES - 1; process; process--)
		if (c->sides->stage->processes[process] && c->sides->stage->processes[process]->pid == pid)
			break;
	return process;
}

/* Who asked itself was at a touch, and how far it came is a matter of the free memory. */
static void compare_report(struct comparison *c, uint32_t process, const struct vm_oom_kill *sim, const struct kill *real)
{
	uint64_t kib[5] = { sim->total_vm << 2, sim->anon << 2, sim->file << 2, sim->shmem << 2, sim->pgtables >> 10 };
	unsigned int nr = sim->asked_by == sim->pid ? 1 : 5, i;

	for (i = 0; i < nr; i++)
		if (!vm_count(c, VM_FIGURE_oom_report, kib[i] == real->kib[i]))
			vm_differs(c, "killed process %u: %s %" PRIu64 " kB here, %" PRIu64 " kB for real", process, sizes[i], kib[i],
				   real->kib[i]);
	if (!vm_count(c, VM_FIGURE_oom_report, sim->score_adj == real->score_adj))
		vm_differs(c, "killed process %u: oom_score_adj %d here, %d for real", process, sim->score_adj, real->score_adj);
}

static void compare_kill(struct comparison *c, const struct kill *real)
{
	const struct vm *vm = c->sides->stage->vm;
	const struct vm_oom_kill *sim = c->kills < vm->nr_oom_log ? &vm->oom_log[c->kills++] : NULL;
	uint32_t here = sim ? of_simulated(c, sim->pid) : 0, there = real ? of_real(c, real->pid) : 0;

	if (vm_count(c, VM_FIGURE_victim, sim && real && here == there))
		compare_report(c, here, sim, real);
	else if (!real)
		vm_differs(c, "the OOM killer chose process %u here, and nobody for real", here);
	else if (!sim)
		vm_differs(c, "the OOM killer chose process %u for real, and nobody here", there);
	else
		vm_differs(c, "the OOM killer chose process %u here, %u for real", here, there);
}

void vm_compare_kills(struct comparison *c, const struct look *look)
{
	const struct look_section *kills = look_section(c->sides->looks, look, 0, "kills");
	const char *line;
	struct kill real;
	size_t at = 0, len;

	if (!kills)
		return;
	while (look_line(kills, &at, &line, &len)) {
		/* Each look has those before it, too. */
		if (!parse_kill(line, len, &real) || real.time <= c->kill_time)
			continue;
		c->kill_time = real.time;
		compare_kill(c, &real);
	}
	while (c->kills < c->sides->stage->vm->nr_oom_log)
		compare_kill(c, NULL);
}
