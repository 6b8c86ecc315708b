/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: frames predicted; see pages.h. Each request is handed to the page
 * allocator as any driver would hand it over; what is done besides is to
 * compare, and after a miss in guided mode to exchange frames.
 *
 * Single-threaded: one thread drives a machine.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/verify/capture/stop.h"
#include "sim/verify/pages/driver.h"

const struct verify_desc verify_path_desc[NR_VERIFY_PATHS] = {
#define VERIFY_PATH_DESC(id, meaning) { #id, meaning },
	VERIFY_PATHS(VERIFY_PATH_DESC)
#undef VERIFY_PATH_DESC
};

const struct verify_desc verify_cause_desc[NR_VERIFY_CAUSES] = {
#define VERIFY_CAUSE_DESC(id, meaning) { #id, meaning },
	VERIFY_CAUSES(VERIFY_CAUSE_DESC)
#undef VERIFY_CAUSE_DESC
};

/* The kernel zeroes and compounds; neither changes which frame is chosen. */
#define GFP_WITHOUT_EFFECT (__GFP_ZERO | __GFP_COMP)

/* ---- the kernel's frames and ours ---------------------------------------- */

static void mark_forced(struct driver *dr, uint32_t pfn, bool on)
{
	uint8_t bit = (uint8_t)(1U << pfn % 8);

	dr->forced[pfn / 8] = (uint8_t)(on ? dr->forced[pfn / 8] | bit : dr->forced[pfn / 8] & ~bit);
}

static bool is_forced(const struct driver *dr, uint32_t pfn)
{
	return dr->forced[pfn / 8] >> pfn % 8 & 1;
}

/* ---- requests ------------------------------------------------------------ */

/* What was there before a request was served; with it can be said which path it took. */
struct serving {
	struct zone *zone;		/* the preferred one */
	struct per_cpu_pages *pcp;
	struct page_list *list;		/* NULL: an order without per-CPU lists */
	struct steer_before before;
	uint64_t refills, fallbacks, zone_fallbacks;
};

static void look_before(const struct driver *dr, const struct request *req, struct serving *sv)
{
	struct buddy *b = dr->b;
	struct zone *const *z = b->zonelists[b->cpu_node[req->cpu] * NR_ZONELISTS].zone;

	while (*z && (*z)->idx > gfp_zone(req->gfp))
		z++;
	sv->zone = *z;
	sv->pcp = NULL;
	sv->list = NULL;
	sv->refills = b->counters[BC_pcp_refill];
	sv->fallbacks = b->counters[BC_fallback];
	sv->zone_fallbacks = b->counters[BC_zone_fallback];
	steer_remember(b, req->cpu, req->gfp, req->order, &sv->before);
	if (!*z || !pcp_allowed_order(req->order))
		return;
	sv->pcp = &(*z)->pcp[req->cpu];
	sv->list = &sv->pcp->lists[order_to_pindex(gfp_migratetype(req->gfp), req->order)];
}

static enum verify_path path_of(const struct driver *dr, const struct serving *sv)
{
	const struct buddy *b = dr->b;

	if (b->counters[BC_zone_fallback] != sv->zone_fallbacks)
		return PATH_zone_fallback;
	if (b->counters[BC_fallback] != sv->fallbacks)
		return PATH_fallback;
	if (!sv->list)
		return PATH_buddy;
	return b->counters[BC_pcp_refill] != sv->refills ? PATH_pcp_refill : PATH_pcp_hit;
}

static unsigned int place_in_list(const struct buddy *b, const struct page_list *list, uint32_t pfn)
{
	unsigned int position = 1;
	uint32_t at;

	for (at = list->head; at != PFN_NONE_VAL; at = b->pages[at].next, position++)
		if (at == pfn)
			return position;
	return 0;
}

static void note_miss(struct driver *dr, const struct request *req, const struct serving *sv,
		      enum verify_path path, uint32_t ours)
{
	struct verify_pages *vp = dr->vp;
	const struct buddy *b = dr->b;
	enum migratetype mt = gfp_migratetype(req->gfp);
	struct verify_miss miss = { .req = *req, .ours = ours, .path = path, .block = PFN_NONE_VAL };
	unsigned int order;
	uint32_t at;
	pfn_t block;

