/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: who called, for debugging. The slab layer remembers a caller as a
 * number; here the number is the place of the caller's address in a hash table
 * that is never emptied. Names are made when they are printed, from what the host
 * says is mapped: dladdr() takes the loader's lock, and another thread may hold
 * that while it waits for ours.
 *
 * Locking: heap.lock.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "slab/malloc/internal.h"
#include "slab/malloc/watch.h"

#define NR_SITES (1u << 16)	/* 0 is nobody; a program with more shares that */
#define NR_NAMES 4u		/* texts that are valid at a time */

static const void **sites;
static uint64_t calls;

static uint32_t site_of(const void *at)
{
	uint32_t i = (uint32_t)(((uintptr_t)at * 0x9e3779b97f4a7c15u) >> 48) | 1, tries;

	if (!at || (!sites && !(sites = kms_private_alloc(NR_SITES * sizeof(*sites)))))
		return 0;
	for (tries = 0; tries < 64; tries++, i = (i + 1) % NR_SITES ? i + 1 : 1) {
		if (sites[i] == at)
			return i;
		if (!sites[i]) {
			sites[i] = at;
			return i;
		}
	}
	return 0;
}

uint64_t kms_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void kms_note_caller(const void *site)
{
	struct slab_caller caller = {
		.time_ns = kms_now_ns(),
		.event = ++calls,
		.site = site_of(site),
		/* heap.lock's owner, us: asking the kernel is more than a strict seccomp filter allows. */
		.pid = heap.lock.__data.__owner,
	};

	slab_set_caller(heap.sa, &caller);
}

/* ---- names ------------------------------------------------------------------ */

struct search {
	uintptr_t at;
	char *text;
	uintptr_t start;	/* of the file's first mapping */
	char path[256];
};

static bool look_at(void *ctx, const struct kms_mapping *m)
{
	struct search *search = ctx;
	const char *file;

	if (strcmp(search->path, m->path)) {
		snprintf(search->path, sizeof(search->path), "%s", m->path);
		search->start = m->start - m->offset;
	}
	if (search->at < m->start || search->at >= m->end)
		return true;
	file = strrchr(search->path, '/');
	if (file)
		snprintf(search->text, KMS_PLACE_BYTES, "%s+%#lx", file + 1, search->at - search->start);
	return false;
}

const char *kms_place_name(const void *at, char text[KMS_PLACE_BYTES])
{
	struct search search = { .at = (uintptr_t)at, .text = text };

	snprintf(text, KMS_PLACE_BYTES, "%p", at);
	kms_for_each_mapping(look_at, &search);
	return text;
}

const char *kms_site_name(void *ctx, uint32_t site)
{
	static char texts[NR_NAMES][KMS_PLACE_BYTES];
	static unsigned int next;

	if (!sites || site >= NR_SITES || !sites[site])
		return NULL;
	return kms_place_name(sites[site], texts[next++ % NR_NAMES]);
}
