/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: debug information that tools like ours were reported to get wrong:
 * Rust's enums, split debug information that is not there, packed bit-fields, C++,
 * Go. What needs no other compiler than gcc comes first; where rustc, clang or go
 * are, more is compiled and held against what the program prints of itself.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "sim/cmd/cmd.h"
#include "tests/sim/layout/dwarf.h"

#define LAYOUT(...) run_cmd(cmd_layout, NULL, (const char *const[]){ __VA_ARGS__, NULL })

/* An object file of tests/data/layout/@source, made by gcc with @flags. */
static const char *assemble(const char *source, const char *flags)
{
	must("gcc %s -c -o t.o '%s/layout/%s'", flags, test_data("data"), source);
	return in_folder("t.o");
}

/* A good report in JSON, and the node @key of it. */
static json_t *report_of(struct result *res)
{
	json_t *root = json_loads(res->out, JSON_REJECT_DUPLICATES, NULL);

	CU_ASSERT_EQUAL(res->status, 0);
	if (!root)
		fprintf(stderr, "status %d: %s\n", res->status, res->err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	return root;
}

static int64_t number(const json_t *node, const char *key)
{
	CU_ASSERT_PTR_NOT_NULL(json_object_get(node, key));
	return json_integer_value(json_object_get(node, key));
}

/* Type @name of one scope or none, and member @part of it ("-": its size and alignment). */
static void expect_printed_line(const struct layout_program *prog, const char *scope, const char *name,
				const char *part, unsigned long first, unsigned long second)
{
	char full[128];
	const struct layout_type *type;

	snprintf(full, sizeof(full), "%s%s", scope, name);
	type = find(prog, full);
	if (strcmp(part, "-")) {
		expect_member(type, part, first, second);
		return;
	}
	CU_ASSERT_EQUAL(type->size, first);
	CU_ASSERT_EQUAL(type->align, second);
	if (type->size != first || type->align != second)
		fprintf(stderr, "%s: %llu bytes aligned to %u\n", full, (unsigned long long)type->size, type->align);
}

/* What the compiled program @path prints of its own types is what is read out of it. */
static void expect_printed(const char *path, const char *scope, int at_least)
{
	struct layout_program *prog = open_good(path);
	char name[64], part[64], line[256];
	unsigned long first, second;
	int lines = 0;
	FILE *out;

	snprintf(command, sizeof(command), "'%s'", path);
	out = popen(command, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	while (fgets(line, sizeof(line), out)) {
		CU_ASSERT_EQUAL_FATAL(sscanf(line, "%63s %63s %lu %lu", name, part, &first, &second), 4);
		expect_printed_line(prog, scope, name, part, first, second);
		lines++;
	}
	CU_ASSERT_EQUAL(pclose(out), 0);
	CU_ASSERT(lines >= at_least);
	layout_close(prog);
}

/* ---- what a tag decides ---------------------------------------------------------------------- */

static void expect_unused(const struct layout_type *type, uint64_t unused, uint64_t unknown, const char *map)
{
	char drawn[256];
	size_t len = layout_map(type, NULL, type->size, 0, drawn);

	CU_ASSERT_EQUAL(type->stats.unused, unused);
	CU_ASSERT_EQUAL(type->stats.unknown, unknown);
	CU_ASSERT_EQUAL_FATAL(len, strlen(map));
	CU_ASSERT_EQUAL(memcmp(drawn, map, len), 0);
	if (memcmp(drawn, map, len))
		fprintf(stderr, "%s: drawn %.*s\n", type->name, (int)len, drawn);
}

/*
 * An enum with data, its variants, and what holds it: bytes beside the members are
 * unknown; what no tag can reach is unused as ever.
 */
static void test_rust_enum(void)
{
	struct layout_program *prog;
	struct layout_plan plan;

	if (!can_read())
		return;
	prog = open_good(assemble("rust-enum.s", ""));
	expect_unused(find(prog, "m::Shape"), 0, 32, "????????????????????????????????");
	expect_unused(find(prog, "m::Shape::Dot"), 0, 32, "????????????????????????????????");
	expect_unused(find(prog, "m::Shape::Circle"), 0, 24, "????????aaaaaaaa????????????????");
	expect_unused(find(prog, "m::Shape::Big"), 0, 8, "????????aaaaaaaaaaaaaaaaaaaaaaaa");
	expect_unused(find(prog, "m::Holder"), 7, 32, "????????????????????????????????bbbbbbbbc_______");
	expect_unused(find(prog, "m::Plain"), 7, 0, "aaaaaaaab_______");
	expect_unused(find(prog, "m::Either"), 0, 24, "bbbbbbbb????????????????????????");
	CU_ASSERT_EQUAL(find(prog, "m::Shape")->align, 8);
	CU_ASSERT_EQUAL(find(prog, "m::Holder")->stats.padding, 7);
	CU_ASSERT_EQUAL_FATAL(layout_reorder(find(prog, "m::Shape"), 64, &plan, NULL), 0);
	CU_ASSERT_STRING_EQUAL(plan.why_not, "a tag decides what lies beside its members");
	layout_plan_free(&plan);
	layout_close(prog);
}

/* Neither in the ranking nor in the sum; in a row of its own, with a remark, wherever it lies within. */
static void test_rust_enum_report(void)
{
	const json_t *rows, *node, *row;
	struct result res;
	json_t *root;

	if (!can_read())
		return;
	res = LAYOUT("--json", "-", assemble("rust-enum.s", ""));
	root = report_of(&res);
	node = json_object_get(root, "layout");
	CU_ASSERT_EQUAL(number(node, "types"), 7);
	CU_ASSERT_EQUAL(number(node, "types_with_unused"), 2);
	CU_ASSERT_EQUAL(number(node, "unused_bytes"), 7 + 7);
	CU_ASSERT_EQUAL(number(node, "unknown_bytes"), 32 + 32 + 24 + 8 + 32 + 24);
	rows = json_object_get(node, "by_waste");
	CU_ASSERT_EQUAL_FATAL(json_array_size(rows), 2);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json_array_get(rows, 0), "name")), "m::Holder");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json_array_get(rows, 1), "name")), "m::Plain");
	json_decref(root);
	done(&res);
	res = LAYOUT("--json", "-", "--expand", in_folder("t.o"), "Holder");
	root = report_of(&res);
	node = json_object_get(root, "type_1");
	CU_ASSERT_EQUAL(number(node, "unknown"), 32);
	CU_ASSERT_EQUAL(number(json_object_get(node, "unused"), "numerator"), 7);
	CU_ASSERT_PTR_NOT_NULL(strstr(json_string_value(json_object_get(node, "note_1")), "a tag decides"));
	row = json_array_get(json_object_get(node, "members"), 1);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(row, "kind")), "unknown");
	CU_ASSERT_EQUAL(number(row, "size"), 32);
	json_decref(root);
	done(&res);
}

