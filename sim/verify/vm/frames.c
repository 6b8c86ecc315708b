/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: requests of vm-player's processes and the frames that they get, beside a trace; see frames.h. */
#include "sim/verify/vm/frames.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/verify/pages/driver.h"
#include "sim/verify/vm/compare_look.h"
#include "sim/vm/frame.h"

#define NONE UINT32_MAX

/* What is known of a frame. */
enum frame_state {
	STATE_OTHERS,		/* no process of the player has it, as far as is known */
	STATE_TAKEN,		/* one asked for it between operations: a simulated one may have it */
	STATE_OURS,		/* a simulated process has it, and the real one, too */
	STATE_ALONE,		/* only a simulated one has it */
	STATE_GIVEN,		/* the simulated one gave it back, the real one did not yet */
	STATE_GONE,		/* the other way round */
};

struct taken {
	uint32_t pfn;
	uint8_t order;
	bool table;
};

struct vm_frames {
	struct requests reqs;
	struct verify_pages pages;	/* requests of others, served */
	struct driver dr;
	struct stage *stage;
	const struct looks *looks;
	struct comparison *c;		/* NULL: no operation has begun yet */
	uint32_t *begin, *end;		/* owned; by operation: its marks, or NONE */
	uint32_t nr_ops;
	uint32_t at;			/* the next request */
	uint32_t op;
	int32_t pid;			/* who does it */
	bool quiet;			/* nothing was reclaimed */
	bool followed;
	bool watched;
	const struct request *now;	/* the real one of what is asked for */
	uint64_t early;			/* line of a request that was served before the interrupt that overtook it */
	uint8_t *state;			/* owned; by frame: enum frame_state */
	uint8_t *needed;		/* owned; by frame: see vm_frames_needs() */
	struct taken *taken;		/* owned */
	uint32_t nr_taken, max_taken;
	int32_t *players;		/* owned; pids */
	uint32_t nr_players;
	struct { uint32_t process; uint64_t addr; } place;
	uint64_t unforeseen;
	bool no_memory;
};

/* ---- what is an operation's ----------------------------------------------------------------- */

static bool is_table(gfp_t gfp)
{
	return (gfp & ~(gfp_t)__GFP_COMP) == (GFP_KERNEL_ACCOUNT | __GFP_ZERO);
}

/* A page of a process, or a page table: no other request has these flags. */
static bool is_compared(gfp_t gfp, unsigned int order)
{
	const gfp_t page = __GFP_HIGHMEM | __GFP_MOVABLE;

	return (gfp & page) == page || is_table(gfp) || (order == PAGEBLOCK_ORDER && gfp & __GFP_HIGHMEM);
}

static bool is_player(const struct vm_frames *f, int32_t pid)
{
	uint32_t i;

	for (i = 0; i < f->nr_players; i++)
		if (f->players[i] == pid)
			return true;
	return false;
}

/*
 * By a task, for itself. A fork copies tables alone; if it copies a page, that is of its own stack, behind the call. Where the
 * director wakes khugepaged, that one alone works, and all of the player waits.
 */
static bool is_own(const struct vm_frames *f, const struct request *req)
{
	enum player_kind kind = f->stage->program->ops[f->op].kind;

	if (kind == PLAYER_FORK && !is_table(req->gfp))
		return false;
	return (req->kind == REQ_ALLOC || req->kind == REQ_ALLOC_FAILED) && !req->interrupt &&
	       (kind == PLAYER_KHUGEPAGED ? !is_player(f, req->pid) : req->pid == f->pid) &&
	       is_compared(req->gfp, req->order);
}

static uint32_t next_begin(const struct vm_frames *f, uint32_t at)
{
	for (; at < f->reqs.nr; at++)
		if (f->reqs.req[at].kind == REQ_PLAYER_OP && !((uint32_t)f->reqs.req[at].arg & PLAYER_MARK_END))
			break;
	return at;
}

/* Behind the last request that can be the operation's. */
static uint32_t limit_of(const struct vm_frames *f)
{
	if (f->begin[f->op] == NONE)
		return f->at;
	return f->end[f->op] != NONE ? f->end[f->op] : next_begin(f, f->begin[f->op] + 1);
}

/* ---- requests of others ------------------------------------------------------------------------ */

