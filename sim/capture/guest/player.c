/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The player: a process that does what it is told to its own address space, so that a real
 * kernel's answers can be held against the simulated one's. player.h has the orders.
 *
 * It has no library: a stdio buffer, an allocator or a lazy binding would fault and map at times of
 * their own. All of its memory is touched before the first order, the stack too. Ends with 0, or with 1
 * where an order makes no sense or a write fails.
 *
 * x86-64 Linux alone. Single-threaded; one child at a time, which is waited for.
 */
#include "player.h"

#include <asm/unistd.h>

#define BATCH	512
#define TEXT	(1 << 20)

static struct player_op ops[BATCH];
static struct player_result results[BATCH];
static char text[TEXT];
extern char __bss_start[], _end[];		/* the linker's: all of its own writable memory lies between */
static uint64_t told;		/* answers of this batch that were written */
static struct { int64_t time[4], rest[14]; } usage;

static const char *const paths[] = { "/proc/self/maps", "/proc/self/smaps", "/proc/self/status", "/proc/self/statm" };

static inline int64_t call(int64_t nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
	register uint64_t r10 __asm__("r10") = d;
	register uint64_t r8 __asm__("r8") = e;
	register uint64_t r9 __asm__("r9") = f;
	int64_t ret;

	__asm__ volatile("syscall" : "=a"(ret) : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

#define CALL(nr, a, b, c) call(nr, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), 0, 0, 0)

static void __attribute__((noreturn)) end(int status)
{
	for (;;)
		CALL(__NR_exit_group, status, 0, 0);
}

static void put(const void *what, uint64_t bytes)
{
	const char *at = what;

	while (bytes) {
		int64_t n = CALL(__NR_write, 1, at, bytes);

		if (n <= 0)
			end(1);
		at += n;
		bytes -= (uint64_t)n;
	}
}

/* Up to @bytes; fewer only at the end of the input. */
static uint64_t get(void *what, uint64_t bytes)
{
	uint64_t have = 0;

	while (have < bytes) {
		int64_t n = CALL(__NR_read, 0, (char *)what + have, bytes - have);

		if (n < 0)
			end(1);
		if (!n)
			break;
		have += (uint64_t)n;
	}
	return have;
}

static int64_t show(const char *path)
{
	int64_t fd = CALL(__NR_open, path, 0, 0), n, have = 0;

	if (fd < 0)
		return fd;
	while ((n = CALL(__NR_read, fd, text + have, TEXT - have)) > 0)
		have += n;
	CALL(__NR_close, fd, 0, 0);
	return have;
}

/* The part of each line before the device. */
static int64_t hash_maps(void)
{
	int64_t len = show("/proc/self/maps"), at, start = 0;
	uint64_t hash = PLAYER_HASH_START;
	int fields = 0;

	for (at = 0; at < len; at++) {
		if (text[at] == ' ' && ++fields == 3)
			hash = player_hash(hash, text + start, (uint64_t)(at - start));
		if (text[at] == '\n') {
			start = at + 1;
			fields = 0;
		}
	}
	return (int64_t)hash;
}

static int64_t touch(uint64_t addr, uint64_t stride, uint64_t count, uint64_t write)
{
	for (; count; count--, addr += stride) {
		if (write)
			*(volatile char *)addr = 1;
		else
			(void)*(volatile char *)addr;
	}
	return 0;
}

/* The number behind @name in the text that was read, from @at on; -1: it is not there. */
static int64_t number_of(const char *name, int64_t at, int64_t len)
{
	int64_t i, value = 0;

	for (; at < len; at++) {
		for (i = 0; name[i] && at + i < len && text[at + i] == name[i]; i++)
			;
		if (name[i] || (at && text[at - 1] != '\n'))
			continue;
		for (at += i; at < len && text[at] == ' '; at++)
			;
		for (; at < len && text[at] >= '0' && text[at] <= '9'; at++)
			value = value * 10 + (text[at] - '0');
		return value;
	}
	return -1;
}

static int64_t vmpte(void)
{
	int64_t len = show("/proc/self/status"), i;

	/* Its figures are behind tabs. */
	for (i = 0; i < len; i++)
		if (text[i] == '\t')
			text[i] = ' ';
	return number_of("VmPTE:", 0, len);
}

/* A figure of the mapping that begins at @addr. */
static int64_t smaps(uint64_t addr, uint64_t field)
{
	static const char *const names[] = { "Rss:", "Anonymous:", "Swap:", "AnonHugePages:" };
	int64_t len = show("/proc/self/smaps"), at = 0;
	char start[18];
	int digits = 0, i;

	while (digits < 16 && (digits < 8 || addr >> 4 * digits))
		digits++;
	for (i = 0; i < digits; i++)
		start[i] = "0123456789abcdef"[addr >> 4 * (digits - 1 - i) & 15];
	start[digits] = '-';
	start[digits + 1] = '\0';
	for (; at < len; at++) {
		for (i = 0; start[i] && at + i < len && text[at + i] == start[i]; i++)
			;
		if (!start[i] && (!at || text[at - 1] == '\n'))
			return field < 4 ? number_of(names[field], at, len) : -1;
	}
	return -1;
}

static int64_t play(const struct player_op *op)
{
	const uint64_t *a = op->arg;
	uint64_t addr = a[0];

	switch (op->kind) {
	case PLAYER_MMAP:
		return call(__NR_mmap, addr, a[1], a[2], a[3], a[4] ? a[4] + 2 : (uint64_t)-1, a[5]);
	case PLAYER_MUNMAP:
		return CALL(__NR_munmap, addr, a[1], 0);
	case PLAYER_MPROTECT:
		return CALL(__NR_mprotect, addr, a[1], a[2]);
	case PLAYER_MREMAP:
		return call(__NR_mremap, addr, a[1], a[2], a[3], a[4], 0);
	case PLAYER_BRK:
		return CALL(__NR_brk, addr, 0, 0);
	case PLAYER_MADVISE:
		return CALL(__NR_madvise, addr, a[1], a[2]);
	case PLAYER_MLOCK:
		return CALL(__NR_mlock, addr, a[1], 0);
	case PLAYER_MUNLOCK:
		return CALL(__NR_munlock, addr, a[1], 0);
	case PLAYER_TOUCH:
		return touch(addr, a[1], a[2], a[3]);
	case PLAYER_HASH:
		return hash_maps();
	case PLAYER_SHOW:
		return a[0] < sizeof(paths) / sizeof(*paths) ? show(paths[a[0]]) : -22;
	case PLAYER_VMPTE:
		return vmpte();
	case PLAYER_SMAPS:
		return smaps(addr, a[1]);
	default:
		end(1);
	}
}

/* All of it is written to, so that nothing of its own faults while it plays; after a fork, too. */
static void touch_own_memory(void)
{
	volatile char stack[96 << 10], *page;
	uint64_t at;

	for (at = 0; at < sizeof(stack); at += 4096)
		stack[at] = 0;
	/* Constants, too: they have a page of their own. */
	(void)*(const volatile char *)paths[0];
	(void)*(const char *const volatile *)paths;
	for (page = __bss_start; page < _end; page += 4096)
		*page = *page;
	page = (char *)(((uint64_t)_end - 1) & ~4095UL);
	*page = *page;
	CALL(__NR_getrusage, 0, &usage, 0);
}

/* What was answered and not written yet. */
static void flush(uint64_t upto)
{
	put(results + told, (upto - told) * sizeof(*results));
	told = upto;
}

static void run(uint64_t i)
{
	int64_t minflt, majflt;

	CALL(__NR_getrusage, 0, &usage, 0);
	minflt = usage.rest[4];
	majflt = usage.rest[5];
	results[i].ret = play(&ops[i]);
	CALL(__NR_getrusage, 0, &usage, 0);
	results[i].minflt = (uint64_t)(usage.rest[4] - minflt);
	results[i].majflt = (uint64_t)(usage.rest[5] - majflt);
	if (ops[i].kind != PLAYER_SHOW)
		return;
	flush(i + 1);
	if (results[i].ret > 0)
		put(text, (uint64_t)results[i].ret);
}

/* Call number @i of @batch is a fork: how many calls the child did. They must be in this batch. */
static uint64_t run_fork(uint64_t i, uint64_t batch)
{
	uint64_t count = ops[i].arg[0], k;
	int64_t pid;

	if (count >= batch - i)
		end(1);
	results[i] = (struct player_result){ 0, 0, 0 };
	flush(i + 1);
	pid = CALL(__NR_fork, 0, 0, 0);
	if (pid < 0)
		end(1);
	touch_own_memory();
	if (!pid) {
		for (k = i + 1; k <= i + count; k++)
			run(k);
		flush(i + 1 + count);
		end(0);
	}
	call(__NR_wait4, (uint64_t)pid, 0, 0, 0, 0, 0);
	touch_own_memory();
	told = i + 1 + count;
	return count;
}

static void __attribute__((noreturn, used)) begin(void)
{
	uint64_t batch, i;

	touch_own_memory();
	while ((batch = get(ops, sizeof(ops)) / sizeof(*ops))) {
		told = 0;
		for (i = 0; i < batch; i++) {
			if (ops[i].kind == PLAYER_FORK)
				i += run_fork(i, batch);
			else
				run(i);
		}
		flush(batch);
	}
	end(0);
}

/* The kernel enters with the stack aligned; a function expects it eight bytes off. */
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tand $-16, %rsp\n\tcall begin\n");