	switch (steer_where(b, pfn_make(req->pfn), &block, &miss.block_order)) {
	case STEER_ON_PCP:
		miss.position = sv->list ? place_in_list(b, sv->list, req->pfn) : 0;
		miss.cause = miss.position ? CAUSE_same_list : CAUSE_other_list;
		break;
	case STEER_IN_FREE_LIST:
		miss.cause = CAUSE_free_list;
		break;
	case STEER_IN_USE:
		miss.cause = CAUSE_in_use;
		break;
	default:
		block = PFN_NONE;
		miss.cause = CAUSE_not_memory;
	}
	miss.block = block.v;
	if (ours == PFN_NONE_VAL)
		miss.cause = CAUSE_no_memory;
	else if (steer_before_of(b, &sv->before, pfn_make(ours)) !=
		 steer_before_of(b, &sv->before, pfn_make(req->pfn)))
		miss.cause = CAUSE_zone;
	else if (ours == req->pfn)
		miss.cause = CAUSE_refill;
	vp->cause[miss.cause]++;
	if (vp->nr_miss == vp->max_miss)
		return;
	for (order = 0; sv->zone && order < NR_PAGE_ORDERS; order++)
		miss.nr_free[order] = sv->zone->free_area[order].nr_mt[mt];
	at = sv->list ? sv->list->head : PFN_NONE_VAL;
	for (; at != PFN_NONE_VAL && miss.nr_head < 4; at = b->pages[at].next)
		miss.head[miss.nr_head++] = at;
	vp->miss[vp->nr_miss++] = miss;
}

#define MAX_REFILL 2048

/*
 * Which blocks of the kernel's refill ours has too, one behind the other as
 * there: one block too many or too few does not make the others wrong.
 */
static void predict_refill(const struct driver *dr, const struct request *req, const struct page_list *list,
			   uint32_t ours, bool *predicted)
{
	const struct request_block *block = &dr->reqs->blocks[req->first_block];
	const struct page *pages = dr->b->pages;
	uint32_t from = ours, at, i;

	for (i = 0; i < req->nr_blocks && i < MAX_REFILL; i++) {
		for (at = from; at != PFN_NONE_VAL && at != block[i].pfn;)
			at = at == ours ? list->head : pages[at].next;
		predicted[i] = at != PFN_NONE_VAL;
		if (predicted[i])
			from = at == ours ? list->head : pages[at].next;
	}
}

/*
 * A refill brought blocks to @list: @ours handed out, and the rest in the
 * list's order. Compare them with those that left the kernel's free lists; in
 * guided mode let the kernel's be there.
 */
static void compare_refill(struct driver *dr, const struct request *req, const struct page_list *list,
			   uint32_t *ours)
{
	const struct request_block *block = &dr->reqs->blocks[req->first_block];
	bool predicted[MAX_REFILL];
	uint32_t at = *ours, i;

	predict_refill(dr, req, list, *ours, predicted);
	for (i = 0; i < req->nr_blocks && at != PFN_NONE_VAL; i++) {
		uint32_t want = block[i].pfn, next = i ? dr->b->pages[at].next : list->head;
		bool hit = at == want;

		count_rate(&dr->vp->refill, hit);
		if (!hit && dr->mode == VERIFY_GUIDED && block[i].order == req->order) {
			if (steer_exchange(dr->b, pfn_make(at), pfn_make(want), req->order)) {
				next = i ? dr->b->pages[want].next : list->head;
				mark_forced(dr, want, i >= MAX_REFILL || !predicted[i]);
				if (!i)
					*ours = want;
			} else {
				dr->vp->resync_failed++;
			}
		}
		at = next;
	}
}

/*
 * The kernel took the frame from another zone. It looked at their watermarks
 * some time before, and what other tasks did since is in the trace: in guided
 * mode, and where there was such a thing, its zone is taken for given.
 */
