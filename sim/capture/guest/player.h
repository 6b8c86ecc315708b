/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the player (player.c) is told and what it answers: calls on its own
 * address space, done for real. On standard input a stream of struct player_op until its
 * end, on standard output one struct player_result each, and after those of PLAYER_SHOW that
 * many bytes of a file.
 */
#ifndef KMEMSIM_SIM_CAPTURE_GUEST_PLAYER_H
#define KMEMSIM_SIM_CAPTURE_GUEST_PLAYER_H

#include <stdint.h>

enum player_kind {
	PLAYER_MMAP,		/* addr, len, prot, flags, fd: 0 none or 1 + index of an opened file, offset */
	PLAYER_MUNMAP,		/* addr, len */
	PLAYER_MPROTECT,	/* addr, len, prot */
	PLAYER_MREMAP,		/* addr, old length, new length, flags, new address */
	PLAYER_BRK,		/* addr; 0 asks */
	PLAYER_MADVISE,		/* addr, len, advice */
	PLAYER_MLOCK,		/* addr, len */
	PLAYER_MUNLOCK,		/* addr, len */
	PLAYER_TOUCH,		/* addr, stride, count, 0 read or 1 write; the memory must be there */
	PLAYER_FORK,		/* count: the child does so many of the next calls and ends; then the parent goes on behind them */
	PLAYER_HASH,		/* result: the mappings as one number, see player_hash() */
	PLAYER_SHOW,		/* 0 maps, 1 smaps, 2 status, 3 statm: result is the number of bytes that follow */
	PLAYER_VMPTE,		/* result: VmPTE in KiB */
	PLAYER_SMAPS,		/* addr, 0 Rss, 1 Anonymous, 2 Swap, 3 AnonHugePages: KiB of the mapping that begins there */
	NR_PLAYER_KINDS
};

struct player_op {
	uint32_t kind;
	uint32_t unused;	/* 0 */
	uint64_t arg[6];
};

struct player_result {
	int64_t ret;
	uint64_t minflt, majflt;	/* during this call */
};

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
