/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: structs out of debug information. Small programs are compiled
 * here, in every way compilers have to store types; what must come out is what
 * offsetof() says of the same text, compiled into this test.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/layout/layout.h"
#include "tests/sim/layout/dwarf.h"

/* The same words as code for this file and as text for the compilers. */
#define SOURCE(...) __VA_ARGS__ static const char source[] = #__VA_ARGS__ \
	" struct plain p; struct bits b; struct nested n; struct packed k; alone_t a; struct aligned_one q;" \
	" struct flexible *f; union either u; struct empty e; struct pointers x;"

SOURCE(
struct plain { char a; long b; short c; int d; char e; };
struct bits { int a:3; int b:7; char c; unsigned d:30; long e:40; _Bool f:1; };
struct nested {
	struct plain array[2][3];
	union { int i; double d; struct { short s; char t; }; };
	struct plain *pointer;
	enum { ONE, TWO } number;
};
struct packed { char a; long b; short c; } __attribute__((packed));
typedef struct { int x; long y; } alone_t;
struct aligned_one { char a; long b __attribute__((aligned(64))); char c; };
struct flexible { int n; char big[300]; short tail[]; };
union either { char c[20]; long l; struct plain p; };
struct empty { };
struct pointers {
	void (*fn)(struct plain *, const char *, ...);
	int (*table[4])(void);
	const char *const *names;
	volatile unsigned char flag;
	char matrix[2][3];
	long double wide;
	struct unknown *opaque;
	__int128 huge;
	_Complex double z;
	alone_t alone;
};
);

/* ---- what must come out, however it was stored -------------------------------------- */

static void check_plain(const struct layout_program *prog)
{
	const struct layout_type *type = find(prog, "plain");

	CU_ASSERT_EQUAL(type->size, sizeof(struct plain));
	CU_ASSERT_EQUAL(type->align, _Alignof(struct plain));
	CU_ASSERT_EQUAL(type->nr_members, 5);
	EXPECT(type, struct plain, a);
	EXPECT(type, struct plain, b);
	EXPECT(type, struct plain, c);
	EXPECT(type, struct plain, d);
	EXPECT(type, struct plain, e);
	CU_ASSERT_EQUAL(type->stats.hole_bytes, 9);
	CU_ASSERT_EQUAL(type->stats.padding, 7);
	CU_ASSERT_STRING_EQUAL(layout_declared_in(prog, type) + strlen(layout_declared_in(prog, type)) - 3, "t.c");
	CU_ASSERT_EQUAL(type->line, 1);
}

static uint64_t first_bit(const void *bytes, size_t nr)
{
	const unsigned char *byte = bytes;
	size_t i;

	for (i = 0; i < nr * 8; i++)
		if (byte[i / 8] >> (i % 8) & 1)
			return i;
	return UINT64_MAX;
}

#define FIRST_BIT(name) first_bit(&(struct bits){ .name = -1 }, sizeof(struct bits))

static void check_bits(const struct layout_program *prog)
{
	const struct layout_type *type = find(prog, "bits");

	CU_ASSERT_EQUAL(type->size, sizeof(struct bits));
	expect_bits(type, "a", FIRST_BIT(a), 3);
	expect_bits(type, "b", FIRST_BIT(b), 7);
	expect_member(type, "c", offsetof(struct bits, c), 1);
	expect_bits(type, "d", FIRST_BIT(d), 30);
	expect_bits(type, "e", FIRST_BIT(e), 40);
	expect_bits(type, "f", first_bit(&(struct bits){ .f = 1 }, sizeof(struct bits)), 1);
	CU_ASSERT_EQUAL(member(type, "e")->storage, 8);
}

static void check_nested(const struct layout_program *prog)
{
	const struct layout_type *type = find(prog, "nested"), *inner;

	CU_ASSERT_EQUAL(type->size, sizeof(struct nested));
	EXPECT(type, struct nested, array);
	EXPECT(type, struct nested, pointer);
	EXPECT(type, struct nested, number);
	CU_ASSERT_EQUAL(member(type, "array")->elements, 6);
	CU_ASSERT_PTR_EQUAL(member(type, "array")->type, find(prog, "plain"));
	CU_ASSERT_EQUAL(type->stats.nested, 6 * 16);
	inner = member(type, "")->type;
	CU_ASSERT_PTR_NOT_NULL_FATAL(inner);
	CU_ASSERT_EQUAL(inner->kind, LAYOUT_UNION);
	CU_ASSERT_EQUAL(inner->nr_members, 3);
	expect_text(type, "array", "struct plain[2][3]");
	expect_text(type, "", "union {...}");
	expect_text(type, "pointer", "struct plain *");
}

