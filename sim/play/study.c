/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a scenario's policy= and frames=. OPT must know what comes: the scenario is played once before, on a machine
 * of its own, with LRU and nobody listening, and what it accesses is noted. A page has the same number in both runs as long as
 * no process forks: which page is copied may depend on who is in memory.
 */
#include <errno.h>
#include <stdlib.h>

#include "sim/play/internal.h"
#include "sim/vm/policy/stream.h"
#include "sim/vm/study.h"

/* Of all memory, where the scenario does not say: the rest is for tables and files. */
#define DEFAULT_SHARE(pages)	((pages) / 4 * 3)

static int foresee(struct play *play, struct policy_config *cfg, struct kerror *err)
{
	struct play_config first = { .max_steps = play->cfg.max_steps, .stop = play->cfg.stop };
	struct play *run = NULL;
	int ret;

	play->seen = calloc(1, sizeof(*play->seen));
	if (!play->seen)
		return kerror_set(err, -ENOMEM, "scenario: out of memory");
	first.record = play->seen;
	ret = play_create(&run, play->scenario, &first, err);
	if (!ret)
		ret = play_run(run, err);
	if (run && ret) {
		play->at_line = run->at_line;
		play->at_column = run->at_column;
		play->bounded = run->bounded;
	}
	play_destroy(run);
	if (!ret)
		ret = stream_next_uses(play->seen, &play->next_uses, err);
	cfg->next_use = play->next_uses;
	cfg->nr_next_uses = play->seen->nr;
	return ret;
}

int play_study(struct play *play, const struct scenario_machine *m, struct kerror *err)
{
	struct policy_config cfg;
	uint64_t frames = m->frames ? m->frames : DEFAULT_SHARE(play->vm->totalram);
	const char *name = scenario_word_of(scenario_policy, m->policy);
	int ret;

	if (m->policy == SCENARIO_KERNEL)
		return 0;
	policy_defaults(&cfg, play->cfg.record ? &policy_lru : policy_find(name));
	cfg.frames = frames < POLICY_MAX_FRAMES ? (uint32_t)frames : POLICY_MAX_FRAMES;
	ret = cfg.ops->needs_future ? foresee(play, &cfg, err) : 0;
	if (!ret)
		ret = study_create(play->vm, &cfg, err);
	if (!ret)
		play->vm->study->record = play->cfg.record;
	return ret;
}

int play_study_check(const struct play *play, struct kerror *err)
{
	const struct study *study = play->vm->study;

	if (study && study->stuck)
		return kerror_set(err, -ENOSPC, "swap is full: there is no place for the page that has to leave");
	if (study && study->failed)
		return kerror_set(err, -ENOMEM, "scenario: out of memory for what a policy has to know");
	return 0;
}

void play_study_end(struct play *play)
{
	study_destroy(play->vm);
	if (play->seen) {
		stream_free_next_uses(play->seen, play->next_uses);
		stream_free(play->seen);
		free(play->seen);
	}
	play->seen = NULL;
	play->next_uses = NULL;
}
