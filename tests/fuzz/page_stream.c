/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for page numbers as text, and for the policies that get them. However
 * the text is cut into pieces, it is read alike; what is refused is refused with its place. The first two
 * bytes choose the pieces and the number of frames. Every policy keeps its own rules, OPT misses
 * least, CLOCK as second chance.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/vm/policy/policy.h"
#include "sim/vm/policy/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_pieces(struct stream *s, const char *bytes, size_t len, size_t step, struct kerror *err)
{
	struct stream_text text;
	size_t at, piece;
	int ret = 0;

	stream_text_begin(&text, s, "fuzz");
	for (at = 0; at < len && !ret; at += piece) {
		piece = len - at < step ? len - at : step;
		ret = stream_text_feed(&text, bytes + at, piece, err);
	}
	return ret ? ret : stream_text_end(&text, err);
}

static uint64_t misses_of(const struct policy_ops *ops, uint32_t frames, const struct stream *s, const uint32_t *next)
{
	struct policy_config cfg;
	struct policy *p;
	uint64_t misses, i;

	policy_defaults(&cfg, ops);
	cfg.frames = frames;
	cfg.next_use = next;
	cfg.nr_next_uses = s->nr;
	if (policy_create(&p, &cfg, NULL))
		abort();
	for (i = 0; i < s->nr; i++) {
		if (policy_access(p, stream_page(s, i)) == POLICY_EVICTED && policy_has(p, p->evicted))
			abort();
		if (!policy_has(p, stream_page(s, i)))
			abort();
	}
	misses = p->misses;
	if (policy_validate(p))
		abort();
	policy_destroy(p);
	return misses;
}

static void run_policies(const struct stream *s, uint32_t frames)
{
	const struct policy_ops *const *ops;
	uint64_t least;
	uint32_t *next;

	if (stream_next_uses(s, &next, NULL))
		abort();
	least = misses_of(&policy_opt, frames, s, next);
	for (ops = policy_list; *ops; ops++)
		if (misses_of(*ops, frames, s, next) < least)
			abort();
	if (misses_of(&policy_clock, frames, s, next) != misses_of(&policy_second, frames, s, next))
		abort();
	stream_free_next_uses(s, next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stream whole = { 0 }, pieces = { 0 };
	struct kerror err = { 0 }, again = { 0 };
	int ret;

	if (size < 2 || size > 4096)
		return 0;
	ret = read_pieces(&whole, (const char *)data + 2, size - 2, size, &err);
	if (read_pieces(&pieces, (const char *)data + 2, size - 2, data[0] + 1u, &again) != ret ||
	    strcmp(err.text, again.text) || whole.nr != pieces.nr || (ret && !err.text[0]) ||
	    (whole.nr && memcmp(whole.at, pieces.at, whole.nr * sizeof(*whole.at))))
		abort();
	if (whole.nr)
		run_policies(&whole, data[1] % 32 + 1u);
	stream_free(&whole);
	stream_free(&pieces);
	return 0;
}
