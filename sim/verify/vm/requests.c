/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: requests for frames, foreseen and traced; see requests.h. */
#include "sim/verify/vm/requests.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/capture/guest/player.h"
#include "sim/trace/trace.h"

void vm_requests_add(struct vm_requests *requests, const struct vm_request *request)
{
	if (requests->nr == requests->max) {
		uint32_t max = requests->max ? requests->max * 2 : 1024;
		struct vm_request *list = realloc(requests->list, max * sizeof(*list));

		if (!list) {
			requests->no_memory = true;
			return;
		}
		requests->list = list;
		requests->max = max;
	}
	requests->list[requests->nr++] = *request;
}

void vm_requests_free(struct vm_requests *requests)
{
	free(requests->list);
	*requests = (struct vm_requests){ 0 };
}

/* ---- the trace ----------------------------------------------------------------------- */

#define MAX_ACTORS (2 * PLAYER_MAX_PROCESSES)

/* A task that is at an operation. */
struct actor {
	int32_t pid;
	uint32_t op;
	unsigned int apart;		/* depth of what it does for a slab, or for many frames at once */
};

struct reading {
	struct vm_requests *requests;
	struct actor actors[MAX_ACTORS];
	unsigned int nr;
};

static struct actor *find_actor(struct reading *rd, int32_t pid)
{
	unsigned int i;

	for (i = 0; i < rd->nr; i++)
		if (rd->actors[i].pid == pid)
			return &rd->actors[i];
	return NULL;
}

/* An operation begins, or ends: then the task is nobody who is looked at. */
static void mark(struct reading *rd, const struct event *ev)
{
	struct actor *actor = find_actor(rd, ev->pid);
	uint32_t what = (uint32_t)ev->arg;

	if (!(what & PLAYER_MARK))
		return;
	if (actor)
		*actor = rd->actors[--rd->nr];
	if (!(what & PLAYER_MARK_END) && rd->nr < MAX_ACTORS)
		rd->actors[rd->nr++] = (struct actor){ ev->pid, what & (PLAYER_MARK_END - 1), 0 };
}

/* For a page of a process, or for a table. */
static bool is_compared(gfp_t gfp)
{
	return (gfp & (__GFP_HIGHMEM | __GFP_MOVABLE)) == (__GFP_HIGHMEM | __GFP_MOVABLE) ||
	       (gfp & ~(gfp_t)__GFP_COMP) == (GFP_KERNEL_ACCOUNT | __GFP_ZERO);
}

static void take_event(struct reading *rd, const struct event *ev)
{
	struct actor *actor;

	if (ev->kind == EV_PLAYER_OP) {
		mark(rd, ev);
		return;
	}
	if (ev->context != CONTEXT_TASK)
		return;
	actor = find_actor(rd, ev->pid);
	if (!actor)
		return;
	switch (ev->kind) {
	case EV_SLAB_ALLOC_IN:
	case EV_BULK_IN:
		actor->apart++;
		break;
	case EV_SLAB_ALLOC_OUT:
	case EV_BULK_OUT:
		actor->apart -= actor->apart > 0;
		break;
	case EV_PAGE_ALLOC:
		if (actor->apart || !is_compared(ev->gfp))
			rd->requests->others++;
		else
			vm_requests_add(rd->requests, &(struct vm_request){ actor->op, ev->order, ev->gfp, ev->line });
		break;
	default:
		break;
	}
}

int vm_requests_of_trace(struct vm_requests *requests, struct trace *trace, struct kerror *err)
{
	struct reading rd = { .requests = requests };
	struct trace_cursor cur;
	const struct event *ev;
	int64_t nr, i;
	int ret = trace_cursor_init(&cur, trace, err);

	if (ret)
		return ret;
	while ((nr = trace_cursor_next(&cur, &ev, err)) > 0)
		for (i = 0; i < nr; i++)
			take_event(&rd, &ev[i]);
	trace_cursor_exit(&cur);
	if (nr < 0)
		return (int)nr;
	return requests->no_memory ? kerror_set(err, -ENOMEM, "no memory for the requests of a trace") : 0;
}

/* ---- both --------------------------------------------------------------------------------- */

static void describe(const struct vm_request *request, char *buf, size_t size)
{
	char gfp[96];

	if (!request) {
		snprintf(buf, size, "none");
		return;
	}
	gfp_format(gfp, sizeof(gfp), request->gfp);
	snprintf(buf, size, "order %u, %s", request->order, gfp);
}

/* The request of @op at *@at, which goes on; NULL: there is none left. */
static const struct vm_request *next_of(const struct vm_requests *requests, uint32_t *at, uint32_t op)
{
	return *at < requests->nr && requests->list[*at].op == op ? &requests->list[(*at)++] : NULL;
}

struct verify_rate vm_requests_compare(const struct vm_requests *foreseen, const struct vm_requests *real, char *first,
				       size_t size)
{
	struct verify_rate rate = { 0, 0 };
	uint32_t here = 0, there = 0;

	while (here < foreseen->nr || there < real->nr) {
		uint32_t op_here = here < foreseen->nr ? foreseen->list[here].op : UINT32_MAX;
		uint32_t op_there = there < real->nr ? real->list[there].op : UINT32_MAX;
		uint32_t op = op_here < op_there ? op_here : op_there;
		const struct vm_request *a = next_of(foreseen, &here, op), *b = next_of(real, &there, op);
		bool equal = a && b && a->order == b->order && a->gfp == b->gfp;
		char ours[128], theirs[128];

		rate.all++;
		rate.hits += equal;
		if (equal || first[0])
			continue;
		describe(a, ours, sizeof(ours));
		describe(b, theirs, sizeof(theirs));
		snprintf(first, size, "operation %u asks for %s here, for %s for real (line %llu of the trace)", op, ours, theirs,
			 b ? (unsigned long long)b->line : 0);
	}
	return rate;
}
