// SPDX-License-Identifier: GPL-2.0
/*
 * kmemsim: sheaves, between the threads' windows and the barns (barn.c).
 *
 * A thread has two sheaves of each cache it uses: the one in its window, and a
 * spare that is empty or full. When the window is empty the spare is taken;
 * when that is empty too, a full sheaf is had from the cache's barn for an empty
 * one; when the barn has none, objects come from the slabs, a few at first and
 * twice as many each time. Freeing goes the same way backwards. With two sheaves
 * a thread that goes to and fro over a sheaf's border stays off the lock.
 *
 * Follows Bonwick and Adams, "Magazines and Vmem" (2001), and the sheaves of
 * Linux 6.18's mm/slub.c. Differs from Linux: sheaves are filled to the brim, also
 * by a free; there is no node but one, and no RCU.
 *
 * Locking: a thread's sheaves are its own.
 */
#include <errno.h>

#include "slab/malloc/internal.h"

#define SHEAF_BYTES (32u << 10)		/* objects' bytes in a sheaf, as far as 2 to 256 objects go */
#define FRAMES_SHEAF_BYTES (1u << 20)	/* where they are frames */
#define LEAST_CAPACITY 2u
#define FIRST_REFILL 4u			/* objects; fewer where they are more than FIRST_REFILL_BYTES */
#define FIRST_REFILL_BYTES 4096u

void kms_sheaves_init(struct cache *c, unsigned int object_bytes)
{
	bool frames = c->slot < NR_ORDER_SLOTS;
	unsigned int capacity = (frames ? FRAMES_SHEAF_BYTES : SHEAF_BYTES) / object_bytes;

	c->capacity = capacity < LEAST_CAPACITY ? LEAST_CAPACITY :
		      capacity > MAX_CAPACITY ? MAX_CAPACITY : capacity;
	kms_barns_init(c, object_bytes);
}

/* ---- the window ----------------------------------------------------------- */

static void open_window(struct kms_thread *t, struct cache *c, struct sheaf *sheaf)
{
	struct kms_window *w = &t->window[c->slot];

	w->sheaf = sheaf;
	w->end = sheaf->objects + sheaf->capacity;
	set_relaxed(w->base, sheaf->objects);
	set_relaxed(w->top, sheaf->objects + sheaf->size);
	if (t->nr_slots <= c->slot)
		t->nr_slots = c->slot + 1;
}

/* The sheaf that was in @w, its size known again; NULL where there was none. */
static struct sheaf *close_window(struct kms_window *w)
{
	struct sheaf *sheaf = w->sheaf;

	if (sheaf)
		set_relaxed(sheaf->size, (unsigned int)(w->top - w->base));
	set_relaxed(w->top, NULL);
	set_relaxed(w->base, NULL);
	w->end = NULL;
	w->sheaf = NULL;
	return sheaf;
}

static struct sheaf *new_sheaf(struct cache *c)
{
	struct sheaf *sheaf = kms_books_alloc(sizeof(*sheaf) + c->capacity * sizeof(sheaf->objects[0]));

	if (sheaf)
		sheaf->capacity = c->capacity;
	return sheaf;
}

void kms_sheaf_give_back(struct cache *c, unsigned int cpu, struct sheaf *sheaf)
{
	if (sheaf->size)
		c->source->put(c, cpu, sheaf->size, sheaf->objects);
	set_relaxed(sheaf->size, 0);
}

/* ---- the slow paths --------------------------------------------------------- */

static unsigned int first_refill(const struct cache *c)
{
	unsigned int nr = FIRST_REFILL_BYTES / c->pub.object_size;

	return nr < 1 ? 1 : nr > FIRST_REFILL ? FIRST_REFILL : nr;
}

/* Objects from the source for an empty @sheaf; the first refills of a thread are small. */
static void fill(struct kms_thread *t, struct cache *c, struct sheaf *sheaf)
{
	unsigned int nr = t->next_refill[c->slot];

	if (!nr)
		nr = first_refill(c);
	t->next_refill[c->slot] = (uint16_t)(2 * nr < c->capacity ? 2 * nr : c->capacity);
	set_relaxed(sheaf->size, c->source->get(c, t->cpu, nr, sheaf->objects));
	if (!sheaf->size && nr > 1)
		set_relaxed(sheaf->size, c->source->get(c, t->cpu, 1, sheaf->objects));
}

