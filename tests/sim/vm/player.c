/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: the host's own process beside the simulated one; see player.h. */
#include "tests/sim/vm/player.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/vm/resident.h"
#include "tests/tests.h"

static const char *const kind_names[NR_PLAYER_KINDS] = {
	"mmap", "munmap", "mprotect", "mremap", "brk", "madvise", "mlock", "munlock", "touch", "fork", "hash", "show", "VmPTE", "smaps",
};

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

static void __attribute__((noreturn)) run_player(const char *path, int in, int out)
{
	char *const argv[] = { (char *)path, NULL }, *const envp[] = { NULL };

	dup2(in, 0);
	dup2(out, 1);
	closefrom(3);
	personality(ADDR_NO_RANDOMIZE);
	execve(path, argv, envp);
	_exit(127);
}

/* Run @nr orders for real; everything the player writes is in *@out, the caller's. False: it failed. */
static bool play(const struct player_op *ops, uint32_t nr, char **out, size_t *len)
{
	FILE *orders = tmpfile(), *answers = tmpfile();
	char path[512];
	int status = -1;
	pid_t pid;

	*out = NULL;
	if (!orders || !answers || !player_path(path, sizeof(path)))
		return false;
	fwrite(ops, sizeof(*ops), nr, orders);
	fflush(orders);
	rewind(orders);
	pid = fork();
	if (!pid)
		run_player(path, fileno(orders), fileno(answers));
	if (pid > 0)
		waitpid(pid, &status, 0);
	fclose(orders);
	fseek(answers, 0, SEEK_END);
	*len = (size_t)ftell(answers);
	rewind(answers);
	*out = malloc(*len + 1);
	if (!*out || fread(*out, 1, *len, answers) != *len)
		status = -1;
	fclose(answers);
	if (status)
		fprintf(stderr, "vm-player: status %#x\n", (unsigned int)status);
	return !status;
}

/* What the real one looks like at its start. */
static bool load_start(struct twin *twin)
{
	struct player_op ops[2] = { { PLAYER_BRK, 0, { 0 } }, { PLAYER_SHOW, 0, { 1 } } };
	struct player_result results[2];
	struct kerror err = { 0 };
	size_t len;
	char *out;
	bool ok = play(ops, 2, &out, &len) && len > sizeof(results);

	if (ok) {
		memcpy(results, out, sizeof(results));
		ok = !vm_load_smaps(twin->process, out + sizeof(results), len - sizeof(results), &err);
		twin->process->mm->start_brk = twin->process->mm->brk = (uint64_t)results[0].ret;
	}
	if (*err.text)
		fprintf(stderr, "%s\n", err.text);
	free(out);
	return ok;
}

/* Overcommit and the size of memory are the host's. */
static void load_limits(struct twin *twin)
{
	FILE *f = fopen("/proc/sys/vm/overcommit_memory", "r");
	int mode = 0;

	if (f && fscanf(f, "%d", &mode) == 1)
		twin->vm->cfg.overcommit = (enum vm_overcommit)mode;
	if (f)
		fclose(f);
	twin->vm->totalram = (uint64_t)sysconf(_SC_PHYS_PAGES);
}

/* Who gets huge pages on the host; nobody where it has none. */
static enum vm_thp host_thp(void)
{
	FILE *f = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "r");
	char line[64] = "";
	bool read = f && fgets(line, sizeof(line), f);

	if (f)
		fclose(f);
	if (!read || strstr(line, "[never]"))
		return VM_THP_NEVER;
	return strstr(line, "[always]") ? VM_THP_ALWAYS : VM_THP_MADVISE;
}

bool twin_init(struct twin *twin)
{
	struct machine_config cfg;
	struct vm_config vm_cfg;
	struct kerror err = { 0 };
	struct utsname host;
	int major = 0, minor = 0;

	*twin = (struct twin){ 0 };
	if (uname(&host) || strcmp(host.machine, "x86_64") || sscanf(host.release, "%d.%d", &major, &minor) != 2) {
		test_skip("the host is not Linux on x86-64");
		return false;
	}
	if (major < 6 || (major == 6 && minor < 12)) {
		test_skip("the host's kernel is older than 6.12");
		return false;
	}
	machine_config_default(&cfg);
	vm_config_default(&vm_cfg);
	vm_cfg.kernel = major > 6 || minor >= 16 ? VM_KERNEL_6_18 : VM_KERNEL_6_12;
	vm_cfg.thp = host_thp();
	CU_ASSERT_EQUAL_FATAL(machine_create(&twin->machine, &cfg, &err), 0);
	CU_ASSERT_EQUAL_FATAL(vm_create(&twin->vm, twin->machine->buddy, &vm_cfg, &err), 0);
	CU_ASSERT_EQUAL_FATAL(vm_process_create_bare(twin->vm, "player", 0, !geteuid(), &twin->process, &err), 0);
	if (load_start(twin)) {
		load_limits(twin);
		return true;
	}
	test_skip("the host does not run build/vm-player");
	twin_exit(twin);
	return false;
}

