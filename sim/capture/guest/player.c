/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The player: processes that do what they are told to their own address spaces, so that a real kernel's
 * answers can be held against the simulated one's. player.h has the operations, stage.c the director.
 *
 * It has no library: a stdio buffer, an allocator or a lazy binding would fault and map at times of
 * their own. All of a process's memory is touched before its first operation, the stack too. Ends with 0,
 * or with 1 where an operation makes no sense or a write fails.
 *
 * x86-64 Linux alone. Single-threaded.
 */
#include "actor.h"

#define BATCH	256
#define RUNS	128

struct actor actor;
char text[TEXT];
static struct player_op ops[BATCH];
static uint32_t first_op = 1u << 31;	/* number of ops[0]; none was read yet */
static struct player_run runs[RUNS];
/* The linker's: the program begins at the first, and all of its own writable memory lies between the others. */
extern const char __executable_start[];
extern char __bss_start[], _end[];
static struct { int64_t time[4], rest[14]; } usage;

void end(int status)
{
	for (;;)
		CALL(__NR_exit_group, status, 0, 0);
}

void put(int fd, const void *what, uint64_t bytes)
{
	const char *at = what;

	while (bytes) {
		int64_t n = CALL(__NR_write, fd, at, bytes);

		if (n <= 0)
			end(1);
		at += n;
		bytes -= (uint64_t)n;
	}
}

/* Up to @bytes of the program from @at on; fewer only at its end. */
static uint64_t get(void *what, uint64_t bytes, uint64_t at)
{
	uint64_t have = 0;

	while (have < bytes) {
		int64_t n = call(__NR_pread64, FD_PROGRAM, (uint64_t)what + have, bytes - have, at + have, 0, 0);

		if (n < 0)
			end(1);
		if (!n)
			break;
		have += (uint64_t)n;
	}
	return have;
}

const struct player_op *op_at(uint32_t i)
{
	if (i - first_op >= BATCH) {
		get(ops, sizeof(ops), sizeof(struct player_header) + (uint64_t)i * sizeof(*ops));
		first_op = i;
	}
	return &ops[i - first_op];
}

void answer(uint32_t i, const struct player_result *result)
{
	if (call(__NR_pwrite64, FD_RESULTS, (uint64_t)result, sizeof(*result), (uint64_t)i * sizeof(*result), 0, 0) !=
	    sizeof(*result))
		end(1);
}

/* The part of each line before the device. */
static int64_t hash_maps(void)
{
	int64_t fd = CALL(__NR_open, "/proc/self/maps", 0, 0), n, i;
	uint64_t hash = PLAYER_HASH_START;
	int fields = 0;

	if (fd < 0)
		return fd;
	while ((n = CALL(__NR_read, fd, text, TEXT)) > 0) {
		for (i = 0; i < n; i++) {
			fields += text[i] == ' ';
			if (fields < 3)
				hash = player_hash(hash, text + i, 1);
			if (text[i] == '\n')
				fields = 0;
		}
	}
	CALL(__NR_close, fd, 0, 0);
	return (int64_t)hash;
}

static int64_t touch(uint64_t base, const uint64_t *arg)
{
	uint64_t times = arg[4], i, k, at = sizeof(struct player_header) + actor.header.nr_ops * sizeof(struct player_op);

	for (; times; times--) {
		for (i = 0; i < arg[2]; i++) {
			uint64_t addr;

			if (!(i % RUNS) && (times == arg[4] || arg[2] > RUNS))
				get(runs, sizeof(runs), at + (arg[1] + i) * sizeof(*runs));
			addr = base + runs[i % RUNS].offset;
			for (k = runs[i % RUNS].count; k; k--, addr += runs[i % RUNS].stride) {
				if (arg[3])
					*(volatile char *)addr = 1;
				else
					(void)*(volatile char *)addr;
			}
		}
	}
	return 0;
}

