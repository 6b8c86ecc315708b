/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: a good capture, made by the kit, and what becomes of it: numbers
 * that no machine has, files that are missing, cut or exchanged. The command says
 * what is wrong, with file, line and number, and never fails otherwise.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/verify/capture/snapshot.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"

int cmd_verify(int argc, char **argv);

#define CAPTURE "tests/data/captures/6.1-smp1_idle_small"

static const char *const layers[][2] = {
	{ "--mode", "open" }, { "--mode", "guided" }, { "--layer", "objects" },
};
#define NR_LAYERS (sizeof(layers) / sizeof(layers[0]))

static struct result verify(const char *const *layer, const char *capture)
{
	return run_cmd(cmd_verify, NULL, (const char *const[]){ "-q", layer[0], layer[1], capture, NULL });
}

/* The text of a file of the good capture. */
static char *text_of(const char *name)
{
	struct kerror err = { 0 };
	char path[256], *text, *grown;
	size_t len;

	snprintf(path, sizeof(path), "data/captures/6.1-smp1_idle_small/%s", name);
	CU_ASSERT_EQUAL_FATAL(snapshot_read_text(&text, &len, test_data(path), NULL, &err), 0);
	grown = realloc(text, len + 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(grown);
	grown[len] = '\0';
	return grown;
}

static FILE *open_in(const char *dir, const char *file, const char *mode)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	f = fopen(path, mode);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	return f;
}

/* A copy of the good capture, its files as text, in a new folder. */
static char *copy_capture(void)
{
	static const char *const files[] = { "snap_a.txt", "snap_b.txt", "trace.txt" };
	static unsigned int nr;
	char name[64], *dir;
	size_t i;

	snprintf(name, sizeof(name), "capture%u", nr++);
	dir = strdup(in_folder(name));
	CU_ASSERT_EQUAL_FATAL(mkdir(dir, 0700), 0);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *text = text_of(files[i]);
		FILE *out = open_in(dir, files[i], "w");

		fwrite(text, 1, strlen(text), out);
		fclose(out);
		free(text);
	}
	return dir;
}

/* ---- the good one ---------------------------------------------------------- */

/* What the kit makes comes out even: every frame, every list, every object. */
static void test_good(void)
{
	struct result res;
	size_t i;

	for (i = 0; i < NR_LAYERS; i++) {
		res = run_cmd(cmd_verify, NULL, (const char *const[]){
			"-q", "--at-least", "100", layers[i][0], layers[i][1], CAPTURE, NULL });
		CU_ASSERT_EQUAL(res.status, 0);
		CU_ASSERT_STRING_EQUAL(res.err, "");
		done(&res);
	}
	res = run_cmd(cmd_verify, NULL, (const char *const[]){
		"-q", "--at-least", "100", "--layer", "objects", "--without-snapshots", CAPTURE, NULL });
	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_STRING_EQUAL(res.err, "");
	done(&res);
}

/* ---- numbers ----------------------------------------------------------------- */

/* In the first @max lines between the snapshots that have @event, the word from @key on becomes @value. */
struct change {
	const char *event;
	const char *key;
	const char *value;
	unsigned int max;
	int status;			/* 1: events are skipped; 2: the reader cannot make sense of lines */
	const char *message;
};

/* Returns the number of the first line changed, 0 for none. */
static unsigned long write_changed(FILE *out, const char *text, const struct change *change)
{
	unsigned long line = 1, first = 0;
	unsigned int left = 0;

	for (; *text; line++) {
		size_t len = strcspn(text, "\n"), from, behind;
		const char *event = memmem(text, len, change->event, strlen(change->event));
		const char *key = event ? memmem(text, len, change->key, strlen(change->key)) : NULL;

		if (memmem(text, len, "mmsnap end A", 12))
			left = change->max;
		if (!left || !key) {
			fprintf(out, "%.*s\n", (int)len, text);
		} else {
			from = (size_t)(key - text);
			behind = from + strlen(change->key);
			behind += strcspn(text + behind, " \n");
			fprintf(out, "%.*s%s%.*s\n", (int)from, text, change->value, (int)(len - behind), text + behind);
			first = first ? first : line;
			left--;
		}
		text += len + (text[len] == '\n');
	}
	return first;
}

