/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: addresses of which only some have memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/trace/window.h"
#include "tests/tests.h"

/* Whether memory or the file stands behind that byte: the system writes only what it may read. */
static bool can_be_read(const unsigned char *at)
{
	int fd[2];
	bool can;

	CU_ASSERT_EQUAL_FATAL(pipe(fd), 0);
	can = write(fd[1], at, 1) == 1;
	close(fd[0]);
	close(fd[1]);
	return can;
}

/*
 *	piece   0     1     2     3     4
 *	      filled, one of them marked at a time: that one and the one behind it stay
 */
static void test_marks(void)
{
	struct window w;
	uint64_t piece;

	CU_ASSERT_EQUAL_FATAL(window_init(&w), 0);
	CU_ASSERT_EQUAL_FATAL(window_fill(&w, 0, 5 * WINDOW_PIECE), 0);
	CU_ASSERT_EQUAL(w.held, 5 * WINDOW_PIECE);
	for (piece = 0; piece < 5; piece++)
		w.base[piece * WINDOW_PIECE + 7] = (unsigned char)(piece + 1);
	window_begin_marks(&w);
	window_mark(&w, WINDOW_PIECE + 100);
	/* What is not whole is not dropped. */
	window_drop_unmarked(&w, 4 * WINDOW_PIECE + 5);
	CU_ASSERT_EQUAL(w.held, 3 * WINDOW_PIECE);
	CU_ASSERT_EQUAL(w.first, 1);
	for (piece = 0; piece < 5; piece++)
		CU_ASSERT_EQUAL(can_be_read(w.base + piece * WINDOW_PIECE), piece == 1 || piece == 2 || piece == 4);
	CU_ASSERT_EQUAL(w.base[WINDOW_PIECE + 7], 2);
	CU_ASSERT_EQUAL(w.base[4 * WINDOW_PIECE + 7], 5);
	/* Marks of before do not count. */
	window_begin_marks(&w);
	window_drop_unmarked(&w, 4 * WINDOW_PIECE);
	CU_ASSERT_EQUAL(w.held, WINDOW_PIECE);
	CU_ASSERT_EQUAL(w.first, 4);
	/* What was dropped can come again, empty; a mark alone brings nothing. */
	window_mark(&w, 0);
	CU_ASSERT_FALSE(can_be_read(w.base));
	CU_ASSERT_EQUAL_FATAL(window_fill(&w, 2 * WINDOW_PIECE - 1, 2 * WINDOW_PIECE), 0);
	CU_ASSERT_EQUAL(w.base[WINDOW_PIECE + 7], 0);
	CU_ASSERT_EQUAL(w.first, 1);
	window_exit(&w);
}

/* Ranges: whole pieces alone go. Behind the window there is nothing. */
static void test_drop(void)
{
	struct window w;

	CU_ASSERT_EQUAL_FATAL(window_init(&w), 0);
	CU_ASSERT_EQUAL_FATAL(window_fill(&w, 0, 4 * WINDOW_PIECE), 0);
	window_drop(&w, 1, 2 * WINDOW_PIECE - 1);
	CU_ASSERT_EQUAL(w.held, 4 * WINDOW_PIECE);
	window_drop(&w, WINDOW_PIECE, 3 * WINDOW_PIECE - 1);
	CU_ASSERT_EQUAL(w.held, 3 * WINDOW_PIECE);
	CU_ASSERT_FALSE(can_be_read(w.base + WINDOW_PIECE));
	CU_ASSERT_TRUE(can_be_read(w.base + 2 * WINDOW_PIECE));
	window_drop(&w, 0, w.size);
	CU_ASSERT_EQUAL(w.held, 0);
	CU_ASSERT_EQUAL(window_fill(&w, w.size - 1, w.size + 1), -EFBIG);
	window_mark(&w, w.size + 5);
	window_exit(&w);
}

/* Of a mapped file memory goes, and comes again with the same bytes. */
static void test_file(void)
{
	char path[] = "/tmp/kmemsim-test-XXXXXX";
	int fd = mkstemp(path);
	unsigned char *map;
	struct window w;

	CU_ASSERT_FATAL(fd >= 0);
	unlink(path);
	CU_ASSERT_EQUAL_FATAL(ftruncate(fd, 3 * WINDOW_PIECE + 1000), 0);
	CU_ASSERT_EQUAL(pwrite(fd, "x", 1, WINDOW_PIECE + 5), 1);
	map = mmap(NULL, 3 * WINDOW_PIECE + 1000, PROT_READ, MAP_PRIVATE, fd, 0);
	CU_ASSERT_FATAL(map != MAP_FAILED);
	CU_ASSERT_EQUAL_FATAL(window_init_file(&w, map, 3 * WINDOW_PIECE + 1000), 0);
	CU_ASSERT_EQUAL_FATAL(window_fill(&w, 0, 3 * WINDOW_PIECE + 1000), 0);
	window_begin_marks(&w);
	window_mark(&w, 3 * WINDOW_PIECE + 10);
	window_drop_unmarked(&w, 3 * WINDOW_PIECE + 1000);
	CU_ASSERT_EQUAL(w.held, WINDOW_PIECE);
	CU_ASSERT_EQUAL(map[WINDOW_PIECE + 5], 'x');
	window_exit(&w);
	munmap(map, 3 * WINDOW_PIECE + 1000);
	close(fd);
}

static const struct test_case cases[] = {
	{ "marks", test_marks },
	{ "drop", test_drop },
	{ "a file", test_file },
	{ NULL, NULL }
};

const struct test_suite window_suite = { "window", cases };
