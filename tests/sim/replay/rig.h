/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: a small machine and a replay on it, fed with events made by hand.
 * Names 1 and 2 are call sites, 3 to 5 caches. rig_down() looks whether all is in
 * order: the machine's validators, and the balance of a sample.
 */
#ifndef KMEMSIM_TESTS_SIM_REPLAY_RIG_H
#define KMEMSIM_TESTS_SIM_REPLAY_RIG_H

#include <string.h>

#include "sim/metrics/metrics.h"
#include "sim/replay/replay.h"
#include "tests/tests.h"

struct rig {
	struct names *names;
	struct machine *machine;
	struct replay *rp;
};

static inline void rig_up_machine(struct rig *rig, const struct machine_config *cfg,
				  const struct replay_config *rc)
{
	static const char *const known[] = { "site_a+0x1", "site_b+0x2", "dentry", "filp", "skbuff" };
	struct kerror err = { 0 };
	size_t i;

	rig->names = names_create();
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		CU_ASSERT_EQUAL(names_intern(rig->names, known[i], strlen(known[i])), i + 1);
	if (machine_create(&rig->machine, cfg, &err) ||
	    replay_create(&rig->rp, rig->machine, rig->names, rc, &err))
		CU_FAIL_FATAL(err.text);
}

static inline void rig_up(struct rig *rig, uint64_t mem, const struct replay_config *given)
{
	struct machine_config cfg;
	struct replay_config rc;

	machine_config_default(&cfg);
	cfg.mem_bytes = mem;
	cfg.nr_cpus = 2;
	replay_config_default(&rc);
	rig_up_machine(rig, &cfg, given ? given : &rc);
}

static inline void on_violation(void *ctx, const char *text)
{
	CU_FAIL(text);
}

static inline void rig_check(struct rig *rig)
{
	struct sample sample;

	CU_ASSERT_EQUAL(machine_validate(rig->machine, on_violation, NULL), 0);
	metrics_sample(rig->machine, &rig->rp->ledger, 0, &sample);
	CU_ASSERT_EQUAL(metrics_check(&sample), 0);
	CU_ASSERT_EQUAL(rig->rp->ledger.counter[RC_refused_free], 0);
}

static inline void rig_down(struct rig *rig)
{
	rig_check(rig);
	replay_destroy(rig->rp);
	machine_destroy(rig->machine);
	names_destroy(rig->names);
}

static inline int feed(struct rig *rig, struct event ev)
{
	return replay_events(rig->rp, &ev, 1, NULL);
}

static inline struct event object(enum event_kind kind, uint64_t addr, uint32_t req, uint32_t alloc,
				  name_id cache)
{
	return (struct event){ .kind = (uint8_t)kind, .addr = addr, .bytes_req = req,
			       .bytes_alloc = alloc, .cache = cache, .call_site = 1,
			       .gfp = GFP_KERNEL, .node = EVENT_NO_NODE };
}

static inline struct event block(enum event_kind kind, uint64_t pfn, uint8_t order)
{
	return (struct event){ .kind = (uint8_t)kind, .addr = pfn, .order = order, .gfp = GFP_KERNEL,
			       .node = EVENT_NO_NODE };
}

#define COUNT(rig, name) ((rig).rp->ledger.counter[RC_##name])

#endif
