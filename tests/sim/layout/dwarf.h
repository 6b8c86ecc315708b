/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: what the suites about debug information share: compiling small
 * programs in a folder of the test's own, finding types and members, and saying
 * which one was wrong.
 */
#ifndef KMEMSIM_TESTS_SIM_LAYOUT_DWARF_H
#define KMEMSIM_TESTS_SIM_LAYOUT_DWARF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "sim/layout/layout.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))

/* ---- compiling ------------------------------------------------------------------ */

static char command[2048];	/* the last one that ran */

/* True where the command runs well. */
__attribute__((format(printf, 1, 2)))
static inline bool shell(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	return !system(command);
}

/* Run a command that must succeed in the test's folder. */
__attribute__((format(printf, 1, 2)))
static inline void must(const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	in_folder("");	/* makes it */
	if (shell("cd '%s' && %s", folder, line))
		return;
	fprintf(stderr, "failed: %s\n", line);
	CU_FAIL_FATAL("a command failed");
}

static inline bool have(const char *tool)
{
	bool found = shell("command -v %s >/dev/null", tool);

	if (!found)
		test_skip("there is no %s", tool);
	return found;
}

static inline bool can_read(void)
{
	if (!layout_supported())
		test_skip("built without libdw");
	return layout_supported();
}

/* Compile @text with @compiler and its flags; the object file's path. */
static inline const char *compile(const char *compiler, const char *suffix, const char *text)
{
	char name[32], *object = in_folder("t.o");

	snprintf(name, sizeof(name), "t.%s", suffix);
	write_file(name, text, strlen(text));
	must("%s -c -o t.o %s", compiler, name);
	return object;
}

static inline struct layout_program *open_good(const char *path)
{
	struct layout_program *prog = NULL;
	struct kerror err = { 0 };

	if (layout_open(&prog, path, NULL, &err))
		fprintf(stderr, "%s\n", err.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(prog);
	CU_ASSERT_EQUAL(layout_damaged(prog), 0);
	return prog;
}

static inline const struct layout_type *find(const struct layout_program *prog, const char *name)
{
	const struct layout_type *const *types, *found = NULL;
	size_t nr, i;

	types = layout_types(prog, &nr);
	for (i = 0; i < nr; i++)
		if (!strcmp(types[i]->name, name)) {
			CU_ASSERT_PTR_NULL(found);
			found = types[i];
		}
	if (!found)
		fprintf(stderr, "no type %s\n", name);
	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	return found;
}

static inline const struct layout_member *member(const struct layout_type *type, const char *name)
{
	unsigned int i;

	for (i = 0; i < type->nr_members; i++)
		if (!strcmp(type->members[i].name, name))
			return &type->members[i];
	fprintf(stderr, "%s has no member %s\n", type->name, name);
	CU_FAIL_FATAL("a member is missing");
	return NULL;
}

static inline void expect_member(const struct layout_type *type, const char *name, uint64_t offset, uint64_t size)
{
	const struct layout_member *m = member(type, name);

	CU_ASSERT_EQUAL(m->bit_offset, offset * 8);
	CU_ASSERT_EQUAL(m->bit_size, size * 8);
	CU_ASSERT_FALSE(m->bitfield);
	if (m->bit_offset != offset * 8 || m->bit_size != size * 8)
		fprintf(stderr, "%s.%s is at bit %llu\n", type->name, name, (unsigned long long)m->bit_offset);
}

#define EXPECT(type, tag, name) \
	expect_member(type, #name, offsetof(tag, name), sizeof(((tag *)0)->name))

static inline void expect_bits(const struct layout_type *type, const char *name, uint64_t bit, uint64_t bits)
{
	const struct layout_member *m = member(type, name);

	CU_ASSERT_TRUE(m->bitfield);
	CU_ASSERT_EQUAL(m->bit_offset, bit);
	CU_ASSERT_EQUAL(m->bit_size, bits);
	if (m->bit_offset != bit)
		fprintf(stderr, "%s.%s is at bit %llu\n", type->name, name, (unsigned long long)m->bit_offset);
}

static inline void expect_text(const struct layout_type *type, const char *name, const char *text)
{
	CU_ASSERT_STRING_EQUAL(member(type, name)->type_text, text);
	if (strcmp(member(type, name)->type_text, text))
		fprintf(stderr, "%s.%s is %s\n", type->name, name, member(type, name)->type_text);
}

static inline void expect_error(const char *path, int code, const char *part)
{
	struct layout_program *prog = (void *)1;
	struct kerror err = { 0 };

	CU_ASSERT_EQUAL(layout_open(&prog, path, NULL, &err), code);
	CU_ASSERT_PTR_NULL(prog);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, part));
	if (!strstr(err.text, part))
		fprintf(stderr, "expected '%s' in: %s\n", part, err.text);
}

#endif
