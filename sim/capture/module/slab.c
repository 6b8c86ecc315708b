/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SLUB's half of a snapshot: every cache with its geometry and random
 * sequence, its per-CPU slabs, its partial lists, then every slab page of the
 * machine with its free list, all lists in order.
 *
 *   object:  | red_left_pad | payload ............ | next, hidden | ... |
 *            ^ index * size                        ^ offset from the payload
 *
 * A free object's link is stored XORed with the cache's secret and its own
 * address, bytes swapped. Objects are written as indices into their slab. A list
 * that leaves its slab or is longer than it ends there and counts as an oddity.
 */
#include "mmsnap.h"
#include "layout.h"

#include <linux/ctype.h>
#include <linux/mmzone.h>
#include <linux/slab.h>
#include <linux/swab.h>

#define MAX_CACHES 100000

/* The list of all caches: not exported, found by mmsnap_slab_init(). */
static const struct list_head *all_caches;

static inline unsigned int oo_order(unsigned int oo)
{
	return oo >> 16;
}

static inline unsigned int oo_objects(unsigned int oo)
{
	return oo & 0xffff;
}

static inline unsigned long slab_pfn(const struct mm_slab *slab)
{
	return page_to_pfn((struct page *)slab);
}

static inline const char *slab_base(const struct mm_slab *slab)
{
	return page_address((struct page *)slab);
}

static void *next_free(const struct mm_cache *s, const char *object)
{
	const unsigned long *link = (const unsigned long *)(object + s->offset);

#ifdef CONFIG_SLAB_FREELIST_HARDENED
	return (void *)(*link ^ s->random ^ swab((unsigned long)link));
#else
	return (void *)*link;
#endif
}

/* " : i .." with @t, only the count without. Returns how many, negative where the list is none. */
static int free_list(struct text *t, const struct mm_cache *s, const struct mm_slab *slab,
		     const char *object)
{
	const char *base = slab_base(slab);
	int n = 0;

	if (t)
		text_str(t, " free :");
	for (; object; object = next_free(s, object), n++) {
		unsigned long offset = object - base;

		if (object < base || offset >= (unsigned long)slab->objects * s->size ||
		    n >= slab->objects)
			return -1;
		if (t)
			text_key_dec(t, " ", offset / s->size);
	}
	return n;
}

static void print_free_list(struct text *t, const struct mm_cache *s, const struct mm_slab *slab,
			    const void *object)
{
	if (free_list(t, s, slab, object) < 0)
		t->oddities++;
	text_str(t, "\n");
}

/* Names are one word in a snapshot. */
static void print_name(struct text *t, const char *name)
{
	char letter[2] = "";

	for (; *name; name++) {
		letter[0] = isspace(*name) ? '_' : *name;
		text_str(t, letter);
	}
}

static void cache_geometry(struct text *t, const struct mm_cache *s, int index)
{
	bool randomised = false;

#ifdef CONFIG_SLAB_FREELIST_RANDOM
	randomised = s->random_seq;
#endif
	text_key_dec(t, "cache ", index);
	text_str(t, " ");
	print_name(t, s->name);
	text_key_hex(t, " at ", (unsigned long)s);
	text_key_dec(t, " size ", s->size);
	text_key_dec(t, " object_size ", s->object_size);
	text_key_dec(t, " offset ", s->offset);
	text_key_dec(t, " align ", s->align);
	text_key_dec(t, " inuse ", s->inuse);
	text_key_dec(t, " oo ", oo_order(s->oo));
	text_key_dec(t, "/", oo_objects(s->oo));
	text_key_dec(t, " min ", oo_order(s->min));
	text_key_dec(t, "/", oo_objects(s->min));
	text_key_dec(t, " min_partial ", s->min_partial);
#ifdef CONFIG_SLUB_CPU_PARTIAL
	text_key_dec(t, " cpu_partial ", s->cpu_partial);
	text_key_dec(t, " cpu_partial_slabs ", s->cpu_partial_slabs);
#else
	text_str(t, " cpu_partial 0 cpu_partial_slabs 0");
#endif
	text_key_hex(t, " flags ", (unsigned int __force)s->flags);
	text_key_hex(t, " allocflags ", (unsigned int __force)s->allocflags);
	text_key_dec(t, " refcount ", s->refcount);
	text_key_dec(t, " ctor ", s->ctor != NULL);
	text_key_dec(t, " hard ", IS_ENABLED(CONFIG_SLAB_FREELIST_HARDENED));
	text_key_dec(t, " rnd ", randomised);
	text_str(t, "\n");
}

