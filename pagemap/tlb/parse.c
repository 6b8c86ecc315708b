/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a TLB geometry out of one line of text; geometry.h has the syntax. Locking: none. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "pagemap/tlb/geometry.h"

#define ARRAY(member)	offsetof(struct tlb_geometry, member)

/* Names of arrays. Where only one base page has such pages, @base says which. */
enum base { BASE_ANY, BASE_4K, BASE_16K };
enum key { KEY_L1, KEY_L1_2M, KEY_L1_32M, KEY_L1_1G, KEY_L2, KEY_L2_2M, KEY_L2_32M, KEY_L2_1G, KEY_PDE, KEY_PDPTE,
	   KEY_PML4E, NR_ARRAYS, KEY_PAGE = NR_ARRAYS, KEY_PCID, NR_KEYS };

static const struct {
	const char *name;
	enum base base;
	bool may_share;
	size_t array;
} keys[NR_KEYS] = {
	[KEY_L1] = { "l1", BASE_ANY, false, ARRAY(l1[TLB_PTE]) },
	[KEY_L1_2M] = { "l1-2m", BASE_4K, true, ARRAY(l1[TLB_PMD]) },
	[KEY_L1_32M] = { "l1-32m", BASE_16K, true, ARRAY(l1[TLB_PMD]) },
	[KEY_L1_1G] = { "l1-1g", BASE_4K, true, ARRAY(l1[TLB_PUD]) },
	[KEY_L2] = { "l2", BASE_ANY, false, ARRAY(l2[TLB_PTE]) },
	[KEY_L2_2M] = { "l2-2m", BASE_4K, true, ARRAY(l2[TLB_PMD]) },
	[KEY_L2_32M] = { "l2-32m", BASE_16K, true, ARRAY(l2[TLB_PMD]) },
	[KEY_L2_1G] = { "l2-1g", BASE_4K, true, ARRAY(l2[TLB_PUD]) },
	[KEY_PDE] = { "pde", BASE_ANY, false, ARRAY(walk[WALK_PDE]) },
	[KEY_PDPTE] = { "pdpte", BASE_ANY, false, ARRAY(walk[WALK_PDPTE]) },
	[KEY_PML4E] = { "pml4e", BASE_ANY, false, ARRAY(walk[WALK_PML4E]) },
	[KEY_PAGE] = { .name = "page" },
	[KEY_PCID] = { .name = "pcid" },
};

/* A piece of the text. */
struct piece {
	const char *text, *end;
};

static int length(struct piece piece)
{
	return piece.end - piece.text < 64 ? (int)(piece.end - piece.text) : 64;
}

static bool piece_is(struct piece piece, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(piece.end - piece.text) == len && !strncmp(piece.text, word, len);
}

/* Up to five digits in front of @piece, which begins behind them then. -1 where there are none, or too many. */
static int parse_count(struct piece *piece)
{
	const char *p = piece->text;
	int value = 0;

	while (p < piece->end && *p >= '0' && *p <= '9') {
		value = value * 10 + (*p++ - '0');
		if (value > UINT16_MAX)
			return -1;
	}
	if (p == piece->text)
		return -1;
	piece->text = p;
	return value;
}

/* "64x4:plru", "64x4" or "64"; false for anything else. */
static bool parse_array(struct piece piece, struct assoc_shape *shape)
{
	int entries = parse_count(&piece), ways = 0;
	bool plru = false;

	if (entries < 0)
		return false;
	if (piece.text < piece.end && *piece.text == 'x') {
		piece.text++;
		ways = parse_count(&piece);
		if (ways <= 0)
			return false;
	}
	if (piece.text < piece.end) {
		plru = piece_is(piece, ":plru");
		if (!plru && !piece_is(piece, ":lru"))
			return false;
	}
	*shape = (struct assoc_shape){ (uint16_t)entries, (uint16_t)ways, plru ? REPLACE_PLRU : REPLACE_LRU };
	return true;
}

/* In capitals or not, as sizes are written. */
static bool piece_means(struct piece piece, const char *word)
{
	return strlen(word) == (size_t)(piece.end - piece.text) && !strncasecmp(piece.text, word, strlen(word));
}

/* One of two words; false for any other. */
static bool parse_choice(struct piece piece, const char *no, const char *yes, bool *value)
{
	*value = piece_means(piece, yes);
	return *value || piece_means(piece, no);
}

/* What the items said so far, a bit an enum key. */
struct said {
	unsigned int named, shared;
};