static void set_state(struct vm_frames *f, uint32_t pfn, unsigned int order, enum frame_state state)
{
	memset(f->state + pfn, state, (size_t)1 << order);
}

/* The player has asked for it, by itself. */
static void note_taken(struct vm_frames *f, const struct request *req)
{
	uint32_t ours = our_frame(&f->dr, req->pfn);

	if (req->interrupt || !is_player(f, req->pid) || !is_compared(req->gfp, req->order))
		return;
	if (f->nr_taken == f->max_taken) {
		uint32_t max = f->max_taken ? f->max_taken * 2 : 256;
		struct taken *grown = realloc(f->taken, max * sizeof(*grown));

		if (!grown) {
			f->no_memory = true;
			return;
		}
		f->taken = grown;
		f->max_taken = max;
	}
	f->taken[f->nr_taken++] = (struct taken){ ours, req->order, is_table(req->gfp) };
	set_state(f, ours, req->order, STATE_TAKEN);
}

/* A real frame goes back: may ours? */
static bool may_free(struct vm_frames *f, const struct request *req)
{
	uint32_t ours = our_frame(&f->dr, req->pfn);
	enum frame_state state = (enum frame_state)f->state[ours];

	if (f->c && (state == STATE_GIVEN || state == STATE_OURS) &&
	    !vm_count(f->c, VM_FIGURE_frees, state == STATE_GIVEN))
		vm_differs(f->c, "frame %#x went back for real (line %llu of the trace), here a process has it still", req->pfn,
			   (unsigned long long)req->line);
	switch (state) {
	case STATE_OURS:
		set_state(f, ours, req->order, STATE_GONE);
		return false;
	case STATE_ALONE:
	case STATE_GONE:
		return false;
	default:
		set_state(f, ours, req->order, STATE_OTHERS);
		return true;
	}
}

static void serve(struct vm_frames *f, const struct request *req)
{
	if (!f->followed || (req->kind == REQ_ALLOC && req->line == f->early))
		return;
	if ((req->kind == REQ_FREE || req->kind == REQ_FREE_DIRECT) && !may_free(f, req))
		return;
	driver_serve(&f->dr, req);
	if (req->kind == REQ_ALLOC)
		note_taken(f, req);
}

static void serve_to(struct vm_frames *f, uint32_t limit)
{
	for (; f->at < limit; f->at++)
		serve(f, &f->reqs.req[f->at]);
}

/* The operation's own request that the interrupt of @mark may have overtaken; NULL: it was another's. */
static const struct request *overtaken(const struct vm_frames *f, const struct request *mark)
{
	const struct request *req, *last = f->reqs.req + limit_of(f);

	for (req = mark + 1; req < last; req++)
		if (req->line == mark->line && is_own(f, req))
			return req;
	return NULL;
}

/* The next request of the operation; what others did before it is done. NULL: there is none. */
static const struct request *next_own(struct vm_frames *f)
{
	uint32_t limit = limit_of(f);

	while (f->at < limit) {
		const struct request *req = &f->reqs.req[f->at++], *late;

		if (is_own(f, req) && req->line != f->early)
			return req;
		late = req->kind == REQ_INTERRUPT ? overtaken(f, req) : NULL;
		if (late && req->arg) {
			f->early = late->line;
			return late;
		}
		if (!late)
			serve(f, req);
	}
	return NULL;
}

/* ---- what simulated processes ask for --------------------------------------------------------------- */

static void describe(const struct request *req, char *buf, size_t size)
{
	char gfp[128];

	gfp_format(gfp, sizeof(gfp), req->gfp);
	snprintf(buf, size, "order %u, %s, %s", req->order, gfp, migratetype_names[req->migratetype]);
}

static void compare_request(struct vm_frames *f, const struct request *real, gfp_t gfp, unsigned int order)
{
	struct request here = { .gfp = gfp, .order = (uint8_t)order, .migratetype = (uint8_t)gfp_migratetype(gfp) };
	char ours[200], theirs[200];

	if (vm_count(f->c, VM_FIGURE_requests, real && real->gfp == gfp && real->order == order &&
		     real->migratetype == here.migratetype))
		return;
	describe(&here, ours, sizeof(ours));
	if (real)
		describe(real, theirs, sizeof(theirs));
	vm_differs(f->c, "frames are asked for here (%s), for real %s%s (line %llu of the trace)", ours,
		   real ? "these: " : "none", real ? theirs : "", real ? (unsigned long long)real->line : 0ULL);
}

