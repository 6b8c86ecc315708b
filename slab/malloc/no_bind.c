/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: takes the place of pagemap/bind.c in the library, which never binds
 * frames to nodes of the host and so needs no libnuma in every program.
 */
#include "pagemap/internal.h"

void pagemap_bind(struct pagemap *map)
{
	map->bound = false;
}
