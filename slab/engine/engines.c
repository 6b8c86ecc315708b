/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the engines there are. */
#include <string.h>

#include "slab/engine/engine.h"

const struct engine_ops *const engine_list[] = {
	&slub_ops,
	&sheaves_ops,
	&lslab_ops,
	&magazine_ops,
	&slob_ops,
	NULL
};

const struct engine_ops *engine_find(const char *name)
{
	const struct engine_ops *const *engine;

	for (engine = engine_list; *engine; engine++)
		if (!strcmp((*engine)->name, name))
			return *engine;
	return NULL;
}
