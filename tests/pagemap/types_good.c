/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: the right order of arguments compiles; see types_bad.c. */
#include "buddy/buddy.h"

int types_good(struct buddy *b, pfn_t pfn, unsigned int order);

int types_good(struct buddy *b, pfn_t pfn, unsigned int order)
{
	return buddy_free_pages(b, 0, pfn, order);
}
