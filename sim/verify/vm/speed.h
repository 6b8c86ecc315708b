/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: how fast a guest's CPU was. Under emulation that depends on what else the host did: it is told by the CPU time that
 * the program's processes took (utime and stime of /proc/PID/stat) for as many accesses, faults and reclaimed pages.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_VM_SPEED_H
#define KMEMSIM_SIM_VERIFY_VM_SPEED_H

#include "sim/verify/vm/look.h"
#include "sim/verify/vm/program.h"
#include "sim/vm/reclaim/turns.h"

/* False: they took too little to tell. */
bool speed_of_looks(struct turns_speed *speed, enum vm_kernel kernel, const struct program *program, const struct looks *looks);

#endif
