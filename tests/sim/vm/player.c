/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: the host's own processes beside the simulated ones; see player.h. */
#include "tests/sim/vm/player.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/verify/vm/run.h"
#include "tests/tests.h"

/* The player lies beside the test program. */
static bool player_path(char *path, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	if (len <= 0)
		return false;
	path[len] = '\0';
	slash = strrchr(path, '/');
	if (!slash || (size_t)(slash - path) + sizeof("/vm-player") > size)
		return false;
	strcpy(slash, "/vm-player");
	return !access(path, X_OK);
}

bool host_can_play(void)
{
	int major = 0, minor = 0;
	struct utsname host;
	char path[512];

	if (uname(&host) || strcmp(host.machine, "x86_64") || sscanf(host.release, "%d.%d", &major, &minor) != 2) {
		test_skip("the host is not Linux on x86-64");
		return false;
	}
	if (major < 6 || (major == 6 && minor < 12)) {
		test_skip("the host's kernel is older than 6.12");
		return false;
	}
	if (!player_path(path, sizeof(path))) {
		test_skip("there is no build/vm-player");
		return false;
	}
	return true;
}

static void __attribute__((noreturn)) run_player(FILE *const files[3])
{
	char path[512], *const argv[] = { path, "0", NULL }, *const envp[] = { NULL };

	player_path(path, sizeof(path));
	dup2(fileno(files[0]), 0);
	dup2(fileno(files[1]), 1);
	dup2(fileno(files[2]), 3);
	closefrom(4);
	personality(ADDR_NO_RANDOMIZE);
	execve(path, argv, envp);
	_exit(127);
}

/* All of @f; NULL: it cannot be read. */
static char *read_all(FILE *f, size_t *len)
{
	char *bytes;

	fseek(f, 0, SEEK_END);
	*len = (size_t)ftell(f);
	rewind(f);
	bytes = malloc(*len + 1);
	if (bytes && fread(bytes, 1, *len, f) != *len) {
		free(bytes);
		return NULL;
	}
	if (bytes)
		bytes[*len] = '\0';
	return bytes;
}

static bool read_answers(const struct program *program, FILE *const files[3], struct played *played)
{
	struct kerror err = { 0 };
	char kernel[64];
	size_t len;

	played->results = (struct player_result *)(void *)read_all(files[1], &len);
	if (!played->results || len < program->nr_ops * sizeof(*played->results)) {
		fprintf(stderr, "vm-player answered %zu of %u operations\n", len / sizeof(*played->results), program->nr_ops);
		return false;
	}
	played->text = read_all(files[2], &len);
	if (played->text && !looks_parse(&played->looks, "looks", played->text, len, &err) && played->looks.nr &&
	    !vm_config_of_look(&played->cfg, kernel, &played->looks, &played->looks.look[0], &err))
		return true;
	fprintf(stderr, "%s\n", err.text);
	return false;
}

bool host_play(const struct program *program, struct played *played)
{
	FILE *const files[3] = { tmpfile(), tmpfile(), tmpfile() };
	char *bytes = malloc(program_bytes(program));
	int status = -1, i;
	pid_t pid;
	bool ok = bytes && files[0] && files[1] && files[2];

	*played = (struct played){ 0 };
	if (ok) {
		program_store(program, bytes);
		fwrite(bytes, 1, program_bytes(program), files[0]);
		fflush(files[0]);
		rewind(files[0]);
		pid = fork();
		if (!pid)
			run_player(files);
		if (pid > 0)
			waitpid(pid, &status, 0);
		if (status)
			fprintf(stderr, "vm-player: status %#x\n", (unsigned int)status);
		ok = !status && read_answers(program, files, played);
	}
	free(bytes);
	for (i = 0; i < 3; i++)
		if (files[i])
			fclose(files[i]);
	return ok;
}

void played_free(struct played *played)
{
	looks_free(&played->looks);
	free(played->results);
	free(played->text);
	*played = (struct played){ 0 };
}

static void print_violation(void *ctx, const char *text)
{
	(void)ctx;
	fprintf(stderr, "%s\n", text);
}

/* Differences of one play; with @say each phase's first one is printed. */
static uint64_t differences(const struct program *program, const struct played *played, bool stale_tlb, bool say)
{
	struct vm_compared compared;
	struct kerror err = { 0 };
	struct stage stage;
	struct vm_sides sides = { .stage = &stage, .real = played->results, .looks = &played->looks, .others_run = true,
				  .stale_tlb = stale_tlb };
	uint64_t nr;
	uint32_t i;

	CU_ASSERT_EQUAL_FATAL(stage_init(&stage, program, &played->cfg, &played->looks, &played->looks.look[0], &err), 0);
	CU_ASSERT_EQUAL(vm_compare(&compared, &sides, &err), 0);
	nr = compared.differences;
	for (i = 0; say && i < compared.nr_phases; i++)
		if (*compared.phases[i].first)
			fprintf(stderr, "%s\n", compared.phases[i].first);
	CU_ASSERT_EQUAL(vm_validate(stage.vm, print_violation, NULL), 0);
	vm_compared_free(&compared);
	stage_exit(&stage);
	return nr;
}

/*
 * Whether the host reclaimed memory, compacted it, or had no huge page to give while @played ran. Its shrinkers split
 * huge pages of which parts are unmapped, and pages that compaction has isolated cannot be collapsed: then a
 * difference says nothing of the rules. None of the programs here does such a thing itself.
 */
