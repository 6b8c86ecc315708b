/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: one sentence about what went wrong; see error.h. */
#include "pagemap/error.h"

#include <stdarg.h>
#include <stdio.h>

int kerror_set(struct kerror *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return code;
}
