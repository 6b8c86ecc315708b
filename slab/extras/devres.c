/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: resources released together; see devres.h. One thread drives a machine. */
#include "slab/extras/devres.h"

#include <errno.h>
#include <string.h>

enum node_kind { NODE_MEMORY, NODE_ACTION, NODE_OPEN, NODE_CLOSE };

struct devres_node {
	struct devres_node *older, *newer;
	enum node_kind kind;
	uint64_t size;			/* of a memory resource: what was asked for */
	union {
		struct {
			void (*fn)(void *data);
			void *data;
		} action;
		struct {
			void *id;
			struct devres_node *other;	/* the mark at the other end; NULL: open */
			uint64_t walk;			/* of a closing mark: the last that met it */
		} group;
	};
};

_Static_assert(sizeof(struct devres_node) <= DEVRES_HEADER_BYTES, "the header holds a node");

void devres_init(struct devres *dr, struct slab_allocator *sa)
{
	*dr = (struct devres){ .sa = sa };
}

/* ---- the list ---------------------------------------------------------- */

static struct devres_node *new_node(struct devres *dr, unsigned int cpu, enum node_kind kind,
				    size_t size, gfp_t gfp)
{
	struct devres_node *node;
	size_t bytes;

	if (__builtin_add_overflow(size, DEVRES_HEADER_BYTES, &bytes))
		return NULL;
	node = kmalloc(dr->sa, cpu, bytes, gfp);
	if (!node)
		return NULL;
	memset(node, 0, sizeof(*node));
	node->kind = kind;
	node->size = size;
	return node;
}

static void link_after(struct devres *dr, struct devres_node *node, struct devres_node *older)
{
	node->older = older;
	node->newer = older ? older->newer : dr->oldest;
	*(node->newer ? &node->newer->older : &dr->newest) = node;
	*(older ? &older->newer : &dr->oldest) = node;
	if (node->kind <= NODE_ACTION)
		dr->nr++;
	dr->bytes += DEVRES_HEADER_BYTES + node->size;
}

static void unlink_node(struct devres *dr, struct devres_node *node)
{
	*(node->newer ? &node->newer->older : &dr->newest) = node->older;
	*(node->older ? &node->older->newer : &dr->oldest) = node->newer;
	if (node->kind <= NODE_ACTION)
		dr->nr--;
	dr->bytes -= DEVRES_HEADER_BYTES + node->size;
}

static void drop_node(struct devres *dr, unsigned int cpu, struct devres_node *node)
{
	unlink_node(dr, node);
	kfree(dr->sa, cpu, node);
}

static void *node_data(struct devres_node *node)
{
	return (char *)node + DEVRES_HEADER_BYTES;
}

/* A walk, because an address nobody handed out has no header in front of it. */
static struct devres_node *find_memory(const struct devres *dr, const void *p)
{
	struct devres_node *node;

	for (node = dr->newest; node; node = node->older)
		if (node->kind == NODE_MEMORY && node_data(node) == p)
			return node;
	return NULL;
}

/* ---- memory and actions ------------------------------------------------ */

void *devm_kmalloc(struct devres *dr, unsigned int cpu, size_t size, gfp_t gfp)
{
	struct devres_node *node;

	if (!size)
		return ZERO_SIZE_PTR;
	node = new_node(dr, cpu, NODE_MEMORY, size, gfp);
	if (!node)
		return NULL;
	if (gfp & __GFP_ZERO)
		memset(node_data(node), 0, size);
	link_after(dr, node, dr->newest);
	return node_data(node);
}

void *devm_krealloc(struct devres *dr, unsigned int cpu, void *p, size_t size, gfp_t gfp)
{
	struct devres_node *old, *node;

	if ((uintptr_t)p <= (uintptr_t)ZERO_SIZE_PTR)
		return devm_kmalloc(dr, cpu, size, gfp);
	old = find_memory(dr, p);
	if (!old)
		return NULL;
	if (!size) {
		drop_node(dr, cpu, old);
		return ZERO_SIZE_PTR;
	}
	if (size <= ksize(dr->sa, old) - DEVRES_HEADER_BYTES) {
		if ((gfp & __GFP_ZERO) && size > old->size)
			memset((char *)p + old->size, 0, size - old->size);
		dr->bytes += size - old->size;
		old->size = size;
		return p;
	}
	node = new_node(dr, cpu, NODE_MEMORY, size, gfp);
	if (!node)
		return NULL;
	memcpy(node_data(node), p, old->size);
	if (gfp & __GFP_ZERO)
		memset((char *)node_data(node) + old->size, 0, size - old->size);
	link_after(dr, node, old);
	drop_node(dr, cpu, old);
	return node_data(node);
}