/* Enums of Rust: the layout is what the compiled program prints of itself. */
static void test_rustc(void)
{
	const struct layout_type *type;
	struct layout_program *prog;

	if (!can_read() || !have("rustc"))
		return;
	if (!shell("rustc -g -o '%s/enum' '%s/layout/enum.rs' 2>/dev/null", folder, test_data("data"))) {
		test_skip("this rustc is too old (offset_of! came with 1.77)");
		return;
	}
	expect_printed(in_folder("enum"), "enum::", 11);
	prog = open_good(in_folder("enum"));
	type = find(prog, "enum::Shape");
	CU_ASSERT_EQUAL(type->stats.unused, 0);
	CU_ASSERT_EQUAL(type->stats.unknown, 1008);
	CU_ASSERT_EQUAL(find(prog, "enum::Shape::Circle")->stats.unused, 0);
	/* the tuple's holes are known: two bytes of it are used beside the word */
	CU_ASSERT_EQUAL(find(prog, "enum::Holder")->stats.unused, 6);
	CU_ASSERT_TRUE(find(prog, "enum::Holder")->stats.unknown > 1008);
	layout_close(prog);
}

/* ---- debug information that is somewhere else ----------------------------------------------- */

static const char split_text[] = "struct plain { char a; long b; } p; int main(void) { return 0; }";

