/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: a trace of memory accesses as a user meets it: the report, what other
 * commands say, and input that is cut, wrong or packed.
 */
#include <jansson.h>
#include <signal.h>

#include "sim/cmd/cmd.h"
#include "tests/sim/cmd/golden.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/sim/report/documented.h"
#include "tests/tests.h"

#define SAMPLE	"tests/data/access/lackey.txt"
#define TOUCH	"tests/data/access/touch.lackey"
#define LACKS	"lackey does not say which thread makes an access, when, or in which physical memory"

#define RUN(...) run_cmd(cmd_run, NULL, (const char *const[]){ __VA_ARGS__, NULL })

static json_t *report_of(const char *trace)
{
	struct result res = RUN("--no-timing", "--json", "-", trace);
	json_t *report = json_loads(res.out, 0, NULL);

	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(report);
	done(&res);
	return report;
}

/* The figure at a path such as "accesses.by_kind.0.bytes". */
static json_int_t figure(const json_t *node, const char *path)
{
	char part[40];
	size_t len;

	for (; *path; path += len + (path[len] == '.')) {
		len = strcspn(path, ".");
		snprintf(part, sizeof(part), "%.*s", (int)len, path);
		node = json_is_array(node) ? json_array_get(node, (size_t)atoi(part)) : json_object_get(node, part);
		if (!node)
			fprintf(stderr, "no %s\n", part);
		CU_ASSERT_PTR_NOT_NULL_FATAL(node);
	}
	return json_integer_value(node);
}

/* The sample's figures, counted by hand. */
static void test_figures(void)
{
	static const struct { const char *path; json_int_t value; } rows[] = {
		{ "trace.events", 0 }, { "trace.lines", 26 }, { "trace.ignored", 17 }, { "accesses.total", 9 }, { "accesses.lost", 0 },
		{ "accesses.by_kind.0.accesses", 5 }, { "accesses.by_kind.0.bytes", 29 },
		{ "accesses.by_kind.1.accesses", 2 }, { "accesses.by_kind.1.bytes", 132 },
		{ "accesses.by_kind.2.accesses", 1 }, { "accesses.by_kind.2.bytes", 8 },
		{ "accesses.by_kind.3.accesses", 1 }, { "accesses.by_kind.3.bytes", 4 },
		/* 401a 4025; 4025 4026 and the last page; 1fff000; 421c */
		{ "accesses.by_kind.0.pages_4k", 2 }, { "accesses.by_kind.1.pages_4k", 3 },
		{ "accesses.by_kind.4.accesses", 4 }, { "accesses.by_kind.4.pages_4k", 5 },
		{ "accesses.by_kind.5.accesses", 9 }, { "accesses.by_kind.5.bytes", 173 },
		{ "accesses.by_kind.5.pages_4k", 6 }, { "accesses.by_kind.5.pages_2m", 4 },
		{ "accesses.touched_bytes", 6 * 4096 },
		/* 401ab40; 4025100; 1fff0006c0; 4025fc0 4026000; 421c7c0; two at the end */
		{ "accesses.touched_lines", 8 },
		/* 4 KiB, 2 MiB, then the same of instructions; in front of each the process's own pages */
		{ "accesses.tlb.mapped_with.1.lookups", 5 }, { "accesses.tlb.mapped_with.2.lookups", 4 },
		{ "accesses.tlb.mapped_with.4.lookups", 5 }, { "accesses.tlb.mapped_with.4.walks", 2 },
		/* The last page is the kernel's. */
		{ "accesses.tlb.mapped_with.0.lookups", 4 }, { "accesses.tlb.mapped_with.3.lookups", 5 },
		/* A window of text each for 401a and 4025, with 4026; 1fff000; 421c */
		{ "process.faults.minor", 4 }, { "process.faults.major", 0 }, { "process.faults.by_kind.0.faults", 2 },
		{ "process.faults.by_kind.1.faults", 2 }, { "process.outside", 1 }, { "process.mappings", 3 },
		{ "process.vsz_kib", 128 + 132 + 4 }, { "process.rss_kib", 128 + 8 },
		{ "accesses.caches.0.lookups", 5 }, { "accesses.caches.2.misses", 8 },
	};
	json_t *report = report_of(SAMPLE);
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_int_t value = figure(report, rows[i].path);

		CU_ASSERT_EQUAL(value, rows[i].value);
		if (value != rows[i].value)
			fprintf(stderr, "%s is %lld\n", rows[i].path, (long long)value);
	}
	/* No machine took part, so nothing is said of one. */
	CU_ASSERT_PTR_NULL(json_object_get(report, "machine"));
	CU_ASSERT_PTR_NULL(json_object_get(json_object_get(report, "trace"), "replay"));
	json_decref(report);
}