/* The frame at @addr as the look at @op or behind it shows it, or NONE. */
static uint32_t shown_frame(const struct vm_frames *f, uint32_t process, uint64_t addr)
{
	const struct look_section *section;
	struct look_run run;
	uint32_t i = 0;
	size_t at = 0;

	while (i < f->looks->nr && f->looks->look[i].op < f->op)
		i++;
	section = i < f->looks->nr ? look_section(f->looks, &f->looks->look[i], process, "pagemap") : NULL;
	while (section && look_run(section, &at, &run)) {
		uint64_t page = (addr - run.addr) >> PAGE_SHIFT;

		if (addr >= run.addr && page < run.pages && run.bits & LOOK_PRESENT && run.frame + page < f->dr.b->end_pfn)
			return (uint32_t)(run.frame + page);
	}
	return NONE;
}

pfn_t vm_frames_shown(const struct vm_frames *f, uint32_t process, uint64_t addr)
{
	uint32_t shown = f && f->followed ? shown_frame(f, process, addr) : NONE;

	return shown == NONE ? PFN_NONE : pfn_make(our_frame(&f->dr, shown));
}

/* A frame that the trace's allocator has given to the player, for a simulated process that does not ask for it. */
static bool claim(struct vm_frames *f, uint32_t pfn, unsigned int order)
{
	pfn_t block;
	unsigned int size;

	if (f->state[pfn] > STATE_TAKEN || steer_where(f->dr.b, pfn_make(pfn), &block, &size) != STEER_IN_USE ||
	    steer_shape(f->dr.b, pfn_make(pfn), order))
		return false;
	set_state(f, pfn, order, STATE_OURS);
	return true;
}

static pfn_t claim_table(struct vm_frames *f, unsigned int order)
{
	uint32_t i;

	for (i = 0; i < f->nr_taken; i++) {
		const struct taken *taken = &f->taken[i];

		if (taken->table && taken->order == order && f->state[taken->pfn] == STATE_TAKEN && claim(f, taken->pfn, order))
			return pfn_make(taken->pfn);
	}
	return PFN_NONE;
}

static pfn_t claim_page(struct vm_frames *f, const struct vma *vma, uint64_t addr)
{
	uint32_t process = vma ? 0 : f->place.process;
	pfn_t pfn;

	while (vma && process < PLAYER_MAX_PROCESSES &&
	       (!f->stage->processes[process] || f->stage->processes[process]->mm != vma->mm))
		process++;
	pfn = vm_frames_shown(f, process, vma ? addr & ~(uint64_t)(PAGE_SIZE - 1) : f->place.addr);
	return !pfn_is_none(pfn) && claim(f, pfn.v, 0) ? pfn : PFN_NONE;
}

static pfn_t on_ask(void *ctx, gfp_t gfp, unsigned int order, const struct vma *vma, uint64_t addr)
{
	struct vm_frames *f = ctx;
	pfn_t pfn;

	f->now = NULL;
	if (f->watched) {
		const struct request *real = next_own(f);

		compare_request(f, real, gfp, order);
		if (real && real->order == order)
			f->now = real;
		else if (real)
			serve(f, real);
		return PFN_NONE;
	}
	if (!f->followed)
		return PFN_NONE;
	pfn = is_table(gfp) ? claim_table(f, order) : order ? PFN_NONE : claim_page(f, vma, addr);
	f->unforeseen += pfn_is_none(pfn);
	return pfn;
}

static const char *place_of(const struct vm_frames *f, uint32_t pfn)
{
	unsigned int order;
	pfn_t block;

	switch (steer_where(f->dr.b, pfn_make(pfn), &block, &order)) {
	case STEER_ON_PCP:
		return "on the CPU's lists";
	case STEER_IN_FREE_LIST:
		return "in the free lists";
	case STEER_IN_USE:
		return "in use";
	default:
		return "no memory";
	}
}

