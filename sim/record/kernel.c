/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what stands between this process and the kernel's kmem events; see record.h. perf
 * does the recording: its messages say less than what is found out here.
 *
 * Locking: none.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "sim/record/record.h"

#define CAP_SYS_ADMIN_BIT	21
#define CAP_PERFMON_BIT		38

static const char *const tracefs[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };

/* The first @size - 1 bytes of a small file, as text; false where it cannot be read. */
static bool read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	if (len < 0)
		return false;
	text[len] = '\0';
	return true;
}

static bool may_use_perf(void)
{
	char text[4096];
	const char *at;
	uint64_t caps;

	if (!read_text("/proc/self/status", text, sizeof(text)) || !(at = strstr(text, "CapEff:")))
		return true;
	caps = strtoull(at + 7, NULL, 16);
	return caps & (UINT64_C(1) << CAP_PERFMON_BIT | UINT64_C(1) << CAP_SYS_ADMIN_BIT);
}

static int check_tracefs(struct kerror *err)
{
	int denied = -1;
	char path[64];
	size_t i;

	for (i = 0; i < sizeof(tracefs) / sizeof(tracefs[0]); i++) {
		snprintf(path, sizeof(path), "%s/events/kmem", tracefs[i]);
		if (!access(path, R_OK | X_OK))
			return 0;
		if (errno == EACCES && denied < 0)
			denied = (int)i;
	}
	if (denied >= 0)
		return kerror_set(err, -EACCES, "%s/events/kmem cannot be read: be root, or have CAP_DAC_READ_SEARCH, or let root "
				  "make it readable: mount -o remount,mode=755 %s", tracefs[denied], tracefs[denied]);
	snprintf(path, sizeof(path), "%s/events", tracefs[0]);
	if (access(path, F_OK))
		return kerror_set(err, -ENOENT, "there is no %s: tracefs is not mounted (mount -t tracefs none %s), or this kernel "
				  "has no tracing (CONFIG_FTRACE)", path, tracefs[0]);
	return kerror_set(err, -ENOENT, "this kernel has no kmem events: %s/kmem is not there", path);
}

int kernel_can_record(bool whole_machine, struct kerror *err)
{
	char path[PATH_MAX], text[16] = "";
	long paranoid, most = whole_machine ? -1 : 1;
	int ret;

	if (!command_find("perf", path))
		return kerror_set(err, -ENOENT, "perf, which records kernel events, is not installed: install linux-perf");
	ret = check_tracefs(err);
	if (ret || may_use_perf())
		return ret;
	if (!read_text("/proc/sys/kernel/perf_event_paranoid", text, sizeof(text)))
		return kerror_set(err, -EACCES, "there is no /proc/sys/kernel/perf_event_paranoid: this kernel has no perf events");
	paranoid = strtol(text, NULL, 10);
	if (paranoid <= most)
		return 0;
	return kerror_set(err, -EACCES, "/proc/sys/kernel/perf_event_paranoid is %ld: %s needs CAP_PERFMON, or a value of at most %ld there",
			  paranoid, whole_machine ? "recording the whole machine" : "recording tracepoints", most);
}

#define DATA_SIZE_AT	48	/* in perf.data: how many bytes of records there are, written last */

int kernel_recording_check(const char *path, struct kerror *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct statvfs fs;
	uint64_t size = 0;
	bool closed;

	if (fd < 0)
		return kerror_set(err, -ENOENT, "perf has written nothing; its own words are above");
	closed = pread(fd, &size, sizeof(size), DATA_SIZE_AT) == sizeof(size) && size;
	if (!closed && !fstatvfs(fd, &fs) && !fs.f_bavail)
		kerror_set(err, -ENOSPC, "%.150s: %s; perf ended early, and what it wrote cannot be used", path, strerror(ENOSPC));
	else if (!closed)
		kerror_set(err, -EIO, "%.150s: perf did not close it; its own words are above", path);
	close(fd);
	return closed ? 0 : err->code;
}
