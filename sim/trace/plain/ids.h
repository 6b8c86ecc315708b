/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what an ID of the plain-text format stands for.
 *
 *	0xffff888100d2b900	an address, of pages a frame's number
 *	17			a block that has a number instead of an address
 *	head			the same, with a word for a number: the first word is 1
 *	-			nothing: NULL, an allocation that failed
 *
 * Events need addresses. The numbers of a program's blocks stay numbers; an object of
 * the kernel gets a place of its own, 4 MiB from the next, and pages get frames
 * that nothing else has. The places are chosen so that no page seems to hold an object:
 * objects lie in frames whose number ends in 0x1ff, and blocks of less than 512 frames
 * avoid those.
 *
 * Remembered is what a later line may ask for: which IDs are not of the family that the
 * trace began with, and the frames of page IDs. Memory: 16 to 32 bytes for each of
 * these, and the words.
 *
 * Locking: none, single-threaded.
 */
#ifndef KMEMSIM_SIM_TRACE_PLAIN_IDS_H
#define KMEMSIM_SIM_TRACE_PLAIN_IDS_H

#include "sim/trace/names.h"
#include "sim/util/table.h"

enum plain_family {
	PLAIN_NO_FAMILY,	/* nobody has used that ID yet */
	PLAIN_HEAP,
	PLAIN_OBJECT,
	PLAIN_BLOCK,		/* pages */
};

enum plain_id_type {
	PLAIN_ID_NOTHING,
	PLAIN_ID_ADDRESS,
	PLAIN_ID_NUMBER,		/* or a word's number */
	PLAIN_ID_BAD,
};

struct plain_id {
	enum plain_id_type type;
	bool word;
	uint64_t value;
};

struct plain_ids {
	struct names *words;	/* owned, made when the first word comes */
	bool numbers;		/* a number was there, so words cannot be */
	enum plain_family family;	/* of most IDs: the first one's */
	struct table of_number;	/* an entry: family, order and frame, for all pages and what is not of the family */
	struct table of_address;	/* the same, of objects and blocks of a program */
	struct table of_frame;	/* of pages with their frame's number: their order and 1 */
	uint64_t next_frame;	/* without an owner yet */
};

/* Largest number of an ID that an object of the kernel has. */
#define PLAIN_MAX_OBJECT	((1u << 25) - 1)

void plain_ids_exit(struct plain_ids *ids);

/*
 * What [@p, @p + @len) is; *@why says what is wrong with PLAIN_ID_BAD, and is NULL
 * where there was no memory.
 */
struct plain_id plain_id(struct plain_ids *ids, const char *p, size_t len, const char **why);

/* The family in which @id was allocated last, where it is not that of most; PLAIN_NO_FAMILY: it is, or never was. */
enum plain_family plain_id_noted(const struct plain_ids *ids, struct plain_id id);
/* The same with that of most for the latter. */
enum plain_family plain_id_family(const struct plain_ids *ids, struct plain_id id);

/* @id is allocated: as an object or a program's block. False: no memory. */
bool plain_id_allocate(struct plain_ids *ids, struct plain_id id, enum plain_family family);

/* An object's address. PLAIN_MAX_OBJECT was checked. */
uint64_t plain_object_address(struct plain_id id);

/*
 * The frame of pages @id, of 2^@order frames; *@frame is the caller's. With @allocate they
 * are allocated, so an ID that stood for fewer frames gets others. Otherwise @order below 0
 * means that of the allocation, 0 where none was seen. Returns the order, or -1: no memory.
 */
int plain_id_frames(struct plain_ids *ids, struct plain_id id, bool allocate, int order, uint64_t *frame);

#endif