static void check_shapes(const struct layout_program *prog)
{
	const struct layout_type *type = find(prog, "packed");

	CU_ASSERT_EQUAL(type->size, sizeof(struct packed));
	CU_ASSERT_EQUAL(type->align, 1);
	CU_ASSERT_TRUE(type->packed);
	EXPECT(type, struct packed, b);
	type = find(prog, "alone_t");
	CU_ASSERT_EQUAL(type->size, sizeof(alone_t));
	EXPECT(type, alone_t, y);
	type = find(prog, "aligned_one");
	CU_ASSERT_EQUAL(type->size, 128);
	EXPECT(type, struct aligned_one, b);
	type = find(prog, "flexible");
	CU_ASSERT_TRUE(type->flexible);
	expect_member(type, "big", 4, 300);
	CU_ASSERT_EQUAL(member(type, "big")->elements, 300);
	expect_member(type, "tail", offsetof(struct flexible, tail), 0);
	expect_text(type, "big", "char[300]");
	type = find(prog, "either");
	CU_ASSERT_EQUAL(type->kind, LAYOUT_UNION);
	CU_ASSERT_EQUAL(type->size, sizeof(union either));
	expect_member(type, "p", 0, sizeof(struct plain));
	CU_ASSERT_EQUAL(find(prog, "empty")->size, 0);
}

static void check_pointers(const struct layout_program *prog)
{
	const struct layout_type *type = find(prog, "pointers");

	CU_ASSERT_EQUAL(type->size, sizeof(struct pointers));
	CU_ASSERT_EQUAL(type->align, _Alignof(struct pointers));
	EXPECT(type, struct pointers, table);
	EXPECT(type, struct pointers, flag);
	EXPECT(type, struct pointers, matrix);
	EXPECT(type, struct pointers, wide);
	EXPECT(type, struct pointers, huge);
	EXPECT(type, struct pointers, z);
	EXPECT(type, struct pointers, alone);
	CU_ASSERT_EQUAL(member(type, "wide")->align, _Alignof(long double));
	CU_ASSERT_EQUAL(member(type, "huge")->align, _Alignof(__int128));
	CU_ASSERT_EQUAL(member(type, "z")->align, _Alignof(_Complex double));
	expect_text(type, "fn", "void (*)(struct plain *, const char *, ...)");
	expect_text(type, "names", "const char *const *");
	expect_text(type, "matrix", "char[2][3]");
	expect_text(type, "flag", "volatile unsigned char");
	expect_text(type, "opaque", "struct unknown *");
	expect_text(type, "alone", "alone_t");
	expect_text(type, "table", "int (*[4])(void)");
}

static void check_all(const struct layout_program *prog)
{
	check_plain(prog);
	check_bits(prog);
	check_nested(prog);
	check_shapes(prog);
	check_pointers(prog);
}

static void check_file(const char *path)
{
	struct layout_program *prog = open_good(path);
	unsigned int before = CU_get_number_of_failures();

	check_all(prog);
	if (CU_get_number_of_failures() != before)
		fprintf(stderr, "that was %s\n", command);
	layout_close(prog);
}

/* Two compilers, the versions of DWARF there are, compressed or not. */
static void test_forms(void)
{
	static const char *const compilers[] = {
		"gcc -g -gdwarf-5", "gcc -g -gdwarf-4", "gcc -g -gdwarf-3 -gstrict-dwarf",
		"gcc -g -gdwarf-2 -gstrict-dwarf", "gcc -g -O2", "gcc -g -gz", "gcc -g -flto -ffat-lto-objects",
		"clang -g -gdwarf-5", "clang -g -gdwarf-4", "clang -g -gdwarf-3 -gstrict-dwarf",
	};
	size_t i;

	if (!can_read())
		return;
	for (i = 0; i < NR(compilers); i++)
		check_file(compile(compilers[i], "c", source));
}

