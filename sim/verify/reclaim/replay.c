/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: reclaim predicted; see replay.h. kswapd and processes interrupt each other in the midst of a list, so each
 * has a state of its own here; what it does next is asked of sim/vm/reclaim/ when the trace tells what the kernel did.
 *
 * Single-threaded.
 */
#include "sim/verify/reclaim/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/verify/capture/stop.h"

const struct verify_desc reclaim_figure_desc[NR_RECLAIM_FIGURES] = {
#define RECLAIM_FIGURE_DESC(id, meaning) { #id, meaning },
	RECLAIM_FIGURES(RECLAIM_FIGURE_DESC)
#undef RECLAIM_FIGURE_DESC
};

/* A task of the trace, and its reclaim where it is under way. */
struct task {
	int32_t pid;
	bool reclaims, kswapd;
	bool first;			/* of a process: no pass yet */
	bool in_pass;
	bool compacts;
	bool holds;			/* pages in hand: between an isolate event and its shrink event */
	struct balance balance;		/* of a process, its scan_control alone */
	struct lruvec_scan scan;
	struct inactive_scan batch;
	struct reclaim_step said;	/* what the model said of them */
	uint64_t before_node, before_pass;	/* reclaimed */
	uint64_t bio;			/* the last request to the device that it took */
};

#define MAX_TASKS 64

struct replay {
	struct reclaim_result *result;
	struct reclaim_pages *pages;
	struct vm *vm;
	const struct guide *guide;
	struct task tasks[MAX_TASKS];
	unsigned int nr_tasks;
};

static struct task *task_of(struct replay *rp, int32_t pid)
{
	unsigned int i;

	for (i = 0; i < rp->nr_tasks; i++)
		if (rp->tasks[i].pid == pid)
			return &rp->tasks[i];
	if (rp->nr_tasks == MAX_TASKS)
		return NULL;
	rp->tasks[rp->nr_tasks] = (struct task){ .pid = pid };
	return &rp->tasks[rp->nr_tasks++];
}

/* ---- what comes next ---------------------------------------------------------------------- */

static void begin_pass(struct replay *rp, struct task *task)
{
	lruvec_scan_begin(rp->vm, 0, &task->balance.sc, &task->scan);
	task->before_pass = task->balance.sc.nr_reclaimed;
	task->in_pass = true;
}

/* Another pass over the node, if there is to be one. */
static bool next_node(struct replay *rp, struct task *task)
{
	struct scan_control *sc = &task->balance.sc;

	if (task->kswapd ? !balance_next(rp->vm, 0, &task->balance) : !task->first && !direct_again(rp->vm, sc))
		return false;
	if (!task->kswapd)
		sc->nr_scanned = 0;
	task->first = false;
	task->before_node = sc->nr_reclaimed;
	begin_pass(rp, task);
	return true;
}

/* The pass is over: another one follows at once, or the node is done with. */
static void end_pass(struct replay *rp, struct task *task)
{
	struct scan_control *sc = &task->balance.sc;

	lruvec_scan_end(rp->vm, 0, sc, &task->scan);
	task->in_pass = false;
	if (should_continue_reclaim(rp->vm, 0, sc, sc->nr_reclaimed - task->before_pass)) {
		begin_pass(rp, task);
		return;
	}
	shrink_node_done(rp->vm, 0, sc, task->before_node);
	if (task->kswapd)
		balance_account(&task->balance);
}

/* Active pages are looked at without an event of their own where they may not become inactive. */
static bool is_silent(struct scan_control *sc, enum lru_list list)
{
	if (!(list & LRU_ACTIVE) || (sc->may_deactivate & (list >= LRU_FILE ? DEACTIVATE_FILE : DEACTIVATE_ANON)))
		return false;
	sc->skipped_deactivate = true;
	return true;
}

/* False: the task's reclaim is over. */
static bool next_step(struct replay *rp, struct task *task, enum lru_list *list, uint64_t *nr)
{
	bool found = false;

	pages_show_zones(rp->pages, true);
	while (!found && (task->in_pass || next_node(rp, task))) {
		if (!lruvec_scan_next(&task->balance.sc, &task->scan, list, nr))
			end_pass(rp, task);
		else
			found = !is_silent(&task->balance.sc, *list);
	}
	pages_show_zones(rp->pages, false);
	return found;
}

/* ---- a miss, and how it goes on -------------------------------------------------------------- */

static void note_miss(struct replay *rp, const struct task *task, uint64_t line, const struct reclaim_step *model,
		      const struct reclaim_step *kernel)
{
	struct reclaim_result *result = rp->result;

	if (result->nr_miss < result->max_miss)
		result->miss[result->nr_miss++] = (struct reclaim_miss){ line, task->kswapd, *model, *kernel };
}

