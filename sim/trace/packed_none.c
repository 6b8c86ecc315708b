/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: no libarchive was there when this was built; see packed.h. */
#include "sim/trace/packed.h"

#include <errno.h>

bool packed_supported(void)
{
	return false;
}

struct packed *packed_open(packed_fill_fn fill, void *ctx)
{
	(void)fill;
	(void)ctx;
	return NULL;
}

void packed_close(struct packed *packed)
{
	(void)packed;
}

int64_t packed_read(struct packed *packed, void *buf, size_t size, const char **why)
{
	(void)packed;
	(void)buf;
	(void)size;
	*why = "this build has no libarchive";
	return -ENOSYS;
}
