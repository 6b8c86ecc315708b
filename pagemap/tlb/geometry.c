/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: TLB geometries, checked and measured; see geometry.h. The text is read in parse.c. Locking: none. */
#include "pagemap/tlb/geometry.h"

#include <errno.h>
#include <stdio.h>

static const unsigned int level_shifts[2][NR_WALK_LEVELS] = { { 12, 21, 30, 39 }, { 14, 25, 36, 47 } };
static const char *const page_names[2][NR_TLB_PAGES] = { { "4K", "2M", "1G" }, { "16K", "32M", "64G" } };
static const char *const walk_names[NR_WALK_CACHES] = { "pde", "pdpte", "pml4e" };

unsigned int tlb_nr_pages(const struct tlb_geometry *geo)
{
	return geo->base_16k ? TLB_PUD : NR_TLB_PAGES;
}

unsigned int tlb_level_shift(const struct tlb_geometry *geo, unsigned int level)
{
	return level_shifts[geo->base_16k][level];
}

const char *tlb_page_name(const struct tlb_geometry *geo, enum tlb_page size)
{
	return page_names[geo->base_16k][size];
}

const struct assoc_shape *tlb_level(const struct tlb_geometry *geo, unsigned int level, enum tlb_page size)
{
	if (level == 1)
		return &geo->l1[geo->l1_shared ? TLB_PTE : size];
	if ((size == TLB_PMD && geo->l2_shared_pmd) || (size == TLB_PUD && geo->l2_shared_pud))
		return &geo->l2[TLB_PTE];
	return &geo->l2[size];
}

uint64_t tlb_reach(const struct tlb_geometry *geo, enum tlb_page size)
{
	unsigned int l1 = tlb_level(geo, 1, size)->entries;
	unsigned int l2 = tlb_level(geo, 2, size)->entries;

	return (uint64_t)(l1 > l2 ? l1 : l2) << tlb_level_shift(geo, size);
}

static int check_shapes(const struct tlb_geometry *geo, struct kerror *err)
{
	unsigned int i, level;
	char what[32];
	int ret = 0;

	for (i = 0; !ret && i < 2 * NR_TLB_PAGES; i++) {
		level = i % 2 + 1;
		snprintf(what, sizeof(what), "TLB: l%u %s", level, tlb_page_name(geo, i / 2));
		ret = assoc_check(level == 1 ? &geo->l1[i / 2] : &geo->l2[i / 2], what, err);
	}
	for (i = 0; !ret && i < NR_WALK_CACHES; i++) {
		snprintf(what, sizeof(what), "TLB: %s", walk_names[i]);
		ret = assoc_check(&geo->walk[i], what, err);
	}
	return ret;
}

int tlb_geometry_check(const struct tlb_geometry *geo, struct kerror *err)
{
	int ret = check_shapes(geo, err);

	if (ret)
		return ret;
	if (!geo->l1[TLB_PTE].entries)
		return kerror_set(err, -EINVAL, "TLB: l1 has no entries for %s pages", tlb_page_name(geo, TLB_PTE));
	if (geo->base_16k && (geo->l1[TLB_PUD].entries || geo->l2[TLB_PUD].entries))
		return kerror_set(err, -EINVAL, "TLB: where the base page is 16K no page is larger than 32M");
	if (geo->l1_shared && (geo->l1[TLB_PMD].entries || geo->l1[TLB_PUD].entries))
		return kerror_set(err, -EINVAL, "TLB: a shared l1 has no entries of its own for %s and %s",
				  tlb_page_name(geo, TLB_PMD), tlb_page_name(geo, TLB_PUD));
	if ((geo->l2_shared_pmd && geo->l2[TLB_PMD].entries) || (geo->l2_shared_pud && geo->l2[TLB_PUD].entries))
		return kerror_set(err, -EINVAL, "TLB: a shared l2 has no entries of its own");
	if ((geo->l2_shared_pmd || geo->l2_shared_pud) && !geo->l2[TLB_PTE].entries)
		return kerror_set(err, -EINVAL, "TLB: there is no l2 to share");
	return 0;
}