void twin_exit(struct twin *twin)
{
	vm_destroy(twin->vm);
	machine_destroy(twin->machine);
	free(twin->ops);
	free(twin->expected);
	free(twin->real);
}

int64_t twin_hash(struct mm *mm)
{
	static const char vsyscall[] = "ffffffffff600000-ffffffffff601000 --xp 00000000";
	uint64_t hash = PLAYER_HASH_START;
	char line[96];
	uint32_t i;

	for (i = 0; i < mm->nr_vmas; i++)
		hash = player_hash(hash, line, (uint64_t)vma_describe(mm->vmas[i], line, sizeof(line)));
	return (int64_t)player_hash(hash, vsyscall, sizeof(vsyscall) - 1);
}

static int64_t smaps_field(struct mm *mm, uint64_t addr, uint64_t field)
{
	struct vma *vma = mm_lookup(mm, addr);
	struct mm_resident sum;

	if (!vma || vma->start != addr)
		return -1;
	sum = mm_resident(mm, vma->start, vma->end, 0);
	return (int64_t)((field == 0 ? sum.rss : field == 1 ? sum.anon : field == 3 ? sum.huge : 0) >> 10);
}

static int64_t simulate(struct process *p, enum player_kind kind, const uint64_t *a)
{
	uint64_t i;
	int64_t ret = 0;

	switch (kind) {
	case PLAYER_MMAP:
		return vm_mmap(p, a[0], a[1], (int)a[2], (int)a[3], NULL, a[5]);
	case PLAYER_MUNMAP:
		return vm_munmap(p, a[0], a[1]);
	case PLAYER_MPROTECT:
		return vm_mprotect(p, a[0], a[1], (int)a[2]);
	case PLAYER_MREMAP:
		return vm_mremap(p, a[0], a[1], a[2], (int)a[3], a[4]);
	case PLAYER_BRK:
		return (int64_t)vm_brk(p, a[0]);
	case PLAYER_MADVISE:
		return vm_madvise(p, a[0], a[1], (int)a[2]);
	case PLAYER_MLOCK:
		return vm_mlock(p, a[0], a[1]);
	case PLAYER_MUNLOCK:
		return vm_munlock(p, a[0], a[1]);
	case PLAYER_TOUCH:
		for (i = 0; i < a[2] && !ret; i++)
			ret = vm_touch(p, a[0] + i * a[1], a[3] ? VM_ACCESS_WRITE : VM_ACCESS_READ);
		return ret;
	case PLAYER_HASH:
		return twin_hash(p->mm);
	case PLAYER_VMPTE:
		return (int64_t)(mm_pgtables_bytes(p->mm) >> 10);
	case PLAYER_SMAPS:
		return smaps_field(p->mm, a[0], a[1]);
	default:
		return 0;
	}
}

int64_t twin_call(struct twin *twin, enum player_kind kind, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
		  uint64_t f)
{
	struct player_op op = { kind, 0, { a, b, c, d, e, f } };
	struct process *process = twin->child ? twin->child : twin->process;
	struct player_result *expected;
	uint64_t minflt, majflt;

	if (twin->nr == twin->max) {
		twin->max = twin->max ? twin->max * 2 : 1024;
		twin->ops = realloc(twin->ops, twin->max * sizeof(*twin->ops));
		twin->expected = realloc(twin->expected, twin->max * sizeof(*twin->expected));
		CU_ASSERT_PTR_NOT_NULL_FATAL(twin->ops);
		CU_ASSERT_PTR_NOT_NULL_FATAL(twin->expected);
	}
	minflt = process->min_flt;
	majflt = process->maj_flt;
	twin->ops[twin->nr] = op;
	expected = &twin->expected[twin->nr++];
	expected->ret = simulate(process, kind, op.arg);
	expected->minflt = process->min_flt - minflt;
	expected->majflt = process->maj_flt - majflt;
	return expected->ret;
}

