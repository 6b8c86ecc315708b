/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for values of options that are read by hand. The
 * first byte chooses the reader, the rest is the value. What a reader takes must
 * lie within what it promises, and what it refuses must come with a sentence.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pagemap/tlb/geometry.h"
#include "sim/cmd/cmd.h"
#include "sim/cmd/machine_values.h"
#include "sim/cmd/replace_values.h"
#include "sim/util/nearest.h"
#include "slab/slab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void fuzz_units(const char *text)
{
	uint64_t value;

	if (parse_number(text, 3, 1000, &value))
		must(value >= 3 && value <= 1000 && strlen(text) == strspn(text, "0123456789"));
	if (parse_size(text, 1 << 20, MAX_MEMORY, &value))
		must(value >= 1 << 20 && value <= MAX_MEMORY);
}

static void fuzz_hole(const char *text)
{
	struct kerror err = { 0 };
	struct mem_range hole;

	if (!parse_hole(text, &hole, &err))
		must(hole.start < hole.end);
	else
		must(err.code && err.text[0]);
}

static void fuzz_distance(const char *text)
{
	uint8_t table[MAX_NUMNODES][MAX_NUMNODES] = { 0 };
	struct kerror err = { 0 };
	unsigned int rows = 0, i, j;

	if (parse_distance(text, table, &err)) {
		must(err.code && err.text[0]);
		return;
	}
	while (rows < MAX_NUMNODES && table[rows][0])
		rows++;
	must(rows);
	for (i = 0; i < MAX_NUMNODES; i++)
		for (j = 0; j < MAX_NUMNODES; j++)
			must(i < rows && j < rows ? table[i][j] >= 10 : !table[i][j]);
}

static void fuzz_engines(const char *text)
{
	struct slab_config cfg, again;
	struct kerror err = { 0 };
	char shown[256];
	int i;

	for (i = 0; i < 16; i++) {
		slab_config_default(&cfg);
		text = parse_slab_engine(text, &cfg, &err);
		if (!text) {
			must(err.code && err.text[0]);
			return;
		}
		slab_config_text(&cfg, shown, sizeof(shown));
		/* What is written out says the same. */
		slab_config_default(&again);
		must(parse_slab_engine(shown, &again, &err) && !memcmp(&cfg, &again, sizeof(cfg)));
		if (!*text)
			return;
	}
}

static void fuzz_tlb(const char *text)
{
	struct tlb_geometry geo;
	struct kerror err = { 0 };

	if (tlb_parse(text, &geo, &err))
		must(err.code && err.text[0]);
}

static void fuzz_debug(const char *text)
{
	struct kerror err = { 0 };
	uint32_t any;
	char letters[16];

	if (slab_debug_parse(text, &err)) {
		must(err.code && err.text[0]);
		return;
	}
	any = slab_debug_any_flags(text);
	must(!(any & ~(SLAB_DEBUG_FLAGS | SLAB_FAILSLAB)));
	must(!(slab_debug_flags_of(text, "kmalloc-64") & ~any));
	slab_debug_letters(any, letters, sizeof(letters));
	must(!slab_debug_parse(letters, &err) && slab_debug_any_flags(letters) == any);
}

static void fuzz_failslab(const char *text)
{
	struct slab_fail_attr fail = { 0 };
	struct kerror err = { 0 };
	const char *site = NULL;

	if (slab_fail_parse(&fail, text, &site, &err))
		must(err.code && err.text[0]);
	else
		must(fail.probability <= 100 && fail.times >= -1 && fail.space >= 0 &&
		     (!site || (*site && site > text && site < text + strlen(text))));
}

static void fuzz_nearest(const char *text)
{
	static const char *const words[] = { "run", "verify", "compare", "slab-debug", "page-owner-sort" };
	struct nearest near;
	size_t i;

	nearest_begin(&near, text);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		must(word_distance(text, words[i]) == word_distance(words[i], text));
		nearest_add(&near, words[i]);
	}
	must(strlen(nearest_text(&near)) < sizeof(near.text));
	/* The text as one of the words, too. */
	nearest_add(&near, text);
	must(strlen(nearest_text(&near)) < sizeof(near.text));
}

static void fuzz_policies(const char *text)
{
	static struct replace_config cfg;
	struct kerror err = { 0 };
	unsigned int i, k;

	if (parse_replace_policies(text, &cfg, &err)) {
		must(err.code && err.text[0]);
		return;
	}
	must(cfg.nr_policies && cfg.nr_policies <= REPLACE_MAX_POLICIES);
	for (i = 0; i < cfg.nr_policies; i++)
		for (k = 0; cfg.policies[i].ops->params[k].name; k++)
			must(cfg.policies[i].value[k] >= cfg.policies[i].ops->params[k].min &&
			     cfg.policies[i].value[k] <= cfg.policies[i].ops->params[k].max);
}

static void fuzz_frames(const char *text)
{
	static struct replace_config cfg;
	struct kerror err = { 0 };
	unsigned int i;

	if (parse_replace_frames(text, &cfg, &err)) {
		must(err.code && err.text[0]);
		return;
	}
	must(cfg.nr_frames && cfg.nr_frames <= REPLACE_MAX_FRAMES && cfg.frames[0]);
	for (i = 0; i < cfg.nr_frames; i++)
		must(cfg.frames[i] <= POLICY_MAX_FRAMES && (!i || cfg.frames[i] > cfg.frames[i - 1]));
}

static void (*const readers[])(const char *text) = {
	fuzz_units, fuzz_hole, fuzz_distance, fuzz_engines, fuzz_tlb, fuzz_debug, fuzz_failslab, fuzz_nearest,
	fuzz_policies, fuzz_frames,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!size)
		return 0;
	/* Memory of exactly its length: what is read behind its end is found. */
	text = strndup((const char *)data + 1, size - 1);
	if (text)
		readers[data[0] % (sizeof(readers) / sizeof(readers[0]))](text);
	free(text);
	return 0;
}