/* The keys of a section of the report are in the section of the same name of docs/metrics.md. */
static void documented(const json_t *report, const char *section, const char *heading)
{
	size_t len;
	char *doc = slurp("docs/metrics.md", &len), *part;

	CU_ASSERT_PTR_NOT_NULL_FATAL(doc);
	part = strstr(doc, heading);
	CU_ASSERT_PTR_NOT_NULL_FATAL(part);
	/* Up to the next heading: a word of another section is no definition here. */
	*strstr(part + 1, "\n## ") = '\0';
	check_documented(json_object_get(report, section), part, "`ratio` `numerator` `denominator`");
	free(doc);
}

static void test_documented(void)
{
	json_t *report = report_of(SAMPLE);

	if (chdir(KMEMSIM_SRCDIR))
		CU_FAIL_FATAL("no source folder");
	documented(report, "accesses", "## accesses:");
	documented(report, "process", "## process:");
	json_decref(report);
}

/* The report of a small program, to the byte. */
static void test_golden(void)
{
	struct result res = RUN("--no-timing", TOUCH);

	same_as_golden(&res, "accesses.txt");
	done(&res);
}

/* The mappings beside the trace, those of another file, none; a file that is none. */
static void test_maps(void)
{
	char *other = strdup(write_file("other.maps", "00401000-00402000 r-xp 00001000 fe:00 12 /bin/p\n", 48));
	struct result res = RUN("--no-timing", "--csv", "-", TOUCH);

	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "those of " TOUCH ".maps\n"));
	CU_ASSERT_PTR_NULL(strstr(res.out, "process.inferred"));
	done(&res);
	res = RUN("--no-timing", "--csv", "-", "--maps", "none", TOUCH);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "process.mapped_by,mappings are,,inferred from the addresses\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\nprocess.faults.minor,minor: without a disk,,68\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\nprocess.faults.major,major: with a disk,,0\n"));
	done(&res);
	res = RUN("--no-timing", "--csv", "-", "--maps", other, TOUCH, "--cold");
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "other.maps\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "process.inferred"));
	CU_ASSERT_PTR_NULL(strstr(res.out, "\nprocess.faults.major,major: with a disk,,0\n"));
	done(&res);
	expect(RUN("--maps", in_folder("nothing.maps"), TOUCH), 2, "nothing.maps: No such file");
	expect(RUN("--maps", TOUCH, TOUCH), 2, "touch.lackey:1: neither a line of /proc/PID/maps nor a system call");
	free(other);
}

/* Text and CSV have the same figures; what the format lacks is said once; a TLB can be chosen. */
static void test_outputs(void)
{
	struct result res = RUN("--tlb", "l1=4,l2=8", SAMPLE);

	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "Memory accesses\n==="));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "accesses/s"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "model   custom\n"));
	CU_ASSERT_PTR_NULL(strstr(res.out, "Simulated machine"));
	CU_ASSERT_PTR_NULL(strstr(res.out, "replay rate"));
	CU_ASSERT_STRING_EQUAL(res.err, "kmemsim: " SAMPLE ": warning: " LACKS "\n");
	done(&res);
	res = RUN("--no-timing", "--csv", "-", SAMPLE);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\naccesses.by_kind.3.accesses,count,,1\n"));
	CU_ASSERT_PTR_NULL(strstr(res.out, "rate"));
	done(&res);
	res = run_cmd(cmd_run, SAMPLE, (const char *const[]){ "-q", "--format", "lackey", "-", NULL });
	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_STRING_EQUAL(res.out, "");
	done(&res);
}

/* Commands that need events say that there are none, and what there is. */
static void test_other_commands(void)
{
	expect(run_cmd(cmd_compare, NULL, (const char *const[]){ SAMPLE, NULL }), 2,
	       "no events of an allocator, only 9 memory accesses; 'kmemsim run' reports those");
	expect(run_cmd(cmd_diagnose, NULL, (const char *const[]){ SAMPLE, NULL }), 2, "only 9 memory accesses");
}

/* Without what names the input, and how many lines it had. */
static json_t *comparable(const char *trace)
{
	json_t *report = report_of(trace), *part = json_object_get(report, "trace");

	json_object_del(part, "file");
	json_object_del(part, "lines");
	json_object_del(part, "ignored");
	return report;
}

