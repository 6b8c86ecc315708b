/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the engines there are. */
#include <string.h>

#include "slab/engine/engine.h"

const struct slab_engine *const slab_engines[] = {
	&slub_engine,
	&sheaves_engine,
	&lslab_engine,
	&magazine_engine,
	NULL
};

const struct slab_engine *slab_find_engine(const char *name)
{
	const struct slab_engine *const *engine;

	for (engine = slab_engines; *engine; engine++)
		if (!strcmp((*engine)->name, name))
			return *engine;
	return NULL;
}
