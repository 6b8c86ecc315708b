/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what a program leaves behind. At exit, with debugging on, all objects
 * are checked once more, since nobody may have freed the one that was overrun;
 * with leaks=yes the slab layer's scanner (slab/debug/kmemleak.h) then looks for objects
 * that nothing points to.
 *
 * Its roots are all memory that may be written: variables of program and
 * libraries, call stacks, blocks of their own. But not the library's own: the arena,
 * whose live objects are searched as they are reached, its tables, the private heap.
 * Those are known as what was mapped while the machine was built.
 *
 * Locking: heap.lock.
 */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "slab/debug/kmemleak.h"
#include "slab/malloc/internal.h"
#include "slab/malloc/large.h"
#include "slab/malloc/watch.h"

#define MOST_RANGES 1024u
#define MOST_OWN 64u
#define MOST_SITES_SAID 50u

struct range {
	uintptr_t start, end;
};

/* What is the library's, by address. */
static struct range own[MOST_OWN + 1];
static unsigned int nr_own;

struct ranges {
	unsigned int nr;
	struct range range[MOST_RANGES];
};
static struct ranges *before;

static bool add_range(void *ctx, const struct kms_mapping *m)
{
	struct ranges *list = ctx;

	if (m->writable && list->nr < MOST_RANGES)
		list->range[list->nr++] = (struct range){ m->start, m->end };
	return true;
}

/* What of @r lies in none of @holes (by address), piece by piece. */
static void subtract(struct range r, const struct range *holes, unsigned int nr,
		     void (*fn)(void *ctx, struct range piece), void *ctx)
{
	unsigned int i;

	for (i = 0; i < nr && r.start < r.end; i++) {
		if (holes[i].end <= r.start || holes[i].start >= r.end)
			continue;
		if (holes[i].start > r.start)
			fn(ctx, (struct range){ r.start, holes[i].start });
		r.start = holes[i].end;
	}
	if (r.start < r.end)
		fn(ctx, r);
}

static void add_own(void *ctx, struct range piece)
{
	unsigned int i;

	if (nr_own > MOST_OWN)
		return;
	for (i = nr_own++; i && own[i - 1].start > piece.start; i--)
		own[i] = own[i - 1];
	own[i] = piece;
}

void kms_roots_before(void)
{
	/* The private heap, where this list lies, is mapped now if it wasn't. */
	before = kms_private_alloc(sizeof(*before));
	if (before)
		kms_for_each_mapping(add_range, before);
}

void kms_roots_after(void)
{
	struct ranges *after = kms_private_alloc(sizeof(*after));
	struct range private;
	unsigned int i;

	if (before && after) {
		kms_for_each_mapping(add_range, after);
		for (i = 0; i < after->nr; i++)
			subtract(after->range[i], before->range, before->nr, add_own, NULL);
	}
	kms_private_range(&private.start, &private.end);
	add_own(NULL, private);
	kms_private_free(before);
	kms_private_free(after);
	before = NULL;
}

/* ---- the search --------------------------------------------------------------- */

static void add_root(void *ctx, struct range piece)
{
	kmemleak_add_root(ctx, (const void *)piece.start, piece.end - piece.start);
}

static bool add_mapping(void *ctx, const struct kms_mapping *m)
{
	if (m->writable)
		subtract((struct range){ m->start, m->end }, own, nr_own, add_root, ctx);
	return true;
}

static void say_leaks(const struct kmemleak_result *result)
{
	uint64_t i, bytes = 0;

	for (i = 0; i < result->nr_leaks; i++)
		bytes += result->leaks[i].size;
	for (i = 0; i < result->nr_sites && i < MOST_SITES_SAID; i++) {
		const struct kmemleak_site *site = &result->sites[i];
		const char *name = kms_site_name(NULL, site->site);

		kms_say("leak: %lu bytes in %lu objects, allocated in %s", site->bytes,
			site->objects, name ? name : "a place unknown");
	}
	if (result->nr_sites > MOST_SITES_SAID)
		kms_say("leak: %lu places more", result->nr_sites - MOST_SITES_SAID);
	kms_say("leaks: %lu bytes in %lu objects, of %lu live ones", bytes, result->nr_leaks,
		result->live);
}

static void search_leaks(void)
{
	struct kmemleak_result *result = NULL;
	struct kmemleak *kl = NULL;
	jmp_buf registers;

	/* Registers may hold the only pointer; here it is on the call stack, which is a root. */
	if (setjmp(registers))
		return;
	if (!kmemleak_create(&kl, heap.sa)) {
		kms_for_each_mapping(add_mapping, kl);
		if (!kmemleak_scan(kl, kms_now_ns(), &result))
			say_leaks(result);
		else
			kms_say("leaks: no memory for the search");
		kmemleak_result_free(result);
	}
	kmemleak_destroy(kl);
}

void kms_final_check(void)
{
	kms_enter();
	kms_note_caller(NULL);
	slab_validate_caches(heap.sa);
	kms_large_check();
	if (heap.options.leaks)
		search_leaks();
	kms_leave();
}

static __attribute__((destructor)) void at_exit(void)
{
	kms_report_at_exit();
	if (heap.ready && heap.debug)
		kms_final_check();
}