/* The mappings of both after call number @at: the simulated ones from another run of the same calls. */
static void show_mappings(const struct twin *twin, uint32_t at)
{
	struct player_op *ops = malloc((at + 2) * sizeof(*ops));
	struct twin again;
	char *out = NULL, line[96];
	size_t len = 0;
	uint32_t i;

	if (!ops || !twin_init(&again)) {
		free(ops);
		return;
	}
	memcpy(ops, twin->ops, (at + 1) * sizeof(*ops));
	ops[at + 1] = (struct player_op){ PLAYER_SHOW, 0, { 1 } };
	for (i = 0; i < at; i++)
		simulate(again.process, (enum player_kind)ops[i].kind, ops[i].arg);
	for (i = 0; i < again.process->mm->nr_vmas; i++) {
		const struct vma *vma = again.process->mm->vmas[i];

		vma_describe(vma, line, sizeof(line));
		fprintf(stderr, "  before: %s pgoff %" PRIx64 " flags %08x anon_vma %u of %u\n", line, vma->pgoff, vma->flags,
			vma->anon_vma ? vma->anon_vma->id : 0, vma->nr_chain);
	}
	simulate(again.process, (enum player_kind)ops[at].kind, ops[at].arg);
	for (i = 0; i < again.process->mm->nr_vmas; i++) {
		const struct vma *vma = again.process->mm->vmas[i];

		vma_describe(vma, line, sizeof(line));
		fprintf(stderr, "  here: %s flags %08x%s\n", line, vma->flags, vma->anon_vma ? " touched" : "");
	}
	if (play(ops, at + 2, &out, &len))
		fprintf(stderr, "%.*s\n", (int)(len - (at + 2) * sizeof(struct player_result)),
			out + (at + 2) * sizeof(struct player_result));
	free(out);
	free(ops);
	twin_exit(&again);
}

static void show_difference(const struct twin *twin, uint32_t i)
{
	const struct player_result *real = &twin->real[i], *sim = &twin->expected[i];
	uint32_t at = twin->ops[i].kind == PLAYER_HASH && i ? i - 1 : i;
	const struct player_op *op = &twin->ops[at];

	fprintf(stderr, "call %u: %s(%#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 "): %#" PRIx64
		" here, %#" PRIx64 " for real; %" PRIu64 " faults here, %" PRIu64 " for real\n", at,
		kind_names[op->kind], op->arg[0], op->arg[1], op->arg[2], op->arg[3], op->arg[4],
		(uint64_t)twin->expected[at].ret, (uint64_t)twin->real[at].ret, sim->minflt, real->minflt);
	if (getenv("VM_SHOW"))
		show_mappings(twin, at);
}

void twin_fork(struct twin *twin, uint32_t count)
{
	twin_call(twin, PLAYER_FORK, count, 0, 0, 0, 0, 0);
	CU_ASSERT_EQUAL_FATAL(vm_fork(twin->process, "child", false, &twin->child), 0);
}

void twin_child_ends(struct twin *twin)
{
	vm_exit(twin->child);
	twin->child = NULL;
}

uint32_t twin_play(struct twin *twin, bool faults)
{
	size_t len, need = twin->nr * sizeof(*twin->real);
	int64_t pte;
	uint32_t i;
	char *out;
	bool ok = play(twin->ops, twin->nr, &out, &len);

	if (len < need) {
		fprintf(stderr, "vm-player answered %zu of %u calls\n", len / sizeof(*twin->real), twin->nr);
		twin->nr = (uint32_t)(len / sizeof(*twin->real));
		ok = false;
	}
	free(twin->real);
	twin->real = (struct player_result *)out;
	pte = -1;
	for (i = 0; i < twin->nr; i++) {
		const struct player_result *real = &twin->real[i], *sim = &twin->expected[i];
		int64_t ret = real->ret;

		/* The real one's tables for its own memory are not simulated: the first look says how many they are. */
		if (twin->ops[i].kind == PLAYER_VMPTE) {
			pte = pte < 0 ? ret - sim->ret : pte;
			ret -= pte;
		}
		if (ret == sim->ret && (!faults || (real->minflt == sim->minflt && real->majflt == sim->majflt)))
			continue;
		show_difference(twin, i);
		return i;
	}
	return ok ? twin->nr : 0;
}
