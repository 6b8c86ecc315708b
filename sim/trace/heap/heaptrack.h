/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what heaptrack's recordings keep in tables, each entry known by its
 * number: strings, places in the code, call chains (a place and the number of
 * the chain that called it), kinds of blocks (size and chain).
 *
 *	s 5 main              string 1
 *	i 55d0 2 1            place 1: address, module (a string), function (a string)
 *	t 1 0                 chain 1: place 1, called by nobody
 *	a 40 1                kind 0: 64 bytes at chain 1
 *	+ 0                   a block of kind 0 is allocated
 *	- 0                   one is freed
 *
 * Numbers of strings, places and chains begin with 1, for 0 is none. An entry is
 * made even of a line that cannot be read, or all behind it would be wrong.
 *
 * Locking: none, single-threaded.
 */
#ifndef KMEMSIM_SIM_TRACE_HEAP_HEAPTRACK_H
#define KMEMSIM_SIM_TRACE_HEAP_HEAPTRACK_H

#include "sim/trace/reader.h"

struct ht_place {
	uint32_t first;		/* of its call sites in frames, the innermost first */
	uint32_t nr;		/* more than one where functions were inlined */
};

struct ht_chain {
	uint32_t place, caller;	/* numbers */
	stack_id stack;
	name_id site;		/* the innermost that is no allocator itself */
	bool known;		/* stack and site are set */
};

struct ht_kind {
	uint32_t bytes, chain;
	uint32_t live;		/* its live block that was allocated last, 0 none */
};

/* Code that was mapped, in recordings as they are written. */
struct ht_module {
	uint64_t start, end;
	uint64_t base;		/* address of the module's offset 0 */
	name_id name;
};

/* One array: nr of room for size. */
#define HT_TABLE(type) struct { type *v; uint32_t nr, size; }

struct ht_tables {
	HT_TABLE(name_id) strings;
	HT_TABLE(name_id) frames;
	HT_TABLE(struct ht_place) places;
	HT_TABLE(struct ht_chain) chains;
	HT_TABLE(struct ht_kind) kinds;
	HT_TABLE(struct ht_module) modules;
	HT_TABLE(uint32_t) blocks;	/* of each the next one of its kind, or the next free number */
	uint32_t free_block;		/* 0 none; numbers begin with 1 */
};

/* All of these: -ENOMEM where there is no room. */
int ht_add_string(struct ht_tables *t, name_id string);
int ht_add_frame(struct ht_tables *t, name_id frame);
/* The frames added since the last place are its own. */
int ht_add_place(struct ht_tables *t);
int ht_add_chain(struct ht_tables *t, uint32_t place, uint32_t caller);
int ht_add_kind(struct ht_tables *t, uint32_t bytes, uint32_t chain);
int ht_add_module(struct ht_tables *t, const struct ht_module *module);
void ht_free(struct ht_tables *t);

name_id ht_string(const struct ht_tables *t, uint64_t number);
const struct ht_module *ht_find_module(const struct ht_tables *t, uint64_t address);

/* A new block of kind @kind: its number. 0: no memory. */
uint32_t ht_take_block(struct ht_tables *t, uint32_t kind);
/* The block of that kind that was allocated last is free from now on; 0 where there is none. */
uint32_t ht_give_block(struct ht_tables *t, uint32_t kind);

/* Set stack and call site of @ev from chain number @chain, 0: none. -ENOMEM. */
int ht_set_chain(struct ht_tables *t, struct reader *rd, struct event *ev, uint32_t chain);

#endif
