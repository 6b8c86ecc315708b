/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: Zipf's distribution: rank k of 1 to n is drawn with a probability that
 * goes with k^-skew. Skew 0 is uniform; from 1 on a few ranks have most of it.
 *
 * A number is drawn in constant time, by inverting the integral of x^-skew and
 * rejecting what lies above the true step (Hörmann and Derflinger, "Rejection-inversion
 * to generate variates from monotone discrete distributions", 1996): no table of n.
 *
 * Locking: none; a struct zipf does not change.
 */
#ifndef KMEMSIM_SIM_UTIL_ZIPF_H
#define KMEMSIM_SIM_UTIL_ZIPF_H

#include <stdint.h>

struct zipf {
	uint64_t n;
	double skew;
	double low, high;	/* of the integral */
	double certain;		/* so near to a rank nothing is rejected */
};

/* @n from 1, @skew from 0. */
void zipf_init(struct zipf *zipf, uint64_t n, double skew);
uint64_t zipf_draw(const struct zipf *zipf, uint64_t *random);
/* The mean rank, by summing: n steps. */
double zipf_mean(const struct zipf *zipf);

#endif