static uint32_t serve_elsewhere(struct driver *dr, const struct request *req, const struct serving *sv,
				uint32_t ours)
{
	const struct steer_before_zone *to = steer_before_of(dr->b, &sv->before, pfn_make(req->pfn));
	gfp_t gfp = req->gfp & ~(gfp_t)GFP_WITHOUT_EFFECT;
	enum steer_try at;
	pfn_t pfn;

	if (!to || to == steer_before_of(dr->b, &sv->before, pfn_make(ours)) ||
	    (dr->mode == VERIFY_OPEN && dr->served_before <= req->since) ||
	    !steer_take_back(dr->b, req->cpu, &sv->before, pfn_make(ours), req->order))
		return ours;
	dr->vp->other_zone++;
	pfn = steer_alloc_from(dr->b, req->cpu, gfp, req->order, to->zone);
	if (pfn_is_none(pfn))
		pfn = steer_alloc(dr->b, req->cpu, gfp, req->order, req->slow, &at);
	return pfn.v;
}

static void rate_alloc(struct verify_pages *vp, const struct request *req, enum verify_path path, bool hit)
{
	count_rate(&vp->allocs, hit);
	count_rate(&vp->by_order[req->order], hit);
	count_rate(&vp->by_type[gfp_migratetype(req->gfp)], hit);
	count_rate(&vp->by_path[path], hit);
	count_rate(&vp->by_cpu[req->cpu], hit);
}

/* @rated: nothing of the answer was used. */
static void do_alloc(struct driver *dr, const struct request *req, bool rated)
{
	struct verify_pages *vp = dr->vp;
	enum verify_path path;
	enum steer_try at = STEER_LOW;
	struct compact_capture *captured;
	const struct steer_before_zone *was;
	uint32_t ours, got;
	struct serving sv;
	bool hit;

	look_before(dr, req, &sv);
	captured = compaction_captured(dr, req);
	if (captured) {
		ours = steer_take_captured(dr->b, captured, req->gfp & ~(gfp_t)GFP_WITHOUT_EFFECT).v;
		path = PATH_captured;
	} else {
		ours = steer_alloc(dr->b, req->cpu, req->gfp & ~(gfp_t)GFP_WITHOUT_EFFECT, req->order,
				   req->slow, &at).v;
		path = path_of(dr, &sv);
	}
	vp->below_low += at == STEER_MIN;
	vp->no_watermark += at == STEER_NO_WATERMARK;
	hit = ours == req->pfn && !is_forced(dr, ours);
	if (!hit)
		note_miss(dr, req, &sv, path, ours);
	if (rated || !hit)
		rate_alloc(vp, req, path, hit);
	if (ours == PFN_NONE_VAL)
		return;
	mark_forced(dr, ours, false);
	got = hit || captured ? ours : serve_elsewhere(dr, req, &sv, ours);
	if (got == PFN_NONE_VAL)
		return;
	was = steer_before_of(dr->b, &sv.before, pfn_make(got));
	if (was && was->was_empty && req->nr_blocks && !captured)
		compare_refill(dr, req, &was->zone->pcp[req->cpu].lists[order_to_pindex(sv.before.mt, req->order)],
			       &got);
	mark_forced(dr, got, false);
	if (got != req->pfn && dr->mode == VERIFY_GUIDED) {
		if (steer_exchange(dr->b, pfn_make(got), pfn_make(req->pfn), req->order))
			got = req->pfn;
		else
			vp->resync_failed++;
	}
	remember(dr, req->pfn, got, req->order);
}

/* ---- requests overtaken by an interrupt ---------------------------------- */

/* The alloc that @mark stands for; *@last gets the frame that a free in between put where @next leads. */
static const struct request *find_marked(const struct driver *dr, const struct request *mark, pfn_t next,
					 uint32_t *last)
{
	const struct request *req = mark + 1, *end = dr->reqs->req + dr->reqs->nr;

	*last = PFN_NONE_VAL;
	for (; req < end; req++) {
		if (req->kind == REQ_ALLOC && req->line == mark->line)
			return req;
		if (req->kind == REQ_FREE && req->cpu == mark->cpu && req->order == mark->order &&
		    !pfn_is_none(next) && steer_same_list(dr->b, next, pfn_make(our_frame(dr, req->pfn))))
			*last = req->pfn;
	}
	return NULL;
}

/*
 * Serve the request here, before what the interrupt did, or at its own place?
 * Where the two places yield different frames, the kernel's decides; it is a hint
 * if that is not what the trace made of it.
 */
