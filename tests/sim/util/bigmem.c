/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: large arrays. */
#include "sim/util/bigmem.h"
#include "tests/tests.h"

#define HUGE_BYTES	((size_t)2 << 20)

/* It moves with what is in it; what is new is zero, up to the last byte. */
static void test_grow(void)
{
	size_t nr = 100000, i, wrong = 0;
	uint64_t *mem = bigmem_alloc(nr, sizeof(*mem));

	CU_ASSERT_PTR_NOT_NULL_FATAL(mem);
	for (i = 0; i < nr; i++)
		mem[i] = i + 1;
	for (; nr < 3000000; nr *= 2) {
		mem = bigmem_grow(mem, nr, nr * 2, sizeof(*mem));
		CU_ASSERT_PTR_NOT_NULL_FATAL(mem);
		for (i = 0; i < nr; i++)
			wrong += mem[i] != i + 1;
		for (; i < nr * 2; i++) {
			wrong += mem[i] != 0;
			mem[i] = i + 1;
		}
	}
	CU_ASSERT_EQUAL(wrong, 0);
	bigmem_free(mem, nr, sizeof(*mem));
}

/* From half a huge page on an array begins where one can. */
static void test_begin(void)
{
	static const size_t bytes[] = { HUGE_BYTES / 2, HUGE_BYTES, HUGE_BYTES + 1, 10 * HUGE_BYTES + 4096 };
	unsigned int i;

	for (i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		unsigned char *mem = bigmem_alloc(bytes[i], 1);

		CU_ASSERT_PTR_NOT_NULL_FATAL(mem);
		CU_ASSERT_EQUAL((uintptr_t)mem % HUGE_BYTES, 0);
		mem[bytes[i] - 1] = 1;
		mem = bigmem_grow(mem, bytes[i], bytes[i] + 3 * HUGE_BYTES, 1);
		CU_ASSERT_PTR_NOT_NULL_FATAL(mem);
		CU_ASSERT_EQUAL((uintptr_t)mem % HUGE_BYTES, 0);
		CU_ASSERT_EQUAL(mem[bytes[i] - 1], 1);
		bigmem_free(mem, bytes[i] + 3 * HUGE_BYTES, 1);
	}
}

/* What nobody can have is refused, and what there was stays. */
static void test_too_much(void)
{
	unsigned char *mem = bigmem_alloc(5, 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(mem);
	mem[4] = 7;
	CU_ASSERT_PTR_NULL(bigmem_alloc(SIZE_MAX, 2));
	CU_ASSERT_PTR_NULL(bigmem_alloc(SIZE_MAX, 1));
	CU_ASSERT_PTR_NULL(bigmem_alloc((size_t)1 << 60, 1));
	CU_ASSERT_PTR_NULL(bigmem_alloc(0, 8));
	CU_ASSERT_PTR_NULL(bigmem_grow(mem, 5, SIZE_MAX, 2));
	CU_ASSERT_PTR_NULL(bigmem_grow(mem, 5, (size_t)1 << 60, 1));
	CU_ASSERT_EQUAL(mem[4], 7);
	bigmem_free(mem, 5, 1);
	bigmem_free(NULL, 5, 1);
}

static const struct test_case cases[] = {
	{ "grow", test_grow },
	{ "begin", test_begin },
	{ "too much", test_too_much },
	{ NULL, NULL }
};

const struct test_suite bigmem_suite = { "bigmem", cases };
