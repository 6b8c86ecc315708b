/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: raw gfp_flags. The bits have other meanings in each kernel, but the
 * description of the tracepoint has a list of them with their names:
 *
 *	(REC->gfp_flags) ? __print_flags(REC->gfp_flags, "|", { 0xcc0, "GFP_KERNEL" }, ...) : "none"
 *
 * A value becomes the text that perf prints for it, and that text a gfp_t, so
 * text and binary agree in whatever a kernel may print. Both are done once a value.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buddy/gfp.h"
#include "sim/trace/tep/formats.h"
#include "sim/trace/tep/print_flags.h"

#define GFP_TEXT_BYTES	4096u

static int add_flag(struct raw_flag ***end, int64_t value, const char *name, size_t len)
{
	struct raw_flag *flag = malloc(sizeof(*flag) + len + 1);

	if (!flag)
		return -ENOMEM;
	flag->next = NULL;
	flag->value = value;
	memcpy(flag->name, name, len);
	flag->name[len] = '\0';
	**end = flag;
	*end = &flag->next;
	return 0;
}

int raw_gfp_make(struct raw_gfp *gfp, const char *print, size_t len, const char *field)
{
	struct raw_flag **end = &gfp->flags;
	struct print_flags flags;
	const char *name;
	int64_t value;
	size_t bytes;

	gfp->plain = true;
	if (!print_flags_find(&flags, print, len, field))
		return 0;
	while (print_flags_next(&flags, &value, &name, &bytes))
		if (add_flag(&end, value, name, bytes))
			return -ENOMEM;
	if (!flags.p)
		return 0;
	gfp->plain = false;
	if (print_flags_none(&flags, &name, &bytes)) {
		gfp->none = strndup(name, bytes);
		if (!gfp->none)
			return -ENOMEM;
	}
	return 0;
}

void raw_gfp_exit(struct raw_gfp *gfp)
{
	while (gfp->flags) {
		struct raw_flag *next = gfp->flags->next;

		free(gfp->flags);
		gfp->flags = next;
	}
	free(gfp->none);
}

/* As perf prints it; its length, 0 where that is nothing at all or does not fit. */
static size_t gfp_text(const struct raw_gfp *gfp, uint64_t raw, char text[GFP_TEXT_BYTES])
{
	const struct raw_flag *flag;
	size_t len = 0;
	int n;

	if (!raw && gfp->none)
		return (size_t)snprintf(text, GFP_TEXT_BYTES, "%.100s", gfp->none);
	for (flag = gfp->flags; flag; flag = flag->next) {
		uint64_t value = (uint64_t)flag->value;

		if (!raw && flag->value < 0)
			return (size_t)snprintf(text, GFP_TEXT_BYTES, "%.100s", flag->name);
		if (flag->value <= 0 || (raw & value) != value)
			continue;
		n = snprintf(text + len, GFP_TEXT_BYTES - len, "%s%s", len ? "|" : "", flag->name);
		if ((size_t)n >= GFP_TEXT_BYTES - len)
			return 0;
		len += (size_t)n;
		raw &= ~value;
	}
	if (raw) {
		n = snprintf(text + len, GFP_TEXT_BYTES - len, "%s0x%llx", len ? "|" : "", (unsigned long long)raw);
		if ((size_t)n >= GFP_TEXT_BYTES - len)
			return 0;
		len += (size_t)n;
	}
	return len;
}

const struct raw_gfp_slot *raw_gfp_slow(struct raw_gfp *gfp, uint64_t raw)
{
	struct raw_gfp_slot *slot = &gfp->slots[(raw ^ raw >> 8 ^ raw >> 16) % RAW_GFP_SLOTS];
	unsigned int unknown = 0;
	char text[GFP_TEXT_BYTES];
	gfp_t mask = 0;
	size_t len;

	if (gfp->plain) {
		if (raw > UINT32_MAX)
			return NULL;
		mask = (gfp_t)raw;
	} else {
		len = gfp_text(gfp, raw, text);
		if (!len || gfp_parse(text, len, &mask, &unknown))
			return NULL;
	}
	*slot = (struct raw_gfp_slot){
		.raw = raw, .gfp = mask, .unknown = (uint16_t)(unknown < UINT16_MAX ? unknown : UINT16_MAX), .known = true
	};
	return slot;
}
