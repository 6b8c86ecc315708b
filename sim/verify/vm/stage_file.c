/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: vm-player's files on the simulated disk; see stage.h. */
#include "sim/verify/vm/stage.h"

#include <errno.h>
#include <stdio.h>

#include "sim/vm/file.h"
#include "sim/vm/lru/lru.h"

int64_t stage_create_file(struct stage *stage, const struct player_op *op)
{
	char name[32];
	struct vm_file *file;

	snprintf(name, sizeof(name), "/play/files/f%02u", (unsigned int)op->arg[0]);
	file = vm_file_create(stage->vm, name, op->arg[1], true);
	if (!file)
		return -ENOMEM;
	stage->files[op->arg[0]] = file;
	return op->arg[2] ? vm_file_bring_in(file, 0, UINT64_MAX, FILE_AHEAD) : 0;
}

void stage_drop_caches(struct stage *stage)
{
	/* The player has the CPU's batches come onto their lists, before and behind it. */
	lru_add_drain(stage->vm, 0);
	vm_drop_caches(stage->vm);
	lru_add_drain(stage->vm, 0);
}

int64_t stage_read_or_write(struct stage *stage, struct process *p, const struct player_op *op)
{
	struct vm_file *file = stage->files[op->arg[0]];
	uint64_t from = op->arg[1], rest;
	int ret;

	if (!file)
		return -EBADF;
	stage->vm->current = p;
	rest = file->bytes > from ? file->bytes - from : 0;
	ret = vm_file_bring_in(file, from, op->arg[2], op->kind == PLAYER_WRITE ? FILE_WRITE : FILE_READ);
	return ret ? ret : (int64_t)(op->arg[2] < rest ? op->arg[2] : rest);
}
