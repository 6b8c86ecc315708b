/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: delta debugging; see ddmin.h. */
#include "sim/reduce/ddmin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/util/hash.h"

enum { FAILED = 1, PASSED = 2 };

int ddmin_init(struct ddmin *dd, const uint32_t *things, uint32_t nr)
{
	size_t bytes = ((size_t)nr + 1) * sizeof(*things);

	dd->things = malloc(bytes);
	dd->candidate = malloc(bytes);
	if (!dd->things || !dd->candidate) {
		ddmin_exit(dd);
		return -ENOMEM;
	}
	memcpy(dd->things, things, nr * sizeof(*things));
	dd->nr = nr;
	return 0;
}

void ddmin_exit(struct ddmin *dd)
{
	free(dd->things);
	free(dd->candidate);
	table_free(&dd->tried);
	dd->things = dd->candidate = NULL;
}

void ddmin_forget(struct ddmin *dd)
{
	table_free(&dd->tried);
	dd->tried = (struct table){ 0 };
}

int ddmin_ask(struct ddmin *dd, const uint32_t *things, uint32_t nr)
{
	uint64_t hash = nr, *known;
	uint32_t i;
	int ret;

	for (i = 0; i < nr; i++)
		hash = hash_u64(hash ^ things[i]);
	known = table_get(&dd->tried, hash);
	if (!known)
		return -ENOMEM;
	if (*known) {
		dd->known++;
		return *known == PASSED;
	}
	*known = FAILED;
	dd->tests++;
	ret = dd->test(dd->ctx, things, nr);
	known = table_find(&dd->tried, hash);
	/* An answer that was not given is not kept. */
	if (ret < 0)
		table_remove(&dd->tried, known);
	else if (ret)
		*known = PASSED;
	return ret;
}

/* The candidate is the set from now on. */
static void take(struct ddmin *dd, uint32_t nr)
{
	memcpy(dd->things, dd->candidate, nr * sizeof(*dd->things));
	dd->nr = nr;
	if (dd->smaller)
		dd->smaller(dd->ctx, dd->things, dd->nr);
}

/* 1: a chunk alone passed and is the set. 0: none did. */
static int try_alone(struct ddmin *dd, uint32_t chunk)
{
	uint32_t from, len;
	int ret = 0;

	for (from = 0; !ret && from < dd->nr; from += chunk) {
		len = dd->nr - from < chunk ? dd->nr - from : chunk;
		memcpy(dd->candidate, dd->things + from, len * sizeof(*dd->things));
		ret = ddmin_ask(dd, dd->candidate, len);
		if (ret == 1)
			take(dd, len);
	}
	return ret;
}

/* 1: the set passes without some of its chunks, which are gone. 0: it needs them all. */
static int try_without(struct ddmin *dd, uint32_t chunk)
{
	uint32_t from = 0, len;
	int ret, gone = 0;

	while (from < dd->nr && dd->nr > 1) {
		len = dd->nr - from < chunk ? dd->nr - from : chunk;
		if (len == dd->nr)
			break;
		memcpy(dd->candidate, dd->things, from * sizeof(*dd->things));
		memcpy(dd->candidate + from, dd->things + from + len, (dd->nr - from - len) * sizeof(*dd->things));
		ret = ddmin_ask(dd, dd->candidate, dd->nr - len);
		if (ret < 0)
			return ret;
		if (ret) {
			take(dd, dd->nr - len);
			gone = 1;
		} else {
			from += len;
		}
	}
	return gone;
}

static uint32_t half(uint32_t nr)
{
	return nr / 2 + nr % 2;
}

int ddmin_run(struct ddmin *dd)
{
	uint32_t chunk = half(dd->nr);
	int ret;

	while (dd->nr > 1) {
		ret = dd->nr / chunk <= DDMIN_ALONE ? try_alone(dd, chunk) : 0;
		if (ret == 1) {
			chunk = half(dd->nr);
			continue;
		}
		if (!ret)
			ret = try_without(dd, chunk);
		if (ret < 0)
			return ret;
		if (!ret && chunk == 1)
			break;
		/* With single things another round is due where one of them went. */
		if (!ret)
			chunk = half(chunk);
		if (chunk > half(dd->nr))
			chunk = half(dd->nr);
	}
	return 0;
}
