/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the OOM killer: who has to go where no memory is left. Follows mm/oom_kill.c: oom_badness(),
 * select_bad_process(), oom_kill_process(), and proc_oom_score() of fs/proc/base.c.
 *
 * A victim other than the current process ends at once. The current one is only marked: the call or the fault
 * that it is in fails, and then it ends.
 *
 * Differs from Linux: there is no oom_reaper, for nothing delays an end.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_OOM_H
#define KMEMSIM_SIM_VM_OOM_H

#include "sim/vm/process.h"

#define OOM_SCORE_ADJ_MIN (-1000)
#define OOM_SCORE_ADJ_MAX 1000

/* INT64_MIN: it must not be killed. Else pages it has, and its adjustment in the same unit. */
int64_t vm_oom_badness(const struct process *process);
/* /proc/PID/oom_score: 0 to 2000. */
uint64_t vm_oom_score(const struct process *process);

/*
 * A request for memory failed, and reclaim gave nothing. True: somebody was killed, so that it is worth another try. False: nobody can be, or it is
 * the current process, which is marked.
 */
bool vm_out_of_memory(struct vm *vm);

/* What the kernel logs of a kill. All in pages but @pgtables in bytes. */
struct vm_oom_kill {
	int32_t pid, asked_by;		/* the victim; whose request failed */
	char comm[16];
	uint64_t total_vm, anon, file, shmem, pgtables;
	int64_t badness;
	int32_t score_adj;
};

#endif
