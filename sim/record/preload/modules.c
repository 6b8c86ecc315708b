/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: which code is mapped where, so that call sites get their names after the
 * run. A call from code that no range holds has /proc/self/maps read again, and
 * what can be executed is written into the recording before the call's event. So
 * libraries that are loaded while the program runs are known when they first
 * allocate, and the loader is never asked, nor waited for.
 *
 * Code that lies in no mapping of a file (just-in-time compilers) would have it read
 * again and again: after each reading that did not help, twice as many such calls
 * pass before the next one.
 *
 * Locking: the table of ranges is replaced, never changed, and the old one stays, for
 * others may be reading it; recorder_lock() for whoever replaces it.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/record/preload/recorder.h"

#define TEXT_BYTES	(1u << 20)	/* of mappings; what is more is not seen */
#define MOST_RANGES	16384u

struct range {
	uint64_t start, len;
};

struct ranges {
	uint32_t nr;
	struct range range[];		/* in ascending order */
};

static struct ranges *known;
static uint32_t missed, patience;	/* calls from nowhere since the last reading, and how many are to pass */

static const struct range *find(const struct ranges *ranges, uint64_t site)
{
	uint32_t low = 0, high = ranges ? ranges->nr : 0, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (site - ranges->range[middle].start < ranges->range[middle].len)
			return &ranges->range[middle];
		if (site < ranges->range[middle].start)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* ---- /proc/self/maps --------------------------------------------------------- */

static size_t read_maps(char *text)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
	size_t len = 0;
	long got;

	if (fd < 0)
		return 0;
	while (len < TEXT_BYTES && (got = syscall(SYS_read, fd, text + len, TEXT_BYTES - len)) > 0)
		len += (size_t)got;
	syscall(SYS_close, fd);
	return len;
}

static const char *parse_hex(const char *p, uint64_t *value)
{
	for (*value = 0;; p++) {
		unsigned int digit = (unsigned char)*p - '0';

		if (digit > 9)
			digit = (unsigned char)*p - 'a' + 10u;
		if (digit > 15)
			return p;
		*value = *value << 4 | digit;
	}
}

/* The line [@line, @end) "START-END r-xp ..", if it is of code. */
static bool parse_line(const char *line, const char *end, struct range *range)
{
	uint64_t stop;
	const char *p = parse_hex(line, &range->start);

	p = parse_hex(p + 1, &stop);
	range->len = stop - range->start;
	return end - p > 4 && p[3] == 'x';
}

/* Keep the lines of code alone, at the text's beginning; its new length. The ranges go into @ranges. */
static size_t keep_code(char *text, size_t len, struct ranges *ranges)
{
	char *line = text, *to = text, *end;

	while (ranges->nr < MOST_RANGES && (end = memchr(line, '\n', len - (size_t)(line - text)))) {
		end++;
		if (parse_line(line, end, &ranges->range[ranges->nr])) {
			ranges->nr++;
			memmove(to, line, (size_t)(end - line));
			to += end - line;
		}
		line = end;
	}
	return (size_t)(to - text);
}

static void *map(size_t len)
{
	void *mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mem == MAP_FAILED ? NULL : mem;
}

/* With the lock held. */
static void read_again(void)
{
	size_t size = sizeof(struct ranges) + (MOST_RANGES + 1) * sizeof(struct range), used;
	struct ranges *ranges = map(size);
	char *text = map(TEXT_BYTES);
	size_t len;

	if (ranges && text) {
		len = keep_code(text, read_maps(text), ranges);
		recorder_write_maps(text, len);
		/* What is not needed goes back; the mapping ends at a page. */
		used = (sizeof(*ranges) + ranges->nr * sizeof(struct range) + 4095) & ~(size_t)4095;
		if (used < size)
			munmap((char *)ranges + used, size - used);
		__atomic_store_n(&known, ranges, __ATOMIC_RELEASE);
	} else if (ranges) {
		munmap(ranges, size);
	}
	if (text)
		munmap(text, TEXT_BYTES);
}

void recorder_forget_modules(void)
{
	__atomic_store_n(&known, NULL, __ATOMIC_RELEASE);
	__atomic_store_n(&patience, 0, __ATOMIC_RELAXED);
}

void recorder_know_slow(uint64_t site)
{
	const struct range *range = find(__atomic_load_n(&known, __ATOMIC_ACQUIRE), site);
	struct recorder_locked locked;

	if (!range) {
		if (__atomic_add_fetch(&missed, 1, __ATOMIC_RELAXED) <= __atomic_load_n(&patience, __ATOMIC_RELAXED) ||
		    !recorder_begin())
			return;
		recorder_lock(&locked);
		range = find(known, site);
		if (!range) {
			read_again();
			range = find(known, site);
		}
		missed = 0;
		if (!range)
			patience = patience ? patience * 2 : 1;
		recorder_unlock(&locked);
	}
	if (!range)
		return;
	recorder_stream.code = range->start;
	recorder_stream.code_len = range->len;
}
