/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the files that read a recording share.
 *
 *	recording_file.c	its chunks, process images and threads; the clock
 *	recording_merge.c	its events in the order of time
 *	recording_sites.c	names for its call sites
 *	recording.c		what the events mean: struct event
 *
 * The file may still be written to while it is read, by processes that outlive the
 * command: what is looked at is copied before it is checked.
 *
 * Locking: none, single-threaded.
 */
#ifndef KMEMSIM_SIM_TRACE_HEAP_RECORDING_READ_H
#define KMEMSIM_SIM_TRACE_HEAP_RECORDING_READ_H

#include "sim/trace/content.h"
#include "sim/trace/heap/recording.h"
#include "sim/util/table.h"

#define REC_NO_IMAGE	UINT32_MAX

struct rec_chunk {
	uint64_t offset;	/* of its first event, or of its text */
	uint64_t len;		/* in bytes, from there on */
	uint64_t time, ns;	/* of its header */
	uint64_t events;	/* where the content has parts: how many there are */
	unsigned char *bytes;	/* owned: the same; NULL: they are not in memory */
	uint32_t image;		/* index of its image */
	uint32_t thread;	/* index of its thread at the beginning */
};

/* What was mapped where, once. */
struct rec_maps {
	const char *text;
	char *copy;		/* owned: the text, where the content has parts; else NULL */
	uint64_t len;
	uint64_t time;
	uint32_t next;		/* the one before it, of the same image: index + 1 */
};

struct rec_image {
	uint32_t number;	/* as in the file */
	uint32_t parent;	/* index of the image that it was forked from; REC_NO_IMAGE */
	int32_t pid;
	bool stays;		/* what it has left at its end is not given back */
	uint64_t tag;		/* what its addresses have above their 48 bits */
	uint64_t chunks;	/* that are not read yet */
	uint64_t last_time;
	struct table live;	/* its blocks: REC_LIVE, REC_TOO_LARGE */
	struct table sites;	/* names of call sites, by address */
	uint32_t maps;		/* the newest: index + 1; 0 none */
	uint32_t maps_now;	/* the newest that its events have come to; the same */
};

enum { REC_LIVE = 1, REC_TOO_LARGE };

struct rec_thread {
	uint32_t image;
	int32_t tid;
	name_id comm;
	bool in_realloc;
	bool given;		/* the old block of the realloc was handed out again meanwhile */
	uint64_t old;		/* that block, as in the file */
};

/* Where the merge is in a chunk. */
struct rec_cursor {
	uint64_t at, end;	/* the next event's place in the file */
	const unsigned char *bytes;	/* what lies at byte @from of it, up to the end */
	uint64_t from;
	uint64_t time;		/* of the event at hand, never less than that of the one before it */
	uint64_t chunk;
	uint32_t image, thread;
	uint32_t nr_frames;
	uint64_t frames_at;
	struct recording_event ev;
};

struct rec_sites;

struct recording {
	struct content content;
	struct recording_file file;
	struct rec_chunk *chunks;	/* of events, in the order of their times */
	size_t nr_chunks, chunks_size;
	struct rec_maps *maps;
	size_t nr_maps, maps_size;
	struct rec_image *images;
	size_t nr_images, images_size;
	struct rec_thread *threads;
	size_t nr_threads, threads_size;
	struct table image_of, thread_of;	/* index + 1 by number; by image and tid */
	struct rec_cursor *heap;	/* the one with the least time is the first */
	size_t nr_heap, heap_size, next_chunk;
	struct rec_sites *sites;
	/* The clock: nanoseconds = ns + (time - clock) * ns_span / clock_span. */
	uint64_t ns_span, clock_span;
	/* Made of the record at hand, or of what an image leaves behind. */
	struct event queue[3];
	unsigned int queued, handed;
	uint32_t ending;		/* an image whose blocks go back; REC_NO_IMAGE */
	uint64_t ending_at;		/* slot of its table */
	uint64_t memory_bytes;		/* for chunks, where the content has parts */
	uint64_t maps_bytes;		/* of all copies of mappings' texts */
	uint64_t inherited, too_large;
	bool ended;
};

/* ---- recording_file.c ---- */

/*
 * Find all chunks of rec->content. -EBADMSG: this is no recording; -EFBIG; -ENOMEM. What is
 * damaged is left out and noted in rd->stats.
 */
int rec_scan(struct reader *rd, struct recording *rec, struct kerror *err);
/* The thread @tid of an image, known or new; REC_NO_IMAGE: no memory. */
uint32_t rec_thread(struct recording *rec, uint32_t image, int32_t tid);
/* Up to 16 bytes of a name, terminated or not. */
name_id rec_comm(struct reader *rd, const char *text);
uint64_t rec_ns(const struct recording *rec, uint64_t time);

/* ---- recording_merge.c ---- */

/*
 * The next event of all chunks, in the order of time: 1; 0 at the end; -ENOMEM. It stays
 * at rec->heap[0] until rec_advance(). With *@ended an image that had its last event
 * with the one before, or REC_NO_IMAGE.
 */
int rec_peek(struct reader *rd, struct recording *rec, uint32_t *ended);
void rec_advance(struct recording *rec);
/* Before the event at hand comes one of the same time that frees @addr of its image, if there is one. */
void rec_prefer_free(struct recording *rec, uint64_t addr);

/* What lies at byte @at of the file, in the cursor's chunk. */
static inline const unsigned char *rec_at(const struct rec_cursor *cur, uint64_t at)
{
	return cur->bytes + (at - cur->from);
}

/* ---- recording_sites.c ---- */

struct rec_sites *rec_sites_create(void);
void rec_sites_destroy(struct rec_sites *sites);
/* The name of @address in an image at @time; 0: no memory. */
name_id rec_site(struct reader *rd, struct recording *rec, uint32_t image, uint64_t time, uint64_t address);
/* The call chain of the event at hand, 0 none; *@site is the first frame that is not operator new. -ENOMEM. */
int rec_chain(struct reader *rd, struct recording *rec, const struct rec_cursor *cur, name_id *site, stack_id *stack);

#endif