/* The alignment an attribute asked for is in DWARF 5; before, only its effect can be seen. */
static void test_alignment_given(void)
{
	struct layout_program *prog;

	if (!can_read())
		return;
	prog = open_good(compile("gcc -g -gdwarf-5", "c", source));
	CU_ASSERT_EQUAL(find(prog, "aligned_one")->align, 64);
	CU_ASSERT_EQUAL(member(find(prog, "aligned_one"), "b")->align, 64);
	layout_close(prog);
	prog = open_good(compile("gcc -g -gdwarf-4 -gstrict-dwarf", "c", source));
	CU_ASSERT_EQUAL(find(prog, "aligned_one")->align, 8);
	layout_close(prog);
}

/* The same words for a machine whose pointers have 4 bytes and whose long long is aligned to 4. */
static void test_32_bit(void)
{
	static const char text[] =
		"struct small { char a; long long b; void *c; double d; long e; } s; struct in { short x; struct small y; } t;";
	const struct layout_type *type;
	struct layout_program *prog;
	struct layout_plan plan;

	if (!can_read())
		return;
	prog = open_good(compile("gcc -m32 -g", "c", text));
	type = find(prog, "small");
	CU_ASSERT_EQUAL(type->size, 28);
	CU_ASSERT_EQUAL(type->align, 4);
	expect_member(type, "b", 4, 8);
	expect_member(type, "c", 12, 4);
	expect_member(type, "d", 16, 8);
	expect_member(find(prog, "in"), "y", 4, 28);
	CU_ASSERT_EQUAL_FATAL(layout_reorder(type, 64, &plan, NULL), 0);
	CU_ASSERT_PTR_NULL(plan.why_not);
	CU_ASSERT_EQUAL(plan.size, 28);
	layout_plan_free(&plan);
	layout_close(prog);
}

/* Bases, a table of virtual functions, namespaces, templates, statics; what is nested has its scope. */
static void test_cpp(void)
{
	static const char text[] =
		"namespace ns { class Base { public: virtual ~Base(); int x; static int shared; char c; };\n"
		"Base::~Base() {}\n"
		"class Derived : public Base { public: char d; struct Inner { short s; } inner; long l; int &r; };\n"
		"template <class T, int N> struct List { T items[N]; int n; };\n"
		"struct Nothing {}; struct Leaf : Nothing { int v; };\n"
		"struct Virtual : virtual Base { int w; }; }\n"
		"ns::Derived *d; ns::List<long, 3> list; ns::Leaf leaf; ns::Virtual *v;\n"
		"int f(ns::Derived *x) { struct Local { int a; char b; } l = { x->x, x->c }; return l.a; }\n"
		"namespace { struct Hidden { char a; int b; } hidden; } int g() { return hidden.b; }\n"
		"ns::Derived &h(ns::Derived &r) { return r; } ns::Derived::Inner inner; ns::Virtual vv;\n";
	static const char *const compilers[] = { "g++", "clang++" };
	size_t i;

	if (!can_read())
		return;
	for (i = 0; i < NR(compilers); i++) {
		const struct layout_type *type;
		struct layout_program *prog;
		struct layout_plan plan;
		char compiler[64];

		if (!have(compilers[i]))
			continue;
		snprintf(compiler, sizeof(compiler), "%s -g -w -fstandalone-debug", compilers[i]);
		if (!i)
			snprintf(compiler, sizeof(compiler), "%s -g -w -femit-class-debug-always", compilers[i]);
		prog = open_good(compile(compiler, "cc", text));
		type = find(prog, "ns::Base");
		CU_ASSERT_EQUAL(type->kind, LAYOUT_CLASS);
		CU_ASSERT_EQUAL(type->size, 16);
		CU_ASSERT_EQUAL(type->nr_members, 3);
		CU_ASSERT_TRUE(type->members[0].artificial);
		expect_member(type, "x", 8, 4);
		type = find(prog, "ns::Derived");
		CU_ASSERT_TRUE(type->members[0].base);
		CU_ASSERT_PTR_EQUAL(type->members[0].type, find(prog, "ns::Base"));
		/* the first member of its own lies in the padding of the base */
		expect_member(type, "d", 13, 1);
		expect_member(type, "inner", 14, 2);
		expect_member(type, "r", 24, 8);
		CU_ASSERT_EQUAL(find(prog, "ns::Derived::Inner")->size, 2);
		expect_member(find(prog, i ? "ns::List<long, 3>" : "ns::List<long int, 3>"), "n", 24, 4);
		CU_ASSERT_EQUAL(find(prog, "ns::Leaf")->size, 4);
		CU_ASSERT_EQUAL(find(prog, "ns::Leaf")->stats.unused, 0);
		/* an empty base has no room of its own */
		CU_ASSERT_EQUAL(find(prog, "ns::Leaf")->members[0].bit_size, 0);
		type = find(prog, "ns::Virtual");
		CU_ASSERT_TRUE(type->members[type->nr_members - 1].elsewhere);
		CU_ASSERT_EQUAL_FATAL(layout_reorder(type, 64, &plan, NULL), 0);
		CU_ASSERT_PTR_NOT_NULL_FATAL(plan.why_not);
		CU_ASSERT_STRING_EQUAL(plan.why_not, "its virtual bases are placed when an object is built");
		layout_plan_free(&plan);
		expect_member(find(prog, "(anonymous)::Hidden"), "b", 4, 4);
		expect_member(find(prog, "Local"), "b", 4, 1);
		layout_close(prog);
	}
}

