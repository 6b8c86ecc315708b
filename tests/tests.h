/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: what a suite is, and the few helpers that all of them share.
 */
#ifndef KMEMSIM_TESTS_TESTS_H
#define KMEMSIM_TESTS_TESTS_H

#include <CUnit/Basic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct test_case {
	const char *name;
	void (*fn)(void);
};

struct test_suite {
	const char *name;
	const struct test_case *cases;	/* ends with a NULL name */
};

/*
 * The running test leaves something out; why goes to stderr and into the line that
 * ends make check, where tests with equal reasons are counted together.
 */
void test_skip(const char *why, ...) __attribute__((format(printf, 1, 2)));
/*
 * The path of @name inside the shared folder beside the checkout, or NULL where
 * it is not there: the test was skipped then. The answer is valid until the
 * next call. KMEMSIM_SHARED names another folder.
 */
const char *test_shared(const char *name);
/* The path of @name inside the checkout's tests/ folder. Valid until the next call. */
const char *test_data(const char *name);
/*
 * The path of what a real kernel said, @name inside tests/data/oracle/, which
 * must be there. Where the shared folder has the original, the copy must equal
 * it. Valid until the next call.
 */
const char *test_oracle(const char *name);
/* The same of tests/data/cases/: small inputs made after public reports of tools like this one. */
const char *test_case_input(const char *name);
/* True where this build has the kernel's geometry (11 orders, pageblocks of 512 pages). */
bool test_kernel_geometry(void);

/* A small seeded generator, so that a failing sequence can be run again (xorshift64*). */
struct test_rng { uint64_t s; };
uint64_t test_rand(struct test_rng *rng);
/* 0..n-1 */
uint32_t test_rand_below(struct test_rng *rng, uint32_t n);

#endif
