/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: processes: accesses through the TLB and the page tables of a simulated process, where
 * the first level hits and where each one walks; minor faults; a process of 64 GiB, touched page by page by the
 * program itself. The default preset; a CPU, 4 KiB pages.
 *
 * Single-threaded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sim/machine/machine.h"
#include "sim/vm/calls.h"
#include "sim/vm/translate.h"
#include "tests/bench/bench.h"

#define MEMORY		(1ULL << 30)
#define ACCESSES	(16u << 20)
#define HIT_PAGES	4u
#define WALK_PAGES	(64u << 10)	/* more than both levels hold, in order: each one walks */
#define FAULT_PAGES	(128u << 10)

struct world {
	struct machine *machine;
	struct vm *vm;
	struct process *process;
	struct tlb *tlb;
};

static void world_begin(struct world *w)
{
	struct machine_config cfg;
	struct vm_config vm_cfg;
	struct kerror err = { 0 };

	machine_config_default(&cfg);
	cfg.mem_bytes = MEMORY;
	vm_config_default(&vm_cfg);
	if (machine_create(&w->machine, &cfg, &err) || vm_create(&w->vm, w->machine->buddy, &vm_cfg, &err) ||
	    vm_process_create(w->vm, "bench", 0, true, &w->process, &err) || tlb_create(&w->tlb, &tlb_presets[0], &err))
		bench_die("%s", err.text);
	tlb_switch(w->tlb, vm_asid(w->process));
}

static void world_end(struct world *w)
{
	vm_destroy(w->vm);
	machine_destroy(w->machine);
	tlb_destroy(w->tlb);
}

static uint64_t map(struct world *w, uint64_t pages)
{
	int64_t addr = vm_mmap(w->process, 0, pages << PAGE_SHIFT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, NULL,
			       0);

	if (addr < 0)
		bench_die("no mapping");
	return (uint64_t)addr;
}

static void go_over(struct world *w, uint64_t addr, uint32_t pages, uint32_t accesses)
{
	uint32_t i, page = 0;

	for (i = 0; i < accesses; i++) {
		if (vm_access(w->process, w->tlb, addr + ((uint64_t)page << PAGE_SHIFT), VM_ACCESS_WRITE) < 0)
			bench_die("the process has ended");
		if (++page == pages)
			page = 0;
	}
}

/* Millions a second of CPU time: accesses to @pages pages that are mapped, or with @fresh first ones. */
static double speed(uint32_t pages, uint32_t accesses, bool fresh)
{
	struct world w;
	uint64_t addr;
	double seconds;

	world_begin(&w);
	addr = map(&w, pages);
	if (!fresh)
		go_over(&w, addr, pages, pages);
	seconds = bench_cpu_seconds();
	go_over(&w, addr, pages, accesses);
	seconds = bench_cpu_seconds() - seconds;
	world_end(&w);
	return accesses / 1e6 / seconds;
}

/* A scenario of one process that touches 64 GiB: seconds of CPU, and MiB of the host at the peak. */
static void run_large(const char *kmemsim, struct bench_samples *seconds, struct bench_samples *mib, unsigned int rounds)
{
	static const char text[] = "machine memory=70G\nprocess A\nA mmap buf 64G\nA touch buf write\n";
	char path[] = "/tmp/kmemsim-bench.XXXXXX";
	char *const argv[] = { (char *)kmemsim, "run", "-q", path, NULL };
	int fd = mkstemp(path);
	unsigned int i;

	if (fd < 0 || write(fd, text, sizeof(text) - 1) != sizeof(text) - 1)
		bench_die("no temporary file");
	close(fd);
	for (i = 0; i < rounds; i++) {
		struct rusage usage;

		bench_call(argv, NULL, NULL, &usage);
		bench_add(seconds, (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
			  (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6);
		bench_add(mib, (double)usage.ru_maxrss / 1024);
	}
	unlink(path);
}

void bench_processes(const char *kmemsim, unsigned int rounds)
{
	struct bench_samples hits = { 0 }, walks = { 0 }, faults = { 0 }, seconds = { 0 }, mib = { 0 };
	char title[96];
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		bench_add(&hits, speed(HIT_PAGES, ACCESSES, false));
		bench_add(&walks, speed(WALK_PAGES, ACCESSES, false));
		bench_add(&faults, speed(FAULT_PAGES, FAULT_PAGES, true));
	}
	run_large(kmemsim, &seconds, &mib, rounds < 3 ? rounds : 3);
	snprintf(title, sizeof(title), "A simulated process, TLB of %s, by CPU time", tlb_presets[0].name);
	bench_heading(title, "millions a second");
	bench_row("accesses, the TLB hits", &hits, NULL, NULL, BAR_AT_LEAST, 50);
	bench_row("accesses, each one walks", &walks, NULL, NULL, BAR_AT_LEAST, 20);
	bench_row("minor faults", &faults, NULL, NULL, BAR_AT_LEAST, 2);
	bench_heading("64 GiB touched page by page", "seconds, MiB");
	bench_row("CPU time", &seconds, NULL, NULL, BAR_AT_MOST, 10);
	bench_row("host memory at the peak", &mib, NULL, NULL, BAR_AT_MOST, 1024);
}