/* A program whose debug information is in t.dwo in the folder. */
static const char *link_split(const char *flags)
{
	must("rm -f t.* prog*");
	write_file("t.c", split_text, strlen(split_text));
	must("gcc -g -gsplit-dwarf %s -c t.c && gcc t.o -o prog && test -f t.dwo", flags);
	return in_folder("prog");
}

/* A .dwo file that is gone, or another one by now: its name, and never the advice to compile with -g. */
static void test_missing_dwo(void)
{
	static const char *const versions[] = { "-gdwarf-5", "-gdwarf-4" };
	const char *prog;
	size_t i;

	if (!can_read())
		return;
	for (i = 0; i < NR(versions); i++) {
		prog = link_split(versions[i]);
		layout_close(open_good(prog));
		must("mv t.dwo away");
		expect_error(prog, -ENODATA, "its debug information is in 't.dwo', which is not there");
		expect_error(prog, -ENODATA, "compile without -gsplit-dwarf");
		must("cp t.c t.dwo");
		expect_error(prog, -ENODATA, "in 't.dwo', which is of another build or damaged");
	}
}

/* One unit of two is missing: the other's types are shown, and a remark says where the rest would be. */
static void test_half_missing(void)
{
	struct layout_program *prog;
	struct result res;

	if (!can_read())
		return;
	link_split("-gdwarf-5");
	must("echo 'struct here { int x; char c; } h;' > h.c && gcc -g -c h.c && "
	     "gcc t.o h.o -o prog");
	prog = open_good(in_folder("prog"));
	CU_ASSERT_STRING_EQUAL(layout_missing(prog), "");
	layout_close(prog);
	must("rm t.dwo");
	prog = open_good(in_folder("prog"));
	CU_ASSERT_STRING_EQUAL(layout_missing(prog), "types are missing: the debug information of 1 unit is in 't.dwo', "
			       "which is not there");
	CU_ASSERT_EQUAL(find(prog, "here")->size, 8);
	layout_close(prog);
	res = LAYOUT(in_folder("prog"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "types are missing: the debug information of 1 unit"));
	done(&res);
}

/* All packed into prog.dwp: read where libdw can, else named. */
static void test_dwp(void)
{
	struct layout_program *prog;
	struct kerror err = { 0 };
	const char *path;

	if (!can_read() || !have("dwp"))
		return;
	path = link_split("-gdwarf-4");
	must("dwp -e prog -o prog.dwp && rm t.dwo");
	if (!layout_open(&prog, path, NULL, &err)) {
		CU_ASSERT_EQUAL(find(prog, "plain")->size, 16);
		layout_close(prog);
		return;
	}
	expect_error(path, -ENODATA, "prog.dwp', which libdw ");
	expect_error(path, -ENODATA, " does not read");
	expect_error(in_folder("prog.dwp"), -ENODATA, "a package of split debug information");
}

/* The object file is its own .dwo file. */
static void test_split_single(void)
{
	struct layout_program *prog;
	struct kerror err = { 0 };

	if (!can_read() || !have("clang"))
		return;
	link_split("");
	must("rm t.o t.dwo && clang -g -gsplit-dwarf=single -c t.c && clang t.o -o prog");
	if (!layout_open(&prog, in_folder("prog"), NULL, &err))
		layout_close(prog);
	else
		expect_error(in_folder("prog"), -ENODATA, "in 't.o', which libdw does not read (-gsplit-dwarf=single)");
	must("rm t.o");
	expect_error(in_folder("prog"), -ENODATA, "in 't.o', which is not there");
}

