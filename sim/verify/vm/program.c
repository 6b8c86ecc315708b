/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: programs for vm-player as lists and as bytes; see program.h. */
#include "sim/verify/vm/program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *const player_kind_names[NR_PLAYER_KINDS] = {
#define PLAYER_KIND_NAME(kind, name, text) name,
	PLAYER_KINDS(PLAYER_KIND_NAME)
#undef PLAYER_KIND_NAME
};

void program_free(struct program *program)
{
	free(program->ops);
	free(program->runs);
	*program = (struct program){ 0 };
}

/* Room for one more element of @size bytes in *@list. */
static int grow(void **list, size_t size, uint32_t nr, uint32_t *max, uint32_t most)
{
	uint32_t wanted = *max ? *max * 2 : 64;
	void *bigger;

	if (nr < *max)
		return 0;
	if (nr >= most)
		return -E2BIG;
	bigger = realloc(*list, wanted * size);
	if (!bigger)
		return -ENOMEM;
	*list = bigger;
	*max = wanted;
	return 0;
}

int program_add(struct program *program, const struct player_op *op)
{
	int ret = grow((void **)&program->ops, sizeof(*op), program->nr_ops, &program->max_ops, PROGRAM_MAX_OPS);

	if (!ret)
		program->ops[program->nr_ops++] = *op;
	return ret;
}

int program_add_run(struct program *program, const struct player_run *run)
{
	int ret = grow((void **)&program->runs, sizeof(*run), program->nr_runs, &program->max_runs, PROGRAM_MAX_RUNS);

	if (!ret)
		program->runs[program->nr_runs++] = *run;
	return ret;
}

bool program_count_touches(const struct program *program, const struct player_op *op, uint64_t *touches)
{
	uint64_t round = !op->arg[2], i;

	for (i = 0; i < op->arg[2] && round <= PROGRAM_MAX_TOUCHES; i++) {
		uint64_t count = program->runs[op->arg[1] + i].count;

		round += count > PROGRAM_MAX_TOUCHES ? PROGRAM_MAX_TOUCHES + 1 : count + !count;
	}
	if (round > PROGRAM_MAX_TOUCHES || op->arg[4] > (PROGRAM_MAX_TOUCHES - *touches) / round)
		return false;
	*touches += round * op->arg[4];
	return true;
}

/* ---- bytes --------------------------------------------------------------------------- */

/* What makes no sense in @op, before which @touches places are touched; NULL: nothing. */
static const char *wrong_with(const struct program *program, const struct player_op *op, uint64_t *touches)
{
	if (op->kind >= NR_PLAYER_KINDS)
		return "its kind is none of the player's";
	if (op->process >= PLAYER_MAX_PROCESSES)
		return "its process is beyond the last";
	if (op->slot >= PLAYER_MAX_SLOTS)
		return "its slot is beyond the last";
	if (player_is_directors(op->kind) != !op->process)
		return "it is another process's to do";
	if ((op->kind == PLAYER_FORK || op->kind == PLAYER_VFORK || op->kind == PLAYER_PROCESS || op->kind == PLAYER_KILL) &&
	    (!op->arg[0] || op->arg[0] >= PLAYER_MAX_PROCESSES))
		return "the process it names is beyond the last";
	if ((op->kind == PLAYER_FILE || op->kind == PLAYER_READ || op->kind == PLAYER_WRITE) &&
	    (!op->arg[0] || op->arg[0] >= PLAYER_MAX_FILES))
		return "its file is beyond the last";
	if (op->kind == PLAYER_MMAP && op->arg[4] >= PLAYER_MAX_FILES)
		return "its file is beyond the last";
	if (op->kind == PLAYER_TOUCH && (op->arg[1] > program->nr_runs || op->arg[2] > program->nr_runs - op->arg[1]))
		return "its runs are beyond the last";
	if (op->kind == PLAYER_TOUCH && !program_count_touches(program, op, touches))
		return "more than 4294967296 places are touched by it and those before it";
	return NULL;
}

int program_parse(struct program *program, const char *name, const void *bytes, size_t len, struct kerror *err)
{
	struct player_header header;
	const char *at = bytes;
	uint64_t touches = 0;
	uint32_t i;

	*program = (struct program){ 0 };
	if (len < sizeof(header))
		return kerror_set(err, -EINVAL, "%.200s: too short for a program of vm-player", name);
	memcpy(&header, at, sizeof(header));
	if (header.magic != PLAYER_MAGIC || header.nr_ops > PROGRAM_MAX_OPS || header.nr_runs > PROGRAM_MAX_RUNS)
		return kerror_set(err, -EINVAL, "%.200s: not a program of vm-player", name);
	if (len != sizeof(header) + header.nr_ops * sizeof(*program->ops) + header.nr_runs * sizeof(*program->runs))
		return kerror_set(err, -EINVAL, "%.200s: %u operations and %u runs are not %zu bytes", name, header.nr_ops,
				  header.nr_runs, len);
	program->ops = malloc((header.nr_ops + 1) * sizeof(*program->ops));
	program->runs = malloc((header.nr_runs + 1) * sizeof(*program->runs));
	if (!program->ops || !program->runs) {
		program_free(program);
		return kerror_set(err, -ENOMEM, "%.200s: out of memory", name);
	}
	program->nr_ops = program->max_ops = header.nr_ops;
	program->nr_runs = program->max_runs = header.nr_runs;
	at += sizeof(header);
	memcpy(program->ops, at, header.nr_ops * sizeof(*program->ops));
	at += header.nr_ops * sizeof(*program->ops);
	memcpy(program->runs, at, header.nr_runs * sizeof(*program->runs));
	for (i = 0; i < program->nr_ops; i++) {
		const char *what = wrong_with(program, &program->ops[i], &touches);

		if (!what)
			continue;
		program_free(program);
		return kerror_set(err, -EINVAL, "%.200s: operation %u: %s", name, i, what);
	}
	return 0;
}

size_t program_bytes(const struct program *program)
{
	return sizeof(struct player_header) + program->nr_ops * sizeof(*program->ops) +
	       program->nr_runs * sizeof(*program->runs);
}

void program_store(const struct program *program, void *bytes)
{
	struct player_header header = { PLAYER_MAGIC, program->nr_ops, program->nr_runs };
	char *at = bytes;

	memcpy(at, &header, sizeof(header));
	at += sizeof(header);
	if (program->nr_ops)
		memcpy(at, program->ops, program->nr_ops * sizeof(*program->ops));
	at += program->nr_ops * sizeof(*program->ops);
	if (program->nr_runs)
		memcpy(at, program->runs, program->nr_runs * sizeof(*program->runs));
}