static bool host_was_busy(const struct played *played)
{
	static const char *const signs[] = { "pgscan_kswapd", "slabs_scanned", "compact_migrate_scanned", "compact_stall",
					     "thp_fault_fallback", "thp_collapse_alloc_failed" };
	const struct looks *looks = &played->looks;
	uint32_t i;

	for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (look_risen(looks, &looks->look[0], &looks->look[looks->nr - 1], signs[i]))
			return true;
	return false;
}

/* Page faults of this process while it reads or writes to a byte of each page. */
static long faults_of_touching(volatile char *addr, size_t bytes, bool write)
{
	struct rusage before, after;
	size_t i;

	getrusage(RUSAGE_SELF, &before);
	for (i = 0; i < bytes; i += PAGE_SIZE) {
		char byte = addr[i];

		if (write)
			addr[i] = byte;
	}
	getrusage(RUSAGE_SELF, &after);
	return after.ru_minflt - before.ru_minflt;
}

/*
 * Whether writes to huge pages fault again on this host: see equal_minor_faults(). A child that comes and goes leaves
 * huge pages write-protected, the reads fill the TLB, and then there is one fault a huge page, or there are more.
 */
static bool host_has_stale_tlb(void)
{
	const size_t huge = 2u << 20, bytes = 32 * huge;
	char *map = mmap(NULL, bytes + huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *addr = (char *)(((uintptr_t)map + huge - 1) & ~(uintptr_t)(huge - 1));
	unsigned int tries;
	long faults = 0;

	if (map == MAP_FAILED)
		return false;
	madvise(addr, bytes, MADV_HUGEPAGE);
	faults_of_touching(addr, bytes, true);
	for (tries = 0; tries < 8 && faults <= 32; tries++) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		if (pid > 0)
			waitpid(pid, NULL, 0);
		/* What is read last is in the TLB when it is written to: a part at a time. */
		faults = 0;
		for (size_t at = 0; at < bytes; at += 2 * huge) {
			faults_of_touching(addr + at, 2 * huge, false);
			faults += faults_of_touching(addr + at, 2 * huge, true);
		}
	}
	munmap(map, bytes + huge);
	return faults > 32;
}

/*
 * The host may do something of its own meanwhile (khugepaged wakes, a page is in another CPU's batch). A mistake of
 * ours is there each time: so what differs must do so three times, in plays that the host did not disturb.
 */
void expect_alike(const struct program *program, const struct played *played)
{
	uint64_t nr = differences(program, played, false, false);
	unsigned int undisturbed = !host_was_busy(played), tries;
	bool stale_tlb = nr && host_has_stale_tlb();

	if (stale_tlb)
		nr = differences(program, played, true, false);
	for (tries = 1; nr && undisturbed < 3 && tries < 8; tries++) {
		struct played again;

		if (host_play(program, &again)) {
			undisturbed += !host_was_busy(&again);
			nr = differences(program, &again, stale_tlb, undisturbed == 3);
		}
		played_free(&again);
	}
	if (nr && undisturbed < 3)
		test_skip("the host reclaims or compacts its memory meanwhile, and is no measure now");
	else
		CU_ASSERT_EQUAL(nr, 0);
}

/* ---- programs built call by call ------------------------------------------------------ */

static void add(struct twin *twin, const struct player_op *op)
{
	struct player_result result;

	CU_ASSERT_EQUAL_FATAL(program_add(&twin->program, op), 0);
	stage_do(&twin->stage, op, &result);
}

void twin_look(struct twin *twin)
{
	add(twin, &(struct player_op){ .kind = PLAYER_LOOK });
}

struct process *twin_process(const struct twin *twin)
{
	return twin->stage.processes[twin->actor];
}

bool twin_init(struct twin *twin)
{
	struct player_op look = { .kind = PLAYER_LOOK };
	struct kerror err = { 0 };

	*twin = (struct twin){ .actor = TWIN_ACTOR };
	if (!host_can_play())
		return false;
	CU_ASSERT_TRUE_FATAL(host_play(&(struct program){ .ops = &look, .nr_ops = 1 }, &twin->first));
	CU_ASSERT_EQUAL_FATAL(stage_init(&twin->stage, &twin->program, &twin->first.cfg, &twin->first.looks,
					 &twin->first.looks.look[0], &err), 0);
	twin_look(twin);
	add(twin, &(struct player_op){ .kind = PLAYER_PROCESS, .arg = { TWIN_ACTOR } });
	twin_look(twin);
	return true;
}

void twin_exit(struct twin *twin)
{
	stage_exit(&twin->stage);
	played_free(&twin->first);
	program_free(&twin->program);
}

void twin_call(struct twin *twin, enum player_kind kind, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	struct player_op op = { .kind = (uint16_t)kind, .process = twin->actor, .arg = { a, b, c, d, e } };

	if (kind == PLAYER_TOUCH) {
		memcpy(op.arg, (const uint64_t[6]){ 0, twin->program.nr_runs, 1, d, 1 }, sizeof(op.arg));
		CU_ASSERT_EQUAL_FATAL(program_add_run(&twin->program, &(struct player_run){ a, b, c }), 0);
	}
	add(twin, &op);
}

void twin_fork(struct twin *twin)
{
	twin_call(twin, PLAYER_FORK, TWIN_CHILD, 0, 0, 0, 0);
	twin_look(twin);
	twin->actor = TWIN_CHILD;
}

void twin_child_ends(struct twin *twin)
{
	twin_call(twin, PLAYER_EXIT, 0, 0, 0, 0, 0);
	twin->actor = TWIN_ACTOR;
}

void twin_play(struct twin *twin)
{
	struct played played;

	if (host_play(&twin->program, &played))
		expect_alike(&twin->program, &played);
	else
		CU_FAIL("vm-player does not play on this host");
	played_free(&played);
}
