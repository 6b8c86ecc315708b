/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the reader for lackey's text. Whatever stands between the accesses,
 * and however the bytes come, each access is read; what nearly is one is said.
 */
#include <errno.h>

#include "tests/sim/trace/access/access_util.h"
#include "tests/tests.h"

#define LACKEY(text) accesses_of(text, strlen(text), "lackey")

/* "I 401ab70 3", one a line. */
static const char *print_accesses(const struct accessed *all, char *text, size_t size)
{
	size_t i, len = 0;

	text[0] = '\0';
	for (i = 0; i < all->nr; i++) {
		CU_ASSERT_EQUAL(all->at[i].thread, 0);
		CU_ASSERT_EQUAL(all->at[i].zero, 0);
		len += (size_t)snprintf(text + len, size - len, "%c %llx %u\n", "ILSM"[all->at[i].kind],
					(unsigned long long)all->at[i].addr, all->at[i].size);
	}
	return text;
}

static const char sample_means[] =
	"I 401ab70 3\nI 401ab73 5\nS 1fff0006d8 8\nI 4025118 7\nL 4025ffe 4\nI 402511f 4\nM 421c7cc 4\n"
	"I 4025123 10\nL ffffffffffffff80 128\n";

static char *sample_text(size_t *len)
{
	FILE *file = fopen(test_data("data/access/lackey.txt"), "rb");
	char *text = malloc(10000);

	CU_ASSERT_FATAL(file && text);
	*len = fread(text, 1, 10000, file);
	fclose(file);
	return text;
}

/* Recognised, and read as the table above says; all other lines are passed over, and counted. */
static void test_sample(void)
{
	struct accessed all;
	char text[1000];
	size_t len;
	char *bytes = sample_text(&len);

	all = accesses_of(bytes, len, NULL);
	CU_ASSERT_EQUAL_FATAL(all.error, 0);
	CU_ASSERT_STRING_EQUAL(all.format, "lackey");
	expect_text("the sample", "what was read", print_accesses(&all, text, sizeof(text)), sample_means);
	CU_ASSERT_EQUAL(all.stats.malformed, 0);
	CU_ASSERT_EQUAL(all.stats.accesses, 9);
	CU_ASSERT_EQUAL(all.stats.events, 0);
	CU_ASSERT_EQUAL(all.stats.lines, 26);
	CU_ASSERT_EQUAL(all.stats.ignored, 26 - 9);
	CU_ASSERT_STRING_EQUAL(all.stats.note, "");
	CU_ASSERT_PTR_NOT_NULL(all.stats.lacks);
	CU_ASSERT_FALSE(all.stats.unterminated);
	accessed_free(&all);
	free(bytes);
}

/* The same, in whatever pieces the bytes come, and with the line ends of another system. */
static void test_pieces(void)
{
	size_t len, step, i, n = 0;
	char *bytes = sample_text(&len), *dos = malloc(2 * len), text[1000];
	struct accessed all;
	struct source *src;
	struct kerror err;

	for (step = 1; step <= len; step += 1 + step / 3) {
		struct drip drip = { bytes, len, step, 0 };

		CU_ASSERT_EQUAL_FATAL(source_open_callback(&src, "drip", drip_read, &drip, &err), 0);
		all = read_accesses(src, NULL);
		expect_text("in pieces", "what was read", print_accesses(&all, text, sizeof(text)), sample_means);
		accessed_free(&all);
	}
	for (i = 0; i < len; i++) {
		if (bytes[i] == '\n')
			dos[n++] = '\r';
		dos[n++] = bytes[i];
	}
	all = accesses_of(dos, n, NULL);
	expect_text("with CR", "what was read", print_accesses(&all, text, sizeof(text)), sample_means);
	accessed_free(&all);
	free(dos);
	free(bytes);
}