/* The kernel was at @priority, whatever the model thought. */
static void follow_priority(struct replay *rp, struct task *task, unsigned int priority)
{
	struct scan_control *sc = &task->balance.sc;

	if (task->in_pass)
		end_pass(rp, task);
	sc->priority = (int)priority;
	task->balance.over = false;
	task->first = false;
	task->before_node = sc->nr_reclaimed;
	if (task->kswapd) {
		task->balance.before = sc->nr_reclaimed;
		sc->nr_scanned = 0;
		sc->nr_to_reclaim = node_kswapd_target(rp->vm, 0);
	}
	begin_pass(rp, task);
}

/* The kernel took @event's pages, which the model did not say: it goes on from there. */
static void follow(struct replay *rp, struct task *task, const struct guide_event *event, unsigned int priority,
		   const struct reclaim_step *said, uint64_t asked)
{
	uint64_t nr = event->n[0], *left = &task->scan.nr[event->what];
	enum lru_list list;

	pages_show_zones(rp->pages, true);
	if (said->over || task->balance.sc.priority != (int)priority ||
	    (said->list == event->what && asked < SWAP_CLUSTER_MAX && asked < nr)) {
		follow_priority(rp, task, priority);
		if (lruvec_scan_next(&task->balance.sc, &task->scan, &list, &asked) && list == event->what && asked == nr) {
			pages_show_zones(rp->pages, false);
			return;
		}
	}
	pages_show_zones(rp->pages, false);
	/* Less than a whole batch was the last of it. */
	*left = nr < SWAP_CLUSTER_MAX || *left < nr ? 0 : *left - nr;
	task->scan.list = event->what + 1u;
}

/* ---- events ------------------------------------------------------------------------------------ */

/* What became of the pages that @event says were taken; NULL: the trace ended before. */
static const struct guide_event *shrink_of(const struct guide *guide, const struct guide_event *event)
{
	const struct guide_event *next = event + 1, *end = guide->events + guide->nr;

	while (next < end && (next->pid != event->pid || next->kind != GUIDE_SHRINK))
		next++;
	return next < end ? next : NULL;
}

static void rate(struct replay *rp, enum reclaim_figure figure, bool hit)
{
	rp->result->figures[figure].all++;
	rp->result->figures[figure].hits += hit;
}

static void count_step(struct replay *rp, const struct task *task, const struct guide_event *event,
		       const struct reclaim_step *kernel)
{
	const struct reclaim_step *said = &task->said;
	bool list = !said->over && said->list == kernel->list;
	bool all = list && said->scanned == kernel->scanned && said->taken == kernel->taken &&
		   said->reclaimed == kernel->reclaimed;

	rate(rp, RECLAIM_list, list);
	rate(rp, RECLAIM_scanned, list && said->scanned == kernel->scanned);
	rate(rp, RECLAIM_taken, list && said->taken == kernel->taken);
	rate(rp, RECLAIM_reclaimed, list && said->reclaimed == kernel->reclaimed);
	rate(rp, RECLAIM_all_four, all);
	rate(rp, RECLAIM_priority, !said->over && said->priority == kernel->priority);
	rp->result->by_list[kernel->list].all++;
	rp->result->by_list[kernel->list].hits += all;
	rp->result->by_priority[kernel->priority].all++;
	rp->result->by_priority[kernel->priority].hits += all;
	rp->result->predicted[0] += said->over ? 0 : said->scanned;
	rp->result->predicted[1] += said->reclaimed;
	rp->result->real[0] += kernel->scanned;
	rp->result->real[1] += kernel->reclaimed;
	if (!all)
		note_miss(rp, task, event->line, said, kernel);
}

/* Pages leave a list, and what becomes of them is said at once: nobody else has them until they are put back. */
static void on_isolate(struct replay *rp, struct task *task, const struct guide_event *event)
{
	struct reclaim_step *said = &task->said, kernel = { .list = event->what, .scanned = event->n[1], .taken = event->n[2] };
	enum lru_list list = LRU_INACTIVE_ANON;
	const struct guide_event *shrink = shrink_of(rp->guide, event);
	uint64_t asked = 0, size;

	if (!task->reclaims || task->holds || !shrink)
		return;
	kernel.priority = shrink->what;
	kernel.reclaimed = shrink->n[1];
	*said = (struct reclaim_step){ .over = !next_step(rp, task, &list, &asked) };
	said->list = (uint8_t)list;
	said->priority = (uint8_t)task->balance.sc.priority;
	if (said->over || list != event->what || asked != event->n[0] || said->priority != kernel.priority)
		follow(rp, task, event, kernel.priority, said, asked);
	shrink_inactive_isolate(rp->vm, 0, &task->balance.sc, (enum lru_list)event->what, event->n[0], &task->batch);
	task->holds = true;
	/* Where less was asked for, or more, so much of it is there. */
	size = task->batch.scanned + lru_size(rp->vm, 0, list, MAX_NR_ZONES - 1);
	said->scanned = (uint32_t)(asked < size ? asked : size);
	said->taken = said->scanned;
	if (asked == event->n[0]) {
		said->scanned = (uint32_t)task->batch.scanned;
		said->taken = task->batch.pages.nr;
	}
	pages_used_before(rp->pages, &task->batch.pages, shrink->n[2]);
	task->batch.reclaimed = shrink_page_list(rp->vm, &task->batch.pages, &task->balance.sc, &task->batch.stat);
	said->reclaimed = (uint32_t)task->batch.reclaimed;
	count_step(rp, task, event, &kernel);
}

