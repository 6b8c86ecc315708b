/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: how perf.data is recognised, whether this build can read it or not. */
#ifndef KMEMSIM_SIM_TRACE_PERF_PROBE_H
#define KMEMSIM_SIM_TRACE_PERF_PROBE_H

#include <string.h>

#include "sim/trace/reader.h"

#define PERF_DATA_TEXT	"perf.data, the recording of 'perf record -e kmem:*' itself"

/* The magic, in either byte order: there is nothing else that begins so. */
static inline int perf_data_probe(const unsigned char *head, size_t len)
{
	return len >= 8 && (!memcmp(head, "PERFILE2", 8) || !memcmp(head, "2ELIFREP", 8)) ? 100 : 0;
}

#endif
