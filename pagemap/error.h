/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: how every layer says that something went wrong.
 *
 * Library code never prints and never exits. A call that can fail returns a
 * negative errno and, where the caller passed a struct kerror, leaves one
 * sentence in it that a user can act on. The caller owns the struct; passing
 * NULL is allowed and means that the number alone is enough.
 */
#ifndef KMEMSIM_PAGEMAP_ERROR_H
#define KMEMSIM_PAGEMAP_ERROR_H

#include <stddef.h>

struct kerror {
	int code;		/* negative errno, 0 when nothing failed */
	char text[256];		/* one sentence, no newline, always terminated */
};

/*
 * Store @code and a formatted sentence in @err (which may be NULL) and return
 * @code, so that a failing function can end with `return kerror_set(...)`.
 * A text that does not fit is cut.
 */
int kerror_set(struct kerror *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
