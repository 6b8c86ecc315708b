/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what faults cost; see costs.h. */
#include "sim/metrics/costs.h"

#include <errno.h>
#include <string.h>

#include "sim/util/nearest.h"
#include "sim/util/units.h"

#define MAX_LINE 256

const struct cost_desc cost_desc[NR_COSTS] = {
#define COST_DESC(name, ns, fault, text) { #name, text, fault },
	COSTS(COST_DESC)
#undef COST_DESC
};

void costs_default(struct costs *costs)
{
	static const struct costs defaults = { .ns = {
#define COST_NS(name, ns, fault, text) ns,
		COSTS(COST_NS)
#undef COST_NS
	} };

	*costs = defaults;
}

/* ---- a file ---------------------------------------------------------------------- */

static enum cost find_cost(const char *name, struct nearest *near)
{
	unsigned int i;

	nearest_begin(near, name);
	for (i = 0; i < NR_COSTS; i++) {
		if (!strcmp(cost_desc[i].name, name))
			break;
		nearest_add(near, cost_desc[i].name);
	}
	return (enum cost)i;
}

/* One line; what stands behind the time is a comment only where it says so. */
static int read_line(struct costs *costs, char *line, const char *path, unsigned int nr, struct kerror *err)
{
	char *save, *name, *time, *more;
	struct nearest near;
	enum cost cost;
	uint64_t ns;

	line[strcspn(line, "#\n")] = '\0';
	name = strtok_r(line, " \t\r", &save);
	if (!name)
		return 0;
	time = strtok_r(NULL, " \t\r", &save);
	more = strtok_r(NULL, " \t\r", &save);
	cost = find_cost(name, &near);
	if (cost == NR_COSTS)
		return kerror_set(err, -EINVAL, "%.180s:%u: nothing of the name '%.40s' has a cost%s", path, nr, name,
				  nearest_text(&near));
	if (!time || !parse_time(time, &ns) || ns > COST_MAX_NS)
		return kerror_set(err, -EINVAL, "%.180s:%u: expected a time of at most an hour behind '%s', such as 500ns or 8ms, "
				  "found '%.40s'", path, nr, name, time ? time : "the end of the line");
	if (more)
		return kerror_set(err, -EINVAL, "%.180s:%u: expected the end of the line behind the time, found '%.40s'", path, nr,
				  more);
	costs->ns[cost] = ns;
	return 0;
}

int costs_read(struct costs *costs, FILE *from, const char *path, struct kerror *err)
{
	struct costs changed = *costs;
	char line[MAX_LINE];
	unsigned int nr = 0;
	int ret = 0;

	changed.path = path;
	while (!ret && fgets(line, sizeof(line), from)) {
		nr++;
		if (!strchr(line, '\n') && !feof(from))
			ret = kerror_set(err, -EINVAL, "%.180s:%u: the line is longer than %d bytes", path, nr, MAX_LINE - 2);
		else
			ret = read_line(&changed, line, path, nr, err);
	}
	if (!ret && ferror(from))
		ret = kerror_set(err, -EIO, "%.200s: cannot be read", path);
	if (!ret)
		*costs = changed;
	return ret;
}

/* ---- sums --------------------------------------------------------------------------- */

void cost_count(struct cost_counts *counts, const uint64_t faults[NR_VM_FAULTS], uint64_t walk_refs)
{
	unsigned int i;

	for (i = 0; i < NR_COSTS; i++)
		counts->nr[i] = cost_desc[i].fault == NR_VM_FAULTS ? walk_refs : faults[cost_desc[i].fault];
}

uint64_t cost_of(const struct costs *costs, const struct cost_counts *counts, enum cost cost)
{
	uint64_t ns;

	return __builtin_mul_overflow(costs->ns[cost], counts->nr[cost], &ns) ? UINT64_MAX : ns;
}

uint64_t cost_sum(const struct costs *costs, const struct cost_counts *counts)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < NR_COSTS; i++)
		if (__builtin_add_overflow(sum, cost_of(costs, counts, (enum cost)i), &sum))
			return UINT64_MAX;
	return sum;
}
