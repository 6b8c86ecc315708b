/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: violations; see violation.h. */
#include "sim/vm/violation.h"

#include <stdarg.h>
#include <stdio.h>

void vm_complain(struct vm_violations *violations, const char *fmt, ...)
{
	char text[256];
	va_list args;

	violations->nr++;
	if (!violations->fn)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	violations->fn(violations->ctx, text);
}
