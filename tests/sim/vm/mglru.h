/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: a machine with generations, and what they look like. */
#ifndef KMEMSIM_TESTS_SIM_VM_MGLRU_H
#define KMEMSIM_TESTS_SIM_VM_MGLRU_H

#include "sim/vm/file.h"
#include "sim/vm/lru/mglru.h"
#include "tests/sim/vm/world.h"
#include "tests/tests.h"

static inline void init_kernel(struct world *w, uint64_t bytes, enum vm_kernel kernel)
{
	struct vm_config cfg;

	vm_config_default(&cfg);
	cfg.kernel = kernel;
	cfg.lru = VM_LRU_GENERATIONS;
	world_init(w, bytes, &cfg);
}

static inline void init(struct world *w)
{
	init_kernel(w, 64 * MIB, VM_KERNEL_6_12);
}

static inline struct lru_gen *gens(const struct world *w)
{
	return w->vm->lru->nodes[0].gen;
}

static inline uint64_t size(const struct world *w, uint64_t seq, enum lru_gen_type type)
{
	return lru_gen_size(gens(w), seq, type);
}

/* A file of @pages pages, all in the cache, none in a batch. */
static inline struct vm_file *cached_file(struct world *w, uint64_t pages)
{
	struct vm_file *file = vm_file_create(w->vm, "data", pages * PAGE_SIZE, true);

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL_FATAL(vm_file_bring_in(file, 0, UINT64_MAX, FILE_AHEAD), 0);
	lru_add_drain(w->vm, 0);
	return file;
}

/* The sizes of the generations of one type from the oldest on, as a test expects them. */
static inline void expect_sizes(const struct world *w, enum lru_gen_type type, uint64_t min, uint64_t max, const uint64_t *pages)
{
	uint64_t seq;

	CU_ASSERT_EQUAL(gens(w)->min_seq[type], min);
	CU_ASSERT_EQUAL(gens(w)->max_seq, max);
	for (seq = min; seq <= max; seq++)
		CU_ASSERT_EQUAL(size(w, seq, type), pages[seq - min]);
	world_check(w);
}

#define EXPECT(w, type, min, max, ...) expect_sizes(w, type, min, max, (const uint64_t[]){ __VA_ARGS__ })

static inline bool is_young(const struct world *w, uint64_t addr)
{
	return pt_walk(w->vm->map, w->a->mm->pgd, addr, PT_PTE, NULL)->v & PTE_ACCESSED;
}

#endif