static void cache_sequence(struct text *t, const struct mm_cache *s)
{
#ifdef CONFIG_SLAB_FREELIST_RANDOM
	unsigned int i;

	if (!s->random_seq)
		return;
	text_str(t, "rseq :");
	for (i = 0; i < oo_objects(s->oo); i++)
		text_key_dec(t, " ", s->random_seq[i] / s->size);
	text_str(t, "\n");
#endif
}

static void cache_cpu(struct text *t, const struct mm_cache *s, int cpu)
{
	const struct mm_cpu *c = per_cpu_ptr(s->cpu, cpu);

	if (c->slab) {
		text_key_dec(t, "cpuslab ", cpu);
		text_key_hex(t, " ", slab_pfn(c->slab));
		print_free_list(t, s, c->slab, c->freelist);
	}
#ifdef CONFIG_SLUB_CPU_PARTIAL
	if (c->partial) {
		const struct mm_slab *slab;
		unsigned long n = 0;

		text_key_dec(t, "cpupartial ", cpu);
		text_str(t, " :");
		for (slab = c->partial; slab && n < totalram_pages(); slab = slab->next, n++)
			text_key_hex(t, " ", slab_pfn(slab));
		text_key_dec(t, " slabs ", c->partial->slabs);
		text_str(t, "\n");
	}
#endif
}

static void cache_node(struct text *t, const struct mm_cache *s, int nid)
{
	const struct mm_node *n = s->node[nid];
	const struct list_head *at;
	unsigned long left;

	if (!n)
		return;
	text_key_dec(t, "nodepartial ", nid);
	text_key_dec(t, " nr ", n->nr_partial);
#ifdef CONFIG_SLUB_DEBUG
	text_key_dec(t, " slabs ", atomic_long_read(&n->nr_slabs));
	text_key_dec(t, " objects ", atomic_long_read(&n->total_objects));
#else
	text_str(t, " slabs 0 objects 0");
#endif
	text_str(t, " :");
	for (at = n->partial.next, left = n->nr_partial; left && at != &n->partial;
	     at = at->next, left--)
		text_key_hex(t, " ", slab_pfn(list_entry(at, struct mm_slab, partial)));
	if (left || at != &n->partial)
		t->oddities++;
	text_str(t, "\n");
}

static void one_slab(struct text *t, const struct mm_slab *slab, unsigned int order)
{
	text_key_hex(t, "slab ", slab_pfn(slab));
	text_key_dec(t, " ", order);
	text_key_hex(t, " ", (unsigned long)slab->cache);
	text_key_dec(t, " inuse ", slab->inuse);
	text_key_dec(t, " objects ", slab->objects);
	text_key_dec(t, " frozen ", slab->frozen);
	print_free_list(t, slab->cache, slab, slab->freelist);
}

static void zone_slab_pages(struct text *t, struct zone *zone)
{
	unsigned long pfn = zone->zone_start_pfn;

	while (pfn < zone_end_pfn(zone)) {
		struct page *page = pfn_valid(pfn) ? pfn_to_page(pfn) : NULL;
		unsigned long n = 1;

		if (!page || page_zone(page) != zone)
			goto next;
		if (PageBuddy(page)) {
			n = 1UL << min_t(unsigned int, mmsnap_buddy_order(page), MMSNAP_ORDERS - 1);
		} else if (!PageTail(page) && PageSlab(page)) {
			one_slab(t, (struct mm_slab *)page, compound_order(page));
			n = 1UL << compound_order(page);
		}
next:
		pfn += n;
	}
}

