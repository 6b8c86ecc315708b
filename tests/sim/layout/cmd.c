/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: `kmemsim layout` as a user meets it, and held against pahole.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/cmd/cmd.h"
#include "sim/layout/layout.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"

#define LAYOUT(...) run_cmd(cmd_layout, NULL, (const char *const[]){ __VA_ARGS__, NULL })
#define DEMO "tests/traces/loopback-http.perf.txt.zst"

/* A dentry as large as the traced kernel's, with a hole, and a few of their own. */
static const char example[] =
	"struct dentry { int flags; void *a; int seq; void *rest[21]; };"
	"struct thing { char first; long number; char last; union { int i; struct { char c; short s; }; }; };"
	"struct bits { unsigned a:3, b:7; char c; }; union other { long l; char c[12]; };"
	"struct wide { char big[300]; struct thing things[2]; char tail[]; };"
	"struct dentry d; struct thing t; struct bits b; union other o; struct wide *w;";

static const char *object(void)
{
	static char path[128];	/* in_folder()'s answers do not last */
	char command[256];

	write_file("t.c", example, strlen(example));
	snprintf(command, sizeof(command), "cd '%s' && gcc -g -c -o t.o t.c", folder);
	CU_ASSERT_TRUE_FATAL(!system(command));
	snprintf(path, sizeof(path), "%s", in_folder("t.o"));
	return path;
}

static bool can_read(void)
{
	if (!layout_supported())
		test_skip("built without libdw");
	return layout_supported();
}

static json_t *report(struct result *res)
{
	json_error_t error;
	json_t *root = json_loads(res->out, JSON_REJECT_DUPLICATES, &error);

	if (!root)
		fprintf(stderr, "status %d: %s\n", res->status, res->err);
	CU_ASSERT_EQUAL(res->status, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	return root;
}

static int64_t number(const json_t *node, const char *key)
{
	return json_integer_value(json_object_get(node, key));
}

static const char *string(const json_t *node, const char *key)
{
	return json_string_value(json_object_get(node, key));
}

/* One type in full: figures, a map, the hole among the members, slabs, the better order. */
static void test_one_type(void)
{
	struct result res;
	const json_t *type, *row, *order;
	json_t *root;

	if (!can_read())
		return;
	res = LAYOUT("--json", "-", object(), "thing");
	root = report(&res);
	type = json_object_get(root, "type_1");
	CU_ASSERT_STRING_EQUAL(string(type, "name"), "thing");
	CU_ASSERT_EQUAL(number(type, "size"), 24);
	CU_ASSERT_EQUAL(number(type, "hole_bytes"), 7 + 3);
	row = json_array_get(json_object_get(type, "map"), 0);
	CU_ASSERT_STRING_EQUAL(string(row, "map"), "a....... bbbbbbbb c...dddd");
	row = json_array_get(json_object_get(type, "members"), 1);
	CU_ASSERT_STRING_EQUAL(string(row, "kind"), "hole");
	CU_ASSERT_EQUAL(number(row, "offset"), 1);
	CU_ASSERT_EQUAL(number(row, "size"), 7);
	row = json_array_get(json_object_get(type, "members"), 7);
	CU_ASSERT_STRING_EQUAL(string(row, "type"), "struct {...}");
	CU_ASSERT_EQUAL(number(row, "depth"), 1);
	order = json_object_get(type, "reorder");
	CU_ASSERT_EQUAL(number(order, "new_size"), 16);
	CU_ASSERT_EQUAL(number(order, "saved_bytes"), 8);
	CU_ASSERT_TRUE(json_is_true(json_object_get(order, "least")));
	row = json_array_get(json_object_get(type, "slabs"), 0);
	CU_ASSERT_EQUAL(number(row, "objects"), 170);
	row = json_array_get(json_object_get(type, "slabs"), 3);
	CU_ASSERT_STRING_EQUAL(string(row, "layout"), "reordered");
	CU_ASSERT_EQUAL(number(row, "objects"), 256);
	json_decref(root);
	done(&res);
}

/* Patterns, kinds and --expand choose what is shown; --line changes the map's rows. */
static void test_choice(void)
{
	struct result res;
	json_t *root;

	if (!can_read())
		return;
	res = LAYOUT("--json", "-", "--line", "32", object(), "union *", "b*", "bits");
	root = report(&res);
	CU_ASSERT_STRING_EQUAL(string(json_object_get(root, "type_1"), "name"), "other");
	CU_ASSERT_STRING_EQUAL(string(json_object_get(root, "type_2"), "name"), "bits");
	CU_ASSERT_PTR_NULL(json_object_get(root, "type_3"));
	json_decref(root);
	done(&res);
	res = LAYOUT(in_folder("t.o"), "wide");
	CU_ASSERT_PTR_NULL(strstr(res.out, "number"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "     0       0     4  aaaaaaaa"));
	done(&res);
	res = LAYOUT("--expand", "--line", "32", in_folder("t.o"), "struct wide");
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "  1    long int "));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "     0       0     9  aaaaaaaa aaaaaaaa aaaaaaaa aaaaaaaa\n"));
	done(&res);
}