/* They are put back; how many were given up is the kernel's figure from here on. */
static void on_shrink(struct replay *rp, struct task *task, const struct guide_event *event)
{
	if (!task->holds)
		return;
	task->holds = false;
	shrink_inactive_finish(rp->vm, 0, &task->balance.sc, &task->batch);
	task->scan.reclaimed += event->n[1];
}

static void begin_reclaim(struct replay *rp, struct task *task, const struct guide_event *event)
{
	task->reclaims = true;
	task->kswapd = event->kind == GUIDE_BALANCE_BEGIN;
	task->in_pass = false;
	task->first = true;
	pages_show_zones(rp->pages, true);
	if (task->kswapd)
		balance_begin(rp->vm, 0, event->order, &task->balance);
	else
		direct_begin(&task->balance.sc, event->order, GFP_HIGHUSER_MOVABLE);
	pages_show_zones(rp->pages, false);
}

static void end_reclaim(struct replay *rp, struct task *task, const struct guide_event *event)
{
	struct reclaim_step said = { 0 }, kernel = { .over = true };
	enum lru_list list = LRU_INACTIVE_ANON;
	uint64_t asked = 0;

	if (!task->reclaims)
		return;
	said.over = !next_step(rp, task, &list, &asked);
	said.list = (uint8_t)list;
	said.scanned = (uint32_t)asked;
	said.priority = (uint8_t)task->balance.sc.priority;
	rate(rp, RECLAIM_ends, said.over);
	if (!said.over)
		note_miss(rp, task, event->line, &said, &kernel);
	pages_show_zones(rp->pages, true);
	if (task->kswapd)
		balance_end(rp->vm, 0, &task->balance);
	pages_show_zones(rp->pages, false);
	task->reclaims = false;
}

static int one_event(struct replay *rp, const struct guide_event *event)
{
	struct task *task = task_of(rp, event->pid);

	if (!task)
		return -ENOSPC;
	switch (event->kind) {
	case GUIDE_ISOLATE:
		on_isolate(rp, task, event);
		return 0;
	case GUIDE_SHRINK:
		on_shrink(rp, task, event);
		return 0;
	case GUIDE_DIRECT_BEGIN:
	case GUIDE_BALANCE_BEGIN:
		begin_reclaim(rp, task, event);
		return 0;
	case GUIDE_DIRECT_END:
	case GUIDE_BALANCE_END:
		end_reclaim(rp, task, event);
		return 0;
	case GUIDE_COMPACT_BEGIN:
	case GUIDE_COMPACT_END:
		task->compacts = event->kind == GUIDE_COMPACT_BEGIN;
		return 0;
	case GUIDE_BIO:
		task->bio = event->addr;
		return 0;
	case GUIDE_WRITE:
		return task->holds ? pages_written(rp->pages, event, task->bio, &task->batch.pages) : 0;
	default:
		return pages_event(rp->pages, event, task->compacts);
	}
}

int reclaim_replay(struct reclaim_result *result, struct reclaim_pages *pages, const struct guide *guide,
		   unsigned int max_miss, const volatile sig_atomic_t *stop, struct kerror *err)
{
	struct replay *rp = calloc(1, sizeof(*rp));
	int ret = rp ? 0 : -ENOMEM;
	uint32_t i;

	memset(result, 0, sizeof(*result));
	result->max_miss = max_miss;
	result->miss = calloc(max_miss ? max_miss : 1, sizeof(*result->miss));
	if (!rp || !result->miss) {
		free(rp);
		return kerror_set(err, -ENOMEM, "no memory to verify reclaim");
	}
	rp->result = result;
	rp->pages = pages;
	rp->vm = pages->vm;
	rp->guide = guide;
	for (i = 0; i < guide->nr && !ret; i++)
		ret = is_stopped(stop) ? -EINTR : one_event(rp, &guide->events[i]);
	free(rp);
	if (ret == -EINTR)
		return kerror_set(err, ret, "interrupted");
	if (ret == -ENOSPC)
		return kerror_set(err, -EINVAL, "the trace has more than %d tasks", MAX_TASKS);
	return ret ? kerror_set(err, ret, "line %llu: no memory for a page", (unsigned long long)guide->events[i - 1].line) : 0;
}

void reclaim_result_free(struct reclaim_result *result)
{
	free(result->miss);
	result->miss = NULL;
}
