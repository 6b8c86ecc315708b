/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a process as a real kernel shows it: its mappings as /proc/PID/maps words them, and back from
 * /proc/PID/smaps. Follows show_map_vma() and show_smap_vma_flags() of fs/proc/task_mmu.c.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_LOAD_H
#define KMEMSIM_SIM_VM_LOAD_H

#include <stddef.h>

#include "sim/vm/process.h"

/* The line's part before the device, "00400000-00401000 r-xp 00001000", into @buf; its length, as snprintf. */
int vma_describe(const struct vma *vma, char *buf, size_t size);

/*
 * Put the mappings that @text, a whole smaps file, lists into @process, which must have none: with the
 * flags of its VmFlags lines, and an anon_vma where private pages are in memory. Pages are not put there.
 * mmap_base becomes the end of [vdso]; where the heap begins and ends is not in that file. Errors: -EINVAL,
 * with the line; -ENOMEM.
 */
int vm_load_smaps(struct process *process, const char *text, size_t len, struct kerror *err);

/*
 * The page at @addr is in memory: a private one, or @anon false, the file's. Errors: -EINVAL (no mapping there, or one without
 * a file), -ENOMEM.
 */
int vm_load_page(struct process *process, uint64_t addr, bool anon);

#endif
