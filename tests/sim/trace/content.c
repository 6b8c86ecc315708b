/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: the whole content of a source in one piece of memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "sim/trace/content.h"
#include "tests/tests.h"
#include "tests/sim/trace/util.h"

/* @len bytes, of which each differs from its neighbours. */
static char *make_bytes(size_t len)
{
	char *data = malloc(len + 1);
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(data);
	for (i = 0; i < len; i++)
		data[i] = (char)(i * 7 + i / 251);
	return data;
}

/* What comes piece by piece, with the first @head bytes read before: in memory, and from a size on in a window. */
static void test_pieces(void)
{
	static const size_t sizes[] = { 0, 1, 4, 100000, CONTENT_MEMORY_BYTES - 1, CONTENT_MEMORY_BYTES,
					CONTENT_MEMORY_BYTES + 1, CONTENT_MEMORY_BYTES + (3 << 20) };
	char *data = make_bytes(CONTENT_MEMORY_BYTES + (3 << 20));
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct drip drip = { data, sizes[i], 700000, 0 };
		struct content content;
		struct kerror err = { 0 };
		struct source *src;
		char first[64];
		struct content_row row = { .head = first };
		int64_t got;

		CU_ASSERT_EQUAL_FATAL(source_open_callback(&src, "drip", drip_read, &drip, &err), 0);
		for (; row.head_len < sizeof(first); row.head_len += (size_t)got) {
			got = source_read(src, first + row.head_len, sizeof(first) - row.head_len, &err);
			if (got <= 0)
				break;
		}
		CU_ASSERT_EQUAL_FATAL(content_open(&content, src, &row, &err), 0);
		CU_ASSERT_EQUAL(content.len, sizes[i]);
		CU_ASSERT_EQUAL(memcmp(content.data, data, sizes[i]), 0);
		CU_ASSERT_FALSE(content.parts);
		CU_ASSERT_EQUAL(content.error.code, 0);
		content_close(&content);
		source_close(src);
	}
	free(data);
}

/* A plain file is mapped, whatever of it was read before; a packed one never is. */
static void test_plain_file(void)
{
	char *data = make_bytes(100000), first[5000];
	char path[] = "/tmp/kmemsim-test-XXXXXX";
	int fd = mkstemp(path);
	struct content_row row = { .head = first, .head_len = sizeof(first) };
	struct content content;
	struct kerror err = { 0 };
	uint64_t offset, len;
	struct source *src;
	size_t head = 0;

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(write(fd, data, 100000), 100000);
	close(fd);
	CU_ASSERT_EQUAL_FATAL(source_open(&src, path, &err), 0);
	while (head < sizeof(first)) {
		int64_t got = source_read(src, first + head, sizeof(first) - head, &err);

		CU_ASSERT_FATAL(got > 0);
		head += (size_t)got;
	}
	CU_ASSERT_EQUAL(source_plain_file(src, 17, &offset, &len), -1);
	CU_ASSERT_EQUAL_FATAL(content_open(&content, src, &row, &err), 0);
	CU_ASSERT_EQUAL(content.len, 100000);
	CU_ASSERT_EQUAL(content.spilled, 0);
	CU_ASSERT_EQUAL(memcmp(content.data, data, 100000), 0);
	content_close(&content);
	source_set_consumed(src, 50000);
	CU_ASSERT_EQUAL(source_consumed(src), 50000);
	source_close(src);
	unlink(path);
	CU_ASSERT_EQUAL_FATAL(source_open(&src, test_data("traces/gcc-hello.perf.txt.zst"), &err), 0);
	CU_ASSERT_EQUAL(source_plain_file(src, 0, &offset, &len), -1);
	source_close(src);
	free(data);
}

/* Bytes that come before an error are there, whether they are a few or many. */
static void test_errors(void)
{
	static const size_t sizes[] = { 1000, CONTENT_MEMORY_BYTES + 1000 };
	char *data = make_bytes(CONTENT_MEMORY_BYTES + 1000);
	const struct content_row row = { .head_len = 0 };
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct drip broken = { data, sizes[i], 30000, -EIO };
		struct content content;
		struct kerror err = { 0 };
		struct source *src;

		CU_ASSERT_EQUAL_FATAL(source_open_callback(&src, "drip", drip_read, &broken, &err), 0);
		CU_ASSERT_EQUAL_FATAL(content_open(&content, src, &row, &err), 0);
		CU_ASSERT_EQUAL(content.len, sizes[i]);
		CU_ASSERT_EQUAL(content.error.code, -EIO);
		CU_ASSERT_EQUAL(memcmp(content.data, data, sizes[i]), 0);
		content_close(&content);
		source_close(src);
	}
	free(data);
}

static const struct test_case cases[] = {
	{ "pieces", test_pieces },
	{ "a plain file", test_plain_file },
	{ "errors", test_errors },
	{ NULL, NULL }
};

const struct test_suite content_suite = { "content", cases };