/* The request @real got another answer here. PFN_NONE, and nothing for real: no memory. */
static void tell_frame(struct vm_frames *f, const struct request *real, pfn_t pfn)
{
	unsigned long long line = (unsigned long long)real->line;

	if (real->kind == REQ_ALLOC_FAILED)
		vm_differs(f->c, "frame %#x here, no memory for real (line %llu of the trace)", pfn.v, line);
	else if (pfn_is_none(pfn))
		vm_differs(f->c, "no memory here, frame %#x for real (line %llu of the trace), which is %s here", real->pfn,
			   line, place_of(f, real->pfn));
	else
		vm_differs(f->c, "frame %#x here, %#x for real (line %llu of the trace), which is %s here", pfn.v, real->pfn,
			   line, place_of(f, real->pfn));
}

static void on_got(void *ctx, pfn_t pfn, unsigned int order)
{
	struct vm_frames *f = ctx;
	const struct request *real = f->now;

	f->now = NULL;
	if (!f->followed)
		return;
	/* Where the kernel got none, PFN_NONE is ours, too. */
	if (real && !vm_count(f->c, VM_FIGURE_frames, pfn.v == real->pfn))
		tell_frame(f, real, pfn);
	if (real && real->kind == REQ_ALLOC_FAILED)
		real = NULL;
	if (pfn_is_none(pfn)) {
		if (real)
			serve(f, real);
		return;
	}
	set_state(f, pfn.v, order, real ? STATE_OURS : STATE_ALONE);
	if (real)
		remember(&f->dr, real->pfn, pfn.v, order);
}

static bool on_freed(void *ctx, pfn_t pfn, unsigned int order)
{
	struct vm_frames *f = ctx;
	bool waits = f->followed && f->state[pfn.v] == STATE_OURS;

	set_state(f, pfn.v, order, waits ? STATE_GIVEN : STATE_OTHERS);
	return waits;
}

static const struct vm_frames_ops ops = { on_ask, on_got, on_freed };

/* ---- operations ------------------------------------------------------------------------------------ */

void vm_frames_begin(struct vm_frames *f, uint32_t op, struct comparison *c)
{
	if (!f)
		return;
	f->followed &= f->quiet;
	f->op = op;
	f->c = c;
	if (f->begin[op] == NONE)
		return;
	f->pid = f->reqs.req[f->begin[op]].pid;
	serve_to(f, f->begin[op] + 1);
}

void vm_frames_watch(struct vm_frames *f, bool on)
{
	const struct request *real;
	char text[200];

	if (!f)
		return;
	f->watched = on && f->quiet;
	while (!on && f->quiet && (real = next_own(f))) {
		vm_count(f->c, VM_FIGURE_requests, false);
		describe(real, text, sizeof(text));
		vm_differs(f->c, "no more frames are asked for here, for real these: %s (line %llu of the trace)", text,
			   (unsigned long long)real->line);
		serve(f, real);
	}
}

void vm_frames_settle(struct vm_frames *f)
{
	if (f && f->followed)
		serve_to(f, next_begin(f, f->at));
}

void vm_frames_place(struct vm_frames *f, uint32_t process, uint64_t addr)
{
	if (!f)
		return;
	f->place.process = process;
	f->place.addr = addr;
}

bool vm_frames_needs(const struct vm_frames *f, pfn_t pfn)
{
	return f && f->needed[pfn.v];
}

bool vm_frames_followed(const struct vm_frames *f)
{
	return f && f->followed;
}

struct vm_frames_others vm_frames_others(const struct vm_frames *f)
{
	return (struct vm_frames_others){ f->pages.allocs, f->unforeseen };
}

/* ---- beginning and end --------------------------------------------------------------------------------- */

static void look_ahead(struct vm_frames *f)
{
	uint32_t i;

	f->quiet = true;
	for (i = 0; i < f->reqs.nr; i++) {
		const struct request *req = &f->reqs.req[i];
		uint32_t what = (uint32_t)req->arg, op = what & (PLAYER_MARK_END - 1);

		if (req->kind == REQ_FREE || req->kind == REQ_FREE_DIRECT)
			memset(f->needed + req->pfn, 1, (size_t)1 << req->order);
		if (req->kind == REQ_KSWAPD_BEGIN || req->kind == REQ_SLOW || req->kind == REQ_COMPACT_BEGIN)
			f->quiet = false;
		if (req->kind != REQ_PLAYER_OP || op >= f->nr_ops)
			continue;
		if (!(what & PLAYER_MARK_END))
			f->begin[op] = i;
		else if (f->begin[op] != NONE && f->reqs.req[f->begin[op]].pid == req->pid)
			f->end[op] = i;
	}
}