/* Each line twice: alone, where the careful parser has it, and before others, where the quick one has. */
static void test_lines(void)
{
	static const struct {
		const char *line;
		const char *means;	/* NULL: malformed, */
		const char *message;	/* in these words; both NULL: passed over */
	} rows[] = {
		{ "I  00000000,1", "I 0 1\n", NULL },
		{ "I  ffffffff,15", "I ffffffff 15\n", NULL },
		{ " L 100000000,2", "L 100000000 2\n", NULL },
		{ " S ffffffffffffffff,1", "S ffffffffffffffff 1\n", NULL },
		{ " M 0123456789abcdef,65535", "M 123456789abcdef 65535\n", NULL },
		{ " L 04025118,008", "L 4025118 8\n", NULL },
		{ " L 10,4", "L 10 4\n", NULL },
		{ "out: 3, I  04025118,4", "I 4025118 4\n", NULL },
		{ " L 04025118,4 S 04025120,8", NULL, "size 4 is no number from 1 to 65535" },
		{ " S ffffffffffffffff,2", NULL, "ffffffffffffffff,2 ends behind the last address" },
		{ " S fffffffffffff000,4097", NULL, "fffffffffffff000,4097 ends behind the last address" },
		{ "I  10000000000000000,1", NULL, "address 10000000000000000 has more than 64 bits" },
		{ "I  04025118,0", NULL, "size 0 is no number from 1 to 65535" },
		{ "I  04025118,65536", NULL, "size 65536 is no number from 1 to 65535" },
		{ "I  04025118,4294967300", NULL, "size 4294967300 is no number from 1 to 65535" },
		{ "I  04025118,18446744073709551620", NULL, "size 18446744073709551620 is no number from 1 to 65535" },
		{ "I  04025118,", NULL, "size  is no number from 1 to 65535" },
		{ "I  04025118,:", NULL, "size : is no number from 1 to 65535" },
		{ "I  04025118,3x", NULL, "size 3x is no number from 1 to 65535" },
		{ "I  04025118 3", NULL, "04025118 is no address, comma and size" },
		{ "I  04025118", NULL, "04025118 is no address, comma and size" },
		{ "I  0402511g,3", NULL, "0402511g,3 is no address, comma and size" },
		{ "I  0402511", NULL, "0402511 is no address, comma and size" },
		{ "I 04025118,3", NULL, NULL },
		{ "L  04025118,3", NULL, NULL },
		{ " I 04025118,3", NULL, NULL },
		{ "I  xyz", NULL, NULL },
		{ "I  am here", NULL, NULL },
		{ "I  ", NULL, NULL },
		{ " L", NULL, NULL },
		{ " ", NULL, NULL },
		{ ",", NULL, NULL },
		{ "f,1", NULL, NULL },
		{ "==", NULL, NULL },
		{ "==990==I  04025118,3", NULL, NULL },
	};
	size_t i, pass;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (pass = 0; pass < 2; pass++) {
			char text[500], printed[200];
			struct accessed all;

			snprintf(text, sizeof(text), "%s\n%s", rows[i].line, pass ? "\n------------------------------------\n" : "");
			all = LACKEY(text);
			expect_text(rows[i].line, "what was read", print_accesses(&all, printed, sizeof(printed)),
				    rows[i].means ? rows[i].means : "");
			expect_value(rows[i].line, "malformed", all.stats.malformed, rows[i].message != NULL);
			expect_text(rows[i].line, "the message", all.heard.text, rows[i].message ? rows[i].message : "");
			accessed_free(&all);
		}
	}
}

