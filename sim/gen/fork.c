/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a fork storm, as a shell script or a make makes it. Each child gets what
 * fork() gives it: a task, its files and signals, an address space with a record for
 * each mapping, a kernel stack, page tables, and frames of its own for what it writes.
 * All of it dies when the child exits, so lifetimes come in bundles, and caches of
 * objects grow and shrink together (Bonwick 1994 begins with such objects).
 *
 * As many children live at once as width says; a child that exits, any of them, makes
 * room for the next. So the most that is live is width times what one child has.
 */
#include <errno.h>
#include <stdlib.h>

#include "buddy/gfp.h"
#include "sim/gen/gen.h"

#define FIRST_PID	1000
#define PIDS		30000	/* then they begin anew, as the kernel's do */
#define TABLES		4u	/* one a level */
#define STACK_ORDER	2u	/* 16 KiB */

enum { FORKS, WIDTH, MAPPINGS, FRAMES, CPUS };

static const struct gen_param params[] = {
	[FORKS] = { "forks", 1000, 1, UINT64_C(1) << 40, GEN_COUNT, "children in all" },
	[WIDTH] = { "width", 50, 1, PIDS, GEN_COUNT, "children that live at once" },
	[MAPPINGS] = { "mappings", 30, 0, 10000, GEN_COUNT, "mappings of a child" },
	[FRAMES] = { "frames", 60, 0, 1u << 20, GEN_COUNT, "frames a child writes to, each its own from then on" },
	[CPUS] = { "cpus", 4, 1, GEN_MAX_CPUS, GEN_COUNT, "CPUs; a child runs and exits on one of them" },
	{ .name = NULL }
};

/* Objects that a child has one of. Sizes are those of 6.x kernels on x86-64. */
static const struct {
	const char *cache, *site, *free_site;
	uint32_t bytes, alloc;
} single[] = {
	{ "task_struct", "dup_task_struct", "free_task", 9792, 9792 },
	{ "cred_jar", "prepare_creds", "put_cred_rcu", 184, 192 },
	{ "files_cache", "dup_fd", "put_files_struct", 704, 704 },
	{ "fs_cache", "copy_fs_struct", "free_fs_struct", 56, 64 },
	{ "sighand_cache", "copy_sighand", "__cleanup_sighand", 2088, 2112 },
	{ "signal_cache", "copy_signal", "put_signal_struct", 1128, 1152 },
	{ "mm_struct", "copy_mm", "__mmdrop", 1408, 1408 },
	{ "pid", "alloc_pid", "put_pid", 144, 192 },
};

#define SINGLES	(sizeof(single) / sizeof(single[0]))

struct forks {
	const uint64_t *value;
	struct gen_type type[SINGLES], mapping, stack, table, frame;
	uint64_t each;			/* places of a child */
	uint64_t *place;		/* @each a child */
	int32_t *pid;			/* of child i; 0: it is not there */
	name_id parent, child;
	uint64_t forked;
};

static void make_types(struct gen *g, struct forks *forks)
{
	size_t i;

	for (i = 0; i < SINGLES; i++)
		forks->type[i] = gen_cached(g, single[i].cache, single[i].bytes, single[i].alloc, single[i].site,
					    single[i].free_site);
	forks->mapping = gen_cached(g, "vm_area_struct", 184, 192, "vm_area_dup", "vm_area_free");
	forks->stack = gen_block(GFP_KERNEL_ACCOUNT | __GFP_ZERO, STACK_ORDER);
	forks->table = gen_block(GFP_KERNEL_ACCOUNT | __GFP_ZERO, 0);
	forks->frame = gen_block(GFP_HIGHUSER_MOVABLE, 0);
	forks->parent = gen_name(g, "make");
	forks->child = gen_name(g, "cc");
}

/* What place @i of a child is. */
static const struct gen_type *type_of(const struct forks *forks, uint64_t i)
{
	if (i < SINGLES)
		return &forks->type[i];
	i -= SINGLES;
	if (!i)
		return &forks->stack;
	if (i <= TABLES)
		return &forks->table;
	return i - 1 - TABLES < forks->value[MAPPINGS] ? &forks->mapping : &forks->frame;
}

static void fork_child(struct gen *g, struct forks *forks, uint64_t child)
{
	uint64_t *place = forks->place + child * forks->each, i;
	unsigned int cpu = random_below(&g->random, (uint32_t)forks->value[CPUS]);

	forks->pid[child] = (int32_t)(FIRST_PID + forks->forked++ % PIDS);
	g->pid = FIRST_PID - 1;
	g->comm = forks->parent;
	for (i = 0; i < forks->each && gen_more(g); i++) {
		/* It writes for itself. */
		if (i == SINGLES + 1 + TABLES + forks->value[MAPPINGS]) {
			g->pid = forks->pid[child];
			g->comm = forks->child;
			cpu = (unsigned int)(child % forks->value[CPUS]);
		}
		place[i] = gen_alloc(g, type_of(forks, i), cpu);
	}
}

/* As a process exits: memory first, the task itself at the end. */
static void exit_child(struct gen *g, struct forks *forks, uint64_t child)
{
	uint64_t *place = forks->place + child * forks->each, i;
	unsigned int cpu = (unsigned int)(child % forks->value[CPUS]);

	g->pid = forks->pid[child];
	g->comm = forks->child;
	for (i = forks->each; i-- && gen_more(g);)
		gen_free(g, type_of(forks, i), place[i], cpu);
	forks->pid[child] = 0;
}

static void storm(struct gen *g, struct forks *forks)
{
	uint64_t width = forks->value[WIDTH], left = forks->value[FORKS], i;

	for (i = 0; i < width && left && gen_more(g); i++, left--)
		fork_child(g, forks, i);
	while (left && gen_more(g)) {
		i = random_below(&g->random, (uint32_t)width);
		exit_child(g, forks, i);
		fork_child(g, forks, i);
		left--;
	}
	for (i = 0; i < width && gen_more(g); i++)
		if (forks->pid[i])
			exit_child(g, forks, i);
}

static int run(struct gen *g, const uint64_t *value)
{
	struct forks forks = { .value = value };
	int ret = 0;

	g->tasks = 1;
	forks.each = SINGLES + 1 + TABLES + value[MAPPINGS] + value[FRAMES];
	forks.place = calloc(value[WIDTH] * forks.each, sizeof(*forks.place));
	forks.pid = calloc(value[WIDTH], sizeof(*forks.pid));
	if (!forks.place || !forks.pid)
		ret = -ENOMEM;
	else
		make_types(g, &forks);
	while (!ret && gen_round(g))
		storm(g, &forks);
	free(forks.place);
	free(forks.pid);
	return ret;
}

const struct gen_model gen_fork = {
	.name = "fork",
	.text = "a fork storm: processes come and go, and all that one has dies together",
	.after = "Bonwick 1994",
	.params = params,
	.run = run
};
