/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the readers of perf's recordings, as text and as perf.data, must
 * do alike with the frames of a call chain.
 */
#ifndef KMEMSIM_SIM_TRACE_STACK_TEXT_H
#define KMEMSIM_SIM_TRACE_STACK_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Frames that perf records of a chain unless it is told otherwise: one that long was most likely cut. */
#define PERF_DEFAULT_MAX_STACK	127

/*
 * All of a chain that is not the kernel's, in one frame: perf.data has addresses of
 * a program there, text has offsets in its files, and neither says what they mean
 * on another computer.
 */
#define STACK_USER_FRAME	"[user]"

#define STACK_ADDRESS_TEXT	19

/* On every 64-bit architecture the kernel has the upper half. */
static inline bool stack_is_kernel(uint64_t address)
{
	return address >> 63;
}

/* "0xffffffff81650aa0", not terminated; its length. */
static inline size_t stack_address_text(char text[STACK_ADDRESS_TEXT], uint64_t address)
{
	unsigned int digits = address ? (67u - (unsigned int)__builtin_clzll(address)) / 4 : 1, i;

	text[0] = '0';
	text[1] = 'x';
	for (i = 0; i < digits; i++)
		text[2 + i] = "0123456789abcdef"[address >> 4 * (digits - 1 - i) & 15];
	return 2 + digits;
}

#endif
