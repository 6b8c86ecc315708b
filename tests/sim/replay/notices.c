/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: what a recording tells of the traced kernel's virtual memory, by process, and its table in the report. */
#include "sim/replay/notices.h"

#include <string.h>

#include "sim/cmd/cmd.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"

static void test_counts(void)
{
	static const struct event events[] = {
		{ .kind = EV_RSS_STAT, .pid = 7, .comm = 1 }, { .kind = EV_FAULT_USER, .pid = 7, .comm = 1 },
		{ .kind = EV_FAULT_USER, .pid = 7, .comm = 2 }, { .kind = EV_FAULT_KERNEL, .pid = 8, .comm = 1 },
		{ .kind = EV_RECLAIM_BEGIN, .pid = 8, .comm = 1 }, { .kind = EV_RECLAIM_END, .pid = 8, .comm = 1 },
		{ .kind = EV_KSWAPD_WAKE, .pid = -1, .comm = 3 }, { .kind = EV_LRU_INACTIVE, .pid = -1, .comm = 3 },
		{ .kind = EV_MIGRATE_PAGES, .pid = 0, .comm = 0 }, { .kind = EV_TLB_FLUSH, .pid = 9, .comm = 1 },
	};
	static const uint64_t all[NR_NOTICE_COUNTS] = { 2, 1, 1, 1, 1, 1, 1 };
	struct notices notices = { .nr = 0 };
	size_t i;

	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		CU_ASSERT_EQUAL(notices_any(&notices), i > 1);
		CU_ASSERT_EQUAL_FATAL(notices_take(&notices, &events[i]), 0);
	}
	CU_ASSERT_EQUAL(memcmp(notices.count, all, sizeof(all)), 0);
	CU_ASSERT_EQUAL_FATAL(notices.nr, 4);
	CU_ASSERT_EQUAL(notices.tasks[0].pid, 7);
	CU_ASSERT_EQUAL(notices.tasks[0].comm, 2);
	CU_ASSERT_EQUAL(notices.tasks[0].count[NOTICE_user_faults], 2);
	CU_ASSERT_EQUAL(notices.tasks[1].count[NOTICE_direct_reclaims], 1);
	CU_ASSERT_EQUAL(notices.tasks[2].pid, -1);
	notices_exit(&notices);
}

/* The most faults first, and not more rows than were asked for. */
static void test_report(void)
{
	static const char text[] =
		"# tracer: nop\n#\n"
		"          few-7       [001] .....     1.000001: page_fault_user: address=0x1000 ip=0x1 error_code=0x4\n"
		"         many-8       [001] .....     1.000002: page_fault_user: address=0x1000 ip=0x1 error_code=0x4\n"
		"         many-8       [001] .....     1.000003: page_fault_kernel: address=0x1000 ip=0x1 error_code=0x4\n"
		"         none-9       [001] .....     1.000004: kfree: call_site=f+0x1/0x2 ptr=00000000c0ffee00\n";
	char *path = write_file("faults.txt", text, sizeof(text) - 1);
	struct result res = run_cmd(cmd_run, NULL, (const char *const[]){ "--no-timing", "--csv", "-", "--top", "1", path, NULL });

	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\npage_faults.recorded.0.process,process,,many\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\npage_faults.recorded.0.kernel_faults,kernel faults,,1\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\npage_faults.recorded.1.process,process,,(all)\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\npage_faults.recorded.1.user_faults,user faults,,2\n"));
	CU_ASSERT_PTR_NULL(strstr(res.out, "recorded.2"));
	done(&res);
}

static const struct test_case cases[] = {
	{ "counts", test_counts },
	{ "report", test_report },
	{ NULL, NULL }
};

const struct test_suite notices_suite = { "notices", cases };
