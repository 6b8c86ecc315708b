/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: caches and aliases by name; see names.c. */
#ifndef KMEMSIM_SLAB_NAMES_H
#define KMEMSIM_SLAB_NAMES_H

#include <stdint.h>

/* A name in a table; its bytes belong to what has the name. */
struct slab_name {
	struct slab_name *next;
	const char *text;
};

/* See names.c. */
struct slab_names {
	struct slab_name **slots;
	uint32_t nr_slots, nr;
};

/* Tables of names; only making one can fail, with -ENOMEM. No name is in a table twice. */
int slab_names_init(struct slab_names *names);
void slab_names_exit(struct slab_names *names);
void slab_names_add(struct slab_names *names, struct slab_name *name, const char *text);
void slab_names_del(struct slab_names *names, struct slab_name *name);
/* NULL: none. */
struct slab_name *slab_names_find(const struct slab_names *names, const char *text);

#endif
