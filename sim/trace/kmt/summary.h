/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the two chunks of a .kmt file that are JSON: who made it of what, and what
 * the source said of itself. Locking: none.
 */
#ifndef KMEMSIM_SIM_TRACE_KMT_SUMMARY_H
#define KMEMSIM_SIM_TRACE_KMT_SUMMARY_H

#include "sim/trace/writer.h"

/* The caller frees them; NULL: no memory. */
char *kmt_description_text(const char *made_by, const char *source);
char *kmt_summary_text(const struct reader_stats *stats, uint64_t events, uint64_t accesses);

/*
 * Add to @stats what the summary's text says, and tell how many @events and @accesses the
 * whole file has. -EBADMSG with @err where it is no summary; keys that nobody knows are
 * passed over.
 */
int kmt_summary_read(const char *text, size_t len, struct reader_stats *stats, uint64_t *events,
		     uint64_t *accesses, struct kerror *err);

#endif
