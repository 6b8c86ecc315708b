/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: clusters of 512 slots, for devices where seeking costs nothing. Follows mm/swapfile.c: setup_clusters(),
 * inc_cluster_info_page() and free_cluster() of both, cluster_alloc_swap_entry() of 6.12.
 *
 *	6.1    free -> some CPU's, or nobody's ------------------------------> free, when its last slot is
 *	6.12   free -> nonfull -> full -> nonfull -> frag (a CPU looks here for room) -> ... -> free
 *
 * 6.12 keeps nonfull and frag by order: a cluster holds pages of one size, until small pages have nowhere else to go.
 */
#include "sim/vm/swap/internal.h"

/* SWAP_CLUSTER_COLS: clusters that follow each other in the list are so far apart, 64 MiB in all. */
#define COLUMNS	32u

static void list_add(struct swap *swap, struct swap_list *list, struct swap_cluster *cluster)
{
	uint32_t id = (uint32_t)(cluster - swap->clusters) + 1;

	cluster->next = 0;
	cluster->prev = list->last;
	if (list->last)
		swap->clusters[list->last - 1].next = id;
	else
		list->first = id;
	list->last = id;
	list->nr++;
}

static void list_drop(struct swap *swap, struct swap_list *list, const struct swap_cluster *cluster)
{
	if (cluster->prev)
		swap->clusters[cluster->prev - 1].next = cluster->next;
	else
		list->first = cluster->next;
	if (cluster->next)
		swap->clusters[cluster->next - 1].prev = cluster->prev;
	else
		list->last = cluster->prev;
	list->nr--;
}

static struct swap_list *list_of(struct swap *swap, const struct swap_cluster *cluster)
{
	switch ((enum swap_cluster_state)cluster->state) {
	case CLUSTER_FREE:
		return &swap->free;
	case CLUSTER_NONFULL:
		return &swap->nonfull[cluster->order];
	case CLUSTER_FRAG:
		return &swap->frag[cluster->order];
	case CLUSTER_FULL:
		return &swap->full;
	default:
		return NULL;
	}
}

/* To the tail of the list of @state, where it may be already; CLUSTER_NONE: of no list. */
static void move(struct swap *swap, struct swap_cluster *cluster, enum swap_cluster_state state)
{
	struct swap_list *list = list_of(swap, cluster);

	if (list)
		list_drop(swap, list, cluster);
	cluster->state = (uint8_t)state;
	list = list_of(swap, cluster);
	if (list)
		list_add(swap, list, cluster);
}

static struct swap_cluster *first_of(const struct swap *swap, const struct swap_list *list)
{
	return list->first ? &swap->clusters[list->first - 1] : NULL;
}

static uint32_t first_slot(const struct swap *swap, const struct swap_cluster *cluster)
{
	return (uint32_t)(cluster - swap->clusters) * SWAP_CLUSTER;
}

/* The header's cluster and one that the device ends in are never free. */
void swap_clusters_init(struct swap *swap)
{
	uint32_t column, at;

	swap->clusters[0].used = 1;
	if (swap->max % SWAP_CLUSTER)
		swap->clusters[swap->nr_clusters - 1].used += (uint16_t)(SWAP_CLUSTER - swap->max % SWAP_CLUSTER);
	for (column = 0; column < COLUMNS; column++) {
		for (at = column; at < swap->nr_clusters; at += COLUMNS) {
			struct swap_cluster *cluster = &swap->clusters[at];

			if (!cluster->used)
				move(swap, cluster, CLUSTER_FREE);
			else if (swap->vm->rules->swap_cluster_lists)
				move(swap, cluster, CLUSTER_NONFULL);
		}
	}
}

void swap_cluster_use(struct swap *swap, uint32_t slot)
{
	struct swap_cluster *cluster = swap_cluster_of(swap, slot);

	if (cluster->state == CLUSTER_FREE)
		move(swap, cluster, CLUSTER_NONE);
	cluster->used++;
}

uint32_t swap_cluster_use_whole(struct swap *swap)
{
	struct swap_cluster *cluster = first_of(swap, &swap->free);
	uint32_t slot, i;

	if (!cluster)
		return SWAP_NO_SLOT;
	slot = first_slot(swap, cluster);
	for (i = slot; i < slot + SWAP_CLUSTER; i++)
		swap->map[i] = SWAP_HAS_CACHE;
	move(swap, cluster, CLUSTER_NONE);
	cluster->used = SWAP_CLUSTER;
	swap_range_taken(swap, slot, SWAP_CLUSTER);
	return slot;
}

void swap_cluster_put(struct swap *swap, uint32_t slot, uint32_t nr)
{
	struct swap_cluster *cluster = swap_cluster_of(swap, slot);

	cluster->used -= (uint16_t)nr;
	if (!cluster->used) {
		move(swap, cluster, CLUSTER_FREE);
		cluster->order = 0;
	} else if (swap->vm->rules->swap_cluster_lists && cluster->state != CLUSTER_NONFULL) {
		move(swap, cluster, CLUSTER_NONFULL);
	}
}

