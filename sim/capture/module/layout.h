/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where SLUB keeps what a snapshot tells. The kernel shows these structures to
 * nobody outside mm/, so they are declared here anew, as far as the last member
 * that is read, for Linux 6.1 to 6.15:
 *
 *   struct mm_slab   lies over struct page; 6.2 moved the cache pointer forward
 *   struct mm_cache  a cache; lock_key is of no size unless lockdep is on
 *   struct mm_cpu    a cache's state on one CPU
 *   struct mm_node   a cache's partial slabs on one node
 *
 * That they fit is checked when the module is loaded: mmsnap_slab_init() reads
 * a cache of its own through them and refuses when anything comes out wrong.
 */
#ifndef MMSNAP_LAYOUT_H
#define MMSNAP_LAYOUT_H

#include <linux/build_bug.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/local_lock.h>
#include <linux/nodemask.h>
#include <linux/reciprocal_div.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

struct mm_slab {
	unsigned long page_flags;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	struct mm_cache *cache;
#endif
	union {
		struct list_head partial;	/* on a node's list */
		struct {			/* on a CPU's list */
			struct mm_slab *next;
			int slabs;
		};
	};
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	struct mm_cache *cache;
#endif
	void *freelist;
	unsigned int inuse : 16;
	unsigned int objects : 15;
	unsigned int frozen : 1;
};

static_assert(offsetof(struct mm_slab, freelist) == 32);
static_assert(offsetof(struct mm_slab, freelist) + 2 * sizeof(long) <= sizeof(struct page));

struct mm_cpu {
	void *freelist;
	unsigned long tid;
	struct mm_slab *slab;
#ifdef CONFIG_SLUB_CPU_PARTIAL
	struct mm_slab *partial;
#endif
};

struct mm_node {
	spinlock_t list_lock;
	unsigned long nr_partial;
	struct list_head partial;
#ifdef CONFIG_SLUB_DEBUG
	atomic_long_t nr_slabs;
	atomic_long_t total_objects;
#endif
};

struct mm_cache {
	struct mm_cpu __percpu *cpu;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
	struct lock_class_key lock_key;
#endif
	slab_flags_t flags;
	unsigned long min_partial;
	unsigned int size;
	unsigned int object_size;
	struct reciprocal_value reciprocal_size;
	unsigned int offset;
#ifdef CONFIG_SLUB_CPU_PARTIAL
	unsigned int cpu_partial;
	unsigned int cpu_partial_slabs;
#endif
	unsigned int oo;		/* order << 16 | objects */
	unsigned int min;
	gfp_t allocflags;
	int refcount;
	void (*ctor)(void *object);
	unsigned int inuse;
	unsigned int align;
	unsigned int red_left_pad;
	const char *name;
	struct list_head list;
#ifdef CONFIG_SYSFS
	struct kobject kobj;
#endif
#ifdef CONFIG_SLAB_FREELIST_HARDENED
	unsigned long random;
#endif
#ifdef CONFIG_NUMA
	unsigned int remote_node_defrag_ratio;
#endif
#ifdef CONFIG_SLAB_FREELIST_RANDOM
	unsigned int *random_seq;
#endif
#ifdef CONFIG_KASAN_GENERIC
#error "mmsnap does not know a cache's layout with KASAN"
#endif
#if defined(CONFIG_HARDENED_USERCOPY) || LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	unsigned int useroffset;
	unsigned int usersize;
#endif
	struct mm_node *node[MAX_NUMNODES];
};

#endif