/* Without a name: those with most waste first, as many as --top says. */
static void test_by_waste(void)
{
	struct result res;
	const json_t *rows;
	json_t *root;

	if (!can_read())
		return;
	res = LAYOUT("--json", "-", "--top", "2", object());
	root = report(&res);
	CU_ASSERT_EQUAL(number(json_object_get(root, "layout"), "types"), 5);
	rows = json_object_get(json_object_get(root, "layout"), "by_waste");
	CU_ASSERT_EQUAL_FATAL(json_array_size(rows), 2);
	CU_ASSERT_STRING_EQUAL(string(json_array_get(rows, 0), "name"), "thing");
	CU_ASSERT_STRING_EQUAL(string(json_array_get(rows, 1), "name"), "dentry");
	CU_ASSERT_EQUAL(number(json_array_get(rows, 1), "new_size"), 184);
	json_decref(root);
	done(&res);
}

/* The trace's dentries are found by name and size; and what their holes cost. */
static void test_trace(void)
{
	struct result res;
	const json_t *usage, *row;
	json_t *root;
	size_t i;

	if (!can_read())
		return;
	res = LAYOUT("--json", "-", "--trace", DEMO, object());
	root = report(&res);
	CU_ASSERT_EQUAL(number(json_object_get(root, "layout"), "cpus"), 2);
	usage = json_object_get(root, "usage");
	CU_ASSERT(number(usage, "caches") > 50);
	json_array_foreach(json_object_get(usage, "by_waste"), i, row)
		if (!strcmp(string(row, "cache"), "dentry"))
			break;
	CU_ASSERT_PTR_NOT_NULL_FATAL(row);
	CU_ASSERT_STRING_EQUAL(string(row, "name"), "dentry");
	CU_ASSERT_STRING_EQUAL(string(row, "found_by"), "both");
	CU_ASSERT_EQUAL(number(row, "peak_objects"), 3);
	CU_ASSERT_EQUAL(number(row, "inside"), 3 * 8);
	CU_ASSERT_EQUAL(number(row, "slab_ends"), 64);
	json_decref(root);
	done(&res);
}

static void expect_documented(const json_t *node, const char *doc)
{
	const json_t *value;
	const char *key;
	char quoted[128];
	size_t i;

	json_array_foreach(node, i, value)
		expect_documented(value, doc);
	if (!json_is_object(node))
		return;
	json_object_foreach((json_t *)node, key, value) {
		/* the parts of a share are in docs/formats.md */
		if (!strcmp(key, "ratio") || !strcmp(key, "numerator") || !strcmp(key, "denominator"))
			continue;
		snprintf(quoted, sizeof(quoted), "`%s`", strncmp(key, "type_", 5) || !json_is_object(value) ?
			 key : "type_N");
		if (!strstr(doc, quoted)) {
			fprintf(stderr, "docs/metrics.md does not define %s\n", quoted);
			CU_FAIL("an undocumented figure");
		}
		expect_documented(value, doc);
	}
}

/* Every key is in docs/metrics.md, below its heading. */
static void test_documented(void)
{
	char *doc = slurp(test_data("../docs/metrics.md"), NULL), *part;
	struct result res;
	json_t *root;

	CU_ASSERT_PTR_NOT_NULL_FATAL(doc);
	part = strstr(doc, "\n## kmemsim layout");
	CU_ASSERT_PTR_NOT_NULL_FATAL(part);
	if (can_read()) {
		res = LAYOUT("--json", "-", "--trace", DEMO, object(), "*");
		root = report(&res);
		json_object_del(root, "schema_version");
		expect_documented(root, part);
		json_decref(root);
		done(&res);
		res = LAYOUT("--json", "-", in_folder("t.o"));
		root = report(&res);
		json_object_del(root, "schema_version");
		expect_documented(root, part);
		json_decref(root);
		done(&res);
	}
	free(doc);
}

