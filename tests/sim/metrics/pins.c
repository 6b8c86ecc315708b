/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: who keeps 2 MiB blocks from being whole, held against a second count of each frame, and against
 * what the buddy's own figures say.
 */
#include "sim/metrics/pins.h"

#include <stdlib.h>
#include <string.h>

#include "sim/report/report.h"
#include "tests/sim/replay/rig.h"

#define FRAMES 512u

/* What each frame of memory is, one by one: 'f' free, 'c' on a CPU's list, 's', 'p', and 'r' where nobody can have it. */
static char *frame_kinds(const struct machine *m, uint64_t *nr)
{
	const struct pagemap *map = m->map;
	uint64_t end = map->ranges[map->nr_ranges - 1].end, pfn, i;
	unsigned int r;
	char *kind;

	*nr = (end + FRAMES - 1) / FRAMES * FRAMES;
	kind = malloc(*nr);
	CU_ASSERT_PTR_NOT_NULL_FATAL(kind);
	memset(kind, 'r', *nr);
	for (r = 0; r < map->nr_ranges; r++) {
		for (pfn = map->ranges[r].start; pfn < map->ranges[r].end; pfn++) {
			uint32_t flags = map->pages[pfn].flags;
			char is = flags & PG_buddy ? 'f' : flags & PG_pcp ? 'c' : flags & (PG_slab | PG_large) ? 's' : 'p';

			if (!(flags & (PG_buddy | PG_pcp | PG_allocated)))
				continue;
			for (i = 0; i < 1ULL << page_order(&map->pages[pfn]); i++)
				kind[pfn + i] = is;
		}
	}
	return kind;
}

static const char kind_letters[NR_PIN_KINDS] = "spcr";

static void expect_same_sets(const struct machine *m, const struct pins *pins)
{
	struct pin_sum set[NR_PIN_SETS] = { { 0, 0 } }, all = { 0, 0 };
	uint64_t nr, pfn;
	char *kind = frame_kinds(m, &nr);
	unsigned int i, k;

	for (pfn = 0; pfn < nr; pfn += FRAMES) {
		unsigned int has = 0, free = 0;

		for (i = 0; i < FRAMES; i++) {
			free += kind[pfn + i] == 'f';
			for (k = 0; k < NR_PIN_KINDS; k++)
				has |= kind[pfn + i] == kind_letters[k] ? 1u << k : 0;
		}
		if (!has || !free)
			continue;
		set[has].blocks++;
		set[has].free += free;
		all.blocks++;
		all.free += free;
	}
	CU_ASSERT_EQUAL(memcmp(set, pins->set, sizeof(set)), 0);
	CU_ASSERT_EQUAL(memcmp(&all, &pins->all, sizeof(all)), 0);
	free(kind);
}

/* Free frames that no order 9 request can get, as the free lists have them. */
static uint64_t unusable(const struct machine *m)
{
	const struct zone *zone;
	uint64_t sum = 0;

	for_each_populated_zone(m->buddy, zone) {
		struct contig_page_info info;

		fill_contig_page_info(zone, 9, &info);
		sum += info.free_pages - info.free_blocks_suitable * FRAMES;
	}
	return sum;
}

static void expect_pins(const struct machine *m, struct pins *pins)
{
	unsigned int i;

	CU_ASSERT_EQUAL_FATAL(metrics_pins(m, pins), 0);
	expect_same_sets(m, pins);
	CU_ASSERT_EQUAL(pins->all.free, unusable(m));
	for (i = 0; i < pins->nr_caches; i++) {
		const struct pin_cache *pin = &pins->caches[i];

		CU_ASSERT_TRUE(pin->in.blocks && pin->frames);
		CU_ASSERT_TRUE(pin->alone.blocks <= pin->in.blocks && pin->alone.free <= pin->in.free);
		CU_ASSERT_TRUE(!i || pins->caches[i - 1].alone.free >= pin->alone.free);
	}
}

/* An empty machine: the block with frame 0 alone. */
static void test_empty(void)
{
	struct pins pins;
	struct rig rig;

	rig_up(&rig, 64 << 20, NULL);
	expect_pins(rig.machine, &pins);
	CU_ASSERT_EQUAL(pins.all.blocks, 1);
	CU_ASSERT_EQUAL(pins.set[1u << PIN_RESERVED].blocks, 1);
	CU_ASSERT_EQUAL(pins.nr_caches, 0);
	pins_free(&pins);
	rig_down(&rig);
}

