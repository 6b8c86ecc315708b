/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: GFP flags to text and back. Names that came or went between
 * kernels 5.4 and 6.18 are read as what they mean here; a name without a
 * meaning for this allocator sets no bit but is known.
 *
 * Single-threaded: no state.
 */
#include "buddy/gfp.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct gfp_name {
	const char *name;
	gfp_t mask;
};

/*
 * In the order in which the kernel's __print_flags() tries them: a name is
 * printed where all its bits are still left, and takes them away.
 */
static const struct gfp_name print_names[] = {
	{ "GFP_TRANSHUGE", GFP_TRANSHUGE },
	{ "GFP_TRANSHUGE_LIGHT", GFP_TRANSHUGE_LIGHT },
	{ "GFP_HIGHUSER_MOVABLE", GFP_HIGHUSER_MOVABLE },
	{ "GFP_HIGHUSER", GFP_HIGHUSER },
	{ "GFP_USER", GFP_USER },
	{ "GFP_KERNEL_ACCOUNT", GFP_KERNEL_ACCOUNT },
	{ "GFP_KERNEL", GFP_KERNEL },
	{ "GFP_NOFS", GFP_NOFS },
	{ "GFP_ATOMIC", GFP_ATOMIC },
	{ "GFP_NOIO", GFP_NOIO },
	{ "GFP_NOWAIT", GFP_NOWAIT },
	{ "GFP_DMA", GFP_DMA },
	{ "__GFP_HIGHMEM", __GFP_HIGHMEM },
	{ "GFP_DMA32", GFP_DMA32 },
	{ "__GFP_HIGH", __GFP_HIGH },
	{ "__GFP_ATOMIC", __GFP_ATOMIC },
	{ "__GFP_IO", __GFP_IO },
	{ "__GFP_FS", __GFP_FS },
	{ "__GFP_NOWARN", __GFP_NOWARN },
	{ "__GFP_RETRY_MAYFAIL", __GFP_RETRY_MAYFAIL },
	{ "__GFP_NOFAIL", __GFP_NOFAIL },
	{ "__GFP_NORETRY", __GFP_NORETRY },
	{ "__GFP_COMP", __GFP_COMP },
	{ "__GFP_ZERO", __GFP_ZERO },
	{ "__GFP_NOMEMALLOC", __GFP_NOMEMALLOC },
	{ "__GFP_MEMALLOC", __GFP_MEMALLOC },
	{ "__GFP_HARDWALL", __GFP_HARDWALL },
	{ "__GFP_THISNODE", __GFP_THISNODE },
	{ "__GFP_RECLAIMABLE", __GFP_RECLAIMABLE },
	{ "__GFP_MOVABLE", __GFP_MOVABLE },
	{ "__GFP_ACCOUNT", __GFP_ACCOUNT },
	{ "__GFP_WRITE", __GFP_WRITE },
	{ "__GFP_RECLAIM", __GFP_RECLAIM },
	{ "__GFP_DIRECT_RECLAIM", __GFP_DIRECT_RECLAIM },
	{ "__GFP_KSWAPD_RECLAIM", __GFP_KSWAPD_RECLAIM },
	{ "__GFP_ZEROTAGS", __GFP_ZEROTAGS },
};

/* Read, never printed: spellings of single kernel versions, and flags that do nothing here. */
static const struct gfp_name read_names[] = {
	{ "none", 0 },
	{ "__GFP_DMA", __GFP_DMA },
	{ "__GFP_DMA32", __GFP_DMA32 },
	{ "GFP_HIGHUSER_MOVABLE_SKIP_KASAN", GFP_HIGHUSER_MOVABLE },
	{ "__GFP_REPEAT", __GFP_RETRY_MAYFAIL },
	{ "__GFP_OTHER_NODE", 0 },
	{ "__GFP_NOTRACK", 0 },
	{ "__GFP_NOLOCKDEP", 0 },
	{ "__GFP_NO_OBJ_EXT", 0 },
	{ "__GFP_SKIP_ZERO", 0 },
	{ "__GFP_SKIP_KASAN", 0 },
	{ "__GFP_SKIP_KASAN_POISON", 0 },
	{ "__GFP_SKIP_KASAN_UNPOISON", 0 },
};

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static bool find_name(const struct gfp_name *names, size_t nr, const char *text, size_t len,
		      gfp_t *mask)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (strlen(names[i].name) == len && !memcmp(names[i].name, text, len)) {
			*mask = names[i].mask;
			return true;
		}
	}
	return false;
}

/* "0x" and 1 to 16 hex digits; bits beyond gfp_t are dropped. */
static bool parse_hex(const char *text, size_t len, uint64_t *value)
{
	size_t i;

	if (len < 3 || len > 18 || text[0] != '0' || (text[1] != 'x' && text[1] != 'X'))
		return false;
	*value = 0;
	for (i = 2; i < len; i++) {
		char c = text[i];
		unsigned int digit;

		if (c >= '0' && c <= '9')
			digit = (unsigned int)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (unsigned int)((c | 0x20) - 'a') + 10;
		else
			return false;
		*value = *value << 4 | digit;
	}
	return true;
}

static bool is_name(const char *text, size_t len)
{
	size_t i;

	if (text[0] >= '0' && text[0] <= '9')
		return false;
	for (i = 0; i < len; i++) {
		char c = text[i];

		if (!((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_'))
			return false;
	}
	return true;
}

int gfp_parse(const char *text, size_t len, gfp_t *gfp, unsigned int *unknown)
{
	const char *end = text + len;
	unsigned int nr_unknown = 0;
	gfp_t result = 0;

	for (;;) {
		const char *bar = memchr(text, '|', (size_t)(end - text));
		size_t part = (size_t)((bar ? bar : end) - text);
		gfp_t mask = 0;
		uint64_t hex;

		if (!part)
			return -EINVAL;
		if (parse_hex(text, part, &hex))
			mask = (gfp_t)hex;
		else if (!is_name(text, part))
			return -EINVAL;
		else if (!find_name(print_names, ARRAY_SIZE(print_names), text, part, &mask) &&
			 !find_name(read_names, ARRAY_SIZE(read_names), text, part, &mask))
			nr_unknown++;
		result |= mask;
		if (!bar)
			break;
		text = bar + 1;
	}
	*gfp = result;
	if (unknown)
		*unknown += nr_unknown;
	return 0;
}

int gfp_format(char *buf, size_t size, gfp_t gfp)
{
	size_t len = 0, i;
	int n;

	if (!gfp)
		return snprintf(buf, size, "none");
	for (i = 0; i < ARRAY_SIZE(print_names); i++) {
		gfp_t mask = print_names[i].mask;

		if ((gfp & mask) != mask)
			continue;
		gfp &= ~mask;
		n = snprintf(len < size ? buf + len : NULL, len < size ? size - len : 0, "%s%s",
			     len ? "|" : "", print_names[i].name);
		len += (size_t)n;
	}
	if (gfp) {
		n = snprintf(len < size ? buf + len : NULL, len < size ? size - len : 0, "%s%#x",
			     len ? "|" : "", gfp);
		len += (size_t)n;
	}
	return (int)len;
}