/* ---- where debug information can be --------------------------------------------------------- */

static const char *main_source(void)
{
	static char text[sizeof(source) + 64];

	snprintf(text, sizeof(text), "%s int main(void) { return 0; }", source);
	return text;
}

static const char *link_program(const char *flags)
{
	const char *text = main_source();

	write_file("t.c", text, strlen(text));
	must("gcc -g %s -o prog t.c", flags);
	return in_folder("prog");
}

/* Linked, in an archive, split into .dwo files, split off and found by its name. */
static void test_places(void)
{
	const char *prog;

	if (!can_read())
		return;
	check_file(link_program(""));
	check_file(link_program("-static-pie -Wl,--compress-debug-sections=zlib"));
	compile("gcc -g", "c", source);
	must("rm -f t.a && ar qc t.a t.o");
	check_file(in_folder("t.a"));
	check_file(link_program("-gdwarf-5 -gsplit-dwarf"));
	check_file(link_program("-gdwarf-4 -gsplit-dwarf"));
	/* types in units of their own; unlinked they lie in many sections, of which libdw reads one */
	check_file(link_program("-gdwarf-5 -fdebug-types-section"));
	check_file(link_program("-gdwarf-4 -fdebug-types-section"));
	prog = link_program("-Wl,--build-id=0x0123456789abcdef");
	must("rm -f *.dwo && objcopy --only-keep-debug prog prog.dbg && "
	     "strip -g prog && objcopy --add-gnu-debuglink=prog.dbg prog");
	check_file(prog);
	must("mkdir .debug && mv prog.dbg .debug");
	check_file(prog);
	must("rm -r .debug");
	expect_error(prog, -ENODATA, "'prog.dbg', where it was put, is neither beside it");
	expect_error(prog, -ENODATA, "0123456789abcdef");
}

/* Two units call different structs of one size alike, in the same line; a third repeats the first. */
static void test_namesakes(void)
{
	static const char *const units[] = { "struct same { int a, b; } one;", "struct same { long c; } two;",
					     "struct same { int a, b; } three;" };
	const struct layout_type *const *types;
	struct layout_program *prog;
	size_t nr, i;

	if (!can_read())
		return;
	for (i = 0; i < NR(units); i++) {
		compile("gcc -g", "c", units[i]);
		must("mv t.o same%zu.o", i);
	}
	must("gcc -shared -nostdlib -o same.so same0.o same1.o same2.o");
	prog = open_good(in_folder("same.so"));
	types = layout_types(prog, &nr);
	CU_ASSERT_EQUAL_FATAL(nr, 2);
	CU_ASSERT_EQUAL(types[0]->nr_members + types[1]->nr_members, 3);
	layout_close(prog);
}

/* dwz moves what units share into partial units, and what files share into a file of its own. */
static void test_dwz(void)
{
	if (!can_read() || !have("dwz"))
		return;
	compile("gcc -g -fPIC", "c", source);
	must("gcc -g -shared -o a.so t.o && gcc -g -shared -o b.so t.o && "
	     "dwz -m common a.so b.so && readelf -SW a.so | grep -q gnu_debugaltlink");
	check_file(in_folder("a.so"));
	check_file(in_folder("b.so"));
}