/* Two caches: one has slabs in one block, the other's are beside it. What is named alone would free the block. */
static void test_alone(void)
{
	struct machine_config cfg;
	struct replay_config rc;
	struct pins pins;
	uint64_t alone;
	struct rig rig;
	int i;

	machine_config_default(&cfg);
	cfg.mem_bytes = 64 << 20;
	cfg.nr_cpus = 1;
	replay_config_default(&rc);
	rig_up_machine(&rig, &cfg, &rc);
	for (i = 0; i < 600; i++)
		feed(&rig, object(EV_CACHE_ALLOC, 0x100000 + (uint64_t)i * 4096, 4000, 4096, 3));
	for (i = 0; i < 600; i++)
		if (i % 16)
			feed(&rig, object(EV_CACHE_FREE, 0x100000 + (uint64_t)i * 4096, 0, 0, 3));
	buddy_drain_all_pages(rig.machine->buddy);
	expect_pins(rig.machine, &pins);
	CU_ASSERT_EQUAL_FATAL(pins.nr_caches, 1);
	CU_ASSERT_STRING_EQUAL(kmem_cache_name(pins.caches[0].cache), "dentry");
	CU_ASSERT_TRUE(pins.caches[0].alone.blocks && pins.caches[0].alone.free);
	CU_ASSERT_EQUAL(pins.caches[0].alone.free, pins.set[1u << PIN_SLABS].free);
	alone = pins.caches[0].alone.blocks;
	pins_free(&pins);
	/* One slab of another cache, in a block that dentry had alone. */
	feed(&rig, object(EV_CACHE_ALLOC, 0x9000000, 100, 128, 4));
	buddy_drain_all_pages(rig.machine->buddy);
	expect_pins(rig.machine, &pins);
	CU_ASSERT_EQUAL_FATAL(pins.nr_caches, 2);
	CU_ASSERT_EQUAL(pins.caches[0].alone.blocks + 1, alone);
	CU_ASSERT_STRING_EQUAL(kmem_cache_name(pins.caches[1].cache), "filp");
	CU_ASSERT_EQUAL(pins.caches[1].alone.blocks, 0);
	CU_ASSERT_EQUAL(pins.caches[1].frames, 1);
	CU_ASSERT_EQUAL(pins.caches[1].free_objects, 4096 - 128);
	pins_free(&pins);
	rig_down(&rig);
}

/* Pages and objects that come and go, in memory with holes that begin and end within a block. */
static void test_random(void)
{
	struct test_rng rng = { 7 };
	struct machine_config cfg;
	struct replay_config rc;
	struct pins pins;
	struct rig rig;
	unsigned int i;

	machine_config_default(&cfg);
	cfg.mem_bytes = 48 << 20;
	cfg.nr_cpus = 2;
	cfg.holes[0] = (struct mem_range){ .start = 3000, .end = 3300 };
	cfg.nr_holes = 1;
	replay_config_default(&rc);
	rig_up_machine(&rig, &cfg, &rc);
	for (i = 0; i < 20000; i++) {
		uint64_t which = test_rand_below(&rng, 2000);

		if (test_rand_below(&rng, 2))
			feed(&rig, object(test_rand_below(&rng, 3) ? EV_CACHE_ALLOC : EV_CACHE_FREE, 0x1000000 + which * 512, 300,
					  512, 3 + (name_id)(which % 3)));
		else
			feed(&rig, block(test_rand_below(&rng, 2) ? EV_PAGE_ALLOC : EV_PAGE_FREE, which * 16,
					 (uint8_t)(which % 5)));
		if (i % 1000)
			continue;
		expect_pins(rig.machine, &pins);
		pins_free(&pins);
	}
	rig_down(&rig);
}

static void test_set_text(void)
{
	char text[80];

	report_pin_set(1u << PIN_SLABS, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "slabs");
	report_pin_set(NR_PIN_SETS - 1, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "slabs, page blocks, per-CPU lists and reserved frames");
	report_pin_set(NR_PIN_SETS - 1, text, 10);
	CU_ASSERT_STRING_EQUAL(text, "slabs, pa");
}

static const struct test_case cases[] = {
	{ "an empty machine has frame 0 in its way", test_empty },
	{ "a cache alone, and one beside it", test_alone },
	{ "each frame counted again", test_random },
	{ "sets of holders in words", test_set_text },
	{ NULL, NULL }
};

const struct test_suite pins_suite = { "pins", cases };
