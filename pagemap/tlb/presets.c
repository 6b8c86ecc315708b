/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: TLBs of real cores, each with the source of its numbers. Loads; where a core has
 * a TLB of its own for stores it is left out. "Assumed" is what no source says.
 *
 * Replacement is true LRU in all of them: no vendor says what its cores do.
 *
 * Page-walk caches: that x86 cores have them is in Intel's and AMD's manuals, how large they
 * are is not. All presets assume those of the simulator ChampSim (its page-table walker's
 * defaults, PSCL2 to PSCL4): 4 sets of 8 ways for page directory entries, 2 of 4 for entries
 * of the level above, 4 entries of the top level. AMD keeps page directory entries in the
 * second-level TLB, which the model does not.
 *
 * Process tags: PCID on Intel since Westmere, on AMD since Zen 3; ASIDs on Arm.
 */
#include "pagemap/tlb/geometry.h"

#define ASSUMED_WALK_CACHES { \
	[WALK_PDE] = ASSOC_LRU(32, 8), [WALK_PDPTE] = ASSOC_LRU(8, 4), [WALK_PML4E] = ASSOC_LRU(4, 0) \
}
#define NONE ASSOC_LRU(0, 0)

const struct tlb_geometry tlb_presets[] = {
	{
		.name = "skylake",
		.text = "Intel Skylake client and server, loads; Intel 64 and IA-32 Architectures "
			"Optimization Reference Manual (248966), Skylake client TLB parameters",
		.l1 = { ASSOC_LRU(64, 4), ASSOC_LRU(32, 4), ASSOC_LRU(4, 4) },
		.l2 = { ASSOC_LRU(1536, 12), NONE, ASSOC_LRU(16, 4) },
		.l2_shared_pmd = true,
		.walk = ASSUMED_WALK_CACHES,
	}, {
		.name = "sunnycove",
		.text = "Intel Sunny Cove (Ice Lake), loads; Intel 64 and IA-32 Architectures "
			"Optimization Reference Manual (248966), Ice Lake client TLB parameters",
		.l1 = { ASSOC_LRU(64, 4), ASSOC_LRU(32, 4), ASSOC_LRU(8, 0) },
		.l2 = { ASSOC_LRU(2048, 16), ASSOC_LRU(1024, 8), ASSOC_LRU(1024, 8) },
		.walk = ASSUMED_WALK_CACHES,
	}, {
		.name = "goldencove",
		.text = "Intel Golden Cove (Alder Lake, Sapphire Rapids), loads; Intel 64 and IA-32 "
			"Architectures Optimization Reference Manual (248966), Golden Cove",
		.l1 = { ASSOC_LRU(96, 6), ASSOC_LRU(32, 4), ASSOC_LRU(8, 0) },
		.l2 = { ASSOC_LRU(2048, 16), ASSOC_LRU(1024, 8), ASSOC_LRU(1024, 8) },
		.walk = ASSUMED_WALK_CACHES,
	}, {
		.name = "gracemont",
		.text = "Intel Gracemont (Alder Lake's efficient cores), loads; sizes: Intel, and measured by jiegec "
			"(github.com/jiegec/blog-source, intel-gracemont.md), who finds 48 entries in the first level where "
			"Intel says 32; assumed: all page sizes share these 48",
		.l1 = { ASSOC_LRU(48, 0) },
		.l2 = { ASSOC_LRU(2048, 4), NONE, ASSOC_LRU(8, 0) },
		.l1_shared = true,
		.l2_shared_pmd = true,
		.walk = ASSUMED_WALK_CACHES,
	}, {
		.name = "zen",
		.text = "AMD Zen; Software Optimization Guide for AMD Family 17h Processors (55723)",
		.l1 = { ASSOC_LRU(64, 0) },
		.l2 = { ASSOC_LRU(1536, 12) },
		.l1_shared = true,
		.l2_shared_pmd = true,
		.no_tags = true,
		.walk = ASSUMED_WALK_CACHES,
	}, {
		.name = "zen2",
		.text = "AMD Zen 2; WikiChip, amd/microarchitectures/zen_2, which says 12 ways in the second level; as these "
			"do not divide 2048, 16 are assumed, those of Zen 3",
		.l1 = { ASSOC_LRU(64, 0) },
		.l2 = { ASSOC_LRU(2048, 16) },
		.l1_shared = true,
		.l2_shared_pmd = true,
		.no_tags = true,
		.walk = ASSUMED_WALK_CACHES,
	}, {
		.name = "zen3",
		.text = "AMD Zen 3; Software Optimization Guide for AMD Family 19h Processors (56665)",
		.l1 = { ASSOC_LRU(64, 0) },
		.l2 = { ASSOC_LRU(2048, 16) },
		.l1_shared = true,
		.l2_shared_pmd = true,
		.walk = ASSUMED_WALK_CACHES,
	}, {
		.name = "zen4",
		.text = "AMD Zen 4; Software Optimization Guide for the AMD Zen4 Microarchitecture (57647)",
		.l1 = { ASSOC_LRU(72, 0) },
		.l2 = { ASSOC_LRU(3072, 24) },
		.l1_shared = true,
		.l2_shared_pmd = true,
		.walk = ASSUMED_WALK_CACHES,
	}, {
		.name = "zen5",
		.text = "AMD Zen 5; Software Optimization Guide for the AMD Zen5 Microarchitecture (58455), and Hot Chips 2024: "
			"the second level holds all but 1G pages",
		.l1 = { ASSOC_LRU(96, 0) },
		.l2 = { ASSOC_LRU(4096, 16) },
		.l1_shared = true,
		.l2_shared_pmd = true,
		.walk = ASSUMED_WALK_CACHES,
	}, {
		.name = "neoverse-n1",
		.text = "Arm Neoverse N1; Arm Neoverse N1 Core Technical Reference Manual (100616); the core "
			"keeps 1G pages in smaller pieces in its first level, the model does not",
		.l1 = { ASSOC_LRU(48, 0) },
		.l2 = { ASSOC_LRU(1280, 5) },
		.l1_shared = true,
		.l2_shared_pmd = true,
		.l2_shared_pud = true,
		.walk = ASSUMED_WALK_CACHES,
	}, {
		.name = "neoverse-v1",
		.text = "Arm Neoverse V1; sizes as jiegec lists them (github.com/jiegec/blog-source, arm-core-development.md: "
			"40 and 2048 entries); assumed: 8 ways in the second level, those of Neoverse V2; the core keeps 1G "
			"pages in smaller pieces in its first level, the model does not",
		.l1 = { ASSOC_LRU(40, 0) },
		.l2 = { ASSOC_LRU(2048, 8) },
		.l1_shared = true,
		.l2_shared_pmd = true,
		.l2_shared_pud = true,
		.walk = ASSUMED_WALK_CACHES,
	}, {
		.name = "neoverse-v2",
		.text = "Arm Neoverse V2; its manual as quoted, and measured, by jiegec (github.com/jiegec/blog-source, "
			"arm-neoverse-v2.md); the core keeps 1G pages in smaller pieces in its first level, the model does not",
		.l1 = { ASSOC_LRU(48, 0) },
		.l2 = { ASSOC_LRU(2048, 8) },
		.l1_shared = true,
		.l2_shared_pmd = true,
		.l2_shared_pud = true,
		.walk = ASSUMED_WALK_CACHES,
	}, {
		.name = "cortex-a76",
		.text = "Arm Cortex-A76; Arm Cortex-A76 Core Technical Reference Manual (100798); the core "
			"keeps 1G pages in smaller pieces in its first level, the model does not",
		.l1 = { ASSOC_LRU(48, 0) },
		.l2 = { ASSOC_LRU(1280, 5) },
		.l1_shared = true,
		.l2_shared_pmd = true,
		.l2_shared_pud = true,
		.walk = ASSUMED_WALK_CACHES,
	}, {
		.name = "cortex-a72",
		.text = "Arm Cortex-A72; ARM Cortex-A72 MPCore Processor Technical Reference Manual (100095); the core keeps "
			"larger pages as 1M pieces in its first level, the model keeps them whole",
		.l1 = { ASSOC_LRU(32, 0) },
		.l2 = { ASSOC_LRU(1024, 4) },
		.l1_shared = true,
		.l2_shared_pmd = true,
		.l2_shared_pud = true,
		.walk = ASSUMED_WALK_CACHES,
	}, {
		.name = "cortex-a53",
		.text = "Arm Cortex-A53; ARM Cortex-A53 MPCore Processor Technical Reference Manual (DDI "
			"0500); the core keeps 1G pages as 512M pieces, the model does not",
		.l1 = { ASSOC_LRU(10, 0) },
		.l2 = { ASSOC_LRU(512, 4) },
		.l1_shared = true,
		.l2_shared_pmd = true,
		.l2_shared_pud = true,
		.walk = ASSUMED_WALK_CACHES,
	}, {
		.name = "apple-m1",
		.text = "Apple M1, performance cores (Firestorm), pages of 16K; Apple Silicon CPU Optimization Guide, and ways "
			"measured by jiegec (github.com/jiegec/blog-source, apple-m1.md); assumed: 32M pages share all entries",
		.base_16k = true,
		.l1 = { ASSOC_LRU(160, 5) },
		.l2 = { ASSOC_LRU(3072, 12) },
		.l1_shared = true,
		.l2_shared_pmd = true,
		.walk = ASSUMED_WALK_CACHES,
	}, {
		.name = "apple-m1-e",
		.text = "Apple M1, efficiency cores (Icestorm), pages of 16K; Apple Silicon CPU Optimization Guide, and ways "
			"measured by jiegec (github.com/jiegec/blog-source, apple-m1.md); assumed: 4 ways in the second level, "
			"32M pages share all entries",
		.base_16k = true,
		.l1 = { ASSOC_LRU(128, 4) },
		.l2 = { ASSOC_LRU(1024, 4) },
		.l1_shared = true,
		.l2_shared_pmd = true,
		.walk = ASSUMED_WALK_CACHES,
	},
	{ .name = "" }
};
