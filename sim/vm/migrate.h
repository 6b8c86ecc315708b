/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: migration: what is in one frame goes to another, and all that point to it follow: page-table
 * entries (by the reverse map), the page cache, the swap cache, the lists.
 *
 * Follows migrate_folio_move(), folio_migrate_mapping() and remove_migration_pte() of mm/migrate.c. Differs: it takes no
 * time, so no entry waits for it and no access meets it half done.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_MIGRATE_H
#define KMEMSIM_SIM_VM_MIGRATE_H

#include "sim/vm/frame.h"

/*
 * Whether @pfn could move: one frame of a process, of the page cache or of the swap cache, that nothing else holds.
 */
bool vm_can_migrate(const struct vm *vm, pfn_t pfn);

/* @old, which can migrate, moves to @new, an allocated frame that nobody uses yet; @old is free then. Counted. */
void vm_migrate(struct vm *vm, pfn_t old, pfn_t new);

/* @vm's frames move when a request compacts (buddy_set_compact). -ENOMEM. */
int vm_migrate_init(struct vm *vm);

/* The same to a frame as @gfp and @place want it. False: there is none, or it could not move. */
bool vm_migrate_to(struct vm *vm, pfn_t old, gfp_t gfp, const struct frame_place *place);

#endif