/* Rust's packed debug information is read, or the error names the file that libdw does not read. */
static void test_rustc_packed(void)
{
	static const char text[] = "pub struct P { a: u8, b: u64 }\nfn main() { std::hint::black_box(P { a: 1, b: 2 }); }\n";
	struct layout_program *prog;
	struct kerror err = { 0 };

	if (!can_read() || !have("rustc"))
		return;
	write_file("p.rs", text, strlen(text));
	if (!shell("cd '%s' && rustc -A warnings -g -C split-debuginfo=packed p.rs 2>/dev/null && test -f p.dwp", folder)) {
		test_skip("this rustc packs no debug information");
		return;
	}
	if (layout_open(&prog, in_folder("p"), NULL, &err)) {
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/p.dwp', which libdw "));
		return;
	}
	/* Rust's own library is not split: there may be its types, but not ours. */
	if (*layout_missing(prog))
		CU_ASSERT_PTR_NOT_NULL(strstr(layout_missing(prog), "/p.dwp', which libdw "));
	layout_close(prog);
}

/* ---- packed -------------------------------------------------------------------------------------- */

#define PACKED_TYPES(...) __VA_ARGS__ static const char packed_text[] = \
	#__VA_ARGS__ \
	"struct cross a; struct by_chance b; struct one_member c; struct to_two d; struct loose e; struct neighbours f;" \
	"struct straddling_end g;";

PACKED_TYPES(
struct __attribute__((packed)) cross { unsigned short a:15; unsigned short b:4; unsigned short c:5; unsigned char d; };
struct __attribute__((packed)) by_chance { int a; char b; int c; char d[3]; };
struct one_member { char a; int b __attribute__((packed)); char c; long d; };
struct __attribute__((packed, aligned(2))) to_two { char a; long b; char c; };
struct loose { unsigned char a:7; unsigned char b:4; unsigned short c:9; };
struct neighbours { unsigned a:20; unsigned long b:40; unsigned c:30; };
struct __attribute__((packed)) straddling_end { int a:24; int b:16; int c:24; };
)

