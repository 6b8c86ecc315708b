/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the looks of vm-player at its processes, read; sim/capture/guest/player.h has their format.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_VM_LOOK_H
#define KMEMSIM_SIM_VERIFY_VM_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pagemap/error.h"

/* One file of one process, or of the machine. */
struct look_section {
	const char *name;		/* not terminated */
	size_t name_len;
	uint32_t process;
	const char *text;		/* not terminated */
	size_t len;
};

struct look {
	uint32_t op;			/* number of the operation */
	uint32_t first, nr;		/* sections */
};

struct looks {
	struct look *look;		/* owned, as sections is; by op */
	uint32_t nr;
	struct look_section *sections;
	uint32_t nr_sections;
};

/* @text, of @len bytes, must stay as long as @looks. -EINVAL (with the line), -ENOMEM. */
int looks_parse(struct looks *looks, const char *name, const char *text, size_t len, struct kerror *err);
void looks_free(struct looks *looks);

/* The look of operation @op, or NULL. */
const struct look *look_of(const struct looks *looks, uint32_t op);
/* The file called @name of @process in @look, or NULL. */
const struct look_section *look_section(const struct looks *looks, const struct look *look, uint32_t process,
					const char *name);

/* The line behind *@at, without its end; false: there is none. @at is 0 at first. */
bool look_line(const struct look_section *section, size_t *at, const char **line, size_t *len);
/* The number behind "@key" at a line's beginning, "kB" may follow; false: there is none. */
bool look_number(const struct look_section *section, const char *key, uint64_t *value);

/* By how much counter @name of vmstat rose from @from to @to; 0: one of them does not have it. */
int64_t look_risen(const struct looks *looks, const struct look *from, const struct look *to, const char *name);

/* Number @field of /proc/PID/stat, from 4 on; false: it is not there. */
bool look_stat(const struct look_section *stat, unsigned int field, uint64_t *value);

/* A run of pages that are alike, of a section "pagemap". */
struct look_run {
	uint64_t addr, pages, bits, frame;
};

#define LOOK_PRESENT	(1u << 8)
#define LOOK_SWAPPED	(1u << 7)
#define LOOK_FILE	(1u << 6)
/* Of a page that is on swap: where, on a device whose number is 0. The pages of a run have slots in a row. */
#define LOOK_SLOT(frame) ((frame) >> 5)

/* The run behind *@at; false: there is none, or the line is no such run. */
bool look_run(const struct look_section *section, size_t *at, struct look_run *run);

#endif