static int parse_value(enum key key, struct piece value, struct tlb_geometry *geo, struct said *said, struct kerror *err)
{
	const char *name = keys[key].name;
	struct assoc_shape *shape;

	if (key == KEY_PAGE)
		return parse_choice(value, "4k", "16k", &geo->base_16k) ? 0 :
		       kerror_set(err, -EINVAL, "TLB: page='%.*s' is not 4k or 16k", length(value), value.text);
	if (key == KEY_PCID)
		return parse_choice(value, "on", "off", &geo->no_tags) ? 0 :
		       kerror_set(err, -EINVAL, "TLB: pcid='%.*s' is not on or off", length(value), value.text);
	shape = (struct assoc_shape *)((char *)geo + keys[key].array);
	if (piece_is(value, "shared")) {
		if (!keys[key].may_share)
			return kerror_set(err, -EINVAL, "TLB: %s cannot be shared%s", name,
					  key < KEY_PDE ? ", it is what others share" : "");
		*shape = (struct assoc_shape){ 0 };
		said->shared |= 1U << key;
		return 0;
	}
	if (!parse_array(value, shape))
		return kerror_set(err, -EINVAL, "TLB: %s='%.*s' is not ENTRIES, ENTRIESxWAYS%s, with :lru or :plru or without",
				  name, length(value), value.text, keys[key].may_share ? " or shared" : "");
	return 0;
}

static int parse_item(struct piece item, struct tlb_geometry *geo, struct said *said, struct kerror *err)
{
	const char *equals = memchr(item.text, '=', (size_t)(item.end - item.text));
	struct piece name = { item.text, equals };
	enum key key;

	if (!equals)
		return kerror_set(err, -EINVAL, "TLB: '%.*s' is neither a known core nor NAME=ENTRIES[xWAYS]",
				  length(item), item.text);
	for (key = 0; key < NR_KEYS && !piece_is(name, keys[key].name); key++)
		;
	if (key == NR_KEYS)
		return kerror_set(err, -EINVAL, "TLB: no array is called '%.*s'; there are l1, l1-2m, l1-1g, l2, l2-2m, "
				  "l2-1g, pde, pdpte, pml4e, and page and pcid", length(name), name.text);
	if (said->named & 1U << key)
		return kerror_set(err, -EINVAL, "TLB: %s is given twice", keys[key].name);
	said->named |= 1U << key;
	return parse_value(key, (struct piece){ equals + 1, item.end }, geo, said, err);
}

/* What single items can't say: whether they fit each other. */
static int settle(struct tlb_geometry *geo, const struct said *said, struct kerror *err)
{
	const unsigned int l1_pmd = 1U << KEY_L1_2M | 1U << KEY_L1_32M, l1_pud = 1U << KEY_L1_1G;
	const unsigned int l2_pmd = 1U << KEY_L2_2M | 1U << KEY_L2_32M, l2_pud = 1U << KEY_L2_1G;
	enum base base = geo->base_16k ? BASE_16K : BASE_4K;
	enum key key;

	for (key = 0; key < NR_ARRAYS; key++)
		if (said->named & 1U << key && keys[key].base != BASE_ANY && keys[key].base != base)
			return kerror_set(err, -EINVAL, "TLB: %s: no page is that large where the base page is %s",
					  keys[key].name, tlb_page_name(geo, TLB_PTE));
	if (base == BASE_4K && !(said->shared & l1_pmd) != !(said->shared & l1_pud))
		return kerror_set(err, -EINVAL, "TLB: l1-2m and l1-1g can only be shared together");
	if (said->named & (l1_pmd | l1_pud))
		geo->l1_shared = said->shared & l1_pmd;
	if (said->named & l2_pmd)
		geo->l2_shared_pmd = said->shared & l2_pmd;
	if (said->named & l2_pud)
		geo->l2_shared_pud = said->shared & l2_pud;
	return tlb_geometry_check(geo, err);
}

int tlb_parse(const char *text, struct tlb_geometry *geo, struct kerror *err)
{
	const struct tlb_geometry *preset = tlb_presets;
	struct piece item = { text, text + strcspn(text, ",") };
	struct said said = { 0, 0 };
	int ret;

	*geo = (struct tlb_geometry){ .name = "custom", .text = "as given" };
	while (*preset->name && !piece_is(item, preset->name))
		preset++;
	if (*preset->name) {
		*geo = *preset;
		if (!*item.end)
			return 0;
		strcpy(geo->name, "custom");
		geo->text = "a core of the list, changed as given";
		item.text = item.end + 1;
	}
	for (;; item.text = item.end + 1) {
		item.end = item.text + strcspn(item.text, ",");
		ret = parse_item(item, geo, &said, err);
		if (ret)
			return ret;
		if (!*item.end)
			return settle(geo, &said, err);
	}
}
