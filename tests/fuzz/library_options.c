/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for KMEMSIM_OPTIONS, by the library's own parser. What is
 * taken must be what the option promises; what is refused is counted and said, one
 * line a setting, and leaves the option as it was.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slab/malloc/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned int said;

/* Of complain.c, which needs a heap. */
void kms_say(const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	said++;
}

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_text(const char *value, const char *text)
{
	must(memchr(value, '\0', KMS_OPTION_TEXT));
	must(!strpbrk(value, ": \t\n"));
	must(strstr(text, value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kms_options options, again;
	struct kerror err = { 0 };
	char *text = malloc(size + 1);
	unsigned int wrong;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	said = 0;
	memset(&options, 0x5a, sizeof(options));
	memset(&again, 0xa5, sizeof(again));
	wrong = kms_parse_options(&options, text);
	must(wrong == said);
	check_text(options.report, text);
	check_text(options.report_json, text);
	check_text(options.debug, text);
	must(!options.debug[0] || !slab_debug_parse(options.debug, &err));
	must(kms_parse_options(&again, text) == wrong);
	must(!memcmp(&options, &again, sizeof(options)));
	free(text);
	return 0;
}
