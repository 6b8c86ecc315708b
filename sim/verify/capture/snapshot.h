/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a snapshot of a real kernel's page allocator, as the capture module
 * writes it ("mmsnap 1"). Its grammar is in docs/formats.md; lines about object
 * caches are passed over here.
 *
 * Nothing is trusted: every number is checked for its range, every list for
 * the length it announces, and a wrong line is refused with file and line.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_CAPTURE_SNAPSHOT_H
#define KMEMSIM_SIM_VERIFY_CAPTURE_SNAPSHOT_H

#include <signal.h>

#include "buddy/steer/state.h"
#include "pagemap/error.h"

/* Where compaction's scanners stand in a zone, and how often it is put off. */
struct snapshot_compact {
	uint32_t free_pfn;
	uint32_t migrate_pfn[2];	/* asynchronous, synchronous */
	unsigned int considered;
	unsigned int defer_shift;
	int order_failed;
	bool skipped;
};

/* @nr frames from @pfn on. */
struct snapshot_frames {
	uint32_t pfn;
	uint32_t nr;
};

struct snapshot {
	char *name;			/* of the file */
	char tag[8];
	char release[96];		/* "6.1.0-56-amd64 #1 SMP ..." */
	unsigned int version[2];	/* 6, 1 */
	uint64_t page_offset;		/* address of frame 0 */
	uint64_t vmemmap;		/* and of its struct page */
	unsigned int struct_page;	/* bytes */
	unsigned int nr_nodes;
	struct buddy_state state;
	struct snapshot_compact *compact;	/* one a zone of state */
	struct snapshot_frames *never;	/* what the page allocator never has: reserved frames, and holes */
	uint32_t nr_never;
	/* nid * MAX_NR_ZONES + zone, in the order of node 0's fallback list */
	uint8_t zonelist[MAX_NUMNODES * MAX_NR_ZONES];
	unsigned int nr_zonelist;
};

/*
 * Read @path, or @path with .zst behind it where there is no such file. Not 0 in
 * *@stop, which may be NULL, ends it: -EINTR. Errors: those of source_open(), -ENOMEM, -EBADMSG for what is no snapshot.
 */
int snapshot_read(struct snapshot **out, const char *path, const volatile sig_atomic_t *stop,
		  struct kerror *err);
/* The text of @path, or of @path with .zst behind it; the caller frees it in any case. */
int snapshot_read_text(char **text, size_t *len, const char *path, const volatile sig_atomic_t *stop,
		       struct kerror *err);
/* The same of @len bytes in memory; @name is for messages. */
int snapshot_parse(struct snapshot **out, const char *name, const char *text, size_t len,
		   struct kerror *err);
/* As that, but without the zones' lists, pageblocks and frames in use: it cannot be loaded. */
int snapshot_parse_zones(struct snapshot **out, const char *name, const char *text, size_t len,
			 struct kerror *err);
void snapshot_free(struct snapshot *snap);

/*
 * Is @a the snapshot called A, @b the one called B, and both of the same kernel on
 * the same machine? -EINVAL
 */
int snapshot_check_pair(const struct snapshot *a, const struct snapshot *b, struct kerror *err);
/* Behind the last frame of all zones. */
uint32_t snapshot_end_pfn(const struct snapshot *snap);
/* The frame of the struct page at @address in that kernel, or PFN_NONE_VAL. */
uint32_t snapshot_frame_of(const struct snapshot *snap, uint64_t address);

#endif
