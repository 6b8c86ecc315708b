/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a trace in CTF without some of its files. babeltrace2 takes a folder whole or
 * not at all: where one stream's file is cut, it refuses the others, too. So it gets a
 * folder of links to those, made in $TMPDIR or /tmp. Files are opened when their turn
 * comes, so it has to stay as long as the trace is read, and it is removed by the parent of
 * the process that reads, which may crash. Only where both are killed does it stay behind.
 */
#ifndef KMEMSIM_SIM_TRACE_CTF_FOLDER_H
#define KMEMSIM_SIM_TRACE_CTF_FOLDER_H

#include "pagemap/error.h"

#define CTF_FOLDER_BYTES	256u

/* Links to all that the folder @from holds are made in a new one, called @path. A negative errno of the system. */
int ctf_folder_make(char path[CTF_FOLDER_BYTES], const char *from, struct kerror *err);
/* Take the link @name out of it. */
int ctf_folder_leave_out(const char *path, const char *name, struct kerror *err);
/* Remove it, and nothing in it but links; @path is "" then. "": there is none. A signal's handler may call it. */
void ctf_folder_remove(char path[CTF_FOLDER_BYTES]);

#endif
