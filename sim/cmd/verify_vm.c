/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim verify --layer vm --program: see verify_vm.h. */
#include "sim/cmd/verify_vm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/output.h"
#include "sim/cmd/scenario.h"
#include "sim/verify/vm/walk.h"

/* Random calls are made on a machine of their own; its size is nobody's matter. */
#define RANDOM_MEMORY (256ULL << 20)

static int make_program(struct program *program, const char *path, const struct vm_program_request *request,
			enum buddy_kernel kernel, struct kerror *err)
{
	struct stage_config cfg = { .kernel = kernel == BUDDY_KERNEL_6_1 ? VM_KERNEL_6_1 : VM_KERNEL_6_12,
				    .mem_bytes = RANDOM_MEMORY, .totalram = RANDOM_MEMORY >> PAGE_SHIFT, .privileged = true };
	struct kerror why = { 0 };
	struct scenario *scenario;
	int ret;

	if (request->calls)
		return program_random(program, request->seed, request->calls, &cfg, NULL, NULL, err);
	scenario = load_scenario(path, err);
	ret = scenario ? program_from_scenario(program, scenario, &why) : err->code ? err->code : -EINVAL;
	if (scenario && ret)
		kerror_set(err, ret, "%s:%s", path, why.text);
	scenario_destroy(scenario);
	return ret;
}

static int store(const struct program *program, const char *path, struct kerror *err)
{
	size_t bytes = program_bytes(program);
	struct output out = { 0 };
	char *buf = malloc(bytes);
	int ret;

	if (!buf)
		return kerror_set(err, -ENOMEM, "%.200s: out of memory", path);
	ret = open_output(&out, path, err);
	if (!ret) {
		program_store(program, buf);
		/* Where this fails, so does closing, and says why. */
		fwrite(buf, 1, bytes, out.file);
		ret = close_output(&out, err);
	}
	free(buf);
	return ret;
}

int write_vm_program(const char *scenario, const struct vm_program_request *request, enum buddy_kernel kernel)
{
	struct program program = { 0 };
	struct kerror err = { 0 };
	int ret = make_program(&program, scenario, request, kernel, &err);

	if (!ret)
		ret = store(&program, request->path, &err);
	program_free(&program);
	if (!ret)
		return EXIT_FINE;
	fprintf(stderr, "kmemsim: %s\n", err.text);
	return EXIT_USAGE;
}
