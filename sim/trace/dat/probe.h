/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: how trace.dat is recognised, whether this build can read it or not. */
#ifndef KMEMSIM_SIM_TRACE_DAT_PROBE_H
#define KMEMSIM_SIM_TRACE_DAT_PROBE_H

#include <string.h>

#include "sim/trace/reader.h"

#define TRACE_DAT_TEXT	"trace.dat, the recording of 'trace-cmd record' or 'trace-cmd extract' itself"
#define TRACE_DAT_MAGIC	"\x17\x08\x44tracing"

static inline int trace_dat_probe(const unsigned char *head, size_t len)
{
	return len >= sizeof(TRACE_DAT_MAGIC) - 1 && !memcmp(head, TRACE_DAT_MAGIC, sizeof(TRACE_DAT_MAGIC) - 1) ? 100 : 0;
}

#endif
