/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: the report of a scenario shows what the scenario is about, and its machine's files do so, too. */
#include <stdint.h>

#include "sim/cmd/cmd.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"

static struct result run(const char *name, const char *scenario, const char *option, const char *value)
{
	const char *path = write_file(name, scenario, strlen(scenario));

	return run_cmd(cmd_run, NULL, (const char *const[]){ option, value, path, NULL });
}

static struct result run_csv(const char *scenario)
{
	return run("s.vm", scenario, "--csv", "-");
}

/* Each of @lines, up to NULL, is one of the report's. */
static void has(const struct result *res, const char *const *lines)
{
	for (; *lines; lines++) {
		char line[160];

		snprintf(line, sizeof(line), "\n%s\n", *lines);
		if (!strstr(res->out, line))
			fprintf(stderr, "missing: %s\n", *lines);
		CU_ASSERT_PTR_NOT_NULL(strstr(res->out, line));
	}
}

/*
 * Row 0 is what comes before the first phase. Sizes are those at the end of the phase:
 *	(begin)    4 MiB touched, small pages
 *	"huge"     both 2 MiB made huge: a fault none
 *	"gone"     unmapped
 */
static void test_phase_memory(void)
{
	struct result res = run_csv("machine memory=64M thp=madvise\nprocess A\nA mmap buf 4M at=0x40000000 fixed\n"
				    "A touch buf write\nphase \"huge\"\nA madvise buf collapse\nphase \"gone\"\nA munmap buf\n");

	CU_ASSERT_EQUAL(res.status, 0);
	has(&res, (const char *const[]){
		"phase_memory.0.phase,phase,,(begin)", "phase_memory.0.vsz_kib,VSZ,KiB,4256",
		"phase_memory.0.rss_kib,RSS,KiB,4096", "phase_memory.0.pte_kib,page tables,KiB,16",
		"phase_memory.0.huge_kib,huge pages,KiB,0", "phase_memory.1.huge_kib,huge pages,KiB,4096",
		"phase_memory.1.rss_kib,RSS,KiB,4096", "phase_memory.2.huge_kib,huge pages,KiB,0",
		"phase_memory.2.rss_kib,RSS,KiB,0", "phase_memory.2.vsz_kib,VSZ,KiB,160",
		"phases.1.collapsed,made huge,,2", "phases.1.minor,minor faults,,0", NULL });
	done(&res);
}

/* A child of vfork has its parent's memory; a child of fork its own, though the frames are the same. */
static void test_phase_memory_shared(void)
{
	struct result res = run_csv("machine memory=64M\nprocess A\nA mmap buf 1M\nA touch buf write\nA vfork B\n"
				    "phase \"two\"\nB exit\nA fork C\n");

	CU_ASSERT_EQUAL(res.status, 0);
	has(&res, (const char *const[]){ "phase_memory.0.rss_kib,RSS,KiB,1024", "phase_memory.1.rss_kib,RSS,KiB,2048", NULL });
	done(&res);
}

/* Pages that came from a disk or from swap, and accesses of another node's memory. */
static void test_phase_io(void)
{
	struct result res = run_csv("machine memory=64M swap=16M swap-type=zram page-cluster=0\nfile data 1M\nprocess A\n"
				    "A mmap buf 64k\nA touch buf write\nphase \"read\"\nA read data\nphase \"again\"\n"
				    "A read data\nphase \"out\"\nA madvise buf pageout\nphase \"in\"\nA touch buf\n");

	CU_ASSERT_EQUAL(res.status, 0);
	has(&res, (const char *const[]){
		"phases.1.disk_reads,read from files,pages,256", "phases.2.disk_reads,read from files,pages,0",
		"phases.3.pswpout,to swap,pages,16", "phases.4.pswpin,from swap,pages,16", "phases.4.pswpout,to swap,pages,0",
		"phase_memory.1.cache_kib,page cache,KiB,1024", "phase_memory.3.swap_kib,swap used,KiB,64", NULL });
	done(&res);
	res = run_csv("machine memory=64M cpus=2 nodes=2\nprocess A\nA mmap buf 64k\nA touch buf write\nphase \"far\"\nA cpu 1\n"
		      "A touch buf\n");
	has(&res, (const char *const[]){ "phases.0.remote,other node,,0", "phases.1.remote,other node,,16",
					 "mappings.0.away_kib,other node,KiB,64", NULL });
	done(&res);
}

