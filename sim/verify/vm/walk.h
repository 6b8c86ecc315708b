/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: random mapping calls, for vm-player: most of them to a few hundred pages, so that they meet each other, with
 * PLAYER_HASH behind each. Some ask for what must fail.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_VM_WALK_H
#define KMEMSIM_SIM_VERIFY_VM_WALK_H

#include "sim/verify/vm/stage.h"

/*
 * @calls calls of one process; the same for the same @seed and layout. A simulated process, as @cfg says, does
 * them, too: so only what may be touched is. Its director is that of @first, or one with the layout that vm-player has in a guest of
 * cfg->kernel. -ENOMEM, -E2BIG, and those of stage_init().
 */
int program_random(struct program *program, uint64_t seed, uint32_t calls, const struct stage_config *cfg,
		   const struct looks *looks, const struct look *first, struct kerror *err);

#endif
