/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: Zipf's distribution; see zipf.h. */
#include "sim/util/zipf.h"

#include <math.h>

#include "pagemap/random.h"

#define NEARLY_ONE	1e-9	/* a skew so near to 1 has the logarithm as its integral */

/* The integral of x^-skew, from 1. */
static double integral(const struct zipf *zipf, double x)
{
	double left = 1 - zipf->skew;

	return fabs(left) < NEARLY_ONE ? log(x) : (pow(x, left) - 1) / left;
}

static double inverse(const struct zipf *zipf, double y)
{
	double left = 1 - zipf->skew;

	return fabs(left) < NEARLY_ONE ? exp(y) : pow(1 + y * left, 1 / left);
}

void zipf_init(struct zipf *zipf, uint64_t n, double skew)
{
	zipf->n = n;
	zipf->skew = skew;
	zipf->low = integral(zipf, 1.5) - 1;
	zipf->high = integral(zipf, (double)n + 0.5);
	zipf->certain = 2 - inverse(zipf, integral(zipf, 2.5) - pow(2, -skew));
}

uint64_t zipf_draw(const struct zipf *zipf, uint64_t *random)
{
	for (;;) {
		double y = zipf->high + random_share(random) * (zipf->low - zipf->high);
		double x = inverse(zipf, y), rank = floor(x + 0.5);

		if (rank < 1)
			rank = 1;
		else if (rank > (double)zipf->n)
			rank = (double)zipf->n;
		if (rank - x <= zipf->certain || y >= integral(zipf, rank + 0.5) - pow(rank, -zipf->skew))
			return (uint64_t)rank;
	}
}

double zipf_mean(const struct zipf *zipf)
{
	double weight = 0, sum = 0;
	uint64_t k;

	for (k = 1; k <= zipf->n; k++) {
		double share = pow((double)k, -zipf->skew);

		weight += share;
		sum += share * (double)k;
	}
	return sum / weight;
}