int vm_frames_create(struct vm_frames **out, struct trace *trace, const char *name, const struct snapshot *snap,
		     uint32_t nr_ops, struct kerror *err)
{
	struct vm_frames *f = calloc(1, sizeof(*f));
	struct capture_check check;
	int ret;

	*out = f;
	if (!f)
		return kerror_set(err, -ENOMEM, "no memory to follow a trace");
	f->nr_ops = nr_ops;
	f->begin = malloc(nr_ops * sizeof(*f->begin));
	f->end = malloc(nr_ops * sizeof(*f->end));
	f->state = calloc(snapshot_end_pfn(snap) + MAX_ORDER_NR_PAGES, 1);
	f->needed = calloc(snapshot_end_pfn(snap) + MAX_ORDER_NR_PAGES, 1);
	if (!f->begin || !f->end || !f->state || !f->needed)
		return kerror_set(err, -ENOMEM, "no memory to follow a trace");
	memset(f->begin, 0xff, nr_ops * sizeof(*f->begin));
	memset(f->end, 0xff, nr_ops * sizeof(*f->end));
	ret = requests_build(&f->reqs, &check, trace, name, snap, err);
	if (!ret)
		look_ahead(f);
	return ret;
}

void vm_frames_destroy(struct vm_frames *f)
{
	if (!f)
		return;
	vm_frames_detach(f);
	requests_free(&f->reqs);
	free(f->begin);
	free(f->end);
	free(f->state);
	free(f->needed);
	free(f->taken);
	free(f->players);
	free(f);
}

/* All frames of the player's processes. */
static void need_shown(struct vm_frames *f, const struct look_section *pagemap)
{
	uint64_t end = f->dr.b->end_pfn;
	struct look_run run;
	size_t at = 0;

	while (look_run(pagemap, &at, &run))
		if (run.bits & LOOK_PRESENT && run.frame < end && run.pages <= end - run.frame)
			memset(f->needed + run.frame, 1, run.pages);
}

static int find_players(struct vm_frames *f, const struct looks *looks, struct kerror *err)
{
	uint64_t pid;
	uint32_t i;

	f->players = malloc((looks->nr_sections + 1u) * sizeof(*f->players));
	if (!f->players)
		return kerror_set(err, -ENOMEM, "no memory to follow a trace");
	for (i = 0; i < looks->nr_sections; i++) {
		const struct look_section *section = &looks->sections[i];

		if (section->name_len == 7 && !memcmp(section->name, "pagemap", 7))
			need_shown(f, section);
		if (section->name_len == 6 && !memcmp(section->name, "status", 6) && look_number(section, "Pid:", &pid) &&
		    !is_player(f, (int32_t)pid))
			f->players[f->nr_players++] = (int32_t)pid;
	}
	return 0;
}

int vm_frames_attach(struct vm_frames *f, struct stage *stage, const struct looks *looks, struct kerror *err)
{
	int ret = driver_init(&f->dr, &f->pages, stage->machine->buddy, &f->reqs, VERIFY_OPEN, 0, err);

	if (!ret)
		ret = find_players(f, looks, err);
	if (ret)
		return ret;
	f->stage = stage;
	f->looks = looks;
	f->followed = f->nr_ops && f->begin[0] != NONE;
	stage->frames = f;
	stage->vm->frames_ops = &ops;
	stage->vm->frames_ctx = f;
	if (f->followed)
		serve_to(f, f->begin[0]);
	return f->no_memory ? kerror_set(err, -ENOMEM, "no memory to follow a trace") : 0;
}

void vm_frames_detach(struct vm_frames *f)
{
	if (!f->stage)
		return;
	driver_exit(&f->dr);
	verify_pages_free(&f->pages);
	f->stage->vm->frames_ops = NULL;
	f->stage->frames = NULL;
	f->stage = NULL;
}