/* ---- 6.12 ------------------------------------------------------------------------ */

/* Whether the slots [@slot, @slot + @nr) are free, or can be made so where only the swap cache has them. */
static bool usable(struct swap *swap, uint32_t slot, uint32_t nr)
{
	bool reclaim = false;
	uint32_t i;

	for (i = slot; i < slot + nr; i++) {
		if (!swap->map[i])
			continue;
		if (swap->map[i] != SWAP_HAS_CACHE || !swap_is_full(swap->vm))
			return false;
		reclaim = true;
	}
	for (i = slot; reclaim && i < slot + nr; i++)
		if (swap->map[i] && !swap_reclaim_slot(swap, i))
			return false;
	return true;
}

static void take(struct swap *swap, struct swap_cluster *cluster, uint32_t slot, unsigned int order)
{
	uint32_t i;

	if (cluster->state == CLUSTER_FREE) {
		if (order < NR_SWAP_ORDERS - 1) {
			move(swap, cluster, CLUSTER_NONE);
			cluster->order = (uint8_t)order;
			move(swap, cluster, CLUSTER_NONFULL);
		} else {
			cluster->order = (uint8_t)order;
		}
	}
	for (i = slot; i < slot + (1u << order); i++)
		swap->map[i] = SWAP_HAS_CACHE;
	swap_range_taken(swap, slot, 1u << order);
	cluster->used += (uint16_t)(1u << order);
	if (cluster->used == SWAP_CLUSTER)
		move(swap, cluster, CLUSTER_FULL);
}

/*
 * Look in the cluster of @slot, from there on. *@found: what was taken, SWAP_NO_SLOT: nothing. Returns where the next look
 * begins; 0: not here (Linux: alloc_swap_scan_cluster).
 */
static uint32_t look(struct swap *swap, uint32_t slot, unsigned int order, uint32_t *found)
{
	struct swap_cluster *cluster = swap_cluster_of(swap, slot);
	uint32_t nr = 1u << order, end = first_slot(swap, cluster) + SWAP_CLUSTER;

	if (end > swap->max)
		end = swap->max;
	if (cluster->used + nr > SWAP_CLUSTER)
		return 0;
	for (; slot + nr <= end; slot += nr) {
		if (!usable(swap, slot, nr))
			continue;
		take(swap, cluster, slot, order);
		*found = slot;
		return cluster->used < SWAP_CLUSTER && slot + 2 * nr <= end ? slot + nr : 0;
	}
	return 0;
}

/* Nothing is free: the clusters that hold pages of @order, each once. */
static uint32_t look_in_used(struct swap *swap, unsigned int order, uint32_t *found)
{
	struct swap_cluster *cluster;
	uint32_t next = 0, looked = 0;

	while (!*found && (cluster = first_of(swap, &swap->nonfull[order]))) {
		move(swap, cluster, CLUSTER_FRAG);
		next = look(swap, first_slot(swap, cluster), order, found);
		looked++;
	}
	while (!*found && looked < swap->frag[order].nr) {
		cluster = first_of(swap, &swap->frag[order]);
		move(swap, cluster, CLUSTER_FRAG);
		next = look(swap, first_slot(swap, cluster), order, found);
		looked++;
	}
	return next;
}

/* One slot of a cluster that was meant for larger pages. */
static uint32_t steal(struct swap *swap, uint32_t *found)
{
	unsigned int order;

	for (order = 1; order < NR_SWAP_ORDERS; order++) {
		struct swap_cluster *cluster = first_of(swap, &swap->frag[order]);

		if (!cluster)
			cluster = first_of(swap, &swap->nonfull[order]);
		if (cluster)
			return look(swap, first_slot(swap, cluster), 0, found);
	}
	return 0;
}

uint32_t swap_cluster_take(struct swap *swap, unsigned int cpu, unsigned int order)
{
	uint32_t *next = &swap->cpus[cpu].next[order], found = SWAP_NO_SLOT;

	if (*next) {
		*next = look(swap, *next, order, &found);
		if (found)
			return found;
	}
	if (swap->free.first) {
		*next = look(swap, first_slot(swap, first_of(swap, &swap->free)), order, &found);
		return found;
	}
	if (swap_is_full(swap->vm))
		swap_reclaim_clusters(swap, false);
	*next = order < NR_SWAP_ORDERS - 1 ? look_in_used(swap, order, &found) : 0;
	if (!found && !order)
		*next = steal(swap, &found);
	return found;
}

void swap_reclaim_clusters(struct swap *swap, bool all)
{
	int64_t left = all ? swap->in_use / SWAP_CLUSTER : 1;
	struct swap_cluster *cluster;

	do {
		uint32_t slot, end;

		cluster = first_of(swap, &swap->full);
		if (!cluster)
			return;
		move(swap, cluster, CLUSTER_FULL);
		slot = first_slot(swap, cluster);
		for (end = slot + SWAP_CLUSTER; slot < end && slot < swap->max; slot++)
			if (swap->map[slot] == SWAP_HAS_CACHE)
				swap_reclaim_slot(swap, slot);
	} while (--left > 0);
}