/* A number that cannot be is an error that names the line and the event, in each layer. */
static void test_numbers(void)
{
	static const struct change changes[] = {
		{ "mm_page_free:", "pfn=", "pfn=0x0", 50, 1, "mm_page_free: frame 0 lies in no zone" },
		{ "mm_page_free:", "pfn=", "pfn=0xffffffffffffffff", 50, 1, "mm_page_free: it names no frame" },
		{ "mm_page_free:", "pfn=", "pfn=0xa0", 50, 1, "mm_page_free: frame 0xa0 is reserved, or a hole" },
		{ "mm_page_free_batched:", " pfn=", "", -1u, 1, "mm_page_free_batched: it names no frame" },
		{ "mm_page_alloc:", "pfn=", "pfn=0x1ffde", 50, 1, "mm_page_alloc: frame 0x1ffde was allocated in line" },
		{ "mm_page_alloc:", "pfn=", "pfn=0x20000", 50, 1, "mm_page_alloc: frame 0x20000 lies in no zone" },
		{ "mm_page_alloc:", "order=", "order=10", 50, 1, "begins no block of order 10" },
		{ "mm_page_alloc:", "order=", "order=4294967295", 50, 2, "order=4294967295 is above 10" },
		{ "mm_page_alloc:", "migratetype=", "migratetype=250", 50, 2, "migratetype=250 is above 15" },
		{ "mm_page_alloc:", "migratetype=", "migratetype=-1", 50, 2, "migratetype=-1 is below 0" },
		{ "mm_page_alloc:", "migratetype=", "migratetype=5", 50, 1, "mm_page_alloc: migratetype 5 is above 4" },
		{ "mm_page_alloc:", "[000]", "[65535]", 50, 2, "cpu=65535 is above 1023" },
		{ "mm_page_alloc:", "[000]", "[001]", 50, 1, "mm_page_alloc: CPU 1, but the snapshot has 1" },
		{ "kmem_cache_alloc:", "ptr=", "ptr=ffff88ffffffff00", 50, 1,
		  "kmem_cache_alloc: address 0xffff88ffffffff00 lies in no frame" },
		{ "kmem_cache_free:", "ptr=", "ptr=ffff888000001001", 50, 1,
		  "kmem_cache_free: no object begins at address 0xffff888000001001" },
		{ "slab_alloc_out:", "slab=", "slab=0xffffea00ffffffc0", 50, 1, "slab_alloc_out: frame 0x3ffffff lies in no zone" },
		{ "kbulk_free:", "a={", "a={0xffff88ffffffff00,", 50, 1, "kbulk_free: address 0xffff88ffffffff00 lies in no frame" },
		{ "kbulk_alloc_out:", "ret=", "ret=-1", 50, 1, "kbulk_alloc_out: -1 is no count" },
	};
	char *text = text_of("trace.txt"), *dir = copy_capture(), where[32];
	unsigned long line;
	FILE *out;
	size_t i, j;

	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		out = open_in(dir, "trace.txt", "w");
		line = write_changed(out, text, &changes[i]);
		fclose(out);
		CU_ASSERT_NOT_EQUAL(line, 0);
		if (!strstr(changes[i].message, "in line"))
			snprintf(where, sizeof(where), "trace.txt:%lu: ", line);
		else
			snprintf(where, sizeof(where), "trace.txt:");
		for (j = 0; j < NR_LAYERS; j++) {
			struct result res = verify(layers[j], dir);

			CU_ASSERT_EQUAL(res.status, changes[i].status);
			if (!strstr(res.err, where) || !strstr(res.err, changes[i].message)) {
				fprintf(stderr, "expected '%s' and '%s' in: %s\n", where, changes[i].message, res.err);
				CU_FAIL("a message is missing");
			}
			done(&res);
		}
	}
	free(text);
	free(dir);
}

/* ---- files --------------------------------------------------------------------- */

static void cut(const char *dir, const char *file, double part)
{
	char *text = text_of(file);
	FILE *out = open_in(dir, file, "w");

	fwrite(text, 1, (size_t)((double)strlen(text) * part), out);
	fclose(out);
	free(text);
}

static void run_in(const char *dir, const char *command)
{
	char line[512];

	snprintf(line, sizeof(line), "cd '%s' && %s", dir, command);
	CU_ASSERT_EQUAL_FATAL(system(line), 0);
}

static void expect_refused(const char *dir, const char *message)
{
	size_t i;

	for (i = 0; i < NR_LAYERS; i++)
		expect(verify(layers[i], dir), 2, message);
}