/* All characters at each place of a line: the quick parser takes what the careful one takes. */
static void test_quick_is_careful(void)
{
	static const char line[] = " L 1ffe0a9c48,16", behind[] = "\n\n-------------------------------\n";
	char text[100];
	int at, c;

	for (at = 0; line[at]; at++) {
		for (c = 1; c < 256; c++) {
			struct accessed quick, careful;

			/* Then it is two lines, or one that ends. */
			if (c == '\n' || c == '\r')
				continue;
			snprintf(text, sizeof(text), "%s%s", line, behind);
			text[at] = (char)c;
			quick = LACKEY(text);
			text[sizeof(line)] = 0;
			careful = LACKEY(text);
			CU_ASSERT_EQUAL(quick.nr, careful.nr);
			CU_ASSERT_EQUAL(quick.stats.malformed, careful.stats.malformed);
			if (quick.nr && careful.nr) {
				CU_ASSERT_EQUAL(quick.at[0].addr, careful.at[0].addr);
				CU_ASSERT_EQUAL(quick.at[0].size, careful.at[0].size);
				CU_ASSERT_EQUAL(quick.at[0].kind, careful.at[0].kind);
			}
			accessed_free(&quick);
			accessed_free(&careful);
		}
	}
}

/* Many more than a block and a buffer hold, each to be told from the others. */
static void test_long(void)
{
	const size_t nr = 5 * ACCESS_BLOCK + 17;
	char *text = malloc(nr * 32);
	struct accessed all;
	size_t len = 0, i, wrong = 0;

	for (i = 0; i < nr; i++)
		len += (size_t)sprintf(text + len, "%s%08zx,%zu\n", i % 3 ? "I  " : " S ", i * 0x10001, i % 9 + 1);
	all = accesses_of(text, len, NULL);
	CU_ASSERT_EQUAL_FATAL(all.nr, nr);
	for (i = 0; i < nr; i++)
		wrong += all.at[i].addr != i * 0x10001 || all.at[i].size != i % 9 + 1 ||
			 all.at[i].kind != (i % 3 ? ACCESS_FETCH : ACCESS_STORE);
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(all.largest, ACCESS_BLOCK);
	CU_ASSERT_EQUAL(all.stats.lines, nr);
	accessed_free(&all);
	free(text);
}

/* Bytes that are no text, and lines without an end, are the program's; a last line may have been cut. */
static void test_odd_bytes(void)
{
	static const char nul[] = "I  04025118,3\na\0b\nI  0402511b,3\n";
	char *text = malloc(200000);
	struct accessed all = accesses_of(nul, sizeof(nul) - 1, "lackey");
	int len;

	CU_ASSERT_EQUAL(all.nr, 2);
	CU_ASSERT_EQUAL(all.stats.ignored, 1);
	CU_ASSERT_EQUAL(all.stats.malformed, 0);
	accessed_free(&all);
	len = sprintf(text, "I  04025118,3\n");
	memset(text + len, 'x', 150000);
	strcpy(text + len + 150000, "\nI  0402511b,3");
	all = LACKEY(text);
	CU_ASSERT_EQUAL(all.nr, 2);
	CU_ASSERT_TRUE(all.stats.unterminated);
	CU_ASSERT_EQUAL(all.stats.unterminated_line, 3);
	accessed_free(&all);
	free(text);
}

/* A program whose lines look like accesses and are none is refused in the end, as any format's. */
static void test_wrong(void)
{
	struct trace *trace = trace_create(0);
	static const char text[] = "I  04025118,3\nI  04025118,x\nI  04025118,y\n";
	struct kerror err = { .text = "" };
	struct source *src;
	struct reader *rd;

	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, text, strlen(text), &err), 0);
	CU_ASSERT_EQUAL_FATAL(reader_open(&rd, src, "lackey", trace_names(trace), &err), 0);
	CU_ASSERT_EQUAL(trace_load(trace, rd, NULL, NULL, &err), -EBADMSG);
	CU_ASSERT_STRING_EQUAL(err.text, "memory: 2 of 3 lines are malformed, so this is hardly a trace of format lackey");
	CU_ASSERT_EQUAL(trace_summary(trace)->read.accesses, 1);
	reader_close(rd);
	trace_destroy(trace);
}

