/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the player (player.c, stage.c) is told, and what it answers.
 *
 *	vm-player OP_MARKS [quiet] < program > results 3> looks
 *
 * A program is a header, its operations, then the runs that touches name. Process 0 is the player itself,
 * which directs: it starts processes, looks at them, and ends them. Every other one is a process that does
 * what is told to it to its own memory, for real. The operations are done one after the other, whoever does them.
 *
 * Results are one struct player_result an operation. Looks are text, see PLAYER_LOOK. With OP_MARKS 1 each
 * operation is framed by two calls of getpgid(), on which a kprobe can be set: PLAYER_MARK with its number, and
 * with PLAYER_MARK_END, too. "quiet" says that nobody else does anything on this machine: then a new generation of
 * pages is opened (MGLRU) before the first operation.
 */
#ifndef KMEMSIM_SIM_CAPTURE_GUEST_PLAYER_H
#define KMEMSIM_SIM_CAPTURE_GUEST_PLAYER_H

#include <stdint.h>

/* X(KIND, name, what the arguments are) */
#define PLAYER_KINDS(X) \
	X(MMAP, "mmap", "addr, len, prot, flags, 0 or number of a file, offset") \
	X(MUNMAP, "munmap", "addr, len") \
	X(MPROTECT, "mprotect", "addr, len, prot") \
	X(MREMAP, "mremap", "addr, old length, new length, flags, new address") \
	X(BRK, "brk", "addr; 0 asks") \
	X(BRK_BY, "brk", "bytes, two's complement: 0, or -ENOMEM") \
	X(MADVISE, "madvise", "addr, len, advice") \
	X(MLOCK, "mlock", "addr, len") \
	X(MUNLOCK, "munlock", "addr, len") \
	X(MINCORE, "mincore", "addr, len: pages in memory") \
	X(TOUCH, "touch", "addr, first run, runs, 0 read or 1 write, times") \
	X(LIMIT, "setrlimit", "resource, bytes") \
	X(HASH, "maps", "the mappings as one number, see player_hash()") \
	X(FORK, "fork", "number of the new process") \
	X(EXIT, "exit", "") \
	X(PROCESS, "process", "of process 0: number of the new one, uid, oom_score_adj") \
	X(KILL, "kill", "of process 0: number") \
	X(SLEEP, "sleep", "of process 0: nanoseconds") \
	X(DROP_CACHES, "drop-caches", "of process 0") \
	X(LOOK, "look", "of process 0: every process is looked at") \
	X(KHUGEPAGED, "khugepaged", "of process 0: khugepaged looks at everything once") \
	X(FILE, "file", "of process 0, before there are others: number, bytes, 1: all of it stays in memory") \
	X(SYNC, "sync", "of process 0") \
	X(READ, "read", "number of a file, offset, bytes: how many were read") \
	X(WRITE, "write", "number of a file, offset, bytes: how many were written") \
	X(VFORK, "vfork", "number of the new process, in whose place this one waits until it ends or calls exec") \
	X(EXEC, "exec", "the player, anew: no slot has anything any more") \
	X(MEMPOLICY, "set_mempolicy", "mode, a bit for each node") \
	X(MBIND, "mbind", "addr, len, mode, a bit for each node, flags") \
	X(AGE, "age", "of process 0: swappiness or PLAYER_KERNELS, 1 by force") \
	X(EVICT, "evict", "of process 0: pages, swappiness or PLAYER_KERNELS")

enum player_kind {
#define PLAYER_KIND_ENUM(kind, name, text) PLAYER_##kind,
	PLAYER_KINDS(PLAYER_KIND_ENUM)
#undef PLAYER_KIND_ENUM
	NR_PLAYER_KINDS
};

#define PLAYER_MAGIC	0x31726579616c706bULL	/* "kplayer1" */
#define PLAYER_MAX_PROCESSES	32u	/* with process 0 */
#define PLAYER_MAX_SLOTS	256u
#define PLAYER_MAX_FILES	64u	/* their numbers begin with 1 */
#define PLAYER_MAX_IO		(32u << 20)	/* bytes of a read or a write */

/* Whether @kind is done by process 0, and only by it. */
static inline int player_is_directors(unsigned int kind)
{
	return (kind >= PLAYER_PROCESS && kind <= PLAYER_LOOK) || kind == PLAYER_KHUGEPAGED || kind == PLAYER_FILE ||
	       kind == PLAYER_SYNC || kind == PLAYER_AGE || kind == PLAYER_EVICT;
}

struct player_header {
	uint64_t magic;
	uint32_t nr_ops, nr_runs;
};

/*
 * With a slot, addr is counted from the mapping that the process keeps there, and a length of
 * PLAYER_TO_END reaches to its end. mmap, mremap and brk put there what they made. Slot 0 is no slot.
 */
#define PLAYER_TO_END UINT64_MAX
#define PLAYER_KERNELS UINT64_MAX	/* as the kernel has it set */

enum { PLAYER_SLOT_HEAP = 1, PLAYER_SLOT_STACK, PLAYER_FIRST_SLOT };

struct player_op {
	uint16_t kind;		/* enum player_kind */
	uint16_t process;
	uint16_t slot;
	uint16_t unused;	/* 0 */
	uint64_t arg[6];
};

/* @count places, @stride bytes apart, from @offset on. */
struct player_run {
	uint64_t offset, stride, count;
};

enum player_state { PLAYER_NOT_DONE, PLAYER_DONE, PLAYER_DIED };

struct player_result {
	int64_t ret;			/* as the kernel returns it; PLAYER_DIED: the signal */
	uint64_t minflt, majflt;	/* of the process, during the call */
	uint64_t state;			/* NOT_DONE: its process had ended */
};

/* getpgid()'s argument: no process has such a number. */
#define PLAYER_MARK	0x40000000u
#define PLAYER_MARK_END	0x20000000u

/*
 * A look is "look OP", then sections "NAME PROCESS BYTES" and so many bytes and a newline each: of process 0 "vmstat", "meminfo",
 * "version", "lru_gen_full" and "kills" (lines of the kernel's log of whom the OOM killer has killed), of the first look settings, too ("swaps",
 * "sys/vm/swappiness", "read_ahead_kb", ..); of each that lives "smaps", "status", "stat", "oom_score" and "pagemap", which has a line for each run of
 * pages that are alike: address, pages, the upper bits of pagemap's entries, frame of the first (all hexadecimal). Pages on
 * swap have 32 times their slot, in a row, in place of frames.
 */

/* FNV-1a over what a line of maps says of a mapping: both addresses, "rw-p", the offset. */
#define PLAYER_HASH_START 0xcbf29ce484222325ULL

static inline uint64_t player_hash(uint64_t hash, const char *text, uint64_t len)
{
	uint64_t i;

	for (i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3ULL;
	return hash;
}

#endif
