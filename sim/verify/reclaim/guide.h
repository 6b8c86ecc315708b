/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what a capture's trace tells about reclaim, in order: which frames came and went, what reclaim took off
 * which list and gave up, when a written page was done with. Read from ftrace's text, for the fields of these events are kept
 * nowhere else.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_RECLAIM_GUIDE_H
#define KMEMSIM_SIM_VERIFY_RECLAIM_GUIDE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "pagemap/error.h"

enum guide_kind {
	GUIDE_ALLOC,		/* frame, order; what */
	GUIDE_FREE,		/* frame, order */
	GUIDE_TAKEN,		/* frame, order: a block left the free lists */
	GUIDE_GIVEN,		/* frame, order: and came back */
	GUIDE_STOLEN,		/* frame: of a block of another migratetype, smaller than a pageblock */
	GUIDE_COMPACT_BEGIN,
	GUIDE_COMPACT_END,
	GUIDE_BIO,		/* address: a request to the device, none yet knows what for; 0: it had to take one kept ready */
	GUIDE_BIO_END,		/* address: the device has it */
	GUIDE_WRITE,		/* frame: reclaim wrote it, with the task's last request */
	GUIDE_ISOLATE,		/* list, order; n: asked for, scanned, taken */
	GUIDE_SHRINK,		/* priority; n: scanned, reclaimed, activated */
	GUIDE_DIRECT_BEGIN,	/* order */
	GUIDE_DIRECT_END,
	GUIDE_BALANCE_BEGIN,	/* order */
	GUIDE_BALANCE_END,
};

/* What a frame was asked for; reclaim sees the first two kinds. */
enum guide_use { USE_ANON, USE_FILE, USE_OTHER };

struct guide_event {
	uint64_t line;			/* of the trace */
	uint64_t addr;			/* frame, or address */
	int32_t pid;
	uint8_t kind, order;
	uint8_t what;			/* use, list, or priority */
	uint32_t n[3];
};

struct guide {
	struct guide_event *events;	/* owned */
	uint32_t nr, room;
	uint64_t vmemmap;		/* addresses of struct pages: frame 0, and how far apart */
	unsigned int struct_page;
};

/*
 * What is in the trace @path, ftrace's text, packed or not, between the marks of two snapshots. guide->vmemmap and struct_page are given.
 * @guide is to be freed in any case. *@stop ends it: -EINTR. Errors: those of reading; -EBADMSG with the line that cannot be read;
 * -ENODATA: there are no marks.
 */
int guide_read(struct guide *guide, const char *path, const volatile sig_atomic_t *stop, struct kerror *err);
void guide_free(struct guide *guide);

#endif