#define EXPECT_ALIGN(prog, tag, is_packed) do { \
	const struct layout_type *type_ = find(prog, #tag); \
	CU_ASSERT_EQUAL(type_->size, sizeof(struct tag)); \
	CU_ASSERT_EQUAL(type_->align, _Alignof(struct tag)); \
	CU_ASSERT_EQUAL(type_->packed, is_packed); \
	if (type_->align != _Alignof(struct tag)) \
		fprintf(stderr, "%s: aligned to %u\n", #tag, type_->align); \
} while (0)

/*
 * Only a packed type lets a bit-field cross the border of its declared type, or a
 * member lie off its alignment; the whole is then aligned as that member is. One
 * packed member among others is not that: what lies behind it is aligned again.
 */
static void test_packed(void)
{
	static const char *const compilers[] = {
		"gcc -g -gdwarf-5", "gcc -g -gdwarf-3 -gstrict-dwarf", "clang -g",
	};
	struct layout_program *prog;
	size_t i;

	if (!can_read())
		return;
	for (i = 0; i < NR(compilers); i++) {
		if (i == 2 && !have("clang"))
			continue;
		prog = open_good(compile(compilers[i], "c", packed_text));
		EXPECT_ALIGN(prog, cross, true);
		EXPECT_ALIGN(prog, by_chance, true);
		EXPECT_ALIGN(prog, one_member, true);
		/* before version 5 no attribute is written down, and nothing else shows it */
		if (i != 1)
			EXPECT_ALIGN(prog, to_two, true);
		EXPECT_ALIGN(prog, loose, false);
		EXPECT_ALIGN(prog, neighbours, false);
		EXPECT_ALIGN(prog, straddling_end, true);
		layout_close(prog);
	}
}

/* #pragma pack(2), bit-fields of char, and those of a machine that aligns long long to 4 bytes. */
static void test_packed_otherwise(void)
{
	static const char pragma[] =
		"#pragma pack(2)\nstruct two { long a; char b; long c; char d[5]; } t;\n#pragma pack()\n";
	static const char chars[] = "struct __attribute__((packed)) chars { unsigned char a:7, b:4, c:5; short d:9; } c;";
	static const char narrow[] = "struct bits { unsigned a:20; unsigned long long b:40; } b;";
	struct layout_program *prog;

	if (!can_read())
		return;
	prog = open_good(compile("gcc -g", "c", pragma));
	CU_ASSERT_EQUAL(find(prog, "two")->size, 24);
	CU_ASSERT_EQUAL(find(prog, "two")->align, 2);
	layout_close(prog);
	prog = open_good(compile("gcc -Wno-packed-bitfield-compat -g", "c", chars));
	CU_ASSERT_EQUAL(find(prog, "chars")->size, 4);
	CU_ASSERT_EQUAL(find(prog, "chars")->align, 1);
	CU_ASSERT_TRUE(find(prog, "chars")->packed);
	layout_close(prog);
	prog = open_good(compile("gcc -m32 -g", "c", narrow));
	CU_ASSERT_EQUAL(find(prog, "bits")->size, 8);
	CU_ASSERT_EQUAL(find(prog, "bits")->align, 4);
	CU_ASSERT_FALSE(find(prog, "bits")->packed);
	layout_close(prog);
}

/* ---- C++ and Go ------------------------------------------------------------------------------- */

/* Classes by both C++ compilers: the layout is what the compiled program prints of itself. */
static void test_classes(void)
{
	static const char *const compilers[] = { "g++", "clang++" };
	size_t i;

	if (!can_read())
		return;
	for (i = 0; i < NR(compilers); i++) {
		if (!have(compilers[i]))
			continue;
		must("%s -std=c++20 -g -w -o classes '%s/layout/classes.cc'", compilers[i], test_data("data"));
		expect_printed(in_folder("classes"), "", 18);
	}
}

static void check_go(const struct layout_program *prog)
{
	const struct layout_type *type = find(prog, "main.Mixed");

	CU_ASSERT_EQUAL(type->size, 88);
	CU_ASSERT_EQUAL(type->align, 8);
	expect_member(type, "s", 16, 16);
	expect_member(type, "arr", 32, 48);
	expect_member(type, "z", 80, 0);
	expect_member(type, "x", 80, 4);
	CU_ASSERT_EQUAL(type->stats.hole_bytes, 7);
	CU_ASSERT_EQUAL(type->stats.padding, 4);
	CU_ASSERT_EQUAL(type->stats.nested, 3 * 7);
	CU_ASSERT_EQUAL(find(prog, "main.Pair[string]")->size, 24);
	CU_ASSERT_EQUAL(find(prog, "main.Pair[uint16]")->stats.padding, 1);
}

/* Compressed, as go build leaves it, or not; a generic's brackets mean themselves. */
static void test_go(void)
{
	static const char *const flags[] = { "", "-Wa,--compress-debug-sections=zlib-gabi" };
	struct layout_program *prog;
	struct result res;
	json_t *root;
	size_t i;

	if (!can_read())
		return;
	for (i = 0; i < NR(flags); i++) {
		prog = open_good(assemble("go.s", flags[i]));
		check_go(prog);
		layout_close(prog);
	}
	res = LAYOUT("--json", "-", in_folder("t.o"), "main.Pair[string]");
	root = report_of(&res);
	CU_ASSERT_EQUAL(number(json_object_get(root, "type_1"), "size"), 24);
	CU_ASSERT_PTR_NULL(json_object_get(root, "type_2"));
	json_decref(root);
	done(&res);
}

static const struct test_case cases[] = {
	{ "rust enum", test_rust_enum },
	{ "rust enum report", test_rust_enum_report },
	{ "rustc", test_rustc },
	{ "missing dwo", test_missing_dwo },
	{ "half missing", test_half_missing },
	{ "dwp", test_dwp },
	{ "split single", test_split_single },
	{ "rustc packed", test_rustc_packed },
	{ "packed", test_packed },
	{ "packed otherwise", test_packed_otherwise },
	{ "classes", test_classes },
	{ "go", test_go },
	{ NULL, NULL }
};

const struct test_suite layout_cases_suite = { "layout_cases", cases };
