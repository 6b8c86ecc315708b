/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: complaints of debugged caches in a replay: kept with call
 * sites and event numbers, in the report, and on the command line.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "sim/report/report.h"
#include "tests/tests.h"
#include "tests/sim/trace/events.h"

struct rig {
	struct names *names;
	struct machine_config cfg;
	struct machine *machine;
	struct replay *rp;
};

static void set_up(struct rig *rig, const char *debug, unsigned int keep)
{
	static const char *const known[] = { "maker+0x1", "dropper+0x2" };
	struct replay_config rc;
	struct kerror err = { 0 };
	size_t i;

	rig->names = names_create();
	for (i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(names_intern(rig->names, known[i], strlen(known[i])), i + 1);
	machine_config_default(&rig->cfg);
	rig->cfg.mem_bytes = 64 << 20;
	rig->cfg.slab.debug = debug;
	replay_config_default(&rc);
	rc.slab_owner = true;
	rc.findings = keep;
	if (machine_create(&rig->machine, &rig->cfg, &err) ||
	    replay_create(&rig->rp, rig->machine, rig->names, &rc, &err))
		CU_FAIL_FATAL(err.text);
}

static void tear_down(struct rig *rig)
{
	replay_destroy(rig->rp);
	machine_destroy(rig->machine);
	names_destroy(rig->names);
}

static void replay_one_event(struct rig *rig, enum event_kind kind, uint64_t addr, uint32_t site)
{
	struct event ev = object(kind, addr, 100, 0);
	struct kerror err;

	ev.call_site = site;
	ev.pid = 70 + (int32_t)site;
	ev.time_ns = 5;
	CU_ASSERT_EQUAL(replay_events(rig->rp, &ev, 1, &err), 0);
}

static unsigned char *our_object(struct rig *rig, uint64_t addr)
{
	return (unsigned char *)(uintptr_t)live_find(&rig->rp->ledger.objects, addr)->sim;
}

/* What the emitter makes of the checks alone. */
static json_t *checks(struct rig *rig, const char *failslab)
{
	const struct report_input in = {
		.machine_cfg = &rig->cfg, .machine = rig->machine, .ledger = &rig->rp->ledger,
		.replay = rig->rp, .failslab = failslab,
	};
	struct emitter *em = emitter_create();
	FILE *file = tmpfile();
	struct kerror err = { 0 };
	json_t *root;

	report_checks(em, &in);
	if (emitter_write(em, &emit_json, file, &err))
		CU_FAIL_FATAL(err.text);
	emitter_destroy(em);
	rewind(file);
	root = json_loadf(file, 0, NULL);
	fclose(file);
	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	return root;
}

/* An overrun between two events of a trace: both events and call sites are named. */
static void test_overrun(void)
{
	const struct slab_finding *first;
	const json_t *row, *section;
	struct rig rig;
	json_t *root;

	set_up(&rig, "FZPU", 1);
	replay_one_event(&rig, EV_KMALLOC, 0x1000, 1);
	replay_one_event(&rig, EV_KMALLOC, 0x2000, 1);
	our_object(&rig, 0x1000)[100] = 1;
	our_object(&rig, 0x2000)[101] = 2;
	replay_one_event(&rig, EV_KFREE, 0x1000, 2);
	CU_ASSERT_EQUAL(slab_validate_caches(rig.machine->slab), 1);

	first = &rig.rp->findings.kept[0];
	CU_ASSERT_EQUAL(rig.rp->findings.nr, 2);
	CU_ASSERT_EQUAL(rig.rp->findings.nr_kept, 1);
	CU_ASSERT_EQUAL(rig.rp->findings.by_kind[SLAB_RIGHT_OVERWRITTEN], 2);
	CU_ASSERT_STRING_EQUAL(first->cache, "kmalloc-128");
	CU_ASSERT_PTR_NOT_NULL(strstr(first->text, "Allocated in maker+0x1 pid=71 event=0"));
	CU_ASSERT_PTR_NOT_NULL(strstr(first->text, "Noticed in dropper+0x2 pid=72 event=2"));

	root = checks(&rig, "1,100,0,-1");
	section = json_object_get(root, "checks");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(section, "slab_debug")), "FZPU");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(section, "failslab")), "1,100,0,-1");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(section, "complaints")), 2);
	row = json_array_get(json_object_get(section, "findings"), 0);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(row, "what")), "right_overwritten");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(row, "allocated")),
			       "maker+0x1 (pid 71) event 0");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(row, "noticed")),
			       "dropper+0x2 (pid 72) event 2");
	json_decref(root);
	tear_down(&rig);
}

/* Nothing asked for and nothing found: no section. */
static void test_nothing(void)
{
	struct rig rig;
	json_t *root;

	set_up(&rig, NULL, 0);
	replay_one_event(&rig, EV_KMALLOC, 0x1000, 1);
	root = checks(&rig, NULL);
	CU_ASSERT_PTR_NULL(json_object_get(root, "checks"));
	json_decref(root);
	tear_down(&rig);
}

static const struct test_case cases[] = {
	{ "an overrun in a replay", test_overrun },
	{ "nothing found", test_nothing },
	{ NULL, NULL }
};

const struct test_suite findings_suite = { "findings", cases };
