/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the data-TLB model; sim/access/tlb.h says what it leaves out.
 *
 * A level keeps its sets in one of two forms, both exact LRU. Narrow sets are
 * rows of pages, newest first; finding a page and moving it to the front is
 * one pass, and so is pushing the oldest out. A pass over a wide set (a fully
 * associative array) would take too long, so there an entry hangs in two
 * lists: in the chain of the hash bucket its page falls into, and in its set's
 * ring by last use, where newest[set] names the newest entry and that one's
 * prev is the oldest. To replace the oldest is then only to turn the ring.
 *
 *   newest[set] --> e3 <-> e7 <-> e1 <-> (e3)       e1 is the next victim
 *   bucket[h]   --> e7 --> e9 --> NO_ENTRY
 *
 * States of an entry: empty (page NO_PAGE, in its set's ring, in no bucket) or
 * valid (in both). Entries never change their set.
 *
 * Locking: none.
 */
#include "sim/access/tlb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NO_PAGE UINT64_MAX	/* a page number has at most 52 bits */
#define NO_ENTRY UINT16_MAX
/*
 * Up to so many ways a set is a row that is searched and moved up; wider ones pay for
 * a bucket and a ring. Every set of the presets' set-associative arrays fits. With
 * all sets in the wide form, `run -q` of tests/traces/loopback-http takes 368.5
 * million instructions instead of 364.7 (callgrind).
 */
#define NARROW_WAYS 24

struct tlb_entry {
	uint64_t page;
	uint16_t next, prev;	/* ring of the set, newest to oldest */
	uint16_t chain;		/* bucket */
	uint16_t set;
};

_Static_assert(sizeof(struct tlb_entry) == 16, "four entries a cache line");

struct level {
	unsigned int ways;	/* 0: no entries for this page size */
	unsigned int bucket_shift;	/* 64 - log2 of the number of buckets */
	uint64_t set_mask;
	uint64_t *rows;		/* narrow sets: [set * ways] */
	struct tlb_entry *entries;	/* wide sets: [set * ways] */
	uint16_t *newest;	/* a set */
	uint16_t *bucket;
};

struct tlb {
	uint64_t last_page;
	uint64_t *last_result;	/* what another access to last_page counts as */
	unsigned int page_shift;
	struct tlb_stats stats;
	struct level level[2];
};

static const unsigned int page_shifts[NR_TLB_PAGES] = { 12, 21, 30 };
static const char *const page_names[NR_TLB_PAGES] = { "4K", "2M", "1G" };

const struct tlb_geometry tlb_presets[] = {
	{
		.name = "skylake",
		.text = "Intel Skylake client and server, loads; Intel 64 and IA-32 Architectures "
			"Optimization Reference Manual (248966), Skylake client TLB parameters",
		.l1 = { { 64, 4 }, { 32, 4 }, { 4, 4 } },
		.l2 = { { 1536, 12 }, { 0, 0 }, { 16, 4 } },
		.l2_shared_2m = true,
	}, {
		.name = "sunnycove",
		.text = "Intel Sunny Cove (Ice Lake), loads; Intel 64 and IA-32 Architectures "
			"Optimization Reference Manual (248966), Ice Lake client TLB parameters",
		.l1 = { { 64, 4 }, { 32, 4 }, { 8, 0 } },
		.l2 = { { 2048, 16 }, { 1024, 8 }, { 1024, 8 } },
	}, {
		.name = "goldencove",
		.text = "Intel Golden Cove (Alder Lake, Sapphire Rapids), loads; Intel 64 and IA-32 "
			"Architectures Optimization Reference Manual (248966), Golden Cove",
		.l1 = { { 96, 6 }, { 32, 4 }, { 8, 0 } },
		.l2 = { { 2048, 16 }, { 1024, 8 }, { 1024, 8 } },
	}, {
		.name = "zen",
		.text = "AMD Zen; Software Optimization Guide for AMD Family 17h Processors (55723)",
		.l1 = { { 64, 0 }, { 0, 0 }, { 0, 0 } },
		.l2 = { { 1536, 12 }, { 0, 0 }, { 0, 0 } },
		.l1_shared = true,
		.l2_shared_2m = true,
	}, {
		.name = "zen3",
		.text = "AMD Zen 3; Software Optimization Guide for AMD Family 19h Processors (56665)",
		.l1 = { { 64, 0 }, { 0, 0 }, { 0, 0 } },
		.l2 = { { 2048, 16 }, { 0, 0 }, { 0, 0 } },
		.l1_shared = true,
		.l2_shared_2m = true,
	}, {
		.name = "zen4",
		.text = "AMD Zen 4; Software Optimization Guide for the AMD Zen4 Microarchitecture (57647)",
		.l1 = { { 72, 0 }, { 0, 0 }, { 0, 0 } },
		.l2 = { { 3072, 24 }, { 0, 0 }, { 0, 0 } },
		.l1_shared = true,
		.l2_shared_2m = true,
	}, {
		.name = "neoverse-n1",
		.text = "Arm Neoverse N1; Arm Neoverse N1 Core Technical Reference Manual (100616); the core "
			"keeps 1G pages in smaller pieces in its first level, the model does not",
		.l1 = { { 48, 0 }, { 0, 0 }, { 0, 0 } },
		.l2 = { { 1280, 5 }, { 0, 0 }, { 0, 0 } },
		.l1_shared = true,
		.l2_shared_2m = true,
		.l2_shared_1g = true,
	}, {
		.name = "cortex-a76",
		.text = "Arm Cortex-A76; Arm Cortex-A76 Core Technical Reference Manual (100798); the core "
			"keeps 1G pages in smaller pieces in its first level, the model does not",
		.l1 = { { 48, 0 }, { 0, 0 }, { 0, 0 } },
		.l2 = { { 1280, 5 }, { 0, 0 }, { 0, 0 } },
		.l1_shared = true,
		.l2_shared_2m = true,
		.l2_shared_1g = true,
	}, {
		.name = "cortex-a53",
		.text = "Arm Cortex-A53; ARM Cortex-A53 MPCore Processor Technical Reference Manual (DDI "
			"0500); the core keeps 1G pages as 512M pieces, the model does not",
		.l1 = { { 10, 0 }, { 0, 0 }, { 0, 0 } },
		.l2 = { { 512, 4 }, { 0, 0 }, { 0, 0 } },
		.l1_shared = true,
		.l2_shared_2m = true,
		.l2_shared_1g = true,
	},
	{ .name = "" }
};

/* ---- geometry ----------------------------------------------------------- */

static unsigned int array_sets(struct tlb_array array)
{
	return array.ways ? array.entries / array.ways : 1;
}

static int array_check(struct tlb_array array, const char *what, enum tlb_page size,
		       struct kerror *err)
{
	unsigned int sets;

	if (!array.entries && !array.ways)
		return 0;
	if (array.ways > array.entries || (array.ways && array.entries % array.ways))
		return kerror_set(err, -EINVAL, "TLB: %s %s: %u entries cannot be divided into %u ways",
				  what, page_names[size], array.entries, array.ways);
	if (array.entries == NO_ENTRY)
		return kerror_set(err, -EINVAL, "TLB: %s %s: at most %u entries", what,
				  page_names[size], NO_ENTRY - 1);
	sets = array_sets(array);
	if (sets & (sets - 1))
		return kerror_set(err, -EINVAL,
				  "TLB: %s %s: %u entries of %u ways make %u sets, not a power of two",
				  what, page_names[size], array.entries, array.ways, sets);
	return 0;
}

static int geometry_check(const struct tlb_geometry *geo, struct kerror *err)
{
	enum tlb_page size;
	int ret;

	for (size = 0; size < NR_TLB_PAGES; size++) {
		ret = array_check(geo->l1[size], "l1", size, err);
		if (!ret)
			ret = array_check(geo->l2[size], "l2", size, err);
		if (ret)
			return ret;
	}
	if (!geo->l1[TLB_4K].entries)
		return kerror_set(err, -EINVAL, "TLB: l1 has no entries for 4K pages");
	if (geo->l1_shared && (geo->l1[TLB_2M].entries || geo->l1[TLB_1G].entries))
		return kerror_set(err, -EINVAL, "TLB: a shared l1 has no entries of its own for 2M and 1G");
	if ((geo->l2_shared_2m && geo->l2[TLB_2M].entries) ||
	    (geo->l2_shared_1g && geo->l2[TLB_1G].entries))
		return kerror_set(err, -EINVAL, "TLB: a shared l2 has no entries of its own");
	if ((geo->l2_shared_2m || geo->l2_shared_1g) && !geo->l2[TLB_4K].entries)
		return kerror_set(err, -EINVAL, "TLB: there is no l2 to share");
	return 0;
}

struct tlb_array tlb_level(const struct tlb_geometry *geo, unsigned int level, enum tlb_page size)
{
	if (level == 1)
		return geo->l1[geo->l1_shared ? TLB_4K : size];
	if ((size == TLB_2M && geo->l2_shared_2m) || (size == TLB_1G && geo->l2_shared_1g))
		return geo->l2[TLB_4K];
	return geo->l2[size];
}

uint64_t tlb_reach(const struct tlb_geometry *geo, enum tlb_page size)
{
	unsigned int l1 = tlb_level(geo, 1, size).entries;
	unsigned int l2 = tlb_level(geo, 2, size).entries;

	return (uint64_t)(l1 > l2 ? l1 : l2) << page_shifts[size];
}

/* ---- reading a geometry ------------------------------------------------- */

/* One "name=value" of a custom geometry; each names an array. */
struct array_key {
	const char *name;
	unsigned int level;
	enum tlb_page size;
};

static const struct array_key array_keys[] = {
	{ "l1", 1, TLB_4K }, { "l1-2m", 1, TLB_2M }, { "l1-1g", 1, TLB_1G },
	{ "l2", 2, TLB_4K }, { "l2-2m", 2, TLB_2M }, { "l2-1g", 2, TLB_1G },
};

#define NR_ARRAY_KEYS (sizeof(array_keys) / sizeof(array_keys[0]))

/* Up to five digits at *@text, which moves behind them. -1 where there are none, or too many. */
static int parse_count(const char **text, const char *end)
{
	const char *p = *text;
	int value = 0;

	while (p < end && *p >= '0' && *p <= '9') {
		value = value * 10 + (*p++ - '0');
		if (value > UINT16_MAX)
			return -1;
	}
	if (p == *text)
		return -1;
	*text = p;
	return value;
}

/* "64x4" or "64"; false for anything else. */
static bool parse_array(const char *text, const char *end, struct tlb_array *array)
{
	int entries = parse_count(&text, end), ways = 0;

	if (entries < 0)
		return false;
	if (text < end && *text == 'x') {
		text++;
		ways = parse_count(&text, end);
		if (ways <= 0)
			return false;
	}
	*array = (struct tlb_array){ entries, ways };
	return text == end;
}

static const struct array_key *find_key(const char *text, size_t len)
{
	unsigned int i;

	for (i = 0; i < NR_ARRAY_KEYS; i++)
		if (strlen(array_keys[i].name) == len && !strncmp(array_keys[i].name, text, len))
			return &array_keys[i];
	return NULL;
}

/* What the items of a custom geometry said so far, a bit an array_keys[]. */
struct seen {
	unsigned int named, shared;
};

/* One item, from @text to @end. */
static int parse_item(const char *text, const char *end, struct tlb_geometry *geo,
		      struct seen *seen, struct kerror *err)
{
	const char *equals = memchr(text, '=', end - text);
	const struct array_key *key = equals ? find_key(text, equals - text) : NULL;
	struct tlb_array *array;
	unsigned int bit;

	if (!equals)
		return kerror_set(err, -EINVAL, "TLB: '%.*s' is neither a known core nor NAME=ENTRIES[xWAYS]",
				  (int)(end - text < 64 ? end - text : 64), text);
	if (!key)
		return kerror_set(err, -EINVAL, "TLB: no array is called '%.*s'; there are l1, l1-2m, "
				  "l1-1g, l2, l2-2m, l2-1g",
				  (int)(equals - text < 64 ? equals - text : 64), text);
	bit = 1U << (key - array_keys);
	if (seen->named & bit)
		return kerror_set(err, -EINVAL, "TLB: %s is given twice", key->name);
	seen->named |= bit;
	array = key->level == 1 ? &geo->l1[key->size] : &geo->l2[key->size];
	text = equals + 1;
	if (end - text == 6 && !strncmp(text, "shared", 6)) {
		if (key->size == TLB_4K)
			return kerror_set(err, -EINVAL, "TLB: %s cannot be shared, it is what others share",
					  key->name);
		seen->shared |= bit;
		return 0;
	}
	if (!parse_array(text, end, array))
		return kerror_set(err, -EINVAL, "TLB: %s='%.*s' is not ENTRIES, ENTRIESxWAYS or shared",
				  key->name, (int)(end - text < 64 ? end - text : 64), text);
	return 0;
}

int tlb_parse(const char *text, struct tlb_geometry *geo, struct kerror *err)
{
	const struct tlb_geometry *preset;
	struct seen seen = { 0, 0 };
	const char *end;
	int ret;

	for (preset = tlb_presets; *preset->name; preset++) {
		if (!strcmp(preset->name, text)) {
			*geo = *preset;
			return 0;
		}
	}
	*geo = (struct tlb_geometry){ .name = "custom", .text = "as given" };
	for (;; text = end + 1) {
		end = text + strcspn(text, ",");
		ret = parse_item(text, end, geo, &seen, err);
		if (ret)
			return ret;
		if (!*end)
			break;
	}
	geo->l1_shared = seen.shared & 1U << 1;
	if (geo->l1_shared != !!(seen.shared & 1U << 2))
		return kerror_set(err, -EINVAL, "TLB: l1-2m and l1-1g can only be shared together");
	geo->l2_shared_2m = seen.shared & 1U << 4;
	geo->l2_shared_1g = seen.shared & 1U << 5;
	return geometry_check(geo, err);
}

/* ---- the model ---------------------------------------------------------- */

static void level_free(struct level *level)
{
	free(level->rows);
	free(level->entries);
	free(level->newest);
	free(level->bucket);
}

static int narrow_init(struct level *level, unsigned int nr_entries)
{
	level->rows = malloc(nr_entries * sizeof(*level->rows));
	if (!level->rows)
		return -ENOMEM;
	memset(level->rows, 0xff, nr_entries * sizeof(*level->rows));
	return 0;
}

/* Four buckets an entry keep the chains short. */
static int wide_init(struct level *level, unsigned int sets)
{
	unsigned int ways = level->ways, set, way, bits = 1;

	while (1U << bits < 4U * sets * ways)
		bits++;
	level->bucket_shift = 64 - bits;
	level->entries = calloc(sets * ways, sizeof(*level->entries));
	level->newest = calloc(sets, sizeof(*level->newest));
	level->bucket = malloc(sizeof(*level->bucket) << bits);
	if (!level->entries || !level->newest || !level->bucket)
		return -ENOMEM;
	memset(level->bucket, 0xff, sizeof(*level->bucket) << bits);
	for (set = 0; set < sets; set++) {
		level->newest[set] = set * ways;
		for (way = 0; way < ways; way++)
			level->entries[set * ways + way] = (struct tlb_entry){
				.page = NO_PAGE,
				.next = set * ways + (way + 1) % ways,
				.prev = set * ways + (way + ways - 1) % ways,
				.chain = NO_ENTRY,
				.set = set,
			};
	}
	return 0;
}

static int level_init(struct level *level, struct tlb_array array)
{
	unsigned int sets = array_sets(array);

	level->ways = array.entries / sets;
	level->set_mask = sets - 1;
	if (!level->ways)
		return 0;
	return level->ways <= NARROW_WAYS ? narrow_init(level, array.entries) :
					    wide_init(level, sets);
}

static inline bool narrow_touch(struct level *level, uint64_t page)
{
	uint64_t *way = level->rows + (page & level->set_mask) * level->ways;
	uint64_t *end = way + level->ways, newer = page;

	for (; way < end; way++) {
		uint64_t older = *way;

		*way = newer;
		if (older == page)
			return true;
		newer = older;
	}
	return false;
}

/* Fibonacci hashing; neighbouring pages fall into different buckets. */
static inline uint16_t *page_bucket(const struct level *level, uint64_t page)
{
	return &level->bucket[page * 0x9e3779b97f4a7c15ULL >> level->bucket_shift];
}

/* Make @index the newest of its set. */
static inline void wide_renew(struct level *level, uint16_t index)
{
	struct tlb_entry *entries = level->entries, *entry = &entries[index];
	uint16_t newest = level->newest[entry->set], oldest;

	if (index == newest)
		return;
	level->newest[entry->set] = index;
	oldest = entries[newest].prev;
	if (index == oldest)
		return;
	entries[entry->prev].next = entry->next;
	entries[entry->next].prev = entry->prev;
	entry->next = newest;
	entry->prev = oldest;
	entries[oldest].next = index;
	entries[newest].prev = index;
}

/* Put @page, which the level does not hold, in the place of its set's oldest entry. */
static inline void wide_replace(struct level *level, uint64_t page)
{
	uint16_t *newest = &level->newest[page & level->set_mask];
	uint16_t index = level->entries[*newest].prev, *link;
	struct tlb_entry *entry = &level->entries[index];

	if (entry->page != NO_PAGE) {
		link = page_bucket(level, entry->page);
		while (*link != index)
			link = &level->entries[*link].chain;
		*link = entry->chain;
	}
	link = page_bucket(level, page);
	entry->page = page;
	entry->chain = *link;
	*link = index;
	*newest = index;
}

static bool wide_touch(struct level *level, uint64_t page)
{
	uint16_t index;

	for (index = *page_bucket(level, page); index != NO_ENTRY;
	     index = level->entries[index].chain) {
		if (level->entries[index].page == page) {
			wide_renew(level, index);
			return true;
		}
	}
	wide_replace(level, page);
	return false;
}

/* Was @page in @level? It is now, as its set's newest, unless the level has no entries. */
static inline bool level_touch(struct level *level, uint64_t page)
{
	if (level->rows)
		return narrow_touch(level, page);
	return level->entries && wide_touch(level, page);
}

int tlb_create(struct tlb **out, const struct tlb_geometry *geo, enum tlb_page size, struct kerror *err)
{
	struct tlb *tlb;
	int ret;

	if (size >= NR_TLB_PAGES)
		return kerror_set(err, -EINVAL, "TLB: no such page size");
	ret = geometry_check(geo, err);
	if (ret)
		return ret;
	tlb = calloc(1, sizeof(*tlb));
	if (!tlb)
		return kerror_set(err, -ENOMEM, "TLB: out of memory");
	tlb->page_shift = page_shifts[size];
	tlb->last_page = NO_PAGE;
	if (level_init(&tlb->level[0], tlb_level(geo, 1, size)) ||
	    level_init(&tlb->level[1], tlb_level(geo, 2, size))) {
		tlb_destroy(tlb);
		return kerror_set(err, -ENOMEM, "TLB: out of memory");
	}
	*out = tlb;
	return 0;
}

void tlb_destroy(struct tlb *tlb)
{
	if (!tlb)
		return;
	level_free(&tlb->level[0]);
	level_free(&tlb->level[1]);
	free(tlb);
}

void tlb_access_page(struct tlb *tlb, uint64_t page)
{
	struct level *l1 = &tlb->level[0], *l2 = &tlb->level[1];

	tlb->stats.lookups++;
	/* The last page is the newest of its set in every level that holds it. */
	if (page == tlb->last_page) {
		++*tlb->last_result;
		return;
	}
	tlb->last_page = page;
	tlb->last_result = l1->ways ? &tlb->stats.l1_hits :
			   l2->ways ? &tlb->stats.l2_hits : &tlb->stats.walks;

	if (level_touch(l1, page))
		tlb->stats.l1_hits++;
	else if (level_touch(l2, page))
		tlb->stats.l2_hits++;
	else
		tlb->stats.walks++;
}

void tlb_access(struct tlb *tlb, uint64_t addr)
{
	tlb_access_page(tlb, addr >> tlb->page_shift);
}

const struct tlb_stats *tlb_stats(const struct tlb *tlb)
{
	return &tlb->stats;
}
