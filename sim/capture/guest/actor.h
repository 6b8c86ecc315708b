/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the player's files share: system calls without a library, and a process's own memory.
 */
#ifndef KMEMSIM_SIM_CAPTURE_GUEST_ACTOR_H
#define KMEMSIM_SIM_CAPTURE_GUEST_ACTOR_H

#include <asm/unistd.h>
#include <stdbool.h>
#include <stddef.h>

#include "player.h"

#define TEXT (32u << 10)
#define PR_SET_THP_DISABLE 41

/* File descriptors: 0 the program, 1 the results, 3 the looks; from 10 on pipes, from 201 on files. */
enum { FD_PROGRAM, FD_RESULTS, FD_LOOKS = 3, FD_FILES = 200 };

struct slot {
	uint64_t start, bytes;
};

struct actor {
	uint16_t number;
	bool marks;
	bool quiet;			/* whatever happens on this machine is the program's */
	struct player_header header;
	struct slot slots[PLAYER_MAX_SLOTS];
};

extern struct actor actor;
extern char text[TEXT];		/* for whatever is read from /proc */

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

void __attribute__((noreturn)) end(int status);
/* All of it is written to, so that nothing of its own faults while it plays. */
void touch_own_memory(void);
void put(int fd, const void *what, uint64_t bytes);
/* Operation number @i; end(1) where there is none. */
const struct player_op *op_at(uint32_t i);
void answer(uint32_t i, const struct player_result *result);
/* For the trace: operation @what begins, or with PLAYER_MARK_END ends. */
void mark(uint32_t what);
/* @op, done by this process to itself. */
int64_t act(const struct player_op *op);
/* The process is the player anew, and goes on behind operation @i. A negative errno: it is as it was. */
int64_t exec_self(uint32_t i);
/* Operation number @i the same way, measured, marked and answered. What it returned; of a fork in the child 0. */
int64_t perform(uint32_t i);

/* ---- files.c -------------------------------------------------------------------- */

/* PLAYER_FILE; PLAYER_READ and PLAYER_WRITE. */
int64_t create_file(const struct player_op *op);
int64_t read_or_write(const struct player_op *op);

/* ---- kernel.c -------------------------------------------------------------------- */

#define LRU_GEN "/sys/kernel/debug/lru_gen"

/* @value in @base into @buf of 24 bytes, which is returned from its first digit on. */
char *digits(uint64_t value, unsigned int base, char *buf);
/* The number behind @name at a line's start of the @len bytes of text that were read, or 0. */
int64_t number_in(int64_t len, const char *name);
/* What this CPU holds back of the lists of pages comes onto them. */
void drain_batches(void);
/* "1" to a file of /proc/sys/vm/. */
int64_t trigger(const char *path);
int64_t drop_caches(void);
/* "@what GROUP 0 SEQ SWAPPINESS @option", of generation @back before the youngest, to lru_gen. */
int64_t order_generations(const char *what, uint64_t back, uint64_t swappiness, uint64_t option);
int64_t wake_khugepaged(void);

/* ---- stage.c -------------------------------------------------------------------- */

void __attribute__((noreturn)) direct(void);
/* Process @number is here again after operation @i, an exec. */
void __attribute__((noreturn)) resume(uint16_t number, uint32_t i);

#endif
