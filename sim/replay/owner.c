/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: who is behind a request, for owner tracking, and what the
 * layers complain about, as sentences. Page events carry no call site: the
 * task's name stands for it.
 *
 * Single-threaded.
 */
#include <stdio.h>
#include <string.h>

#include "sim/replay/internal.h"

void replay_set_caller(struct replay *rp, const struct event *ev)
{
	const struct buddy_caller caller = {
		.site = ev->call_site,
		.task = ev->comm,
		.pid = ev->pid,
		.time_ns = event_report_ns(ev->time_ns),
		.when = rp->ledger.events,
	};

	const struct slab_caller slab_caller = {
		.site = caller.site, .pid = caller.pid, .event = rp->ledger.events, .time_ns = event_report_ns(ev->time_ns),
	};

	buddy_set_caller(rp->machine->buddy, &caller);
	slab_set_caller(rp->machine->slab, &slab_caller);
}

static void add_history(const struct replay *rp, char *text, size_t size, const char *verb, bool valid,
			const struct buddy_caller *who)
{
	uint32_t name = who->site ? who->site : who->task;
	size_t len = strlen(text);

	if (valid)
		snprintf(text + len, size - len, "; %s by %s (pid %d) in event %llu", verb,
			 name ? names_text(rp->names, name) : "somebody", who->pid,
			 (unsigned long long)who->when);
}

static void on_buddy_report(void *ctx, const struct buddy_report *report)
{
	static const char *const what[] = {
		[BUDDY_DOUBLE_FREE] = "double free",
		[BUDDY_WRONG_ORDER] = "free with the wrong order",
		[BUDDY_BAD_FRAME] = "free of a frame that is no block's first",
	};
	struct replay *rp = ctx;

	snprintf(rp->complaint, sizeof(rp->complaint), "%s of frame %u, order %u", what[report->what],
		 pfn_val(report->pfn), report->order);
	if (!report->owner_known)
		return;
	add_history(rp, rp->complaint, sizeof(rp->complaint), "allocated", report->owner.alloc_valid,
		    &report->owner.alloc);
	add_history(rp, rp->complaint, sizeof(rp->complaint), "freed", report->owner.free_valid,
		    &report->owner.free);
}

static void on_slab_report(void *ctx, const struct slab_report *report)
{
	struct replay *rp = ctx;

	snprintf(rp->complaint, sizeof(rp->complaint), "%s, slab of %s, offset %u",
		 slab_complaint_text(report->what),
		 report->owner ? kmem_cache_name(report->owner) : "no cache", report->offset);
	findings_add(&rp->findings, rp->machine->slab, report);
}

static const char *site_name(void *ctx, uint32_t site)
{
	const struct replay *rp = ctx;

	return names_text(rp->names, site);
}

void replay_listen(struct replay *rp)
{
	buddy_set_report(rp->machine->buddy, on_buddy_report, rp);
	slab_set_report(rp->machine->slab, on_slab_report, rp);
	slab_set_site_name(rp->machine->slab, site_name, rp);
}