static int64_t do_mmap(const struct player_op *op)
{
	const uint64_t *a = op->arg;
	int64_t ret = call(__NR_mmap, a[0], a[1], a[2], a[3], a[4] ? FD_FILES + a[4] : (uint64_t)-1, a[5]);

	if (op->slot && (uint64_t)ret < -4096UL)
		actor.slots[op->slot] = (struct slot){ (uint64_t)ret, (a[1] + 4095) & ~4095UL };
	return ret;
}

static int64_t do_mremap(const struct player_op *op, uint64_t addr, uint64_t len)
{
	const uint64_t *a = op->arg;
	int64_t ret = call(__NR_mremap, addr, len, a[2], a[3], a[4], 0);

	if (op->slot && (uint64_t)ret < -4096UL)
		actor.slots[op->slot] = (struct slot){ (uint64_t)ret, (a[2] + 4095) & ~4095UL };
	return ret;
}

static int64_t brk_by(uint64_t bytes)
{
	uint64_t wanted = (uint64_t)CALL(__NR_brk, 0, 0, 0) + bytes;
	struct slot *heap = &actor.slots[PLAYER_SLOT_HEAP];

	if ((uint64_t)CALL(__NR_brk, wanted, 0, 0) != wanted)
		return -12;
	heap->bytes = ((wanted + 4095) & ~4095UL) - heap->start;
	return 0;
}

static int64_t mincore(uint64_t addr, uint64_t len)
{
	uint64_t pages = (len + 4095) >> 12, part, i;
	int64_t ret, resident = 0;

	for (; pages; pages -= part, addr += part << 12) {
		part = pages < TEXT ? pages : TEXT;
		ret = CALL(__NR_mincore, addr, part << 12, text);
		if (ret)
			return ret;
		for (i = 0; i < part; i++)
			resident += text[i] & 1;
	}
	return resident;
}

static int64_t limit(uint64_t resource, uint64_t bytes)
{
	uint64_t both[2] = { bytes, bytes };

	return call(__NR_prlimit64, 0, resource, (uint64_t)both, 0, 0, 0);
}

static int64_t mbind(uint64_t addr, uint64_t len, const uint64_t *a)
{
	uint64_t nodes = a[3];

	/* Linux takes one from the number of bits. */
	return call(__NR_mbind, addr, len, a[2], (uint64_t)&nodes, 65, a[4]);
}

int64_t act(const struct player_op *op)
{
	const uint64_t *a = op->arg;
	const struct slot *slot = &actor.slots[op->slot];
	uint64_t addr = op->slot ? slot->start + a[0] : a[0], len = a[1];

	if (len == PLAYER_TO_END)
		len = slot->bytes > a[0] ? slot->bytes - a[0] : 0;
	switch (op->kind) {
	case PLAYER_MMAP:
		return do_mmap(op);
	case PLAYER_MUNMAP:
		return CALL(__NR_munmap, addr, len, 0);
	case PLAYER_MPROTECT:
		return CALL(__NR_mprotect, addr, len, a[2]);
	case PLAYER_MREMAP:
		return do_mremap(op, addr, len);
	case PLAYER_BRK:
		return CALL(__NR_brk, a[0], 0, 0);
	case PLAYER_BRK_BY:
		return brk_by(a[0]);
	case PLAYER_MADVISE:
		return CALL(__NR_madvise, addr, len, a[2]);
	case PLAYER_MLOCK:
		return CALL(__NR_mlock, addr, len, 0);
	case PLAYER_MUNLOCK:
		return CALL(__NR_munlock, addr, len, 0);
	case PLAYER_MINCORE:
		return mincore(addr, len);
	case PLAYER_TOUCH:
		return touch(addr, a);
	case PLAYER_LIMIT:
		return limit(a[0], a[1]);
	case PLAYER_HASH:
		return hash_maps();
	case PLAYER_MBIND:
		return mbind(addr, len, a);
	case PLAYER_MEMPOLICY:
		return CALL(__NR_set_mempolicy, a[0], &a[1], 65);
	case PLAYER_READ:
	case PLAYER_WRITE:
		return read_or_write(op);
	case PLAYER_FORK:
		/* A sibling, so that one process waits for all; of memory it is a fork. */
		return call(__NR_clone, 0x8000 | 17, 0, 0, 0, 0, 0);
	default:
		end(1);
	}
}

