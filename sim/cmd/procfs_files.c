/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim run --procfs: which file of the kernel's is printed by what. */
#include "sim/cmd/procfs_files.h"

#include "sim/report/kernel/procfs.h"

#define BUDDY_FILE(name) \
	static int print_##name(const struct machine *m, const struct vm *vm, FILE *out) \
	{ \
		(void)vm; \
		return procfs_##name(m->buddy, out); \
	}

BUDDY_FILE(buddyinfo)
BUDDY_FILE(pagetypeinfo)
BUDDY_FILE(extfrag_index)
BUDDY_FILE(unusable_index)

static int print_zoneinfo(const struct machine *m, const struct vm *vm, FILE *out)
{
	return procfs_zoneinfo(m->buddy, m->slab, vm, out);
}

static int print_vmstat(const struct machine *m, const struct vm *vm, FILE *out)
{
	return procfs_vmstat(m->buddy, m->slab, vm, out);
}

static int print_slabinfo(const struct machine *m, const struct vm *vm, FILE *out)
{
	(void)vm;
	return procfs_slabinfo(m->slab, out);
}

const struct procfs_file procfs_files[NR_PROCFS_FILES] = {
	{ "buddyinfo", print_buddyinfo },
	{ "pagetypeinfo", print_pagetypeinfo },
	{ "zoneinfo", print_zoneinfo },
	{ "vmstat", print_vmstat },
	{ "slabinfo", print_slabinfo },
	{ "extfrag_index", print_extfrag_index },
	{ "unusable_index", print_unusable_index },
};
