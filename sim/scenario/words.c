/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the words of the scenario language; see words.h. */
#include "sim/scenario/words.h"

const struct scenario_word scenario_prot[] = {
	{ "none", PROT_NONE }, { "r", PROT_READ }, { "w", PROT_WRITE }, { "x", PROT_EXEC },
	{ "rw", PROT_READ | PROT_WRITE }, { "rx", PROT_READ | PROT_EXEC },
	{ "rwx", PROT_READ | PROT_WRITE | PROT_EXEC }, { NULL, 0 }
};

const struct scenario_word scenario_advice[] = {
	{ "normal", MADV_NORMAL }, { "random", MADV_RANDOM }, { "sequential", MADV_SEQUENTIAL },
	{ "willneed", MADV_WILLNEED }, { "dontneed", MADV_DONTNEED }, { "free", MADV_FREE },
	{ "cold", MADV_COLD }, { "pageout", MADV_PAGEOUT },
	{ "populate-read", MADV_POPULATE_READ }, { "populate-write", MADV_POPULATE_WRITE },
	{ "hugepage", MADV_HUGEPAGE }, { "nohugepage", MADV_NOHUGEPAGE }, { "collapse", MADV_COLLAPSE },
	{ "dontfork", MADV_DONTFORK }, { "dofork", MADV_DOFORK },
	{ "wipeonfork", MADV_WIPEONFORK }, { "keeponfork", MADV_KEEPONFORK }, { NULL, 0 }
};

/* What memory calls can return. */
const struct scenario_word scenario_errno[] = {
	{ "none", 0 },
	{ "EACCES", EACCES }, { "EAGAIN", EAGAIN }, { "EBADF", EBADF }, { "EBUSY", EBUSY }, { "EEXIST", EEXIST },
	{ "EFAULT", EFAULT }, { "EINVAL", EINVAL }, { "EIO", EIO }, { "ENODEV", ENODEV }, { "ENOMEM", ENOMEM },
	{ "ENOSPC", ENOSPC }, { "EOPNOTSUPP", EOPNOTSUPP }, { "EOVERFLOW", EOVERFLOW }, { "EPERM", EPERM },
	{ "ESRCH", ESRCH }, { NULL, 0 }
};

const struct scenario_word scenario_signal[] = {
	{ "none", 0 }, { "SEGV", SIGSEGV }, { "BUS", SIGBUS }, { "KILL", SIGKILL }, { NULL, 0 }
};

const struct scenario_word scenario_sharing[] = {
	{ "private", SCENARIO_PRIVATE }, { "shared", SCENARIO_SHARED }, { NULL, 0 }
};

const struct scenario_word scenario_placing[] = {
	{ "fixed", SCENARIO_FIXED }, { "noreplace", SCENARIO_NOREPLACE }, { NULL, 0 }
};

const struct scenario_word scenario_access[] = {
	{ "read", SCENARIO_READ }, { "write", SCENARIO_WRITE }, { "exec", SCENARIO_EXEC }, { NULL, 0 }
};

const struct scenario_word scenario_pattern[] = {
	{ "sequential", SCENARIO_SEQUENTIAL }, { "reverse", SCENARIO_REVERSE }, { "random", SCENARIO_RANDOM },
	{ "zipf", SCENARIO_ZIPF }, { NULL, 0 }
};

const struct scenario_word scenario_thp[] = {
	{ "never", SCENARIO_THP_NEVER }, { "madvise", SCENARIO_THP_MADVISE }, { "always", SCENARIO_THP_ALWAYS },
	{ NULL, 0 }
};

const struct scenario_word scenario_defrag[] = {
	{ "madvise", SCENARIO_DEFRAG_MADVISE }, { "always", SCENARIO_DEFRAG_ALWAYS }, { "defer", SCENARIO_DEFRAG_DEFER },
	{ "defer+madvise", SCENARIO_DEFRAG_DEFER_MADVISE }, { "never", SCENARIO_DEFRAG_NEVER }, { NULL, 0 }
};

const struct scenario_word scenario_swap[] = {
	{ "ssd", SCENARIO_SSD }, { "disk", SCENARIO_DISK }, { "zram", SCENARIO_ZRAM }, { NULL, 0 }
};

const struct scenario_word scenario_lru[] = {
	{ "classic", SCENARIO_CLASSIC }, { "mglru", SCENARIO_MGLRU }, { NULL, 0 }
};

const struct scenario_word scenario_policy[] = {
	{ "kernel", SCENARIO_KERNEL }, { "fifo", SCENARIO_FIFO }, { "lru", SCENARIO_LRU }, { "clock", SCENARIO_CLOCK },
	{ "second-chance", SCENARIO_SECOND_CHANCE }, { "lfu", SCENARIO_LFU }, { "random", SCENARIO_ANY },
	{ "arc", SCENARIO_ARC }, { "2q", SCENARIO_2Q }, { "sieve", SCENARIO_SIEVE }, { "s3-fifo", SCENARIO_S3_FIFO },
	{ "opt", SCENARIO_OPT }, { NULL, 0 }
};

const struct scenario_word scenario_drop[] = {
	{ "pages", SCENARIO_DROP_PAGES }, { "objects", SCENARIO_DROP_OBJECTS }, { "all", SCENARIO_DROP_ALL }, { NULL, 0 }
};

const struct scenario_word scenario_mempolicy[] = {
	{ "default", 0 }, { "preferred", 1 }, { "bind", 2 }, { "interleave", 3 }, { "local", 4 }, { "preferred-many", 5 },
	{ NULL, 0 }
};

const struct scenario_word scenario_switch[] = { { "off", false }, { "on", true }, { NULL, 0 } };

const char *scenario_word_of(const struct scenario_word *list, int value)
{
	for (; list->word; list++)
		if (list->value == value)
			return list->word;
	return NULL;
}

#define OF_P_PROCESS true
#define OF_P_MAPPING false
#define OF_M_PROCESS false
#define OF_M_MAPPING true
#define OF_B_PROCESS true
#define OF_B_MAPPING true

const struct scenario_figure_desc scenario_figures[] = {
#define FIGURE(id, word, unit, of, text) { word, SCENARIO_##unit, OF_##of##_PROCESS, OF_##of##_MAPPING, text },
	SCENARIO_FIGURES(FIGURE)
#undef FIGURE
	{ .word = NULL }
};

const struct scenario_figure_desc scenario_vm_figures[] = {
#define FIGURE(id, word, unit, text) { word, SCENARIO_##unit, false, false, text },
	SCENARIO_VM_FIGURES(FIGURE)
	{ .word = NULL }
};

const struct scenario_figure_desc scenario_tlb_figures[] = {
	SCENARIO_TLB_FIGURES(FIGURE)
#undef FIGURE
	{ .word = NULL }
};