/* The example of docs/layout.md is what the program prints for it. */
static void test_example_of_the_docs(void)
{
	char *doc = slurp(test_data("../docs/layout.md"), NULL), *code, *line, *rest;
	char command[256], expected[512];
	struct result res;
	FILE *file;

	CU_ASSERT_PTR_NOT_NULL_FATAL(doc);
	if (can_read()) {
		code = strstr(doc, "    struct session {");
		CU_ASSERT_PTR_NOT_NULL_FATAL(code);
		file = fopen(in_folder("example.c"), "w");
		fwrite(code, 1, (size_t)(strstr(code, "\n\n") - code), file);
		fclose(file);
		snprintf(command, sizeof(command), "cd '%s' && gcc -g -c -o example.o example.c", folder);
		CU_ASSERT_TRUE_FATAL(!system(command));
		res = LAYOUT(in_folder("example.o"), "session");
		rest = strstr(res.out, "struct session\n");
		CU_ASSERT_PTR_NOT_NULL_FATAL(rest);
		while ((line = strsep(&rest, "\n"))) {
			/* where the file lies is another place each time */
			if (!*line || strstr(line, "declared at"))
				continue;
			snprintf(expected, sizeof(expected), "\n    %s\n", line);
			if (!strstr(doc, expected)) {
				fprintf(stderr, "docs/layout.md lacks: %s\n", line);
				CU_FAIL("the example of the docs is another");
			}
		}
		done(&res);
	}
	free(doc);
}

