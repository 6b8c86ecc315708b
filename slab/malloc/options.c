// SPDX-License-Identifier: GPL-2.0
/*
 * kmemsim: KMEMSIM_OPTIONS.
 */
#include <stdlib.h>
#include <string.h>

#include "slab/malloc/internal.h"

void kms_read_options(struct kms_options *options)
{
	const char *text = getenv("KMEMSIM_OPTIONS");

	memset(options, 0, sizeof(*options));
	options->give_back = true;
	(void)text;
}