static void do_interrupt(struct driver *dr, const struct request *mark)
{
	gfp_t gfp = mark->gfp & ~(gfp_t)GFP_WITHOUT_EFFECT;
	pfn_t next = steer_peek(dr->b, mark->cpu, gfp, mark->order);
	struct interrupted *in = &dr->interrupted[mark->cpu];
	const struct request *req;
	bool early = mark->arg;
	uint32_t last;

	req = find_marked(dr, mark, next, &last);
	if (!req || pfn_is_none(next))
		return;
	in->run_unsure = true;
	if (next.v == req->pfn ? last != PFN_NONE_VAL && last != req->pfn && !early :
	    early && (last == req->pfn || last == PFN_NONE_VAL)) {
		early = !early;
		in->hinted = req->line;
		dr->vp->hinted_place++;
	}
	if (early) {
		do_alloc(dr, req, in->hinted != req->line);
		in->served = req->line;
	}
}

/* Frames that no event names. They are as many as the kernel's, so they will be the same ones. */
static void do_bulk(struct driver *dr, const struct request *req)
{
	pfn_t pfns[64];
	int left = req->arg;

	while (left > 0) {
		unsigned int nr = left < 64 ? (unsigned int)left : 64, got;

		/* A single one would be served as an ordinary request. */
		got = buddy_alloc_bulk(dr->b, req->cpu, req->gfp & ~(gfp_t)GFP_WITHOUT_EFFECT, NUMA_NO_NODE,
				       nr, pfns);
		if (!got)
			break;
		dr->vp->bulk_frames += got;
		left -= (int)got;
	}
}

/*
 * What the list gives back is predicted. After an interrupt the run of frees
 * may be known by nothing but that; in guided mode the kernel's is forced.
 */
static void free_to_list(struct driver *dr, const struct request *req, pfn_t ours)
{
	int theirs = (int)req->drained, would = steer_would_give_back(dr->b, req->cpu, ours, req->order);
	bool hint = would != theirs && dr->interrupted[req->cpu].run_unsure &&
		    steer_fit_run(dr->b, req->cpu, ours, req->order, theirs);

	dr->vp->hinted_run += hint;
	if (would || theirs) {
		if (!hint)
			count_rate(&dr->vp->drains, would == theirs);
		dr->interrupted[req->cpu].run_unsure = false;
	}
	if (would != theirs && !hint && dr->mode == VERIFY_GUIDED)
		steer_free_guided(dr->b, req->cpu, ours, req->order, theirs);
	else if (buddy_free_pages(dr->b, req->cpu, ours, req->order))
		dr->vp->refused_frees++;
}

static void do_free(struct driver *dr, const struct request *req)
{
	uint32_t ours = our_frame(dr, req->pfn);

	if (steer_shape(dr->b, pfn_make(ours), req->order)) {
		dr->vp->refused_frees++;
		return;
	}
	remember(dr, req->pfn, req->pfn, req->order);
	if (!req->order)
		compaction_freed(dr, req->pid, ours);
	if (req->kind == REQ_FREE_DIRECT)
		steer_free_direct(dr->b, req->cpu, pfn_make(ours), req->order);
	else if (!steer_on_pcp(dr->b, pfn_make(ours), req->order))
		dr->vp->refused_frees += buddy_free_pages(dr->b, req->cpu, pfn_make(ours), req->order) != 0;
	else
		free_to_list(dr, req, pfn_make(ours));
}

static void do_drain(struct driver *dr, const struct request *req)
{
	if (req->zone != REQUEST_NO_ZONE)
		steer_drain(dr->b, req->cpu, &dr->b->zones[req->zone], req->from, req->arg, req->order);
}