/* Equal input gives equal bytes; CSV has the figures of the JSON. */
static void test_deterministic(void)
{
	struct result a, b;

	if (!can_read())
		return;
	a = LAYOUT("--csv", "-", "--trace", DEMO, object(), "*");
	b = LAYOUT("--csv", "-", "--trace", DEMO, in_folder("t.o"), "*");
	CU_ASSERT_EQUAL(a.status, 0);
	CU_ASSERT_STRING_EQUAL(a.out, b.out);
	CU_ASSERT_PTR_NOT_NULL(strstr(a.out, "\ntype_4.size,size,bytes,24\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(a.out, ".type,type,,short int\n"));
	done(&a);
	done(&b);
}

/* Mistakes on the command line, and input that is no program, end with status 2 and a sentence that helps. */
static void test_mistakes(void)
{
	const char *good = object();

	expect(LAYOUT("--top", "5"), 2, "no binary given");
	expect(LAYOUT("--top", "x", good), 2, "--top=x: expected a number");
	expect(LAYOUT("--top", "-1", good), 2, "--top=-1");
	expect(LAYOUT("--cpus", "0", good), 2, "--cpus=0");
	expect(LAYOUT("--cpus", "2000", good), 2, "from 1 to 1024");
	expect(LAYOUT("--line", "48", good), 2, "--line=48: expected a power of two");
	expect(LAYOUT("--line", "8", good), 2, "--line=8");
	expect(LAYOUT("--format", "perf-script", good), 2, "give one with --trace");
	expect(LAYOUT("--json", "-", "--csv", "-", good), 2, "only one of");
	expect(LAYOUT("--nonsense", good), 2, "no option '--nonsense'");
	expect(LAYOUT(good, ""), 2, "cannot be empty");
	expect(LAYOUT("/nowhere/at/all"), 2, "No such file");
	if (!can_read())
		return;
	expect(LAYOUT(good, "thingy"), 2, "no struct, class or union 'thingy'; there are: thing");
	expect(LAYOUT(good, "union thing"), 2, "'union thing'");
	expect(LAYOUT(good, "thing", "zzz"), 2, "'zzz'");
	expect(LAYOUT("README.md"), 2, "not an ELF file");
	expect(LAYOUT(in_folder(".")), 2, "not a regular file");
	expect(LAYOUT("--trace", "/nowhere", good), 2, "No such file");
	expect(LAYOUT("--trace", "README.md", good), 2, "README.md");
	expect(LAYOUT("--trace", "/dev/null", good), 2, "");
	expect(LAYOUT("--trace", DEMO, "--format", "none", good), 2, "none");
	expect(LAYOUT("--json", good, good), 2, "would be written over");
	expect(LAYOUT("--json", in_folder("x"), "--csv", in_folder("x"), good), 2, "would be written over");
	expect(LAYOUT("--json", "/nowhere/x", good), 2, "/nowhere/x");
	expect(LAYOUT("--json", "/dev/full", good), 2, "/dev/full");
	/* the object was not harmed by any of them */
	expect(LAYOUT("-q", good, "thing"), 0, "");
}

/* Debug information is looked for on this machine only, whatever the environment says. */
static void test_no_network(void)
{
	struct result res;

	if (!can_read())
		return;
	setenv("DEBUGINFOD_URLS", "http://127.0.0.1:9/", 1);
	res = LAYOUT(object(), "thing");
	CU_ASSERT_EQUAL(res.status, 0);
	done(&res);
	unsetenv("DEBUGINFOD_URLS");
}

/* ---- pahole ------------------------------------------------------------------------- */

static void agree_with_pahole(const char *binary, int at_least)
{
	const char *json = in_folder("pahole.json");
	struct result res = LAYOUT("-q", "--json", json, binary, "struct *");
	char command[4096], *out;
	int compared = 0;

	CU_ASSERT_EQUAL(res.status, 0);
	if (res.status)
		fprintf(stderr, "%s\n", res.err);
	done(&res);
	snprintf(command, sizeof(command), "python3 '%s' '%s' '%s' > '%s'", test_data("sim/layout/pahole.py"), json, binary,
		 in_folder("pahole.out"));
	CU_ASSERT_EQUAL(system(command), 0);
	out = slurp(in_folder("pahole.out"), NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL(sscanf(out, "%d structs", &compared), 1);
	CU_ASSERT_TRUE(compared >= at_least);
	free(out);
}

static bool have_pahole(void)
{
	if (!can_read())
		return false;
	if (!system("command -v pahole >/dev/null"))
		return true;
	test_skip("there is no pahole (Debian package dwarves)");
	return false;
}

/* Size, offsets and unused bits of every struct of this program: kmemsim's and the tests'. */
static void test_pahole_own(void)
{
	char path[4096] = "";

	if (!have_pahole())
		return;
	CU_ASSERT_FATAL(readlink("/proc/self/exe", path, sizeof(path) - 1) > 0);
	agree_with_pahole(path, 200);
}

/* The same for the C library, whose debug information another package brings and a build id leads to. */
static void test_pahole_libc(void)
{
	static const char path[] = "/lib/x86_64-linux-gnu/libc.so.6";

	if (!have_pahole())
		return;
	if (access("/usr/share/doc/libc6-dbg", F_OK) || access(path, F_OK)) {
		test_skip("there is no libc6-dbg");
		return;
	}
	agree_with_pahole(path, 400);
}

/* A long map lacks its middle and says how much; its ends are there, and rows add up to the whole. */
static void test_long_maps(void)
{
	static const struct {
		const char *name;
		uint64_t rows, shown, left_out;
	} cases[] = {
		{ "flat", 1548, 4, 0 },			/* one long array: one row shows all of it */
		{ "rows64", 64, 64, 0 },
		{ "rows65", 65, 65, 1 },		/* one row left out takes a row, too */
		{ "mixed", 1501, 65, 1437 },
		{ "flat_large", 24577, 3, 0 },		/* larger than what is drawn at once: two parts, joined */
		{ "huge", 250001, 65, 249937 },
	};
	static const char source[] =
		"struct e { char c; long l; }; struct flat { int x; char a[99000]; long tail; char last; };"
		"struct rows64 { struct e e[256]; }; struct rows65 { struct e e[256]; char last; };"
		"struct mixed { struct { char c; int i; long l[3]; } e[3000]; char end; };"
		"struct flat_large { char a[1572864]; char last; };"
		"struct huge { int x; struct { char c; int i; } e[2000000]; long tail; char last; };"
		"struct flat *f; struct rows64 *g; struct rows65 *h; struct mixed *m; struct flat_large *l; struct huge *u;";
	char command[256], words[64];
	json_t *root, *map, *row;
	struct result res;
	uint64_t left_out, at;
	size_t i, n;

	if (!can_read())
		return;
	write_file("long.c", source, strlen(source));
	snprintf(command, sizeof(command), "cd '%s' && gcc -g -c -o long.o long.c", folder);
	CU_ASSERT_TRUE_FATAL(!system(command));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		res = LAYOUT("--json", "-", in_folder("long.o"), cases[i].name);
		root = report(&res);
		map = json_object_get(json_object_get(root, "type_1"), "map");
		CU_ASSERT_EQUAL(json_array_size(map), cases[i].shown);
		at = left_out = 0;
		json_array_foreach(map, n, row) {
			CU_ASSERT_EQUAL(number(row, "offset"), (int64_t)(at * 64));
			at += (uint64_t)number(row, "rows");
			if (string(row, "map")[0] != '(')
				continue;
			left_out = (uint64_t)number(row, "rows");
			snprintf(words, sizeof(words), "(%llu rows are left out)", (unsigned long long)left_out);
			CU_ASSERT_STRING_EQUAL(string(row, "map"), words);
		}
		CU_ASSERT_EQUAL(at, cases[i].rows);
		CU_ASSERT_EQUAL(left_out, cases[i].left_out);
		json_decref(root);
		done(&res);
	}
}

static const struct test_case cases[] = {
	{ "long maps", test_long_maps },
	{ "layout one type", test_one_type },
	{ "layout choice", test_choice },
	{ "layout by waste", test_by_waste },
	{ "layout trace", test_trace },
	{ "layout documented", test_documented },
	{ "layout example of the docs", test_example_of_the_docs },
	{ "layout deterministic", test_deterministic },
	{ "layout mistakes", test_mistakes },
	{ "layout no network", test_no_network },
	{ "pahole own", test_pahole_own },
	{ "pahole libc", test_pahole_libc },
	{ NULL, NULL }
};

const struct test_suite layout_cmd_suite = { "layout_cmd", cases };
