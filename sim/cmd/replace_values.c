/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: values of 'kmemsim replace'; see replace_values.h. */
#include "sim/cmd/replace_values.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cmd/cmd.h"
#include "sim/util/nearest.h"

#define WORD	64

/* ---- policies ----------------------------------------------------------------- */

static int parse_policy_param(struct policy_config *cfg, char *word, struct kerror *err)
{
	const struct policy_param *param;
	char *value = strchr(word, '=');
	struct nearest near;
	uint64_t number;

	*value++ = '\0';
	nearest_begin(&near, word);
	for (param = cfg->ops->params; param->name && strcmp(param->name, word); param++)
		nearest_add(&near, param->name);
	if (!cfg->ops->params->name)
		return kerror_set(err, -EINVAL, "policy %s has no parameters, so no '%s'", cfg->ops->name, word);
	if (!param->name)
		return kerror_set(err, -EINVAL, "policy %s has no parameter '%s'%s", cfg->ops->name, word,
				  nearest_text(&near));
	if (!parse_number(value, param->min, param->max, &number))
		return kerror_set(err, -EINVAL, "%s=%s: expected a number from %u to %u", word, value, param->min,
				  param->max);
	cfg->value[param - cfg->ops->params] = (uint32_t)number;
	return 0;
}

static int parse_policy_name(struct replace_config *cfg, const char *word, struct kerror *err)
{
	const struct policy_ops *ops = policy_find(word);
	const struct policy_ops *const *known;
	struct nearest near;

	if (!*word)
		return kerror_set(err, -EINVAL, "a policy's name is missing");
	if (!ops) {
		nearest_begin(&near, word);
		for (known = policy_list; *known; known++)
			nearest_add(&near, (*known)->name);
		return kerror_set(err, -EINVAL, "no policy is called '%s'%s", word, nearest_text(&near));
	}
	if (cfg->nr_policies == REPLACE_MAX_POLICIES)
		return kerror_set(err, -EINVAL, "more than %u policies", REPLACE_MAX_POLICIES);
	policy_defaults(&cfg->policies[cfg->nr_policies++], ops);
	return 0;
}

int parse_replace_policies(const char *text, struct replace_config *cfg, struct kerror *err)
{
	const struct policy_ops *const *ops;
	char word[WORD];
	size_t len;
	int ret = 0;

	cfg->nr_policies = 0;
	if (!strcmp(text, "all")) {
		for (ops = policy_list; *ops; ops++)
			policy_defaults(&cfg->policies[cfg->nr_policies++], *ops);
		return 0;
	}
	for (;; text += len + 1) {
		len = strcspn(text, ",");
		if (len >= sizeof(word))
			return kerror_set(err, -EINVAL, "'%.20s...' is too long for a policy", text);
		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		if (!strchr(word, '='))
			ret = parse_policy_name(cfg, word, err);
		else if (cfg->nr_policies)
			ret = parse_policy_param(&cfg->policies[cfg->nr_policies - 1], word, err);
		else
			ret = kerror_set(err, -EINVAL, "'%s': a policy comes before its parameters", word);
		if (ret || !text[len])
			return ret;
	}
}

/* ---- frames ------------------------------------------------------------------- */

static int compare_frames(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void sort_frames(struct replace_config *cfg)
{
	unsigned int i, nr = 0;

	qsort(cfg->frames, cfg->nr_frames, sizeof(*cfg->frames), compare_frames);
	for (i = 0; i < cfg->nr_frames; i++)
		if (!nr || cfg->frames[i] != cfg->frames[nr - 1])
			cfg->frames[nr++] = cfg->frames[i];
	cfg->nr_frames = nr;
}

/* "7", "5-9" or "5-9:2"; both ends are needed. */
static int parse_some_frames(struct replace_config *cfg, const char *word, struct kerror *err)
{
	uint64_t from, to, step = 1;
	char range[WORD];
	const char *colon = strchr(word, ':'), *dash = strchr(word, '-');
	size_t len = colon ? (size_t)(colon - word) : strlen(word);

	snprintf(range, sizeof(range), "%.*s", (int)len, word);
	if ((colon && (!dash || !parse_number(colon + 1, 1, POLICY_MAX_FRAMES, &step))) || word[0] == '-' ||
	    (dash && dash + 1 == word + len) || !parse_range(range, 1, POLICY_MAX_FRAMES, &from, &to))
		return kerror_set(err, -EINVAL, "'%s': expected a number of frames from 1 to %u, FROM-TO or FROM-TO:STEP",
				  word, POLICY_MAX_FRAMES);
	for (; from <= to; from += step) {
		if (cfg->nr_frames == REPLACE_MAX_FRAMES)
			return kerror_set(err, -EINVAL, "'%s': more than %u numbers of frames; FROM-TO:STEP has fewer",
					  word, REPLACE_MAX_FRAMES);
		cfg->frames[cfg->nr_frames++] = (uint32_t)from;
	}
	return 0;
}

int parse_replace_frames(const char *text, struct replace_config *cfg, struct kerror *err)
{
	char word[WORD];
	size_t len;
	int ret;

	cfg->nr_frames = 0;
	for (;; text += len + 1) {
		len = strcspn(text, ",");
		if (len >= sizeof(word))
			return kerror_set(err, -EINVAL, "'%.20s...' is too long for a number of frames", text);
		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		ret = parse_some_frames(cfg, word, err);
		if (ret)
			return ret;
		if (!text[len])
			break;
	}
	sort_frames(cfg);
	return 0;
}

bool is_page_list(const char *text)
{
	return *text >= '0' && *text <= '9' && strpbrk(text, ", ") && !text[strspn(text, "0123456789abcdefABCDEFxX, ")];
}
