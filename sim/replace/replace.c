/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a stream through several policies; see replace.h. Single-threaded. */
#include "sim/replace/replace.h"

#include <errno.h>
#include <stdlib.h>

#define STEP	(64u << 10)	/* accesses between two looks at the flag */

int replace_add_accesses(struct stream *s, const struct access_block *block, struct kerror *err)
{
	uint32_t i;
	int ret = 0;

	for (i = 0; !ret && i < block->nr; i++) {
		uint64_t page = block->at[i].addr >> REPLACE_PAGE_SHIFT;
		uint64_t last = (block->at[i].addr + (block->at[i].size - 1u)) >> REPLACE_PAGE_SHIFT;

		for (; !ret && page <= last; page++)
			ret = stream_add(s, page, err);
	}
	return ret;
}

int replace_read_text(struct stream *s, struct source *src, struct kerror *err)
{
	struct stream_text text;
	char bytes[16 << 10];
	int64_t got;
	int ret = 0;

	stream_text_begin(&text, s, source_name(src));
	while (!ret && (got = source_read(src, bytes, sizeof(bytes), err)) != 0)
		ret = got < 0 ? (int)got : stream_text_feed(&text, bytes, (uint64_t)got, err);
	return ret ? ret : stream_text_end(&text, err);
}

void replace_default_frames(struct replace_config *cfg, const struct stream *s)
{
	static const unsigned int sixteenths[] = { 1, 2, 4, 6, 8, 10, 12, 14, 16 };
	unsigned int i;

	cfg->nr_frames = 0;
	for (i = 0; i < sizeof(sixteenths) / sizeof(sixteenths[0]); i++) {
		uint64_t frames = (uint64_t)s->nr_pages * sixteenths[i] / 16;

		if (frames > POLICY_MAX_FRAMES)
			frames = POLICY_MAX_FRAMES;
		if (frames && (!cfg->nr_frames || frames > cfg->frames[cfg->nr_frames - 1]))
			cfg->frames[cfg->nr_frames++] = (uint32_t)frames;
	}
}

struct work {
	const struct replace_config *cfg;
	const struct stream *stream;
	uint64_t done, all;	/* accesses, of all policies and frames */
};

/* One policy with one number of frames. -EINTR where it was stopped. */
static int run_one(struct work *work, const struct policy_config *cfg, uint64_t *misses, struct kerror *err)
{
	const struct stream *s = work->stream;
	struct policy *p;
	uint64_t i, end;
	int ret = policy_create(&p, cfg, err);

	if (ret)
		return ret;
	for (i = 0; !ret && i < s->nr; i = end) {
		uint64_t at;

		end = s->nr - i < STEP ? s->nr : i + STEP;
		for (at = i; at < end; at++)
			policy_access(p, stream_page(s, at));
		work->done += end - i;
		if (work->cfg->on_progress)
			work->cfg->on_progress(work->cfg->ctx, cfg->ops->name, work->done, work->all);
		if (work->cfg->stop && *work->cfg->stop && end < s->nr)
			ret = kerror_set(err, -EINTR, "interrupted before the first policy was through");
	}
	*misses = p->misses;
	policy_destroy(p);
	return ret;
}

static int run_policy(struct work *work, unsigned int which, const uint32_t *next, uint64_t *misses,
		      struct kerror *err)
{
	struct policy_config cfg = work->cfg->policies[which];
	unsigned int i;
	int ret = 0;

	cfg.next_use = next;
	cfg.nr_next_uses = next ? work->stream->nr : 0;
	for (i = 0; !ret && i < work->cfg->nr_frames; i++) {
		cfg.frames = work->cfg->frames[i];
		ret = work->cfg->stop && *work->cfg->stop ?
		      kerror_set(err, -EINTR, "interrupted before the first policy was through") :
		      run_one(work, &cfg, &misses[i], err);
	}
	return ret;
}

int replace_run(struct replace_result *res, const struct replace_config *cfg, const struct stream *s,
		struct kerror *err)
{
	struct work work = { .cfg = cfg, .stream = s, .all = s->nr * cfg->nr_frames * cfg->nr_policies };
	uint32_t *next = NULL;
	unsigned int i;
	int ret = 0;

	*res = (struct replace_result){ .nr_policies = 0 };
	res->misses = calloc((size_t)cfg->nr_policies * cfg->nr_frames, sizeof(*res->misses));
	if (!res->misses)
		return kerror_set(err, -ENOMEM, "no memory for the figures of %u policies", cfg->nr_policies);
	for (i = 0; !ret && i < cfg->nr_policies; i++) {
		if (cfg->policies[i].ops->needs_future && !next)
			ret = stream_next_uses(s, &next, err);
		if (!ret)
			ret = run_policy(&work, i, next, &res->misses[(size_t)i * cfg->nr_frames], err);
		res->nr_policies += !ret;
	}
	stream_free_next_uses(s, next);
	if (ret == -EINTR && res->nr_policies)
		return 0;
	if (ret) {
		free(res->misses);
		res->misses = NULL;
	}
	return ret;
}

void replace_anomaly(struct replace_anomaly *found, const struct replace_config *cfg, const struct replace_result *res,
		     unsigned int policy)
{
	uint64_t worst = 0;
	unsigned int i;

	*found = (struct replace_anomaly){ 0 };
	for (i = 0; i + 1 < cfg->nr_frames; i++) {
		uint64_t few = replace_misses(cfg, res, policy, i), more = replace_misses(cfg, res, policy, i + 1);

		if (more <= few)
			continue;
		found->places++;
		if (more - few <= worst)
			continue;
		worst = more - few;
		found->worst = i;
	}
}
