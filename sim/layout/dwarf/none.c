/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what stands in for the other files where libdw was not there at build time; see layout.h. */
#include <errno.h>

#include "sim/layout/layout.h"

int layout_open(struct layout_program **out, const char *path, const volatile sig_atomic_t *stop,
		struct kerror *err)
{
	*out = NULL;
	return kerror_set(err, -ENOTSUP, "%s: this kmemsim was built without libdw and reads no debug information; "
			  "install libdw-dev and pkg-config, and build it again", path);
}

void layout_close(struct layout_program *prog)
{
}

const struct layout_type *const *layout_types(const struct layout_program *prog, size_t *nr)
{
	*nr = 0;
	return NULL;
}

uint64_t layout_stopped(const struct layout_program *prog)
{
	return 0;
}

uint64_t layout_damaged(const struct layout_program *prog)
{
	return 0;
}

const char *layout_missing(const struct layout_program *prog)
{
	return "";
}

const char *layout_declared_in(const struct layout_program *prog, const struct layout_type *type)
{
	return "";
}

bool layout_supported(void)
{
	return false;
}
