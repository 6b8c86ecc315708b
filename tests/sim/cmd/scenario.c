/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: scenarios as a user meets them: which input is one, which options
 * mean something to it, and that nothing that is read gets written over.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "sim/cmd/cmd.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"

#define TEXT "process A\nA mmap buf 4k\nA touch buf write\n"
#define TOUCH "tests/data/access/touch.lackey"
#define RUN(...) run_cmd(cmd_run, NULL, (const char *const[]){ __VA_ARGS__, NULL })

static char *put(const char *name, const char *text)
{
	return write_file(name, text, strlen(text));
}

/* @path still holds @text; folders have no file with a temporary name. */
static void is_still(const char *path, const char *text)
{
	char *now = slurp(path, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(now);
	CU_ASSERT_STRING_EQUAL(now, text);
	free(now);
}

/* ---- nothing is written over ---------------------------------------------------- */

/* A command line with @path as what is read and what is written. */
static void test_scenario_stays(void)
{
	char *path = put("s.vm", TEXT), *twice = in_folder("twice");
	struct stat st;

	expect(RUN("--json", path, path), 2, "which is read, are the same file: it would be written over");
	expect(RUN("--csv", path, path), 2, "which is read, are the same file: it would be written over");
	expect(RUN("--json", twice, "--csv", twice, path), 2, "are the same file: one would be written over");
	CU_ASSERT_NOT_EQUAL(stat(twice, &st), 0);
	expect(run_cmd(cmd_verify, NULL, (const char *const[]){ "--layer", "vm", "--program", path, path, NULL }), 2,
	       "--program ");
	is_still(path, TEXT);
	CU_ASSERT_EQUAL(mkdir(in_folder("proc"), 0700), 0);
	path = put("proc/vmstat", TEXT);
	expect(RUN("--procfs", in_folder("proc"), path), 2, "would be written over");
	is_still(path, TEXT);
}

/* The same of files that are read beside a trace, given or found. */
static void test_beside_stays(void)
{
	static const char maps[] = "400000-401000 r-xp 00000000 00:00 0 \n";
	char *trace = put("t.lackey", "I  00400000,4\n L 00400010,8\n"), *found = put("t.lackey.maps", maps);
	char *given = put("given.maps", maps), *symbols = put("symbols", "");

	expect(RUN("--json", found, trace), 2, "t.lackey.maps, which is read, are the same file");
	expect(RUN("--maps", given, "--csv", given, trace), 2, "given.maps, which is read, are the same file");
	is_still(found, maps);
	is_still(given, maps);
	expect(RUN("--kallsyms", symbols, "--json", symbols, trace), 2, "symbols, which is read, are the same file");
	expect(run_cmd(cmd_info, NULL, (const char *const[]){ "--kallsyms", symbols, "--json", symbols, trace, NULL }), 2,
	       "symbols, which is read, are the same file");
	is_still(symbols, "");
	/* Who infers mappings does not read the file; and one that is not there cannot be lost. */
	expect(RUN("-q", "--maps", "none", "--json", found, trace), 0, "");
	expect(RUN("-q", "--json", in_folder("u.lackey.maps"), put("u.lackey", "I  00400000,4\n")), 0, "");
}

/* Files of processes, whose numbers nobody knows before the run. */
static void test_processes_stay(void)
{
	static const char maps[] = "400000-401000 r-xp 00000000 00:00 0 \n";
	char *trace = put("p.lackey", "I  00400000,4\n L 00400010,8\n"), *given, *scenario, *into = in_folder("pids");

	CU_ASSERT_EQUAL(mkdir(into, 0700), 0);
	CU_ASSERT_EQUAL(mkdir(in_folder("pids/1"), 0700), 0);
	given = put("pids/1/maps", maps);
	expect(RUN("--procfs", into, "--maps", given, trace), 2, "pids/1/maps, which is read, are the same file");
	is_still(given, maps);
	CU_ASSERT_EQUAL(symlink(given, in_folder("link.maps")), 0);
	expect(RUN("--procfs", into, "--maps", in_folder("link.maps"), trace), 2, "link.maps, which is read, are the same");
	expect(RUN("--procfs", into, "--json", in_folder("pids/1/smaps"), trace), 2, "one would be written over");
	scenario = put("pids/1/status", TEXT);
	expect(RUN("--procfs", into, scenario), 2, "pids/1/status, which is read, are the same file");
	is_still(scenario, TEXT);
	scenario = put("pids/lru_gen", TEXT);
	expect(RUN("--procfs", into, scenario), 2, "pids/lru_gen, which is read, are the same file");
	is_still(scenario, TEXT);
	/* What has no such name is nobody's. */
	expect(RUN("-q", "--procfs", into, "--maps", put("pids/1/old", maps), trace), 0, "");
}

/* ---- what is a scenario -------------------------------------------------------------- */

/* Carried out, with this many accesses. */
static void runs(struct result res, const char *text)
{
	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_STRING_EQUAL(res.err, "");
	if (!strstr(res.out, text)) {
		fprintf(stderr, "no '%s' in: %s%s\n", text, res.out, res.err);
		CU_FAIL("the report");
	}
	done(&res);
}

/* A mistake in the first word has its line and column; by the name, or by what the text looks like. */
static void test_typos(void)
{
	static const struct { const char *name, *text, *said; } rows[] = {
		{ "typo1.vm", "procces A\n", "typo1.vm:1:1: " },
		{ "typo1.txt", "procces A\n", "typo1.txt:1:1: " },
		{ "typo4.txt", "machne memory=64M\nprocess A\n", "typo4.txt:1:1: " },
		{ "late.txt", "# first\n\nsleep 1s\nA touch x\n", "late.txt:4:1: " },
		{ "odd.vm", "what is this\n", "odd.vm:1:" },
		{ "odd.vm.gz", "what is this\n", "odd.vm.gz:1:" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(RUN(put(rows[i].name, rows[i].text)), 2, rows[i].said);
	expect(RUN(put("odd.txt", "what is this\n")), 2, "it looks like no trace format I know");
	/* Who names a format has a trace, whatever it looks like. */
	expect(RUN("--format", "lackey", put("typo1.vm", "procces A\n")), 2, "no events");
	/* A trace that is called so is one. */
	expect(RUN("-q", put("trace.vm", "I  00400000,4\n L 00400010,8\n")), 0, "");
}

/* From standard input, packed, and both; one that is too long or damaged says so. */
static void test_other_places(void)
{
	char *path = put("s.vm", TEXT), *packed = in_folder("s.packed"), command[320], *text;
	size_t len;

	runs(run_cmd(cmd_run, path, (const char *const[]){ "-", NULL }), "scenario         standard input\n");
	snprintf(command, sizeof(command), "gzip -c '%s' > '%s'", path, packed);
	CU_ASSERT_EQUAL_FATAL(system(command), 0);
	runs(RUN(packed), "memory accesses  1\n");
	runs(run_cmd(cmd_run, packed, (const char *const[]){ "-", NULL }), "memory accesses  1\n");
	text = slurp(packed, &len);
	expect(RUN(write_file("cut.vm.gz", text, len - 6)), 2, "cut.vm.gz: ");
	free(text);
	/* Longer than what is looked at to recognise it. */
	len = 200000;
	text = malloc(len + sizeof(TEXT));
	memset(text, '#', len);
	for (size_t i = 79; i < len; i += 80)
		text[i] = '\n';
	text[len - 1] = '\n';
	memcpy(text, "machine\n", 8);
	memcpy(text + len, TEXT, sizeof(TEXT));
	runs(run_cmd(cmd_run, put("long", text), (const char *const[]){ "-", NULL }), "memory accesses  1\n");
	free(text);
}

/* Other commands know one, and say what to call; run takes one alone. */
static void test_other_commands(void)
{
	int (*const commands[])(int argc, char **argv) = { cmd_info, cmd_replace, cmd_compare, cmd_diagnose };
	char *path = put("s.vm", TEXT), said[200];
	size_t i;

	snprintf(said, sizeof(said), "%s: this is a scenario, not a trace; 'kmemsim run %s' carries it out\n", path, path);
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		expect(run_cmd(commands[i], NULL, (const char *const[]){ path, NULL }), 2, said);
	expect(run_cmd(cmd_convert, NULL, (const char *const[]){ "-o", in_folder("x"), path, NULL }), 2, said);
	expect(RUN(TOUCH, path), 2, said);
	expect(run_cmd(cmd_info, path, (const char *const[]){ "-", NULL }), 2, "'kmemsim run -' carries it out");
	/* The list of formats is whole where another sentence follows. */
	memset(said, 'x', 150);
	said[150] = '\0';
	expect(run_cmd(cmd_replace, NULL, (const char *const[]){ put(said, "no trace\n"), NULL }), 2, "recording)\n");
}

/* ---- options ------------------------------------------------------------------------- */

/* What has no effect on a scenario is refused, with what to write instead; nothing is run. */
static void test_options(void)
{
	static const struct { const char *option, *value, *said; } rows[] = {
		{ "--tlb", "zen3", "is a scenario: --tlb is without effect; write 'machine tlb=MODEL' in it\n" },
		{ "--mem", "64M", "'machine memory=SIZE'" }, { "--nodes", "2", "'machine nodes=N'" },
		{ "--cpus", "2", "'machine cpus=N'" }, { "--kernel", "6.1", "'machine kernel=VERSION'" },
		{ "--seed", "1", "seed=N" }, { "--cold", NULL, "ends with cached" }, { "--maps", "none", "'mmap'" },
		{ "--timeline", "-", "'phase NAME'" }, { "--every", "5", "'phase NAME'" }, { "--strict", NULL, "status 1" },
		{ "--shrink", NULL, "--shrink is without effect; it is for traces" },
		{ "--layers", "both", "--layers" }, { "--slab", "slub", "--slab" }, { "--top", "10", "--top" },
		{ "--messages", "10", "--messages" }, { "--bind", NULL, "--bind" },
	};
	char *path = strdup(put("s.vm", TEXT)), *json = strdup(in_folder("none.json"));
	struct stat st;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const args[] = {
			"--json", json, rows[i].option, rows[i].value ? rows[i].value : path, rows[i].value ? path : NULL, NULL
		};

		expect(run_cmd(cmd_run, NULL, args), 2, rows[i].said);
	}
	CU_ASSERT_NOT_EQUAL(stat(json, &st), 0);
	runs(RUN("--no-timing", "--json", json, "--procfs", in_folder("files"), path), "memory accesses  1\n");
	CU_ASSERT_EQUAL(stat(json, &st), 0);
	CU_ASSERT_EQUAL(stat(in_folder("files/1/smaps"), &st), 0);
	free(path);
	free(json);
}

/* ---- what is said ---------------------------------------------------------------------- */

/* Mappings of a file that has none are not those of the file. */
static void test_empty_maps(void)
{
	struct result res = RUN("--maps", put("empty", ""), TOUCH);

	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "inferred from the addresses, as /tmp/"));
	done(&res);
}