/* Nobody touched the second mapping; the third is gone again. */
static void test_untouched(void)
{
	struct result res = run_csv("machine memory=64M\nprocess A\nA mmap one 64k\nA mmap two 128k\nA mmap three 64k\n"
				    "A touch one\nA munmap three\n");

	CU_ASSERT_EQUAL(res.status, 0);
	has(&res, (const char *const[]){ "mappings.1.mapping,mapping,,two", "mappings.1.size_kib,size,KiB,128",
					 "mappings.1.rss_kib,RSS,KiB,0", NULL });
	CU_ASSERT_PTR_NULL(strstr(res.out, "\nmappings.2."));
	done(&res);
}

static void test_refused(void)
{
	struct result res = run_csv("machine memory=64M\nprocess A\nA mmap big 128T errno=ENOMEM\nrepeat 3\n"
				    "\tA mmap big 128T errno=ENOMEM\nend\nA mmap small 4k\n");

	CU_ASSERT_EQUAL(res.status, 0);
	has(&res, (const char *const[]){
		"refused.0.line,line,,3", "refused.0.process,process,,A", "refused.0.call,call,,mmap",
		"refused.0.mapping,mapping,,big", "refused.0.errno,errno,,ENOMEM", "refused.0.times,times,,1",
		"refused.1.line,line,,5", "refused.1.times,times,,3", NULL });
	CU_ASSERT_PTR_NULL(strstr(res.out, "\nrefused.2."));
	done(&res);
	res = run_csv("machine memory=64M\nprocess A\nA mmap small 4k\n");
	CU_ASSERT_PTR_NULL(strstr(res.out, "refused"));
	done(&res);
}

