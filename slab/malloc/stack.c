/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: stacks of free objects, between the threads' windows and the pools
 * (pool.c). They are arrays, used from the end; not to be mixed up with a thread's call stack.
 *
 * A thread has two stacks of each cache it uses: the one in its window, and a
 * spare that is empty or full. When the window is empty the spare is taken;
 * when that is empty too, a full stack is had from the cache's pool for an empty
 * one; when the pool has none, objects come from the slabs, a few at first and
 * twice as many each time. Freeing takes the same steps backwards. With two stacks
 * a thread that goes to and fro over a stack's border stays off the lock.
 *
 * Follows Bonwick and Adams, "Magazines and Vmem" (2001), and the sheaves of
 * Linux 6.18's mm/slub.c. Differs from Linux: stacks are filled to the brim, also
 * by a free; there is no node but one, and no RCU.
 *
 * Locking: a thread's stacks are its own.
 */
#include <errno.h>

#include "slab/malloc/internal.h"

#define STACK_BYTES (32u << 10)		/* objects' bytes in a stack, as far as 2 to 256 objects go */
#define FRAMES_STACK_BYTES (1u << 20)	/* where they are frames */
#define LEAST_CAPACITY 2u
#define FIRST_REFILL 4u			/* objects; fewer where they are more than FIRST_REFILL_BYTES */
#define FIRST_REFILL_BYTES 4096u

void kms_stacks_init(struct cache *c, unsigned int object_bytes)
{
	bool frames = c->slot < NR_ORDER_SLOTS;
	unsigned int capacity = (frames ? FRAMES_STACK_BYTES : STACK_BYTES) / object_bytes;

	c->capacity = capacity < LEAST_CAPACITY ? LEAST_CAPACITY :
		      capacity > MAX_CAPACITY ? MAX_CAPACITY : capacity;
	kms_pools_init(c, object_bytes);
}

/* ---- the window ----------------------------------------------------------- */

static void open_window(struct kms_thread *t, struct cache *c, struct stack *stack)
{
	struct kms_window *w = &t->window[c->slot];

	w->stack = stack;
	w->end = stack->objects + stack->capacity;
	set_relaxed(w->base, stack->objects);
	set_relaxed(w->top, stack->objects + stack->size);
	if (t->nr_slots <= c->slot)
		t->nr_slots = c->slot + 1;
}

/* The stack that was in @w, its size known again; NULL where there was none. */
static struct stack *close_window(struct kms_window *w)
{
	struct stack *stack = w->stack;

	if (stack)
		set_relaxed(stack->size, (unsigned int)(w->top - w->base));
	set_relaxed(w->top, NULL);
	set_relaxed(w->base, NULL);
	w->end = NULL;
	w->stack = NULL;
	return stack;
}

static struct stack *new_stack(struct cache *c)
{
	struct stack *stack = kms_private_alloc(sizeof(*stack) + c->capacity * sizeof(stack->objects[0]));

	if (stack)
		stack->capacity = c->capacity;
	return stack;
}

void kms_stack_give_back(struct cache *c, unsigned int cpu, struct stack *stack)
{
	if (stack->size)
		c->source->put(c, cpu, stack->size, stack->objects);
	set_relaxed(stack->size, 0);
}

/* ---- the slow paths --------------------------------------------------------- */

static unsigned int first_refill(const struct cache *c)
{
	unsigned int nr = FIRST_REFILL_BYTES / c->pub.object_size;

	return nr < 1 ? 1 : nr > FIRST_REFILL ? FIRST_REFILL : nr;
}

/* Objects from the source for an empty @stack; the first refills of a thread are small. */
static void fill(struct kms_thread *t, struct cache *c, struct stack *stack)
{
	unsigned int nr = t->next_refill[c->slot];

	if (!nr)
		nr = first_refill(c);
	t->next_refill[c->slot] = (uint16_t)(2 * nr < c->capacity ? 2 * nr : c->capacity);
	set_relaxed(stack->size, c->source->get(c, t->cpu, nr, stack->objects));
	if (!stack->size && nr > 1)
		set_relaxed(stack->size, c->source->get(c, t->cpu, 1, stack->objects));
}

/* Returns false where there is no memory; the window then is as good as empty. */
static bool refill(struct kms_thread *t, struct cache *c)
{
	struct kms_window *w = &t->window[c->slot];
	struct stack *spare = t->spare[c->slot], *full;
	struct stack *used = close_window(w);

	if (spare && spare->size) {
		set_relaxed(t->spare[c->slot], used);
		open_window(t, c, spare);
		return true;
	}
	full = kms_pool_take(c, t->cpu, used);
	if (full) {
		open_window(t, c, full);
		return true;
	}
	if (!used && spare) {
		used = spare;
		set_relaxed(t->spare[c->slot], NULL);
	}
	if (!used && !(used = new_stack(c)))
		return false;
	fill(t, c, used);
	open_window(t, c, used);
	return used->size;
}

/* Returns false where the library has no memory for a stack. */
static bool make_room(struct kms_thread *t, struct cache *c)
{
	struct kms_window *w = &t->window[c->slot];
	struct stack *spare = t->spare[c->slot], *empty;
	struct stack *used = close_window(w);
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
	empty = kms_pool_leave(c, t->cpu, used, &kept);
	if (!empty && !kept)
		empty = new_stack(c);
	if (kept) {
		kms_stack_give_back(c, t->cpu, used);
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
	if (w->top != w->base || refill(t, c) || (kms_empty_pools() && refill(t, c))) {
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

void kms_stacks_release(struct kms_thread *t, unsigned int slot)
{
	struct cache *c = heap.caches[slot];
	struct stack *stacks[2] = { close_window(&t->window[slot]), t->spare[slot] };
	struct stack *empty;
	unsigned int i;
	bool kept;

	set_relaxed(t->spare[slot], NULL);
	t->next_refill[slot] = 0;
	for (i = 0; i < 2; i++) {
		if (!stacks[i])
			continue;
		kept = true;
		if (stacks[i]->size == stacks[i]->capacity) {
			empty = kms_pool_leave(c, t->cpu, stacks[i], &kept);
			if (empty)
				kms_private_free(empty);
		}
		if (kept) {
			kms_stack_give_back(c, t->cpu, stacks[i]);
			kms_private_free(stacks[i]);
		}
	}
}
