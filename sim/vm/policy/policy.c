/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: page replacement policies, made and driven; see policy.h. Single-threaded. */
#include "sim/vm/policy/policy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const struct policy_ops *const policy_list[] = {
	&policy_fifo, &policy_lru, &policy_clock, &policy_second, &policy_lfu, &policy_random, &policy_arc,
	&policy_twoq, &policy_sieve, &policy_s3fifo, &policy_opt, NULL
};

const struct policy_ops *policy_find(const char *name)
{
	const struct policy_ops *const *ops;

	for (ops = policy_list; *ops; ops++)
		if (!strcmp((*ops)->name, name))
			return *ops;
	return NULL;
}

void policy_defaults(struct policy_config *cfg, const struct policy_ops *ops)
{
	unsigned int i;

	*cfg = (struct policy_config){ .ops = ops };
	for (i = 0; ops->params[i].name; i++)
		cfg->value[i] = ops->params[i].def;
}

static int check_config(const struct policy_config *cfg, struct kerror *err)
{
	const struct policy_param *param;

	if (!cfg->frames || cfg->frames > POLICY_MAX_FRAMES)
		return kerror_set(err, -EINVAL, "%s: %" PRIu32 " frames: expected 1 to %u", cfg->ops->name, cfg->frames,
				  POLICY_MAX_FRAMES);
	for (param = cfg->ops->params; param->name; param++) {
		uint32_t value = cfg->value[param - cfg->ops->params];

		if (value < param->min || value > param->max)
			return kerror_set(err, -EINVAL, "%s: %s=%" PRIu32 ": expected %" PRIu32 " to %" PRIu32,
					  cfg->ops->name, param->name, value, param->min, param->max);
	}
	if (cfg->ops->needs_future && !cfg->next_use)
		return kerror_set(err, -EINVAL, "%s needs to know which accesses come", cfg->ops->name);
	return 0;
}

int policy_create(struct policy **out, const struct policy_config *cfg, struct kerror *err)
{
	struct policy *p;
	uint32_t ghosts;
	int ret = check_config(cfg, err);

	*out = NULL;
	if (ret)
		return ret;
	p = calloc(1, cfg->ops->size);
	if (!p)
		return kerror_set(err, -ENOMEM, "no memory for the policy %s", cfg->ops->name);
	p->ops = cfg->ops;
	p->cfg = *cfg;
	ghosts = p->ops->nr_ghosts ? p->ops->nr_ghosts(p) : 0;
	ret = nodes_init(&p->nodes, cfg->frames + ghosts);
	if (!ret && p->ops->init)
		ret = p->ops->init(p);
	if (ret) {
		policy_destroy(p);
		return kerror_set(err, ret, "no memory for %" PRIu32 " frames of the policy %s", cfg->frames,
				  cfg->ops->name);
	}
	*out = p;
	return 0;
}

void policy_destroy(struct policy *p)
{
	if (!p)
		return;
	if (p->ops->release)
		p->ops->release(p);
	nodes_exit(&p->nodes);
	free(p);
}

enum policy_outcome policy_access(struct policy *p, uint64_t page)
{
	uint32_t n = nodes_find(&p->nodes, page);
	bool hit = n && p->nodes.node[n].resident;

	p->has_evicted = false;
	if (hit) {
		p->ops->hit(p, n);
	} else {
		p->ops->miss(p, page);
		p->misses++;
	}
	p->accesses++;
	return hit ? POLICY_HIT : p->has_evicted ? POLICY_EVICTED : POLICY_MISS;
}

void policy_remove(struct policy *p, uint64_t page)
{
	uint32_t n = nodes_find(&p->nodes, page);

	if (!n || !p->nodes.node[n].resident)
		return;
	if (p->ops->forget)
		p->ops->forget(p, n);
	if (p->nodes.node[n].list)
		list_remove(&p->nodes, n);
	nodes_drop(&p->nodes, n);
	p->used--;
	p->removed++;
}

bool policy_has(const struct policy *p, uint64_t page)
{
	uint32_t n = nodes_find(&p->nodes, page);

	return n && p->nodes.node[n].resident;
}

unsigned int policy_validate(const struct policy *p)
{
	unsigned int wrong = nodes_validate(&p->nodes);
	uint32_t n, resident = 0;

	for (n = NODES_FIRST; n < p->nodes.fresh; n++)
		resident += p->nodes.node[n].resident;
	wrong += resident != p->used;
	wrong += p->used > p->cfg.frames;
	wrong += p->misses > p->accesses;
	/* A frame that once was used stays so, unless its page was removed. */
	wrong += !p->removed && p->used != (p->misses < p->cfg.frames ? p->misses : p->cfg.frames);
	return wrong + (p->ops->validate ? p->ops->validate(p) : 0);
}

void policy_evict(struct policy *p, uint32_t n)
{
	struct node *node = &p->nodes.node[n];

	node->resident = false;
	p->used--;
	p->evicted = node->page;
	p->has_evicted = true;
}

void policy_evict_drop(struct policy *p, uint32_t n)
{
	policy_evict(p, n);
	nodes_drop(&p->nodes, n);
}

uint32_t policy_load(struct policy *p, uint64_t page)
{
	uint32_t n = nodes_take(&p->nodes, page);

	p->nodes.node[n].resident = true;
	p->used++;
	return n;
}

void policy_reload(struct policy *p, uint32_t n)
{
	p->nodes.node[n].resident = true;
	p->used++;
}

uint32_t policy_part(const struct policy *p, uint32_t percent)
{
	uint32_t part = (uint32_t)((uint64_t)p->cfg.frames * percent / 100);

	return part ? part : 1;
}