/* As text, packed, as .kmt and as a copy of that: the same report, the same warning. */
static void test_same_report(void)
{
	const char *shared = test_shared("traces/lackey-ls.txt.zst");
	char *kmt = strdup(in_folder("a.kmt")), *copy = strdup(in_folder("b.kmt")), *packed = strdup(in_folder("a.zst"));
	char command[300];
	json_t *text, *other;
	struct result res;

	snprintf(command, sizeof(command), "zstd -q -f -o '%s' '%s'", packed, SAMPLE);
	CU_ASSERT_EQUAL(system(command), 0);
	res = run_cmd(cmd_convert, NULL, (const char *const[]){ "-o", kmt, SAMPLE, NULL });
	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_EQUAL(strncmp(res.out, "9 accesses written to ", 22), 0);
	done(&res);
	expect(run_cmd(cmd_convert, NULL, (const char *const[]){ "-q", "-o", copy, kmt, NULL }), 0, "");
	text = comparable(SAMPLE);
	other = comparable(packed);
	CU_ASSERT(json_equal(text, other));
	json_decref(other);
	other = comparable(kmt);
	CU_ASSERT(json_equal(text, other));
	json_decref(other);
	other = comparable(copy);
	CU_ASSERT(json_equal(text, other));
	json_decref(other);
	json_decref(text);
	expect(RUN("-q", copy), 0, LACKS);
	if (shared) {
		expect(run_cmd(cmd_convert, NULL, (const char *const[]){ "-q", "-o", kmt, shared, NULL }), 0, "");
		text = comparable(shared);
		other = comparable(kmt);
		CU_ASSERT(json_equal(text, other));
		json_decref(other);
		json_decref(text);
	}
	free(kmt);
	free(copy);
	free(packed);
}

/* A format that has no place for accesses gets the events, and that is said; without events nothing would be left. */
static void test_left_out(void)
{
	char *mixed = strdup(in_folder("mixed.kmt")), *text = strdup(write_file("events.txt", "alloc a 64\nfree a\n", 18));
	struct result res;

	expect(run_cmd(cmd_merge, NULL, (const char *const[]){ "-q", "-o", mixed, SAMPLE, text, NULL }), 0, "");
	res = run_cmd(cmd_convert, NULL, (const char *const[]){ "--to", "text", "-o", "-", mixed, NULL });
	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\nalloc 1 64\nfree 1\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.err, "mixed.kmt: its memory accesses are left out: format text has no place for them\n"));
	done(&res);
	expect(run_cmd(cmd_convert, NULL, (const char *const[]){ "--to", "text", "-o", "-", SAMPLE, NULL }), 2,
	       "it has memory accesses alone, and format text has no place for them");
	free(mixed);
	free(text);
}

/* Malformed lines, a cut file, a file of another kind. */
static void test_bad(void)
{
	static const char bad[] = "I  04025118,3\n L 04025118,0\nI  0402511b,2\n S 0402";
	char *path = write_file("bad.txt", bad, sizeof(bad) - 1);
	struct result res = RUN("--no-timing", "--csv", "-", path);

	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.err, "bad.txt:2: size 0 is no number from 1 to 65535\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.err, "bad.txt:4: the last line has no newline; the file may have been cut there\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.err, "bad.txt: 2 malformed lines skipped\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\naccesses.total,accesses,,2\n"));
	done(&res);
	expect(RUN("-q", "--strict", path), 1, "malformed");
	path = write_file("bad2.txt", "==7== Lackey, an example Valgrind tool\n", 39);
	expect(RUN("-q", path), 2, "'valgrind --tool=lackey --trace-mem=yes' prints them");
}

/* A packed recording that is cut: what came before is reported, in the right words. */
static void test_cut(void)
{
	const char *shared = test_shared("traces/lackey-ls.txt.zst");
	struct result res;
	char *whole, *path;
	size_t len;

	if (!shared)
		return;
	whole = slurp(shared, &len);
	path = write_file("cut.zst", whole, 50000);
	free(whole);
	res = RUN("--no-timing", path);
	CU_ASSERT_EQUAL(res.status, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.err, "the zstd stream is truncated at byte 50000; the "));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.err, " accesses before it were replayed\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "  input ended early                   yes"));
	done(&res);
}

/* The command that docs/formats.md gives makes a file that is read without a fault, where valgrind is there. */
static void test_fresh(void)
{
	char *path = strdup(in_folder("fresh.lackey")), command[300];
	struct result res;

	snprintf(command, sizeof(command), "valgrind --tool=lackey --trace-mem=yes --log-file='%s' ls / >/dev/null 2>&1", path);
	if (!system("command -v valgrind >/dev/null 2>&1")) {
		CU_ASSERT_EQUAL(system(command), 0);
		res = RUN("--no-timing", "--csv", "-", path);
		CU_ASSERT_EQUAL(res.status, 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\ntrace.malformed,\"malformed lines, skipped\",,0\n"));
		/* No other warning: lackey's count of instructions is the file's. */
		CU_ASSERT_PTR_NOT_NULL(strstr(res.err, "warning: " LACKS "\n"));
		CU_ASSERT_PTR_EQUAL(strchr(res.err, '\n') + 1, res.err + strlen(res.err));
		done(&res);
	}
	free(path);
}

static const struct test_case cases[] = {
	{ "figures", test_figures },
	{ "golden", test_golden },
	{ "maps", test_maps },
	{ "documented", test_documented },
	{ "outputs", test_outputs },
	{ "other_commands", test_other_commands },
	{ "same_report", test_same_report },
	{ "left out", test_left_out },
	{ "bad", test_bad },
	{ "cut", test_cut },
	{ "fresh", test_fresh },
	{ NULL, NULL }
};

const struct test_suite cmd_accesses_suite = { "cmd_accesses", cases };
