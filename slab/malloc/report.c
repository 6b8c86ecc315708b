/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the report of the program that runs on the library: when it is
 * written, and to which file. What it says is a higher layer's matter, which
 * only libkmemsim-malloc.so has (sim/preload/).
 *
 * It is written at exit, and after SIGUSR2, unless the program has a handler of
 * its own for that. The handler only sets a flag; the next call that leaves a
 * thread's fast path finds it and writes, since in the middle of a handler any
 * lock may be taken, also by the very thread. A program that sleeps reports when
 * it wakes and allocates.
 *
 * Every process writes its own: a file name should have %p in it, else the last
 * to exit is the one that stays.
 *
 * Locking: heap.registry_lock all the while, heap.lock inside it while the report
 * is composed in memory, not while it is written.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "slab/head.h"
#include "slab/malloc/report.h"

bool kms_report_wanted;

static kms_report_fn write_report;

/* ---- figures ------------------------------------------------------------------ */

struct sum {
	const struct kmem_cache *cache;
	uint64_t bytes;
};

static bool add_slab(void *ctx, pfn_t pfn)
{
	struct sum *sum = ctx;
	const struct page *slab = page_from_pfn(heap.map, pfn);
	const unsigned char *object = slab_first_object(sum->cache, slab);
	unsigned int i;

	for (i = 0; i < slab_objects(slab); i++, object += sum->cache->size)
		sum->bytes += ksize(heap.sa, object);
	return true;
}

uint64_t kms_bytes_requested(struct cache *c)
{
	const uint32_t needed = SLAB_RED_ZONE | SLAB_STORE_USER;
	struct sum sum = { .cache = c->slabs };

	if ((kmem_cache_flags(c->slabs) & needed) == needed)
		slab_for_each_slab(c->slabs, add_slab, &sum);
	return sum.bytes;
}

static void look(struct kms_snapshot *snapshot)
{
	unsigned int slot;

	for (slot = 0; slot < heap.nr_slots; slot++)
		if (heap.caches[slot])
			snapshot->waiting[slot] = kms_threads_hold(slot) +
						kms_pool_holds(heap.caches[slot]);
}

/* ---- the file ------------------------------------------------------------------ */

/* @pattern with %p replaced; false where it is too long. */
static bool expand(const char *pattern, char *path, size_t size)
{
	size_t length = 0;

	for (; *pattern; pattern++) {
		int put = pattern[0] == '%' && pattern[1] == 'p' ?
			  snprintf(path + length, size - length, "%d", (int)getpid()) :
			  snprintf(path + length, size - length, "%c", *pattern);

		length += (size_t)put;
		if (length >= size)
			return false;
		pattern += put > 0 && pattern[0] == '%' && pattern[1] == 'p';
	}
	path[length] = '\0';
	return true;
}

struct text {
	char *bytes;		/* the private heap's */
	size_t length;
};

/* Inside the heap. A stream in memory is in no list of stdio's, whose lock comes before ours. */
static void compose(struct text *text, const struct kms_snapshot *snapshot, bool json)
{
	struct kerror err = { 0 };
	FILE *out = open_memstream(&text->bytes, &text->length);

	if (!out || write_report(snapshot, out, json, &err) || ferror(out))
		kms_say("report: %s", err.text[0] ? err.text : "no memory");
	if (out)
		fclose(out);
}

/* Outside, since the host may let us wait: for the reader of a pipe, say. One thread at a time. */
static void write_to(const char *pattern, const struct text *text)
{
	char path[2 * KMS_OPTION_TEXT];
	bool done;
	int fd;

	if (!text->bytes || !expand(pattern, path, sizeof(path)))
		return;
	if (!strcmp(path, "-")) {
		kms_write(kms_stderr(), text->bytes, text->length);
		return;
	}
	fd = kms_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	done = fd >= 0 && kms_write(fd, text->bytes, text->length);
	if (!done)
		kms_say("report: '%s' can't be written: error %d", path, errno);
	if (fd >= 0)
		kms_close(fd);
}

void kms_report_now(void)
{
	const char *const patterns[] = { heap.options.report, heap.options.report_json };
	struct text texts[2] = { { 0 } };
	struct kms_snapshot *snapshot;
	int saved = errno, cancel;
	unsigned int i;

	if (!__atomic_exchange_n(&kms_report_wanted, false, __ATOMIC_RELAXED) || !write_report)
		return;
	snapshot = kms_private_alloc(sizeof(*snapshot));
	if (!snapshot)
		return;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	kms_get_stats(&snapshot->stats);
	pthread_mutex_lock(&heap.registry_lock);
	look(snapshot);
	kms_enter();
	for (i = 0; i < 2; i++)
		if (patterns[i][0])
			compose(&texts[i], snapshot, i == 1);
	kms_leave();
	for (i = 0; i < 2; i++) {
		write_to(patterns[i], &texts[i]);
		free(texts[i].bytes);
	}
	pthread_mutex_unlock(&heap.registry_lock);
	kms_private_free(snapshot);
	pthread_setcancelstate(cancel, NULL);
	errno = saved;
}

/* ---- when ----------------------------------------------------------------------- */

static bool asked_for(void)
{
	return heap.options.report[0] || heap.options.report_json[0];
}

static void want_report(int signal)
{
	__atomic_store_n(&kms_report_wanted, true, __ATOMIC_RELAXED);
}

void kms_set_report(kms_report_fn fn)
{
	struct sigaction mine = { .sa_handler = want_report, .sa_flags = SA_RESTART }, theirs;

	/*
	 * Called in every process: one that has asked for nothing gets no heap before it needs one.
	 * Built here for all, the heap's address space counts against a limit that a program sets
	 * for itself later (setrlimit()), and its threads then get no stacks.
	 */
	if (!kms_options_given() || !kms_boot() || !asked_for())
		return;
	write_report = fn;
	if (!sigaction(SIGUSR2, NULL, &theirs) && theirs.sa_handler == SIG_DFL)
		sigaction(SIGUSR2, &mine, NULL);
}

void kms_report_at_exit(void)
{
	if (!write_report)
		return;
	__atomic_store_n(&kms_report_wanted, true, __ATOMIC_RELAXED);
	kms_report_now();
}
