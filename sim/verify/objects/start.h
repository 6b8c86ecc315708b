/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: where a new slab's random free list begins; see objects/start.c. */
#ifndef KMEMSIM_SIM_VERIFY_OBJECTS_START_H
#define KMEMSIM_SIM_VERIFY_OBJECTS_START_H

#include "sim/verify/objects/objects.h"

/*
 * @op brought a slab to @s, and @handed_out of its objects were handed out at
 * once, unnamed. True where what follows leaves one start; false where it leaves
 * several, of which *@start is one.
 */
bool objects_start_from_later(const struct objects_machine *m, const struct objects_ops *ops,
			      const struct objects_op *op, const struct kmem_cache *s,
			      int32_t handed_out, unsigned int *start);

#endif
