/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a command that is run, and waited for. */
#ifndef KMEMSIM_SIM_CMD_CHILD_H
#define KMEMSIM_SIM_CMD_CHILD_H

#include <stdbool.h>

#include "pagemap/error.h"

#define CHILD_TIMED_OUT	(-1)

/*
 * Run @argv (ends with NULL), found as a shell would, in a process group of its own
 * with nothing on standard input, its output thrown away unless @loud. *@status: what it
 * exited with, 128 and the number of the signal that killed it, or CHILD_TIMED_OUT
 * where it took more than @seconds (0: any time) and was killed. Errors: -EINTR where a signal
 * for us came meanwhile (the group is killed); that of starting it, with words.
 */
int run_child(char *const *argv, unsigned int seconds, bool loud, int *status, struct kerror *err);

#endif
