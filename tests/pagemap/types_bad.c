/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: a pfn where an order belongs, and an order where a pfn does; must not compile. */
#include "buddy/buddy.h"

int types_bad(struct buddy *b, pfn_t pfn, unsigned int order);

int types_bad(struct buddy *b, pfn_t pfn, unsigned int order)
{
	return buddy_free_pages(b, 0, order, pfn);
}
