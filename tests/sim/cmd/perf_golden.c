/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: reports of perf.data, to the byte. Both files are the begin of a recording of
 * Linux 6.18: of a compiler run without call chains, and of a shell with them and with lost
 * events. The symbols of their kernels lie beside them, so that this computer's play no part.
 */
#include "sim/cmd/cmd.h"
#include "sim/trace/reader.h"
#include "tests/sim/cmd/golden.h"

#define RUN(...) run_cmd(cmd_run, NULL, (const char *const[]){ "--no-timing", "--kallsyms", __VA_ARGS__, NULL })
#define FOLDER "tests/data/perf/"

static void test_reports(void)
{
	struct result res;

	if (perf_data_reader.needs) {
		test_skip("this build has no libtraceevent");
		return;
	}
	res = RUN(FOLDER "plain.kallsyms", FOLDER "plain.data.zst");
	same_as_golden(&res, "perf-data.txt");
	done(&res);
	res = RUN(FOLDER "chains.kallsyms", FOLDER "chains.data.zst");
	same_as_golden(&res, "perf-data-chains.txt");
	CU_ASSERT_PTR_NOT_NULL(strstr(res.err, "139 events were lost in 1 place"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.err, "36 call chains are as deep as the recording goes"));
	done(&res);
}

static const struct test_case cases[] = {
	{ "without and with call chains", test_reports },
	{ NULL, NULL }
};

const struct test_suite perf_golden_suite = { "perf_golden", cases };
