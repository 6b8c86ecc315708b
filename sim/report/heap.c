/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the report's section on a program's heap, as the program saw it: what
 * other tools print of the same recording. Left out where the trace has no
 * events of one. Single-threaded.
 */
#include "sim/report/report.h"

void report_heap(struct emitter *em, const struct report_input *in)
{
	const struct ledger_heap *heap = &in->ledger->heap;
	uint64_t events = 0;
	int kind, i;

	for (kind = 0; kind < NR_EVENT_KINDS; kind++)
		if (event_is((unsigned int)kind, EVENT_HEAP))
			events += in->trace->read.by_kind[kind];
	if (!events)
		return;
	emit_section(em, "heap", "The program's heap");
	emit_u64(em, "calls", "calls that ask for memory", "", heap->counter[HC_mallocs] + heap->counter[HC_reallocs]);
	emit_u64(em, "total_bytes", "bytes asked for in all", "bytes", heap->total_bytes);
	emit_u64(em, "peak_bytes", "most bytes at once", "bytes", heap->peak_bytes);
	emit_u64(em, "peak_blocks", "  blocks they were", "", heap->peak_blocks);
	emit_u64(em, "leaked_bytes", "bytes never freed", "bytes", heap->live_bytes);
	emit_u64(em, "leaked_blocks", "  blocks they are", "", heap->blocks.nr);
	emit_section(em, "requests", "What was asked for, and how it was met");
	for (i = 0; i < NR_HEAP_COUNTERS; i++)
		emit_counter(em, heap_counter_desc[i].name, heap_counter_desc[i].text, heap->counter[i]);
	emit_section_end(em);
	emit_section_end(em);
}
