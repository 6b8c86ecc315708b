/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: mappings inferred from addresses, one at a time, for the accesses that follow are not known yet.
 *
 *	the first access there is	then it is taken for
 *	an instruction fetch		text: a file, r-x, in windows of 64 KiB
 *	a load within 256 KiB of text	the program's constants: the same file, r--
 *	near the top of the addresses	the stack: rw-, 132 KiB at first; it grows down, as far as 8 MiB
 *	anything else			private memory without a file, rw-, in pages; a page within 64 KiB of such memory
 *					belongs to it, and what lies between, too; so gaps split mappings
 *
 * A window is what the kernel maps around a fault on a file, so text faults about as often as it really
 * does. Later accesses of another kind add the right that they need, for their page or window; a store makes its page
 * of text one of variables.
 *
 * What cannot be known so: how far a mapping really went (VSZ is too low, but for windows that reach beyond a file's end); which
 * memory is a file's though no text is near it (its first touch counts as private memory); which of the
 * program's variables come from its file; sharing; what was unmapped, and mapped again.
 *
 * The top: the last 16 GiB below 2^47 - 4096, where the kernel puts stacks at random, and the last 16 MiB below
 * 0x1fff001000, where valgrind has them. The first data access there is the stack's.
 */
#include <sys/mman.h>

#include "sim/traced/internal.h"
#include "sim/vm/calls.h"

#define WINDOW		(64ULL << 10)
#define NEAR_TEXT	(256ULL << 10)
#define STACK_FIRST	(32ULL << PAGE_SHIFT)	/* below the page of its first access; setup_arg_pages() */
#define STACK_MOST	(8ULL << 20)		/* RLIMIT_STACK */
#define VALGRIND_SPAN	(16ULL << 20)
#define RANDOM_SPAN	(16ULL << 30)

static uint64_t page_of(uint64_t addr)
{
	return addr & ~(uint64_t)(PAGE_SIZE - 1);
}

/* What is free around @addr, which is free, of [*@start, *@end). */
static void clip(const struct regions *regions, uint64_t addr, uint64_t *start, uint64_t *end)
{
	uint32_t i = regions_index(regions, addr);

	if (i && regions->at[i - 1]->end > *start)
		*start = regions->at[i - 1]->end;
	if (i < regions->nr && regions->at[i]->start < *end)
		*end = regions->at[i]->start;
	if (*end > VM_TASK_SIZE)
		*end = VM_TASK_SIZE;
}

/* ---- the stack ------------------------------------------------------------------- */

static bool near_top(uint64_t addr)
{
	return (addr < VM_TASK_SIZE && addr >= VM_TASK_SIZE - RANDOM_SPAN) ||
	       (addr < TRACED_VALGRIND_TOP && addr >= TRACED_VALGRIND_TOP - VALGRIND_SPAN);
}

static struct region *begin_stack(struct traced *t, uint64_t addr)
{
	struct region like = { .start = page_of(addr) - STACK_FIRST, .end = page_of(addr) + PAGE_SIZE,
			       .kind = REGION_STACK, .rights = VM_READ | VM_WRITE };

	if (addr < TRACED_VALGRIND_TOP)
		like.end = TRACED_VALGRIND_TOP;
	clip(&t->regions, addr, &like.start, &like.end);
	t->stack = traced_map(t, &like, NULL, MAP_GROWSDOWN);
	return t->stack;
}

/* @addr lies below the stack, and near enough for the kernel to let it grow. */
static bool stack_grows(const struct traced *t, uint64_t addr)
{
	uint64_t start = addr, end;

	if (!t->stack || addr >= t->stack->start || t->stack->end - addr > STACK_MOST)
		return false;
	start -= VM_STACK_GAP;
	end = t->stack->start;
	clip(&t->regions, addr, &start, &end);
	return start == addr - VM_STACK_GAP && end == t->stack->start;
}

/* @addr lies above the first page that was known of the stack: its arguments and environment are there. */
static bool stack_goes_on(const struct traced *t, uint64_t addr)
{
	return t->stack && addr >= t->stack->end && addr - t->stack->end < STACK_FIRST;
}

/* ---- the rest ---------------------------------------------------------------------- */

static bool near_text(const struct regions *regions, uint64_t addr)
{
	uint32_t i = regions_index(regions, addr > NEAR_TEXT ? addr - NEAR_TEXT : 0);

	for (; i < regions->nr && regions->at[i]->start < addr + NEAR_TEXT; i++)
		if (regions->at[i]->rights & VM_EXEC)
			return true;
	return false;
}

static struct region *map_file(struct traced *t, uint64_t addr, uint32_t rights)
{
	struct region like = { .start = addr & ~(WINDOW - 1), .end = (addr & ~(WINDOW - 1)) + WINDOW,
			       .kind = REGION_FILE, .rights = rights };

	clip(&t->regions, addr, &like.start, &like.end);
	like.offset = like.start;
	return traced_map(t, &like, t->image, 0);
}

static struct region *map_data(struct traced *t, uint64_t addr, enum region_kind kind)
{
	struct region like = { .start = page_of(addr), .end = page_of(addr) + PAGE_SIZE, .kind = kind,
			       .rights = VM_READ | VM_WRITE };
	uint32_t i = regions_index(&t->regions, addr);
	const struct region *below = i ? t->regions.at[i - 1] : NULL;
	const struct region *above = i < t->regions.nr ? t->regions.at[i] : NULL;

	if (below && below->kind == kind && like.start - below->end <= WINDOW)
		like.start = below->end;
	if (above && above->kind == kind && kind == REGION_DATA && above->start - like.end <= WINDOW)
		like.end = above->start;
	return traced_map(t, &like, NULL, kind == REGION_STACK ? MAP_GROWSDOWN : 0);
}

/* The right that was missing, for the page or the window around @addr. */
static struct region *grant(struct traced *t, struct region *region, uint64_t addr, uint32_t right)
{
	uint64_t unit = right == VM_EXEC ? WINDOW : PAGE_SIZE, start = addr & ~(unit - 1), end = start + unit;
	/* What is written to is hardly run, too; if it is, that right comes back. */
	uint32_t rights = (right == VM_WRITE ? region->rights & ~VM_EXEC : region->rights) | right;
	int prot = (rights & VM_READ ? PROT_READ : 0) | (rights & VM_WRITE ? PROT_WRITE : 0) |
		   (rights & VM_EXEC ? PROT_EXEC : 0);

	if (start < region->start)
		start = region->start;
	if (end > region->end)
		end = region->end;
	if (vm_mprotect(t->process, start, end - start, prot) || regions_protect(&t->regions, start, end, rights))
		return NULL;
	traced_flush(t, start, end - start);
	traced_forget(t);
	return regions_find(&t->regions, addr);
}

struct region *traced_infer(struct traced *t, uint64_t addr, unsigned int kind)
{
	struct region *region = regions_find(&t->regions, addr);

	if (region)
		return grant(t, region, addr, traced_rights(kind));
	if (kind != ACCESS_FETCH && stack_grows(t, addr)) {
		/* The fault moves the mapping's border. */
		t->stack->start = page_of(addr);
		return t->stack;
	}
	t->inferred++;
	if (kind == ACCESS_FETCH)
		return map_file(t, addr, VM_READ | VM_EXEC);
	if (stack_goes_on(t, addr))
		return map_data(t, addr, REGION_STACK);
	if (!t->stack && near_top(addr))
		return begin_stack(t, addr);
	if (kind == ACCESS_LOAD && near_text(&t->regions, addr))
		return map_file(t, addr, VM_READ);
	return map_data(t, addr, REGION_DATA);
}