void touch_own_memory(void)
{
	volatile char stack[64 << 10], *page;
	const volatile char *program;
	uint64_t at;

	for (at = 0; at < sizeof(stack); at += 4096)
		stack[at] = 0;
	for (program = __executable_start; program < __bss_start; program += 4096)
		(void)*program;
	for (page = (char *)((uint64_t)__bss_start & ~4095UL); page < _end; page += 4096)
		*page = *page;
	CALL(__NR_getrusage, 0, &usage, 0);
}

void mark(uint32_t what)
{
	if (actor.marks)
		CALL(__NR_getpgid, PLAYER_MARK | what, 0, 0);
}

int64_t perform(uint32_t i)
{
	const struct player_op *op = op_at(i);
	struct player_result result = { .state = PLAYER_DONE };
	int64_t minflt, majflt;

	CALL(__NR_getrusage, 0, &usage, 0);
	minflt = usage.rest[4];
	majflt = usage.rest[5];
	mark(i);
	result.ret = act(op);
	mark(i | PLAYER_MARK_END);
	if (op->kind == PLAYER_FORK && !result.ret)
		return 0;
	/* After a fork its own stack is copied where it is written to: no fault of the call. */
	if (op->kind != PLAYER_FORK)
		CALL(__NR_getrusage, 0, &usage, 0);
	result.minflt = (uint64_t)(usage.rest[4] - minflt);
	result.majflt = (uint64_t)(usage.rest[5] - majflt);
	answer(i, &result);
	return result.ret;
}

/* @value as nine bytes of text, hexadecimal, and back. */
static void put_number(char *hex, uint32_t value)
{
	int i;

	for (i = 0; i < 8; i++)
		hex[i] = "0123456789abcdef"[value >> (28 - 4 * i) & 15];
	hex[8] = '\0';
}

static uint32_t get_number(const char *hex)
{
	uint32_t value = 0;

	for (; *hex; hex++)
		value = value << 4 | (uint32_t)(*hex <= '9' ? *hex - '0' : *hex - 'a' + 10);
	return value;
}

int64_t exec_self(uint32_t i)
{
	char number[9], op[9];
	const char *const argv[] = { "vm-player", actor.marks ? "1" : "0", number, op, NULL };
	const char *const envp[] = { NULL };

	put_number(number, actor.number);
	put_number(op, i);
	mark(i);
	return CALL(__NR_execve, "/proc/self/exe", argv, envp);
}

static void __attribute__((noreturn)) no_program(void)
{
	static const char how[] = "usage: vm-player < PROGRAM > RESULTS 3> LOOKS\n"
		"PROGRAM is a file that kmemsim verify --layer vm --program makes of a scenario; see docs/capture.md\n";

	put(2, how, sizeof(how) - 1);
	end(1);
}

static void __attribute__((noreturn, used)) begin(const uint64_t *stack)
{
	const char *const *argv = (const char *const *)(stack + 1);

	/* Blocks of several pages among its own, shared with its children, would be split by whoever writes to them. */
	CALL(__NR_prctl, PR_SET_THP_DISABLE, 1, 0);
	actor.marks = stack[0] > 1 && argv[1][0] == '1';
	actor.quiet = stack[0] > 2;
	touch_own_memory();
	if (get(&actor.header, sizeof(actor.header), 0) != sizeof(actor.header) || actor.header.magic != PLAYER_MAGIC)
		no_program();
	if (stack[0] > 3) {
		mark(get_number(argv[3]) | PLAYER_MARK_END);
		resume((uint16_t)get_number(argv[2]), get_number(argv[3]));
	}
	direct();
}

/* The kernel enters with the stack aligned; a function expects it eight bytes off. */
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall begin\n");
