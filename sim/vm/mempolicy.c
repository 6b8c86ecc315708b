/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: policies of nodes; see mempolicy.h. */
#include "sim/vm/mempolicy.h"

#include <errno.h>

#include "sim/vm/huge/huge.h"
#include "sim/vm/migrate.h"

/* ---- where a frame comes from ------------------------------------------------------ */

static unsigned int first_node(uint32_t nodes)
{
	return (unsigned int)__builtin_ctz(nodes);
}

/* The node of @nodes behind @prev, round and round (Linux: next_node_in). */
static unsigned int next_node_in(unsigned int prev, uint32_t nodes)
{
	uint32_t above = nodes & ~((2U << prev) - 1);

	return first_node(above ? above : nodes);
}

/* By turns (Linux: interleave_nodes). */
static unsigned int interleave_nodes(struct process *process, uint32_t nodes)
{
	process->il_prev = (uint8_t)next_node_in(process->il_prev, nodes);
	return process->il_prev;
}

/* By the page's number, so that a page has its node whoever touches it first (Linux: interleave_nid). */
static unsigned int interleave_nid(const struct vma *vma, uint64_t addr, uint32_t nodes)
{
	uint64_t target = vma_page_index(vma, addr) % (unsigned int)__builtin_popcount(nodes);

	while (target--)
		nodes &= nodes - 1;
	return first_node(nodes);
}

struct frame_place mempolicy_place(struct process *process, const struct vma *vma, uint64_t addr)
{
	const struct mempolicy *policy = vma && vma->policy.mode != MEMPOLICY_DEFAULT ? &vma->policy :
					 process ? &process->policy : NULL;
	struct frame_place place = { .nid = NUMA_NO_NODE, .vma = vma, .addr = addr };

	switch (policy ? policy->mode : MEMPOLICY_DEFAULT) {
	case MEMPOLICY_PREFERRED:
		place.nid = (int)first_node(policy->nodes);
		break;
	case MEMPOLICY_BIND:
		place.nodes = policy->nodes;
		break;
	case MEMPOLICY_PREFERRED_MANY:
		place.nodes = policy->nodes;
		place.many = true;
		break;
	case MEMPOLICY_INTERLEAVE:
		place.nid = (int)(vma ? interleave_nid(vma, addr, policy->nodes) : interleave_nodes(process, policy->nodes));
		place.interleave = true;
		break;
	default:
		break;
	}
	return place;
}

unsigned int vm_frame_node(const struct vm *vm, pfn_t pfn)
{
	return page_zone_id(page_from_pfn(vm->map, pfn)) / MAX_NR_ZONES;
}

/* ---- the calls ------------------------------------------------------------------------ */

/* mpol_new(), mpol_set_nodemask(): which nodes a mode takes. */
static int make_policy(const struct vm *vm, enum mempolicy_mode mode, uint64_t nodes, struct mempolicy *policy)
{
	uint64_t online = (1ULL << buddy_nr_nodes(vm->buddy)) - 1;

	if (mode == MEMPOLICY_PREFERRED && !nodes)
		mode = MEMPOLICY_LOCAL;
	*policy = (struct mempolicy){ .mode = mode };
	if (mode == MEMPOLICY_DEFAULT || mode == MEMPOLICY_LOCAL)
		return nodes ? -EINVAL : 0;
	nodes &= online;
	if (!nodes || (unsigned int)mode >= NR_MEMPOLICIES)
		return -EINVAL;
	policy->nodes = (uint32_t)(mode == MEMPOLICY_PREFERRED ? nodes & -nodes : nodes);
	return 0;
}

int64_t vm_set_mempolicy(struct process *process, enum mempolicy_mode mode, uint64_t nodes)
{
	struct mempolicy policy;
	int ret = make_policy(process->vm, mode, nodes, &policy);

	if (ret)
		return ret;
	process->policy = policy;
	if (mode == MEMPOLICY_INTERLEAVE)
		process->il_prev = MAX_NUMNODES - 1;
	return 0;
}

/* A hole in the range is refused before anything is done, but for the default policy (Linux: queue_pages_test_walk). */
static int find_hole(struct mm *mm, uint64_t start, uint64_t end)
{
	uint64_t at = start;

	while (at < end) {
		const struct vma *vma = mm_lookup(mm, at);

		if (!vma)
			return -EFAULT;
		at = vma->end;
	}
	return 0;
}

struct migration {
	struct vma *vma;
	uint32_t nodes;			/* pages there stay */
	uint64_t failed;
};

/* A page elsewhere that nobody else maps gets a frame where the policy wants it. */
static int move_one(void *ctx, pte_t *pte, uint64_t addr)
{
	struct migration *migration = ctx;
	struct vma *vma = migration->vma;
	struct vm *vm = vma->mm->vm;
	struct frame_place place;
	pfn_t pfn = pte_present(*pte) ? pte_pfn(*pte) : PFN_NONE;

	if (pfn_is_none(pfn) || (pte->v & PTE_SPECIAL) || migration->nodes >> vm_frame_node(vm, pfn) & 1)
		return 0;
	place = mempolicy_place(vm->current, vma, addr);
	/* What others map, too, stays, as it does for MPOL_MF_MOVE. */
	if (page_from_pfn(vm->map, pfn)->vm_mapcount != 1 || !vm_migrate_to(vm, pfn, GFP_HIGHUSER_MOVABLE, &place))
		migration->failed++;
	return 0;
}

/* A huge page moves as a whole. */
static int move_huge(void *ctx, pte_t *leaf, uint64_t addr, uint64_t end)
{
	struct migration *migration = ctx;

	if ((leaf->v & PTE_SPECIAL) || migration->nodes >> vm_frame_node(migration->vma->mm->vm, pte_pfn(*leaf)) & 1)
		return 0;
	migration->failed += end - addr != HUGE_BYTES || !huge_migrate(migration->vma, leaf, addr);
	return 0;
}

int64_t vm_mbind(struct process *process, uint64_t addr, uint64_t len, enum mempolicy_mode mode, uint64_t nodes, bool move)
{
	uint64_t bytes = VM_PAGE_ALIGN(len), end = addr + bytes, at;
	struct migration migration = { .nodes = UINT32_MAX };
	struct mm *mm = process->mm;
	struct mempolicy policy;
	int ret;

	process->vm->current = process;
	if ((addr & (PAGE_SIZE - 1)) || (len && !bytes) || end < addr)
		return -EINVAL;
	if (end == addr)
		return 0;
	ret = make_policy(process->vm, mode, nodes, &policy);
	if (!ret && mode != MEMPOLICY_DEFAULT)
		ret = find_hole(mm, addr, end);
	if (policy.nodes)
		migration.nodes = policy.nodes;
	else if (mode == MEMPOLICY_LOCAL)
		migration.nodes = 1U << buddy_cpu_node(process->vm->buddy, process->cpu);
	for (at = addr; !ret && at < end;) {
		struct vma *vma = mm_find_vma(mm, at);
		uint64_t stop;

		if (!vma || vma->start >= end)
			break;
		at = vma->start > at ? vma->start : at;
		stop = vma->end < end ? vma->end : end;
		if (!mempolicy_equal(&vma->policy, &policy))
			ret = vma_modify_policy(vma, at, stop, &policy, &vma);
		migration.vma = vma;
		if (!ret && move)
			mm_for_each_pte(mm, at, stop, move_one, move_huge, &migration);
		at = stop;
	}
	if (ret)
		return ret;
	return migration.failed ? -EIO : 0;
}
