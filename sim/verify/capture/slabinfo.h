/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a kernel's /proc/slabinfo, read (version 2.x, what SLUB prints).
 * Nothing is trusted: a line that is none is refused with file and line, and so
 * are counts that contradict each other.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_CAPTURE_SLABINFO_H
#define KMEMSIM_SIM_VERIFY_CAPTURE_SLABINFO_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pagemap/error.h"

struct slabinfo_row {
	char name[64];
	uint64_t active_objs;		/* all but the free ones on node lists */
	uint64_t num_objs;
	uint64_t num_slabs;
	uint32_t objsize;		/* with alignment and metadata */
	uint32_t objperslab;
	uint32_t pagesperslab;
};

struct slabinfo_file {
	char *name;
	struct slabinfo_row *row;	/* in the file's order; names are unique */
	uint32_t nr;
};

/*
 * Read @path, or @path with .zst behind it where there is no such file.
 * @stop: as in source_open_until(). slabinfo_free() is due in any case. Errors: those of reading it, -ENOMEM,
 * -EBADMSG for what is no slabinfo, -EEXIST for two caches of one name.
 */
int slabinfo_read(struct slabinfo_file *file, const char *path, const volatile sig_atomic_t *stop,
		  struct kerror *err);
/* The same of @len bytes in memory; @name is for messages. */
int slabinfo_parse(struct slabinfo_file *file, const char *name, const char *text, size_t len,
		   struct kerror *err);
void slabinfo_free(struct slabinfo_file *file);

/* The row of the cache called @name, or NULL. */
const struct slabinfo_row *slabinfo_find(const struct slabinfo_file *file, const char *name);

/* Within one @slab, or 2 % of @theirs. */
bool slabinfo_near(uint64_t ours, uint64_t theirs, uint64_t slab);

#endif
