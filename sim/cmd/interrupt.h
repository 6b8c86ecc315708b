/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: ^C and SIGTERM end the work, not the program: what was read or done
 * so far is reported, outputs are written, and the exit status is 128 and the
 * signal's number, as a shell has it.
 *
 * The first signal ends what is under way: reading, or else replaying, verifying,
 * counting. Where reading was ended, what was read is still replayed; a second signal
 * ends that.
 * The third one kills the program, in case it is stuck.
 */
#ifndef KMEMSIM_SIM_CMD_INTERRUPT_H
#define KMEMSIM_SIM_CMD_INTERRUPT_H

#include <signal.h>

/* From now on signals set the flag; those that were ignored at the start still are. */
void interrupt_catch(void);
/* For all that takes long: not 0 means to end it soon. */
const volatile sig_atomic_t *interrupt_flag(void);
/* What was to end has ended: clear the flag for what comes next. */
void interrupt_done(void);
/* The exit status of an interrupted command: that of the first signal. */
int interrupt_status(void);

#endif
