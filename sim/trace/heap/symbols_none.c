/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: symbols in a build without libdw: none; see symbols.h. No state. */
#include "sim/trace/heap/symbols.h"

#include <stdlib.h>

struct symbols *symbols_create(void)
{
	return malloc(1);
}

void symbols_destroy(struct symbols *symbols)
{
	free(symbols);
}

bool symbols_find(struct symbols *symbols, const char *path, uint64_t at, const char **name, uint64_t *offset)
{
	return false;
}