/* What lackey says of itself: its count of instructions, and whose they are. */
static void test_notes(void)
{
	static const struct { const char *text, *note; } rows[] = {
		{ "I  04025118,3\n==7==   guest instrs:  1\n", "" },
		{ "I  04025118,3\n==7==   guest instrs:  1,002\n",
		  "lackey counted 1002 instructions, the file has 1 of them: some lines are missing or were torn" },
		{ "I  04025118,3\n==7==   guest instrs:  0\n", "lackey counted 0 instructions, the file has 1 of them: "
		  "those of a child process, before it ran a program of its own, are among them" },
		{ "==7== a\nI  04025118,3\n==7== b\n==123== c\n",
		  "the accesses of several processes (7, 123): lackey does not say whose one is, so they count as one's" },
		{ "==7== a\n--7-- b\n**7** c\nI  04025118,3\n", "" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct accessed all = LACKEY(rows[i].text);

		expect_text(rows[i].text, "the note", all.stats.note, rows[i].note);
		CU_ASSERT_EQUAL(all.nr, 1);
		accessed_free(&all);
	}
}

/* Without accesses it is another kind of output, and the words say what is missing. */
static void test_recognised(void)
{
	static const char bare[] = "==7== Lackey, an example Valgrind tool\n==7== Counted 1 call to main()\n";
	char *text = malloc(60000);
	struct accessed all = accesses_of(bare, strlen(bare), NULL);
	size_t len, i;

	CU_ASSERT_EQUAL(all.error, -ENOMSG);
	CU_ASSERT_PTR_NOT_NULL(strstr(all.heard.text, "--trace-mem=yes"));
	accessed_free(&all);
	/* Without lackey's own lines, as grep leaves it; and with a program that says much. */
	all = accesses_of("I  04025118,3\n", 14, NULL);
	CU_ASSERT_STRING_EQUAL(all.format, "lackey");
	accessed_free(&all);
	len = (size_t)sprintf(text, "==7== Lackey, an example Valgrind tool\nI  04025118,3\n");
	for (i = 0; i < 1000; i++)
		len += (size_t)sprintf(text + len, "+10,-0 is what the program says\n");
	all = accesses_of(text, len, NULL);
	CU_ASSERT_STRING_EQUAL(all.format, "lackey");
	accessed_free(&all);
	free(text);
}

/* The shared recording, packed as it is: lackey's own count of its instructions is ours. */
static void test_recording(void)
{
	const char *path = test_shared("traces/lackey-ls.txt.zst");
	struct accessed all;
	struct source *src;
	struct kerror err;
	size_t i, nr[NR_ACCESS_KINDS] = { 0 };

	if (!path)
		return;
	CU_ASSERT_EQUAL_FATAL(source_open(&src, path, &err), 0);
	all = read_accesses(src, NULL);
	for (i = 0; i < all.nr; i++)
		nr[all.at[i].kind]++;
	CU_ASSERT_EQUAL(nr[ACCESS_FETCH], 7852835);
	CU_ASSERT_EQUAL(nr[ACCESS_LOAD], 1790946);
	CU_ASSERT_EQUAL(nr[ACCESS_STORE], 1045452);
	CU_ASSERT_EQUAL(nr[ACCESS_MODIFY], 18702);
	CU_ASSERT_STRING_EQUAL(all.stats.note, "");
	CU_ASSERT_EQUAL(all.stats.malformed, 0);
	accessed_free(&all);
}

static const struct test_case cases[] = {
	{ "sample", test_sample },
	{ "pieces", test_pieces },
	{ "lines", test_lines },
	{ "quick_is_careful", test_quick_is_careful },
	{ "long", test_long },
	{ "odd_bytes", test_odd_bytes },
	{ "wrong", test_wrong },
	{ "notes", test_notes },
	{ "recognised", test_recognised },
	{ "recording", test_recording },
	{ NULL, NULL }
};

const struct test_suite lackey_suite = { "lackey", cases };