/* What is no program with debug information gets a sentence that helps. */
static void test_not_there(void)
{
	if (!can_read())
		return;
	expect_error(in_folder("none"), -ENOENT, "No such file");
	expect_error(in_folder("."), -EINVAL, "not a regular file");
	expect_error("/dev/null", -EINVAL, "not a regular file");
	expect_error(write_file("empty", "", 0), -ENOEXEC, "not an ELF file");
	expect_error(write_file("text", "#!/bin/sh\n", 10), -ENOEXEC, "not an ELF file");
	expect_error(write_file("elf", "\x7f" "ELF\2\1\1", 7), -ENOEXEC, "not an ELF file");
	expect_error(compile("gcc -g0", "c", source), -ENODATA, "compile with -g");
	expect_error(compile("gcc -g", "c", "int x;"), -ENODATA, "no debug information with structs");
	CU_ASSERT_TRUE_FATAL(!mkfifo(in_folder("pipe"), 0600));
	expect_error(in_folder("pipe"), -EINVAL, "not a regular file");
}

/* ---- agreement of the suggested order with a compiler ------------------------------------------ */

#define NR_RANDOM 60

static void write_random(FILE *file, struct test_rng *rng, unsigned int number)
{
	static const char *const kinds[] = {
		"char m%u;", "short m%u;", "int m%u;", "long m%u;", "char m%u[3];", "int m%u:5;", "unsigned m%u:17;",
		"char m%u:4;", "long m%u:33;", "void *m%u;", "struct { char a; int b; } m%u;", "double m%u[2];",
		"int :3; int m%u:2;", "int :0; int m%u:9;", "short m%u:11;", "_Bool m%u:1;", "long double m%u;",
		"char m%u; int :0;", "int m%u __attribute__((aligned(16)));",
	};
	unsigned int nr = 2 + test_rand_below(rng, 9), i;

	fprintf(file, "struct s%u {", number);
	for (i = 0; i < nr; i++) {
		/* the format is one of ours */
		fprintf(file, " ");
		fprintf(file, kinds[test_rand_below(rng, NR(kinds))], i);
	}
	fprintf(file, " } v%u;\n", number);
}

static void type_of_member(const struct layout_member *m, char *out, size_t size)
{
	const char *bracket = strchr(m->type_text, '[');
	const char *text = strncmp(m->type_text, "struct", 6) ? m->type_text : "struct { char a; int b; }";

	if (m->bitfield)
		snprintf(out, size, "%s %s:%llu", text, m->name, (unsigned long long)m->bit_size);
	else if (bracket)
		snprintf(out, size, "%.*s %s%s", (int)(bracket - text), text, m->name, bracket);
	else
		snprintf(out, size, "%s %s%s", text, m->name, m->align == 16 && m->bit_size == 32 ?
			 " __attribute__((aligned(16)))" : "");
}

/* Struct @number, its members in the order that @plan wants. */
static void write_ordered(FILE *file, const struct layout_type *type, const struct layout_plan *plan,
			  unsigned int number)
{
	char text[128];
	unsigned int i;

	fprintf(file, "struct s%u {", number);
	for (i = 0; i < type->nr_members; i++) {
		type_of_member(&type->members[plan->order[i]], text, sizeof(text));
		fprintf(file, " %s;", text);
	}
	fprintf(file, " } v%u;\n", number);
}

/* @after, which a compiler made of the order, is what @plan said that it would be. */
static void expect_as_planned(const struct layout_type *before, const struct layout_type *after,
			      const struct layout_plan *plan)
{
	unsigned int i;

	CU_ASSERT_EQUAL(after->size, plan->size);
	for (i = 0; i < before->nr_members; i++) {
		const char *name = before->members[i].name;

		CU_ASSERT_EQUAL(member(after, name)->bit_offset, plan->bit_offset[i]);
		if (member(after, name)->bit_offset != plan->bit_offset[i])
			fprintf(stderr, "%s.%s\n", after->name, name);
	}
}

static struct layout_program *compile_random(unsigned int nr)
{
	struct test_rng rng = { 11 };
	FILE *file = fopen(in_folder("t.c"), "w");
	unsigned int i;

	for (i = 0; i < nr; i++)
		write_random(file, &rng, i);
	fclose(file);
	must("gcc -g -c -o t.o t.c");
	return open_good(in_folder("t.o"));
}

static const struct layout_type *find_random(const struct layout_program *prog, unsigned int number)
{
	char name[16];

	snprintf(name, sizeof(name), "s%u", number);
	return find(prog, name);
}

/*
 * Sixty random structs are compiled, put into the order we suggest, and
 * compiled again: the compiler must place every member where we said, and the
 * new size must be what we said. What is written here has no unnamed bits, so
 * structs that have some are left out.
 */