/* What faults take is what the file says, for scenarios and accesses; the list is such a file. */
static void test_costs(void)
{
	struct result res = run_cmd(cmd_any, NULL, (const char *const[]){ "list", "costs", NULL });
	char *path = put("cheap.vm", "process A\nA mmap buf 40k\nA touch buf write\n");
	char *costs = put("costs", "anon 2ms\nwalk 0\n"), *list;

	CU_ASSERT_EQUAL(res.status, 0);
	list = put("list", res.out);
	done(&res);
	runs(RUN("--costs", costs, path), "  together            20.000 ms\n");
	runs(RUN("--costs", list, path), "  anon     10  0.600     0.006 ");
	runs(RUN("--costs", costs, path), "costs says, else assumed\n");
	res = RUN("--costs", costs, TOUCH);
	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "    together            92.0"));
	done(&res);
	expect(RUN("--costs", costs, "tests/traces/gcc-hello.perf.txt.zst"), 2, "--costs is without effect");
	expect(RUN("--costs", in_folder("none"), path), 2, "No such file");
	expect(RUN("--costs", costs, "--json", costs, path), 2, "are the same file");
	is_still(costs, "anon 2ms\nwalk 0\n");
}

/* Who asks for help hears of scenarios. */
static void test_help(void)
{
	runs(run_cmd(cmd_any, NULL, (const char *const[]){ "help", NULL }), "scenario");
	runs(run_cmd(cmd_any, NULL, (const char *const[]){ "help", "run", NULL }), "docs/scenarios/");
}