static void test_answer(void)
{
	static const struct {
		const char *scenario, *answer;
	} cases[] = {
		{ "process A\n", "nothing was expected" },
		{ "process A\nexpect A.rss == 0\n", "the expectation holds" },
		{ "process A\nexpect A.rss == 0\nexpect A.rss == 0\n", "all 2 expectations hold" },
		{ "process A\nexpect A.rss == 0\nexpect A.rss == 4k\n", "1 of 2 expectations does not hold" },
		{ "process A\nexpect A.rss > 0\nexpect A.rss == 4k\n", "2 of 2 expectations do not hold" },
		{ "process A\nA mmap big 128T\n", "no expectations; 1 other step failed" },
		{ "process A\nA mmap big 128T\nA mmap big 128T\nexpect A.rss == 0\n", "the expectation holds; 2 other steps failed" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct result res = run_csv(cases[i].scenario);
		char line[96];

		snprintf(line, sizeof(line), "answer,answer,,%s", cases[i].answer);
		has(&res, (const char *const[]){ line, NULL });
		done(&res);
	}
}

/* The text leaves out what is 0 in each phase, and says which TLB it was. */
static void test_text(void)
{
	struct result res = run("s.vm", "machine memory=64M tlb=zen5\nprocess A\nA mmap buf 64k\nA touch buf write\n",
				"--no-timing", "--no-timing");

	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, " zen5\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "first touch"));
	CU_ASSERT_PTR_NULL(strstr(res.out, "copied"));
	CU_ASSERT_PTR_NULL(strstr(res.out, "swap used"));
	done(&res);
}

/* ---- the machine's files ------------------------------------------------------------- */

/* The number behind @name in a file of lines; UINT64_MAX: there is none. */
static uint64_t number_of(const char *file, const char *name)
{
	char *text = slurp(in_folder(file), NULL), front[48];
	const char *at;
	uint64_t value;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	snprintf(front, sizeof(front), "%s ", name);
	for (at = strstr(text, front); at && at > text && at[-1] != '\n' && at[-1] != ' '; at = strstr(at + 1, front))
		;
	value = at ? strtoull(at + strlen(front), NULL, 10) : UINT64_MAX;
	free(text);
	return value;
}

/*
 * 1000 pages of 4 KiB, one huge page, 100 pages of a file that is mapped, and 16 pages written to swap. Tables: one PUD,
 * one PMD and its two leaves for small pages, one beside the huge page, and those of the mapping of the file.
 */
static void files_of(const char *kernel, uint64_t tables)
{
	char scenario[512], *to = strdup(in_folder("vmstat"));
	struct result res;

	snprintf(scenario, sizeof(scenario), "machine memory=64M kernel=%s swap=16M swap-type=zram thp=madvise lru=classic\n"
		 "file data 400k cached\n"
		 "process A\nA mmap huge 2M at=0x40000000 fixed\nA madvise huge hugepage\nA touch huge write\n"
		 "A mmap small 4M at=0x40200000 fixed\nA touch small write length=4000k\n"
		 "A mmap view 400k at=0x40600000 fixed file=data prot=r\nA touch view\n"
		 "A madvise small pageout length=64k\n", kernel);
	res = run("f.vm", scenario, "--procfs", to);
	CU_ASSERT_EQUAL(res.status, 0);
	if (res.status)
		fprintf(stderr, "%s\n", res.err);
	CU_ASSERT_EQUAL(number_of("vmstat/vmstat", "nr_anon_pages"), 512 + 1000 - 16);
	CU_ASSERT_EQUAL(number_of("vmstat/vmstat", "nr_anon_transparent_hugepages"), 1);
	CU_ASSERT_EQUAL(number_of("vmstat/vmstat", "nr_mapped"), 100);
	CU_ASSERT_EQUAL(number_of("vmstat/vmstat", "nr_file_pages"), 100 + number_of("vmstat/vmstat", "nr_swapcached"));
	CU_ASSERT_EQUAL(number_of("vmstat/vmstat", "nr_page_table_pages"), tables);
	CU_ASSERT_EQUAL(number_of("vmstat/vmstat", "pswpout"), 16);
	CU_ASSERT_EQUAL(number_of("vmstat/vmstat", "thp_fault_alloc"), 1);
	CU_ASSERT(number_of("vmstat/vmstat", "pgfault") > 1000);
	CU_ASSERT_EQUAL(number_of("vmstat/zoneinfo", "nr_anon_pages"), 512 + 1000 - 16);
	CU_ASSERT_EQUAL(number_of("vmstat/zoneinfo", "nr_page_table_pages"), tables);
	CU_ASSERT_EQUAL(number_of("vmstat/vmstat", "nr_zone_inactive_anon") + number_of("vmstat/vmstat", "nr_zone_active_anon"),
			number_of("vmstat/vmstat", "nr_inactive_anon") + number_of("vmstat/vmstat", "nr_active_anon"));
	CU_ASSERT(number_of("vmstat/vmstat", "nr_inactive_anon") + number_of("vmstat/vmstat", "nr_active_anon") > 1000);
	done(&res);
	free(to);
}

static void test_files(void)
{
	/* PMD's; one beside the huge page, two for 4 MiB, one for the file. 6.12 counts PUD's, too. */
	files_of("6.1", 5);
	files_of("6.12", 6);
}

/* Pages of 16 KiB: there is no process, and the report says why. */
static void test_no_process(void)
{
	struct result res = run_cmd(cmd_run, NULL, (const char *const[]){ "--tlb", "zen5,page=16k", "--csv", "-",
									  "tests/data/access/touch.lackey", NULL });

	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\nprocess.answer_note,answer,,\"not simulated: this TLB has pages of 16 KiB"));
	done(&res);
}

static const struct test_case cases[] = {
	{ "memory at the end of each phase", test_phase_memory },
	{ "memory that two processes have", test_phase_memory_shared },
	{ "what a phase read and wrote, and from where", test_phase_io },
	{ "a mapping that nobody touched is shown", test_untouched },
	{ "calls that failed, as was expected", test_refused },
	{ "how it went, in a sentence", test_answer },
	{ "columns of zeros are left out", test_text },
	{ "vmstat and zoneinfo of a scenario", test_files },
	{ "pages of 16 KiB, and no process", test_no_process },
	{ NULL, NULL }
};

const struct test_suite report_play_suite = { "report_play", cases };
