/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the version, which is the library's: its public header has it for all.
 * It appears in reports, so it changes with releases and not with commits:
 * equal input gives equal bytes.
 */
#include <stdbool.h>
#include <stdio.h>

#include "sim/cmd/cmd.h"
#include "sim/layout/layout.h"
#include "sim/trace/packed.h"
#include "sim/trace/reader.h"
#include "slab/malloc/kmemsim.h"

const char kmemsim_version[] = KMS_VERSION;
const char kmemsim_title[] = "kmemsim " KMS_VERSION;

static void print_library(const char *library, const char *package, const char *reads, bool there)
{
	printf("  %-15s %-5s%s", library, there ? "yes" : "no", reads);
	if (!there)
		printf(" (install %s and pkg-config, and build it again)", package);
	putchar('\n');
}

void print_version(void)
{
	printf("kmemsim %s\n", kmemsim_version);
	print_library("libtraceevent", "libtraceevent-dev", "reads perf.data and trace.dat", !perf_data_reader.needs);
	print_library("babeltrace2", "libbabeltrace2-dev", "reads CTF, with libtraceevent", !ctf_reader.needs);
	print_library("libarchive", "libarchive-dev", "unpacks xz, bzip2 and lz4", packed_supported());
	print_library("libdw", "libdw-dev", "reads debug information, for 'kmemsim layout'", layout_supported());
}
