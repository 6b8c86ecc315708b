/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the library has to say, on standard error.
 *
 * The layers below never print; here, at the border to a program that knows
 * nothing of us, somebody must. Written from the call stack, since stdio may want
 * memory, and by bare system calls (file.c says why).
 *
 * Locking: called inside the heap or out of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "slab/malloc/internal.h"
#include "slab/malloc/watch.h"

#define LINE_MAX_BYTES 512
#define REPORT_MAX_BYTES 8192

#define KEPT_FROM 200	/* where a program hardly looks for a free descriptor */

static int kept_stderr = -1;
static struct stat kept_file;

void kms_keep_stderr(void)
{
	kept_stderr = (int)syscall(SYS_fcntl, STDERR_FILENO, F_DUPFD_CLOEXEC, KEPT_FROM);
	if (kept_stderr >= 0 && syscall(SYS_fstat, kept_stderr, &kept_file))
		kept_stderr = -1;
}

/* Still ours: a program that closes all descriptors may have a file of its own there. */
static bool is_kept(void)
{
	struct stat now;

	return kept_stderr >= 0 && !syscall(SYS_fstat, kept_stderr, &now) && now.st_dev == kept_file.st_dev &&
	       now.st_ino == kept_file.st_ino;
}

int kms_stderr(void)
{
	return syscall(SYS_fcntl, STDERR_FILENO, F_GETFD) < 0 && is_kept() ? kept_stderr : STDERR_FILENO;
}

void kms_say(const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	int length = snprintf(line, sizeof(line), "kmemsim[%d]: ", (int)getpid());
	va_list args;

	va_start(args, format);
	length += vsnprintf(line + length, sizeof(line) - (size_t)length - 1, format, args);
	va_end(args);
	if (length > (int)sizeof(line) - 2)
		length = sizeof(line) - 2;
	line[length++] = '\n';
	kms_write(kms_stderr(), line, (size_t)length);
}

static void count_complaint(void)
{
	__atomic_add_fetch(&heap.seen_complaints, 1, __ATOMIC_RELAXED);
	if (heap.options.stop)
		abort();
}

void kms_bad_free(void *object, const void *site)
{
	char place[KMS_PLACE_BYTES];

	kms_say("free of %p, which is no block of the heap's, called from %s", object,
		kms_place_name(site, place));
	count_complaint();
}

void kms_overrun(const void *block, size_t bytes, const void *first, const void *owner,
		 const void *site)
{
	char places[2][KMS_PLACE_BYTES];

	kms_say("overrun at %p: a block of %zu bytes, %zu bytes behind its end 0x%x was written",
		block, bytes, (size_t)((const unsigned char *)first - (const unsigned char *)block) -
		bytes, *(const unsigned char *)first);
	kms_say("  allocated in %s, noticed in %s", kms_place_name(owner, places[0]),
		site ? kms_place_name(site, places[1]) : "the check at exit");
	count_complaint();
}

static void slab_complains(void *ctx, const struct slab_report *report)
{
	/* heap.lock is held; a thread's call stack may be no larger than that. */
	static char text[REPORT_MAX_BYTES];
	size_t length = slab_report_text(heap.sa, report, text, sizeof(text));

	kms_say("%s at %p", slab_complaint_text(report->what), report->object);
	kms_write(kms_stderr(), text, length < sizeof(text) ? length : sizeof(text) - 1);
	count_complaint();
}

static void buddy_complains(void *ctx, const struct buddy_report *report)
{
	static const char *const what[] = {
		[BUDDY_DOUBLE_FREE] = "frames freed twice",
		[BUDDY_WRONG_ORDER] = "frames freed with another order than they were asked for with",
		[BUDDY_BAD_FRAME] = "free of what is no block of frames",
	};

	kms_say("%s: %p, order %u", what[report->what],
		virt_from_pfn(heap.map, report->pfn), report->order);
	count_complaint();
}

void kms_listen(void)
{
	slab_set_report(heap.sa, slab_complains, NULL);
	slab_set_site_name(heap.sa, kms_site_name, NULL);
	buddy_set_report(heap.buddy, buddy_complains, NULL);
}
