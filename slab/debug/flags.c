/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: which cache is debugged how, from one line of text in the syntax of
 * the kernel's slab_debug= parameter; see slab_debug_parse(). Follows
 * parse_slub_debug_flags(), setup_slub_debug() and kmem_cache_flags().
 *
 * The text is read anew for each cache that is created, as the kernel does:
 * that is rare, and there is nothing to keep.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "slab/debug/internal.h"

static const struct {
	char letter;
	uint32_t flags;
} letters[] = {
	{ 'F', SLAB_CONSISTENCY_CHECKS },
	{ 'Z', SLAB_RED_ZONE },
	{ 'P', SLAB_POISON },
	{ 'U', SLAB_STORE_USER },
	{ 'T', SLAB_TRACE },
	{ 'A', SLAB_FAILSLAB },
	/* What is held back is of use only if a write to it shows. */
	{ 'Q', SLAB_QUARANTINE | SLAB_POISON },
};
#define NR_LETTERS (sizeof(letters) / sizeof(letters[0]))

struct block {
	uint32_t flags;
	const char *names;	/* NULL: for every cache */
	size_t names_len;
	bool no_higher_order;
	char unknown;		/* the first letter that is none, 0: all are known */
};

/* The block that begins at @text; returns the next one, NULL where there is none. */
static const char *parse_block(const char *text, struct block *block)
{
	const char *end;
	size_t i;

	memset(block, 0, sizeof(*block));
	if (!*text)
		block->flags = SLAB_DEBUG_DEFAULT;
	text += strspn(text, ";");
	end = text + strcspn(text, ";");
	if (*text == ',')
		block->flags = SLAB_DEBUG_DEFAULT;
	for (; text < end && *text != ','; text++) {
		char letter = (char)toupper((unsigned char)*text);

		for (i = 0; i < NR_LETTERS && letters[i].letter != letter; i++)
			;
		if (i < NR_LETTERS)
			block->flags |= letters[i].flags;
		else if (letter == '-')
			block->flags = 0;
		else if (letter == 'O')
			block->no_higher_order = true;
		else if (!block->unknown)
			block->unknown = *text;
	}
	if (text < end) {
		block->names = text + 1;
		block->names_len = (size_t)(end - text) - 1;
	}
	end += strspn(end, ";");
	return *end ? end : NULL;
}

/* The next name of @block behind *@at, which starts at block->names; false behind the last. */
static bool next_name(const struct block *block, const char **at, const char **name, size_t *len)
{
	const char *end = block->names + block->names_len, *comma;

	if (*at > end)
		return false;
	comma = memchr(*at, ',', (size_t)(end - *at));
	*name = *at;
	*len = (size_t)((comma ? comma : end) - *at);
	*at += *len + 1;
	return true;
}

static bool name_missing(const struct block *block)
{
	const char *at = block->names, *name;
	size_t len;

	while (at && next_name(block, &at, &name, &len))
		if (!len)
			return true;
	return false;
}

int slab_debug_parse(const char *text, struct kerror *err)
{
	struct block block;

	do {
		text = parse_block(text, &block);
		if (block.unknown)
			return kerror_set(err, -EINVAL, "'%c' is no debugging flag; there are F, Z, P, U, "
					  "T, A, Q, O and -", block.unknown);
		if (name_missing(&block))
			return kerror_set(err, -EINVAL, "a comma without a cache's name behind it");
	} while (text);
	return 0;
}

/* A '*' ends a pattern; without one the names must be the same. */
static bool name_fits(const char *name, const char *pattern, size_t len)
{
	const char *star = memchr(pattern, '*', len);

	if (star)
		return !strncmp(name, pattern, (size_t)(star - pattern));
	return strlen(name) == len && !memcmp(name, pattern, len);
}

static bool block_names(const struct block *block, const char *name)
{
	const char *at = block->names, *pattern;
	size_t len;

	while (next_name(block, &at, &pattern, &len))
		if (name_fits(name, pattern, len))
			return true;
	return false;
}

static bool any_cache_fits(const struct slab_allocator *sa, const char *pattern, size_t len)
{
	const struct kmem_cache *s;
	const char *alias;
	unsigned int i;

	for_each_cache(sa, s) {
		if (name_fits(s->name, pattern, len))
			return true;
		for (i = 0; (alias = kmem_cache_alias_name(s, i)); i++)
			if (name_fits(alias, pattern, len))
				return true;
	}
	return false;
}

void slab_debug_unmet(const struct slab_allocator *sa, const char *text,
		      void (*fn)(void *ctx, const char *name, size_t len), void *ctx)
{
	const char *at, *name;
	struct block block;
	size_t len;

	do {
		text = parse_block(text, &block);
		at = block.names;
		while (at && next_name(&block, &at, &name, &len))
			if (!any_cache_fits(sa, name, len))
				fn(ctx, name, len);
	} while (text);
}

uint32_t slab_debug_any_flags(const char *text)
{
	struct block block;
	uint32_t flags = 0;

	do {
		text = parse_block(text, &block);
		flags |= block.flags;
	} while (text);
	return flags;
}

uint32_t slab_debug_flags_of(const char *text, const char *name)
{
	uint32_t everywhere = 0;
	struct block block;

	do {
		text = parse_block(text, &block);
		if (!block.names)
			everywhere = block.flags;
		else if (block_names(&block, name))
			return block.flags;
	} while (text);
	return everywhere;
}

bool slab_debug_no_higher_order(const char *text)
{
	struct block block;
	bool any = false;

	do {
		text = parse_block(text, &block);
		any |= block.no_higher_order;
	} while (text);
	return any;
}

uint32_t slab_debug_cache_flags(const struct slab_allocator *sa, const struct kmem_cache_args *args)
{
	uint32_t flags = args->flags;

	if (sa->debug->text && !(flags & SLAB_NO_USER_FLAGS))
		flags |= slab_debug_flags_of(sa->debug->text, args->name);
	return flags & SLAB_QUARANTINE ? flags | SLAB_POISON : flags;
}

const char *slab_debug_letters(uint32_t flags, char *buf, size_t size)
{
	size_t i, len = 0;

	for (i = 0; i < NR_LETTERS && len + 1 < size; i++)
		if ((flags & letters[i].flags) == letters[i].flags)
			buf[len++] = letters[i].letter;
	if (!len && size > 1)
		buf[len++] = '-';
	buf[len] = '\0';
	return buf;
}