/* Every cache in the order of the kernel's list, then every slab page by its frame. */
void mmsnap_slabs(struct text *t)
{
	const struct list_head *at;
	int cpu, nid, i, index = 0;

	for (at = all_caches->next; at != all_caches && index < MAX_CACHES; at = at->next, index++) {
		const struct mm_cache *s = list_entry(at, struct mm_cache, list);

		cache_geometry(t, s, index);
		cache_sequence(t, s);
		for_each_online_cpu(cpu)
			cache_cpu(t, s, cpu);
		for_each_online_node(nid)
			cache_node(t, s, nid);
	}
	for_each_online_node(nid) {
		for (i = 0; i < MAX_NR_ZONES; i++) {
			struct zone *zone = &NODE_DATA(nid)->node_zones[i];

			if (populated_zone(zone))
				zone_slab_pages(t, zone);
		}
	}
}

#define CHECK_NAME "mmsnap_check"
#define CHECK_SIZE 104

static void check_ctor(void *object)
{
	memset(object, 0, CHECK_SIZE);
}

/* The only slab of the check's cache, with one object taken, as the mirror structures show it. */
static const char *check_slab(const struct mm_cache *s, const void *object)
{
	const struct mm_slab *slab = (struct mm_slab *)virt_to_head_page(object);
	const struct mm_node *n = s->node[page_to_nid(virt_to_page(object))];
	const struct mm_cpu *c = NULL;
	int cpu;

	if (slab->cache != s)
		return "a slab's cache";
	if (!slab->objects || slab->objects != oo_objects(s->oo))
		return "a slab's objects";
	for_each_online_cpu(cpu)
		if (per_cpu_ptr(s->cpu, cpu)->slab == slab)
			c = per_cpu_ptr(s->cpu, cpu);
	if (!c)
		return "a cache's CPU slab";
	if (slab->inuse != slab->objects || slab->freelist)
		return "a CPU slab's counters";
	if (free_list(NULL, s, slab, c->freelist) != slab->objects - 1)
		return "a free list";
	if (!virt_addr_valid(n) || n->nr_partial || !list_empty(&n->partial))
		return "a cache's node";
#ifdef CONFIG_SLUB_DEBUG
	if (atomic_long_read(&n->nr_slabs) != 1 ||
	    atomic_long_read(&n->total_objects) != slab->objects)
		return "a node's counters";
#endif
	return NULL;
}

/* Pointers are followed only where they point into memory: a wrong layout must be reported, not met. */
static const char *check_cache(const struct mm_cache *s)
{
	if (s->object_size != CHECK_SIZE || s->ctor != check_ctor || s->refcount != 1 ||
	    s->size < CHECK_SIZE || s->size > 4 * CHECK_SIZE || s->offset >= s->size)
		return "a cache's sizes";
	if (!virt_addr_valid(s->name) || strcmp(s->name, CHECK_NAME))
		return "a cache's name";
#ifdef CONFIG_SLAB_FREELIST_RANDOM
	if (s->random_seq && (!virt_addr_valid(s->random_seq) || s->random_seq[0] % s->size ||
			      s->random_seq[0] / s->size >= oo_objects(s->oo)))
		return "a cache's random sequence";
#endif
	return NULL;
}

/*
 * Finds the list of caches and makes sure that layout.h fits this kernel, both
 * by a cache of our own. A new cache is put behind the head of the list, so
 * that its predecessor is the head: the one element that lies in no slab.
 *
 * Returns 0, -ENOMEM, or -ENOEXEC with a line in the log telling what does not fit.
 */
int mmsnap_slab_init(void)
{
	struct kmem_cache *cache = kmem_cache_create(CHECK_NAME, CHECK_SIZE, 0, 0, check_ctor);
	const struct mm_cache *s = (const struct mm_cache *)cache;
	const struct list_head *head;
	const char *wrong;
	void *object;

	if (!cache)
		return -ENOMEM;
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	if (!object) {
		kmem_cache_destroy(cache);
		return -ENOMEM;
	}
	head = s->list.prev;
	wrong = check_cache(s);
	if (!wrong && (!virt_addr_valid(head) || head->next != &s->list ||
		       PageSlab(virt_to_head_page(head))))
		wrong = "the list of caches";
	if (!wrong)
		wrong = check_slab(s, object);
	kmem_cache_free(cache, object);
	kmem_cache_destroy(cache);
	if (wrong) {
		pr_err("mmsnap: this kernel lays out %s differently\n", wrong);
		return -ENOEXEC;
	}
	all_caches = head;
	return 0;
}