/* Returns false where there is no memory; the window then is as good as empty. */
static bool refill(struct kms_thread *t, struct cache *c)
{
	struct kms_window *w = &t->window[c->slot];
	struct sheaf *spare = t->spare[c->slot], *full;
	struct sheaf *used = close_window(w);

	if (spare && spare->size) {
		set_relaxed(t->spare[c->slot], used);
		open_window(t, c, spare);
		return true;
	}
	full = kms_barn_take(c, t->cpu, used);
	if (full) {
		open_window(t, c, full);
		return true;
	}
	if (!used && spare) {
		used = spare;
		set_relaxed(t->spare[c->slot], NULL);
	}
	if (!used && !(used = new_sheaf(c)))
		return false;
	fill(t, c, used);
	open_window(t, c, used);
	return used->size;
}

/* Returns false where the library has no memory for a sheaf. */
static bool make_room(struct kms_thread *t, struct cache *c)
{
	struct kms_window *w = &t->window[c->slot];
	struct sheaf *spare = t->spare[c->slot], *empty;
	struct sheaf *used = close_window(w);
	bool kept;

	if (spare && !spare->size) {
		set_relaxed(t->spare[c->slot], used);
		open_window(t, c, spare);
		return true;
	}
	if (used && !spare) {
		set_relaxed(t->spare[c->slot], used);
		used = NULL;
	}
	empty = kms_barn_leave(c, t->cpu, used, &kept);
	if (!empty && !kept)
		empty = new_sheaf(c);
	if (kept) {
		kms_sheaf_give_back(c, t->cpu, used);
		empty = used;
	}
	if (!empty)
		return false;
	open_window(t, c, empty);
	return true;
}

void *kms_window_refill(uint32_t window)
{
	struct kms_thread *t = kms_thread_self();
	struct cache *c;
	struct kms_window *w;
	void *object = NULL;

	c = kms_boot() ? kms_cache_at(window / sizeof(struct kms_window)) : NULL;
	if (unlikely(!c)) {
		errno = ENOMEM;
		return NULL;
	}
	if (!t)
		return kms_alloc_direct(c, c->pub.object_size, __builtin_return_address(0));
	w = &t->window[c->slot];
	set_busy(t, true);
	/* A signal handler's thread, or a destructor's, may have filled it meanwhile. */
	if (w->top != w->base || refill(t, c) || (kms_empty_barns() && refill(t, c))) {
		object = w->top[-1];
		set_relaxed(w->top, w->top - 1);
	} else {
		errno = ENOMEM;
	}
	set_busy(t, false);
	return object;
}

void kms_window_flush(uint32_t window, void *object)
{
	struct kms_thread *t = kms_thread_self();
	struct cache *c;
	struct kms_window *w;

	if (!t) {
		if (kms_boot())
			kms_free_direct(heap.caches[window / sizeof(struct kms_window)], object,
					__builtin_return_address(0));
		return;
	}
	c = heap.caches[window / sizeof(struct kms_window)];
	w = &t->window[c->slot];
	set_busy(t, true);
	if (w->top != w->end || make_room(t, c)) {
		*w->top = object;
		set_relaxed(w->top, w->top + 1);
	} else {
		c->source->put(c, t->cpu, 1, &object);
	}
	set_busy(t, false);
}

void kms_sheaves_release(struct kms_thread *t, unsigned int slot)
{
	struct cache *c = heap.caches[slot];
	struct sheaf *sheaves[2] = { close_window(&t->window[slot]), t->spare[slot] };
	struct sheaf *empty;
	unsigned int i;
	bool kept;

	set_relaxed(t->spare[slot], NULL);
	t->next_refill[slot] = 0;
	for (i = 0; i < 2; i++) {
		if (!sheaves[i])
			continue;
		kept = true;
		if (sheaves[i]->size == sheaves[i]->capacity) {
			empty = kms_barn_leave(c, t->cpu, sheaves[i], &kept);
			if (empty)
				kms_books_free(empty);
		}
		if (kept) {
			kms_sheaf_give_back(c, t->cpu, sheaves[i]);
			kms_books_free(sheaves[i]);
		}
	}
}