int devm_kfree(struct devres *dr, unsigned int cpu, void *p)
{
	struct devres_node *node;

	if ((uintptr_t)p <= (uintptr_t)ZERO_SIZE_PTR)
		return 0;
	node = find_memory(dr, p);
	if (!node)
		return -ENOENT;
	drop_node(dr, cpu, node);
	return 0;
}

int devm_add_action(struct devres *dr, unsigned int cpu, void (*fn)(void *data), void *data)
{
	struct devres_node *node = new_node(dr, cpu, NODE_ACTION, 0, GFP_KERNEL);

	if (!node)
		return -ENOMEM;
	node->action.fn = fn;
	node->action.data = data;
	link_after(dr, node, dr->newest);
	return 0;
}

int devm_add_action_or_reset(struct devres *dr, unsigned int cpu, void (*fn)(void *data), void *data)
{
	int ret = devm_add_action(dr, cpu, fn, data);

	if (ret)
		fn(data);
	return ret;
}

int devm_remove_action(struct devres *dr, unsigned int cpu, void (*fn)(void *data), void *data)
{
	struct devres_node *node;

	for (node = dr->newest; node; node = node->older)
		if (node->kind == NODE_ACTION && node->action.fn == fn && node->action.data == data) {
			drop_node(dr, cpu, node);
			return 0;
		}
	return -ENOENT;
}

/* ---- groups ------------------------------------------------------------ */

/* The opening mark of the newest group called @id, or of the newest open one. */
static struct devres_node *find_group(const struct devres *dr, const void *id)
{
	struct devres_node *node;

	for (node = dr->newest; node; node = node->older)
		if (node->kind == NODE_OPEN && (id ? node->group.id == id : !node->group.other))
			return node;
	return NULL;
}

void *devres_open_group(struct devres *dr, unsigned int cpu, void *id, gfp_t gfp)
{
	struct devres_node *node = new_node(dr, cpu, NODE_OPEN, 0, gfp);

	if (!node)
		return NULL;
	node->group.id = id ? id : node;
	link_after(dr, node, dr->newest);
	return node->group.id;
}

int devres_close_group(struct devres *dr, unsigned int cpu, void *id)
{
	struct devres_node *open = find_group(dr, id), *close;

	if (!open || open->group.other)
		return -ENOENT;
	close = new_node(dr, cpu, NODE_CLOSE, 0, GFP_KERNEL);
	if (!close)
		return -ENOMEM;
	close->group.other = open;
	open->group.other = close;
	link_after(dr, close, dr->newest);
	return 0;
}

int devres_remove_group(struct devres *dr, unsigned int cpu, void *id)
{
	struct devres_node *open = find_group(dr, id);

	if (!open)
		return -ENOENT;
	if (open->group.other)
		drop_node(dr, cpu, open->group.other);
	drop_node(dr, cpu, open);
	return 0;
}

/*
 * Take everything from @newest down to, but without, @stop off the list and
 * chain it through ->older. A group's marks go when both lie in that range, or
 * when it is still open; one that reaches beyond it keeps both. Follows
 * remove_nodes().
 */
static struct devres_node *detach(struct devres *dr, struct devres_node *newest,
				  const struct devres_node *stop)
{
	struct devres_node *node, *older, *close, *first = NULL, **link = &first;

	dr->walks++;
	for (node = newest; node != stop; node = older) {
		older = node->older;
		if (node->kind == NODE_CLOSE) {
			node->group.walk = dr->walks;
			continue;
		}
		close = node->kind == NODE_OPEN ? node->group.other : NULL;
		if (close && close->group.walk != dr->walks)
			continue;
		if (close) {
			unlink_node(dr, close);
			*link = close;
			link = &close->older;
		}
		unlink_node(dr, node);
		*link = node;
		link = &node->older;
	}
	*link = NULL;
	return first;
}

/*
 * Run and free a detached chain, newest first; returns how many resources. An
 * action may attach and free others of @dr: none of them is in the chain.
 */
static int release_chain(struct devres *dr, unsigned int cpu, struct devres_node *node)
{
	struct devres_node *older;
	int nr = 0;

	for (; node; node = older) {
		older = node->older;
		if (node->kind == NODE_ACTION)
			node->action.fn(node->action.data);
		nr += node->kind <= NODE_ACTION;
		kfree(dr->sa, cpu, node);
	}
	return nr;
}

int devres_release_group(struct devres *dr, unsigned int cpu, void *id)
{
	struct devres_node *open = find_group(dr, id), *newest;

	if (!open)
		return -ENOENT;
	newest = open->group.other ? open->group.other : dr->newest;
	return release_chain(dr, cpu, detach(dr, newest, open->older));
}

int devres_release_all(struct devres *dr, unsigned int cpu)
{
	int nr = 0;

	/* An action may have attached something. */
	while (dr->newest)
		nr += release_chain(dr, cpu, detach(dr, dr->newest, NULL));
	return nr;
}