/* What is not whole is refused, in words that say which file, and what to do. */
static void test_files(void)
{
	static const struct {
		const char *command;
		const char *message;
	} broken[] = {
		{ "rm snap_b.txt", "has neither snap_b.txt nor snap_b.txt.zst: it is no capture, or not a whole one" },
		{ "rm trace.txt", "has neither trace.txt nor trace.txt.zst" },
		{ "mv snap_a.txt x && mv snap_b.txt snap_a.txt && mv x snap_b.txt",
		  "snap_a.txt: this is snapshot 'B', expected is 'A': were the two files swapped?" },
		{ "cp snap_a.txt snap_b.txt", "snap_b.txt: this is snapshot 'A', expected is 'B'" },
		{ "sed -i 's/^kernel 6.1/kernel 6.2/' snap_b.txt", "they are no pair" },
		{ "sed -i 's/^cpus 0/cpus 0 1/' snap_b.txt", "they are no pair" },
		{ ": > trace.txt", "trace.txt" },
		{ ": > snap_b.txt", "snap_b.txt:0: this snapshot has no end" },
		{ "grep -v 'mmsnap begin B' trace.txt > x; mv x trace.txt", "trace.txt: there is no 'mmsnap begin B'" },
		{ "grep -v 'mmsnap end A' trace.txt > x; mv x trace.txt", "trace.txt: there is no 'mmsnap end A'" },
		{ "rm trace.txt; mkdir trace.txt", "trace.txt" },
	};
	char *dir;
	size_t i;

	for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		dir = copy_capture();
		run_in(dir, broken[i].command);
		expect_refused(dir, broken[i].message);
		free(dir);
	}
	dir = copy_capture();
	cut(dir, "snap_a.txt", 0.7);
	expect_refused(dir, "snap_a.txt:");
	free(dir);
	dir = copy_capture();
	cut(dir, "trace.txt", 0.7);
	expect_refused(dir, "trace.txt");
	free(dir);
	expect_refused("/nonexistent", "/nonexistent: No such file or directory");
}

/* The compressed files of the capture as it was made, cut in the middle. */
static void test_cut_zst(void)
{
	static const char *const files[] = { "snap_a.txt", "snap_b.txt", "trace.txt" };
	char command[512];
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *dir = copy_capture();

		snprintf(command, sizeof(command), "rm %s && head -c 9000 %s/%s/%s.zst > %s.zst", files[i], KMEMSIM_SRCDIR,
			 CAPTURE, files[i], files[i]);
		run_in(dir, command);
		snprintf(command, sizeof(command), "%s.zst", files[i]);
		expect_refused(dir, command);
		free(dir);
	}
}

/* A trace is no capture: the message says what can be done with one. */
static void test_trace_alone(void)
{
	char *dir = copy_capture(), path[256];

	snprintf(path, sizeof(path), "%s/trace.txt", dir);
	expect_refused(path, "is a file, a capture is a folder");
	expect_refused(path, "kmemsim run");
	expect_refused(path, "--slabinfo");
	free(dir);
}

/* A capture is only read: no file of it changes, and none comes into it. */
static void test_only_read(void)
{
	char *dir = copy_capture(), path[256], *before, *after;
	size_t i;

	run_in(dir, "ls -l --full-time > ../before");
	for (i = 0; i < NR_LAYERS; i++) {
		struct result res = verify(layers[i], dir);

		CU_ASSERT_EQUAL(res.status, 0);
		done(&res);
	}
	snprintf(path, sizeof(path), "%s/report.json", dir);
	expect(run_cmd(cmd_verify, NULL, (const char *const[]){ "--json", path, dir, NULL }), 2, "which is only read");
	snprintf(path, sizeof(path), "%s/trace.txt", dir);
	expect(run_cmd(cmd_verify, NULL, (const char *const[]){ "--json", path, dir, NULL }), 2, "which is only read");
	run_in(dir, "ls -l --full-time > ../after");
	before = slurp(in_folder("before"), NULL);
	after = slurp(in_folder("after"), NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(before);
	CU_ASSERT_PTR_NOT_NULL_FATAL(after);
	CU_ASSERT_STRING_EQUAL(after, before);
	free(before);
	free(after);
	free(dir);
}

static const struct test_case cases[] = {
	{ "good", test_good },
	{ "numbers", test_numbers },
	{ "files", test_files },
	{ "cut_zst", test_cut_zst },
	{ "trace_alone", test_trace_alone },
	{ "only_read", test_only_read },
	{ NULL, NULL }
};

const struct test_suite damaged_capture_suite = { "damaged_capture", cases };
