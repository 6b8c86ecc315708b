/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: counts, sizes and times as people read them. */
#include "sim/util/units.h"
#include "tests/tests.h"

struct shown {
	uint64_t value;
	const char *text;
};

static const struct shown counts[] = {
	{ 0, "0" }, { 999, "999" }, { 1000, "1,000" }, { 125491, "125,491" }, { 1234567, "1,234,567" },
	{ UINT64_MAX, "18,446,744,073,709,551,615" },
};

/* The last value of a unit and the first of the next; a tenth where it is not 0, and only below 10. */
static const struct shown sizes[] = {
	{ 0, "0 bytes" }, { 1, "1 byte" }, { 1023, "1023 bytes" }, { 1024, "1 KiB" }, { 1126, "1 KiB" }, { 1127, "1.1 KiB" },
	{ 10239, "9.9 KiB" }, { 10240, "10 KiB" }, { 10751, "10 KiB" }, { (1 << 20) - 1, "1023 KiB" }, { 1 << 20, "1 MiB" },
	{ 1ULL << 32, "4 GiB" }, { (1ULL << 32) - 1, "3.9 GiB" }, { 1ULL << 40, "1 TiB" }, { 1ULL << 50, "1 PiB" },
	{ UINT64_MAX, "15 EiB" },
};

static const struct shown times[] = {
	{ 0, "0 ns" }, { 999, "999 ns" }, { 1000, "1 us" }, { 1999, "1.9 us" }, { 83400000, "83 ms" }, { 999999999, "999 ms" },
	{ 1000000000, "1 s" }, { 1459000000, "1.4 s" }, { 3600000000000, "3600 s" },
};

static void check(const struct shown *shown, unsigned int nr, const char *(*text)(char buf[UNITS_TEXT], uint64_t value))
{
	char buf[UNITS_TEXT];
	unsigned int i;

	for (i = 0; i < nr; i++)
		CU_ASSERT_STRING_EQUAL(text(buf, shown[i].value), shown[i].text);
}

static void test_shown(void)
{
	check(counts, sizeof(counts) / sizeof(counts[0]), human_count);
	check(sizes, sizeof(sizes) / sizeof(sizes[0]), human_size);
	check(times, sizeof(times) / sizeof(times[0]), human_time);
}

static const struct test_case cases[] = {
	{ "units are shown as people read them", test_shown },
	{ NULL, NULL }
};

const struct test_suite units_suite = { "units", cases };