static void serve(struct driver *dr, const struct request *req)
{
	dr->vp->requests[req->kind]++;
	compaction_watch(dr, req);
	switch (req->kind) {
	case REQ_ALLOC:
		if (dr->interrupted[req->cpu].served != req->line)
			do_alloc(dr, req, dr->interrupted[req->cpu].hinted != req->line);
		break;
	case REQ_INTERRUPT:
		do_interrupt(dr, req);
		break;
	case REQ_ALLOC_BULK:
		do_bulk(dr, req);
		break;
	case REQ_FREE:
	case REQ_FREE_DIRECT:
		do_free(dr, req);
		break;
	case REQ_DRAIN_ZONE:
	case REQ_DRAIN:
		do_drain(dr, req);
		break;
	case REQ_ALLOC_FAILED:
	case REQ_SLOW:
		steer_alloc_nothing(dr->b, req->cpu, req->gfp, req->order);
		break;
	case REQ_UNRESERVE:
		steer_unreserve_highatomic(dr->b, req->cpu, req->gfp, req->arg);
		break;
	case REQ_KSWAPD_BEGIN:
		steer_kswapd_begin(dr->b, dr->b->cpu_node[req->cpu], req->arg,
				   &dr->kswapd[dr->b->cpu_node[req->cpu]]);
		break;
	case REQ_KSWAPD_END:
		steer_kswapd_end(dr->b, &dr->kswapd[dr->b->cpu_node[req->cpu]]);
		break;
	case REQ_KSWAPD_AWAKE:
		steer_kswapd_awake(dr->b, dr->b->cpu_node[req->cpu], req->arg);
		break;
	case REQ_ISOLATE:
	case REQ_COMPACT_WAKE:
	case REQ_COMPACT_BEGIN:
	case REQ_COMPACT_SCAN:
	case REQ_COMPACT_MIGRATE:
	case REQ_COMPACT_FREE:
	case REQ_COMPACT_END:
		drive_compaction(dr, req);
		break;
	case REQ_FOLD:
		steer_fold(dr->b, req->cpu, req->arg);
		break;
	default:
		break;
	}
}

/* kswapd's work is in the trace. */
static void no_kswapd(void *ctx, unsigned int nid, unsigned int order)
{
}

int driver_init(struct driver *dr, struct verify_pages *vp, struct buddy *b, const struct requests *reqs,
		enum verify_mode mode, unsigned int max_miss, struct kerror *err)
{
	unsigned int nid;

	*dr = (struct driver){ .vp = vp, .b = b, .reqs = reqs, .mode = mode };
	memset(vp, 0, sizeof(*vp));
	vp->max_miss = max_miss;
	vp->by_cpu = calloc(b->nr_cpus, sizeof(*vp->by_cpu));
	vp->miss = calloc(max_miss ? max_miss : 1, sizeof(*vp->miss));
	dr->ours = malloc(b->end_pfn * sizeof(*dr->ours));
	dr->forced = calloc(b->end_pfn / 8 + 1, 1);
	dr->interrupted = calloc(b->nr_cpus, sizeof(*dr->interrupted));
	if (!vp->by_cpu || !vp->miss || !dr->ours || !dr->forced || !dr->interrupted) {
		verify_pages_free(vp);
		driver_exit(dr);
		return kerror_set(err, -ENOMEM, "no memory to verify %u requests", reqs->nr);
	}
	memset(dr->ours, 0xff, b->end_pfn * sizeof(*dr->ours));
	for (nid = 0; nid < MAX_NUMNODES; nid++)
		dr->kswapd[nid].highest = -1;
	compaction_init(dr);
	return 0;
}

void driver_serve(struct driver *dr, const struct request *req)
{
	serve(dr, req);
	dr->served_before = req->when;
}

void driver_exit(struct driver *dr)
{
	free(dr->ours);
	free(dr->forced);
	free(dr->interrupted);
	compaction_exit(dr);
}

int verify_pages_run(struct verify_pages *vp, struct buddy *b, const struct requests *reqs,
		     enum verify_mode mode, unsigned int max_miss, const volatile sig_atomic_t *stop,
		     struct kerror *err)
{
	struct driver dr;
	int ret = driver_init(&dr, vp, b, reqs, mode, max_miss, err);

	if (ret)
		return ret;
	buddy_set_kswapd(b, no_kswapd, NULL);
	for (; vp->served < reqs->nr && !is_stopped(stop); vp->served++)
		driver_serve(&dr, &reqs->req[vp->served]);
	driver_exit(&dr);
	if (dr.no_memory) {
		verify_pages_free(vp);
		return kerror_set(err, -ENOMEM, "no memory for the frames that compaction holds");
	}
	return 0;
}

void verify_pages_free(struct verify_pages *vp)
{
	free(vp->by_cpu);
	free(vp->miss);
	vp->by_cpu = NULL;
	vp->miss = NULL;
}
