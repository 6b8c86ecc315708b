/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: one stream of page numbers through several replacement policies, each with several
 * numbers of frames: how often does each miss?
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_REPLACE_REPLACE_H
#define KMEMSIM_SIM_REPLACE_REPLACE_H

#include <signal.h>
#include <stddef.h>

#include "sim/trace/reader.h"
#include "sim/vm/policy/policy.h"
#include "sim/vm/policy/stream.h"

#define REPLACE_MAX_POLICIES	16u
#define REPLACE_MAX_FRAMES	10000u	/* numbers of frames, not frames */
#define REPLACE_PAGE_SHIFT	12	/* pages of accesses have 4 KiB */

/* Each page that each access of @block touches, in their order. Errors: those of stream_add(). */
int replace_add_accesses(struct stream *s, const struct access_block *block, struct kerror *err);

/*
 * All of @src as text, see stream.h. Errors: those of stream_text_feed(), stream_text_end() and
 * source_read(); -EINTR where that was stopped: what came before is in the stream.
 */
int replace_read_text(struct stream *s, struct source *src, struct kerror *err);

struct replace_config {
	struct policy_config policies[REPLACE_MAX_POLICIES];	/* without frames and future */
	unsigned int nr_policies;
	uint32_t frames[REPLACE_MAX_FRAMES];	/* ascending, each once */
	unsigned int nr_frames;
	const volatile sig_atomic_t *stop;	/* NULL, or ends the work once it is set */
	/* NULL, or called now and then: accesses of all that are to be made. */
	void (*on_progress)(void *ctx, const char *policy, uint64_t done, uint64_t all);
	void *ctx;
};

/* For whoever names no frames: parts of the pages that @s has, from a sixteenth to all of them. */
void replace_default_frames(struct replace_config *cfg, const struct stream *s);

struct replace_result {
	uint64_t *misses;		/* a row a policy, a column a number of frames; the caller frees it */
	unsigned int nr_policies;	/* that are through: all, or as many as there were before the stop */
};

static inline uint64_t replace_misses(const struct replace_config *cfg, const struct replace_result *res,
				      unsigned int policy, unsigned int frames)
{
	return res->misses[(size_t)policy * cfg->nr_frames + frames];
}

/* -ENOMEM, -EINTR where it was stopped before the first policy was through; then there is nothing to free. */
int replace_run(struct replace_result *res, const struct replace_config *cfg, const struct stream *s,
		struct kerror *err);

/* Belady's anomaly: more frames, more misses. */
struct replace_anomaly {
	unsigned int places;		/* neighbours among the numbers of frames where that is so; 0: nowhere */
	unsigned int worst;		/* frames[worst] has fewer misses than frames[worst + 1], by the most */
};

void replace_anomaly(struct replace_anomaly *found, const struct replace_config *cfg, const struct replace_result *res,
		     unsigned int policy);

#endif
