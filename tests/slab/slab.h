/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: a small machine with an object allocator on it, and what all
 * slab suites ask of it.
 */
#ifndef KMEMSIM_TESTS_SLAB_SLAB_H
#define KMEMSIM_TESTS_SLAB_SLAB_H

#include "slab/engine/engine.h"
#include "tests/tests.h"

#define MAX_REPORTS 64

/* A loop over all engines. */
#define EACH_ENGINE(name) \
	for (const struct engine_ops *const *__at = engine_list, *name; (name = *__at); __at++)

struct slab_machine {
	struct pagemap *map;
	struct buddy *buddy;
	struct slab_allocator *sa;
	unsigned int nr_reports;	/* complaints so far, of which the first are kept */
	struct slab_report reports[MAX_REPORTS];
};

/* @bytes of memory over @nodes nodes and @cpus CPUs; @cfg NULL: the defaults without merging. */
void slab_machine_create(struct slab_machine *m, uint64_t bytes, unsigned int nodes,
			 unsigned int cpus, const struct slab_config *cfg);
/* The same, with buddy's page owners: slab_machine_gfp() needs them. */
void slab_machine_create_owned(struct slab_machine *m, uint64_t bytes, unsigned int nodes,
			       unsigned int cpus, const struct slab_config *cfg);
/* What buddy was asked with for the frames @object lies in. */
gfp_t slab_machine_gfp(const struct slab_machine *m, const void *object);
/*
 * Destroys it all; fails the test where the allocators are not sound or, with
 * nothing live, not every frame comes back.
 */
void slab_machine_destroy(struct slab_machine *m);
/* Both layers recounted; each violation is printed. True where there is none. */
bool slab_machine_sound(const struct slab_machine *m);
/* Frames that buddy has handed out. */
uint64_t slab_machine_used(const struct slab_machine *m);
/* A cache of @size bytes an object that nothing merges with. */
struct kmem_cache *slab_machine_cache(struct slab_machine *m, const char *name, uint32_t size);
/* The head page of @object's slab. */
struct page *slab_machine_page(const struct slab_machine *m, const void *object);
/* The objects of @nr fresh slabs; the CPU must have none. The caller frees the array. */
void **slab_machine_fill(struct kmem_cache *s, unsigned int cpu, unsigned int nr);
struct slabinfo slab_machine_info(const struct kmem_cache *s);

#endif
