/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what an allocator is built with: an engine, and the numbers that
 * engine's own list names. Kernels read most of them from the command line
 * (slab_max_order=) or from /sys/kernel/slab/CACHE/; here one value holds for
 * all caches.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "slab/allocator.h"

static unsigned int *param_field(struct slab_config *cfg, const struct engine_param *param)
{
	return (unsigned int *)((char *)cfg + param->field);
}

static unsigned int param_value(const struct slab_config *cfg,
				const struct engine_param *param)
{
	return *(const unsigned int *)((const char *)cfg + param->field);
}

static void set_defaults(struct slab_config *cfg, const struct engine_ops *engine)
{
	const struct engine_param *param;

	cfg->engine = engine->name;
	for (param = engine->params; param->name; param++)
		*param_field(cfg, param) = param->def;
}

void slab_config_default(struct slab_config *cfg)
{
	const struct engine_ops *const *engine = engine_list;

	memset(cfg, 0, sizeof(*cfg));
	cfg->merge = true;
	cfg->quarantine_bytes = SLAB_QUARANTINE_BYTES;
	cfg->kernel = BUDDY_KERNEL_NEWEST;
	while (*engine)
		engine++;
	while (engine != engine_list)
		set_defaults(cfg, *--engine);
}

static const struct engine_ops *find_engine(const char *name, struct kerror *err)
{
	const struct engine_ops *engine = engine_find(name);

	if (!engine)
		kerror_set(err, -EINVAL, "no slab engine is called '%s'", name);
	return engine;
}

int slab_config_engine(struct slab_config *cfg, const char *name, struct kerror *err)
{
	const struct engine_ops *engine = find_engine(name, err);

	if (!engine)
		return -EINVAL;
	set_defaults(cfg, engine);
	return 0;
}

static int out_of_range(const struct engine_param *param, const char *engine, uint64_t value,
			struct kerror *err)
{
	return kerror_set(err, -EINVAL, "%s: %s=%llu is not within %u..%u", engine, param->name,
			  (unsigned long long)value, param->min, param->max);
}

int slab_config_param(struct slab_config *cfg, const char *name, uint64_t value,
		      struct kerror *err)
{
	const struct engine_ops *engine = find_engine(cfg->engine, err);
	const struct engine_param *param;

	if (!engine)
		return -EINVAL;
	for (param = engine->params; param->name; param++) {
		if (strcmp(param->name, name))
			continue;
		if (value < param->min || value > param->max)
			return out_of_range(param, engine->name, value, err);
		*param_field(cfg, param) = (unsigned int)value;
		return 0;
	}
	return kerror_set(err, -EINVAL, "engine %s has no parameter '%s'", engine->name, name);
}

int slab_config_check(const struct slab_config *cfg, struct kerror *err)
{
	const struct engine_ops *engine = find_engine(cfg->engine, err);
	const struct engine_param *param;

	if (!engine)
		return -EINVAL;
	if ((unsigned int)cfg->kernel >= NR_BUDDY_KERNELS)
		return kerror_set(err, -EINVAL, "no rules for kernel number %u", cfg->kernel);
	for (param = engine->params; param->name; param++) {
		unsigned int value = param_value(cfg, param);

		if (value != param->def && (value < param->min || value > param->max))
			return out_of_range(param, engine->name, value, err);
	}
	return 0;
}

void slab_config_text(const struct slab_config *cfg, char *buf, size_t size)
{
	const struct engine_ops *engine = engine_find(cfg->engine);
	const struct engine_param *param;
	size_t len;

	snprintf(buf, size, "%s", cfg->engine);
	for (param = engine ? engine->params : NULL; param && param->name; param++) {
		if (param_value(cfg, param) == param->def)
			continue;
		len = strnlen(buf, size);
		snprintf(buf + len, size - len, ",%s=%u", param->name, param_value(cfg, param));
	}
}
