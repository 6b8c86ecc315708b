/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the smallest trace that passes a test; see reduce.h. */
#include "sim/reduce/reduce.h"

#include <errno.h>
#include <stdlib.h>

static int ask(void *ctx, const uint32_t *items, uint32_t nr)
{
	struct reduction *r = ctx;
	int ret = r->test(r->ctx, r, items, nr);

	if (r->progress)
		r->progress(r->ctx, r);
	return ret;
}

/* What is gone for good needs no memory, and no look at each test. */
static void on_smaller(void *ctx, const uint32_t *items, uint32_t nr)
{
	struct reduction *r = ctx;

	lifetimes_keep(r->lt, items, nr);
}

int reduce_test_now(struct reduction *r)
{
	r->dd.tests++;
	return ask(r, r->dd.things, r->dd.nr);
}

static int begin(struct reduction *r)
{
	uint32_t nr = r->lt->nr_items, i, *items = malloc(((size_t)nr + 1) * sizeof(*items));
	int ret;

	if (!items)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		items[i] = i;
	ret = ddmin_init(&r->dd, items, nr);
	free(items);
	r->dd.test = ask;
	r->dd.smaller = on_smaller;
	r->dd.ctx = r;
	r->losses = r->lt->nr_losses != 0;
	return ret;
}

/* The whole passes, and passes again. */
static int check_whole(struct reduction *r)
{
	int ret = reduce_test_now(r);

	if (!ret)
		return kerror_set(r->err, -EINVAL, "the test fails for the whole trace, so there is nothing to reduce: "
				  "it has to pass for what is to be kept");
	if (ret > 0)
		ret = reduce_test_now(r);
	return ret ? ret : kerror_set(r->err, -EAGAIN, "the test passed for the whole trace and then failed for the same: "
				      "it is not stable, and nothing can be concluded from it");
}

/* Without what is no lifetime, at once: most tests need none of it. */
static int drop_others(struct reduction *r)
{
	uint32_t i, nr = 0;
	int ret = 0;

	if (r->losses) {
		r->losses = false;
		ret = reduce_test_now(r);
		r->losses = ret != 1;
	}
	for (i = 0; i < r->dd.nr; i++)
		if (!lifetime_is_alone(r->lt, r->dd.things[i]))
			r->dd.candidate[nr++] = r->dd.things[i];
	if (ret < 0 || nr == r->dd.nr || !nr)
		return ret < 0 ? ret : 0;
	ret = ddmin_ask(&r->dd, r->dd.candidate, nr);
	if (ret != 1)
		return ret;
	for (i = 0; i < nr; i++)
		r->dd.things[i] = r->dd.candidate[i];
	r->dd.nr = nr;
	on_smaller(r, r->dd.things, nr);
	return 0;
}

static int search(struct reduction *r)
{
	uint32_t before;
	int ret = ddmin_run(&r->dd);

	while (!ret && (ret = reduce_sizes(r)) == 1) {
		before = r->dd.nr;
		ddmin_forget(&r->dd);
		ret = ddmin_run(&r->dd);
		if (ret || before == r->dd.nr)
			break;
	}
	if (ret < 0)
		return ret;
	ret = reduce_test_now(r);
	return ret ? ret : kerror_set(r->err, -EAGAIN, "the test fails for the trace it passed before: it is not stable, "
				      "and what is left may not be the smallest");
}

int reduce_trace(struct reduction *r)
{
	int ret = begin(r);

	if (!ret)
		ret = check_whole(r);
	if (ret > 0)
		ret = ddmin_ask(&r->dd, r->dd.things, 0);
	if (ret == 1) {
		/* Nothing at all is enough. */
		r->dd.nr = 0;
		r->losses = false;
		return 0;
	}
	if (!ret)
		ret = drop_others(r);
	if (!ret)
		ret = search(r);
	if (ret == -ENOMEM)
		kerror_set(r->err, ret, "no memory to reduce a trace");
	return ret > 0 ? 0 : ret;
}

void reduction_exit(struct reduction *r)
{
	ddmin_exit(&r->dd);
}
