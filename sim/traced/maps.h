/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the mappings of a traced program as a file tells them: what is there at the beginning, and the system calls
 * that change it. 'kmemsim record --access' writes such files; /proc/PID/maps alone is one, too:
 *
 *	00401000-00402000 r-xp 00001000 fe:00 120202                  /bin/ls
 *	27861 SYSCALL[16522,1](9) sys_mmap ( 0x0, 8192, 3, 34, -1, 0 ) --> [pre-success] Success(0x4835000)
 *
 * The number in front of a call is that of the accesses before it. Calls that failed, and those that map nothing, are
 * passed over, but for those that open files: they tell a mapping's file.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_TRACED_MAPS_H
#define KMEMSIM_SIM_TRACED_MAPS_H

#include <stdint.h>
#include <stdio.h>

#include "pagemap/error.h"
#include "sim/trace/names.h"

enum maps_what { MAPS_THERE, MAPS_MMAP, MAPS_MUNMAP, MAPS_MPROTECT, MAPS_MREMAP, MAPS_BRK };

struct maps_entry {
	uint64_t at;			/* accesses before it */
	enum maps_what what;
	uint64_t start, bytes;		/* of mremap the old ones; of brk start alone: the end of the heap */
	uint64_t new_start, new_bytes;	/* of mremap */
	uint64_t offset;		/* in the file */
	int prot, flags;		/* as for mmap() */
	name_id name;			/* of the file, or "[stack]" and its like; 0: none */
};

struct traced_maps {
	struct maps_entry *entries;	/* owned; in order of at */
	uint64_t nr, max;
	struct names *names;		/* owned */
};

/*
 * Read @from, called @path in messages. *@out is the caller's until traced_maps_destroy(). -EINVAL: a line is neither (the
 * message has its number), or calls are out of order; -ENOMEM; -EIO.
 */
int traced_maps_read(struct traced_maps **out, FILE *from, const char *path, struct kerror *err);
void traced_maps_destroy(struct traced_maps *maps);

#endif