/* The player, which lies beside the test program, says what it wants. */
static void test_player_alone(void)
{
	char path[256], command[700], *slash, *said;
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	CU_ASSERT_FATAL(len > 0);
	path[len] = '\0';
	slash = strrchr(path, '/');
	snprintf(command, sizeof(command), "%.*s/vm-player", (int)(slash - path), path);
	if (access(command, X_OK)) {
		test_skip("there is no build/vm-player");
		return;
	}
	snprintf(command, sizeof(command), "'%.*s/vm-player' < /dev/null 2> '%s'", (int)(slash - path), path, in_folder("said"));
	CU_ASSERT_NOT_EQUAL(system(command), 0);
	said = slurp(in_folder("said"), NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(said);
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "usage: vm-player < PROGRAM"));
	free(said);
}

static const struct test_case cases[] = {
	{ "a scenario is not written over", test_scenario_stays },
	{ "nor what is read beside a trace", test_beside_stays },
	{ "files of processes stay", test_processes_stay },
	{ "a wrong first word", test_typos },
	{ "from standard input, and packed", test_other_places },
	{ "in other commands", test_other_commands },
	{ "options without effect on a scenario", test_options },
	{ "an empty file of mappings", test_empty_maps },
	{ "what faults take", test_costs },
	{ "help", test_help },
	{ "vm-player without a program", test_player_alone },
	{ NULL, NULL }
};

const struct test_suite cmd_scenario_suite = { "cmd_scenario", cases };