static void test_compiler_agrees(void)
{
	const struct layout_type *types[NR_RANDOM];
	struct layout_plan plans[NR_RANDOM];
	struct layout_program *before, *after;
	unsigned int i, gained = 0, compared = 0;
	FILE *file;

	if (!can_read())
		return;
	before = compile_random(NR_RANDOM);
	file = fopen(in_folder("t.c"), "w");
	for (i = 0; i < NR_RANDOM; i++) {
		types[i] = find_random(before, i);
		CU_ASSERT_EQUAL_FATAL(layout_reorder(types[i], 64, &plans[i], NULL), 0);
		if (!plans[i].why_not)
			write_ordered(file, types[i], &plans[i], i);
	}
	fclose(file);
	must("gcc -g -c -o t2.o t.c");
	after = open_good(in_folder("t2.o"));
	for (i = 0; i < NR_RANDOM; i++) {
		if (!plans[i].why_not && !plans[i].unnamed) {
			compared++;
			gained += plans[i].size < types[i]->size;
			expect_as_planned(types[i], find_random(after, i), &plans[i]);
		}
		layout_plan_free(&plans[i]);
	}
	CU_ASSERT(compared > NR_RANDOM / 3);
	CU_ASSERT(gained > NR_RANDOM / 6);
	layout_close(before);
	layout_close(after);
}

/* ---- damage ---------------------------------------------------------------------------------------- */

/* Everything the report would look at, so that the sanitizers see it, too. */
static void look_at_all(const struct layout_program *prog)
{
	static char map[LAYOUT_MAP_BYTES];
	const struct layout_type *const *types;
	size_t nr, i;

	types = layout_types(prog, &nr);
	for (i = 0; i < nr; i++) {
		struct layout_plan plan;
		struct layout_fit fit;

		CU_ASSERT_EQUAL(layout_reorder(types[i], 64, &plan, NULL), 0);
		CU_ASSERT(plan.size <= types[i]->size);
		layout_map(types[i], NULL, types[i]->size, 0, map);
		layout_fit(&fit, FIT_CACHE, types[i]->size, types[i]->align, 4, 64, NULL);
		layout_crossing(types[i], 64);
		layout_declared_in(prog, types[i]);
		CU_ASSERT(types[i]->stats.unused <= types[i]->size);
		layout_plan_free(&plan);
	}
}

/*
 * 600 copies of an object file, each with some bytes changed or its end cut
 * off: an error with a sentence, or whatever types are left; never a crash, and
 * never more unused bytes than there are.
 */
static void test_damage(void)
{
	struct test_rng rng = { 3 };
	unsigned int round, i, opened = 0, refused = 0;
	size_t len;
	char *good, *bad;

	if (!can_read())
		return;
	good = slurp(compile("gcc -g", "c", source), &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(good);
	bad = malloc(len);
	for (round = 0; round < 600; round++) {
		unsigned int changes = 1 + test_rand_below(&rng, round % 7 ? 4 : 60);
		struct layout_program *prog;
		struct kerror err = { 0 };
		size_t size = round % 10 ? len : 1 + test_rand_below(&rng, (uint32_t)len);
		const char *path;

		memcpy(bad, good, len);
		for (i = 0; i < changes; i++)
			bad[test_rand_below(&rng, (uint32_t)len)] = (char)test_rand(&rng);
		path = write_file("bad.o", bad, size);
		if (layout_open(&prog, path, NULL, &err)) {
			CU_ASSERT_TRUE(err.code < 0);
			CU_ASSERT_NOT_EQUAL(err.text[0], '\0');
			refused++;
			continue;
		}
		look_at_all(prog);
		layout_close(prog);
		opened++;
	}
	CU_ASSERT(opened > 50);
	CU_ASSERT(refused > 50);
	free(good);
	free(bad);
}

static const struct test_case cases[] = {
	{ "dwarf forms", test_forms },
	{ "dwarf alignment given", test_alignment_given },
	{ "dwarf 32 bit", test_32_bit },
	{ "dwarf c++", test_cpp },
	{ "dwarf places", test_places },
	{ "dwarf namesakes", test_namesakes },
	{ "dwarf dwz", test_dwz },
	{ "dwarf not there", test_not_there },
	{ "dwarf compiler agrees", test_compiler_agrees },
	{ "dwarf damage", test_damage },
	{ NULL, NULL }
};

const struct test_suite layout_dwarf_suite = { "layout_dwarf", cases };
