/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: trace.dat and recordings of malloc calls of which not all fits in memory,
 * packed or through a pipe. They are read again and again, and what comes of it is what comes
 * of the plain file, which is mapped; what is kept for that is looked at here.
 *
 *	trace.dat   | head | CPU 0: pages | CPU 1: pages |	a page: a kmalloc, and noise
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zstd.h>

#include "sim/trace/content.h"
#include "sim/trace/dat/dat.h"
#include "sim/trace/heap/recording.h"
#include "sim/trace/kept.h"
#include "sim/trace/spill.h"
#include "sim/trace/warnings.h"
#include "tests/tests.h"
#include "tests/sim/trace/dat_build.h"
#include "tests/sim/trace/same_events.h"

#define MIB		(1u << 20)
#define NOISE_WORDS	45u	/* most of a page of DAT_PAGE bytes */
#define NR_PAGES	6000u	/* of each CPU: 3 MiB */
#define NR_MANY		24000u	/* more than what is kept in memory */

static uint64_t random_word(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed ^ *seed >> 33;
}

/* Pages that no packer makes less of. @skewed: all of CPU 0 is before all of CPU 1. */
static void add_pages(struct dat_parts *parts, unsigned int nr, bool skewed)
{
	uint64_t words[NOISE_WORDS], seed = 1;
	unsigned int cpu, i, w;

	for (cpu = 0; cpu < 2; cpu++) {
		struct bytes *b = &parts->cpu[cpu];

		for (i = 0; i < nr; i++) {
			uint64_t time = 1000 + 10 * (uint64_t)i + 3 * cpu + (skewed ? cpu * 10 * (uint64_t)nr : 0);
			size_t page = begin_page(b, time);

			put_ring_event(b, 1, 0, 0, 7, raw_kmalloc(DAT_KERNEL + 0x12, random_word(&seed) | 1, 60, 64, 6, -1), false);
			for (w = 0; w < NOISE_WORDS; w++)
				words[w] = random_word(&seed);
			put_ring_event(b, 1, 0, 0, 7, raw_words(200, words, NOISE_WORDS), true);
			end_page(b, page, 0, 0);
		}
	}
}

enum { VERSION_6, VERSION_7, VERSION_7_PACKED, NR_VERSIONS };

static struct bytes build(int version, unsigned int nr, bool skewed)
{
	struct dat_parts parts = { .clock = "counter", .uname = "Linux x 6.1.0 y", .packed = version == VERSION_7_PACKED };
	struct bytes b;

	add_pages(&parts, nr, skewed);
	b = version == VERSION_6 ? build_dat6(&parts) : build_dat7(&parts);
	free(parts.cpu[0].data);
	free(parts.cpu[1].data);
	return b;
}

static struct bytes pack(const struct bytes *plain)
{
	struct bytes packed = { 0 };

	packed.size = ZSTD_compressBound(plain->len);
	packed.data = malloc(packed.size);
	CU_ASSERT_PTR_NOT_NULL_FATAL(packed.data);
	packed.len = ZSTD_compress(packed.data, packed.size, plain->data, plain->len, 1);
	return packed;
}

static void write_file(const struct bytes *b, char path[64])
{
	int fd;

	strcpy(path, "/tmp/kmemsim-test-XXXXXX");
	fd = mkstemp(path);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(write(fd, b->data, b->len), (ssize_t)b->len);
	close(fd);
}

static struct side *open_file(const char *path, uint64_t memory_bytes)
{
	struct side *side = malloc(sizeof(*side));
	struct kerror err = { 0 };
	struct source *src;

	CU_ASSERT_PTR_NOT_NULL_FATAL(side);
	CU_ASSERT_EQUAL_FATAL(source_open(&src, path, &err), 0);
	CU_ASSERT_FATAL(side_open_in(side, src, NULL, memory_bytes, &err));
	side->exact = true;
	return side;
}

/* @drip stays in use. NULL: refused, with @err. */
static struct side *open_pipe(struct drip *drip, const struct bytes *b, uint64_t memory_bytes, struct kerror *err)
{
	struct side *side = malloc(sizeof(*side));
	struct source *src;

	CU_ASSERT_PTR_NOT_NULL_FATAL(side);
	*drip = (struct drip){ (const char *)b->data, b->len, 100000, 0 };
	CU_ASSERT_EQUAL_FATAL(source_open_callback(&src, "pipe", drip_read, drip, err), 0);
	side->exact = true;
	if (side_open_in(side, src, NULL, memory_bytes, err))
		return side;
	names_destroy(side->names);
	stacks_destroy(side->stacks);
	free(side);
	return NULL;
}

static void free_side(struct side *side)
{
	side_close(side);
	free(side);
}

static bool no_reader(void)
{
	if (trace_dat_reader.needs)
		test_skip("this build has no libtraceevent");
	return trace_dat_reader.needs;
}

static char *use_folder(const char *dir)
{
	const char *before = getenv("TMPDIR");
	char *saved = before ? strdup(before) : NULL;

	setenv("TMPDIR", dir, 1);
	return saved;
}

static void use_folder_again(char *saved)
{
	if (saved)
		setenv("TMPDIR", saved, 1);
	else
		unsetenv("TMPDIR");
	free(saved);
}

/* However often one CPU has to wait for the other: together they have as much memory as there is, and a page. */
static void test_bounded(void)
{
	const uint64_t memory = 64 << 10;
	const struct trace_dat *td;
	struct bytes plain, packed;
	struct side *side;
	char path[64];
	uint64_t nr = 0;

	if (no_reader())
		return;
	plain = build(VERSION_6, NR_PAGES, true);
	packed = pack(&plain);
	write_file(&packed, path);
	side = open_file(path, memory);
	td = side->rd->priv;
	while (side_next(side)) {
		uint64_t held = (td->cpus[0].row_end - td->cpus[0].row_at) + (td->cpus[1].row_end - td->cpus[1].row_at);

		nr += held <= memory + DAT_PAGE;
	}
	CU_ASSERT_EQUAL(nr, 4 * NR_PAGES);
	free_side(side);
	unlink(path);
	free(plain.data);
	free(packed.data);
}

/* Both are read to their ends. */
static void expect_equal(struct side *side, struct side *plain, uint64_t events, const char *what)
{
	expect_value(what, "events", expect_same(side, plain, UINT64_MAX, what), events);
	CU_ASSERT_STRING_EQUAL(side->rd->stats.error.text, "");
	expect_value(what, "malformed", side->rd->stats.malformed, 0);
	free_side(side);
	free_side(plain);
}

/* A packed file needs no temporary one, and there is nowhere to make one; nor does a pipe of so little. */
static void test_no_file(void)
{
	static const char *const names[] = { "version 6", "version 7", "version 7, packed inside" };
	char *saved = use_folder("/nowhere/at/all"), path[64], packed_path[64];
	int version, skewed;

	for (version = 0; version < 2 * NR_VERSIONS && !no_reader(); version++) {
		struct bytes plain, packed;
		struct kerror err = { 0 };
		struct drip drip;
		struct side *side;

		skewed = version / NR_VERSIONS;
		plain = build(version % NR_VERSIONS, NR_PAGES, skewed);
		packed = pack(&plain);
		write_file(&plain, path);
		write_file(&packed, packed_path);
		expect_equal(open_file(packed_path, MIB), open_file(path, 0), 4 * NR_PAGES, names[version % NR_VERSIONS]);
		expect_equal(open_file(packed_path, 0), open_file(path, 0), 4 * NR_PAGES, names[version % NR_VERSIONS]);
		side = open_pipe(&drip, &packed, MIB, &err);
		CU_ASSERT_PTR_NOT_NULL_FATAL(side);
		CU_ASSERT_EQUAL(side->rd->stats.kept_bytes, 0);
		expect_equal(side, open_file(path, 0), 4 * NR_PAGES, "packed, through a pipe");
		side = open_pipe(&drip, &plain, MIB, &err);
		CU_ASSERT_PTR_NOT_NULL_FATAL(side);
		expect_equal(side, open_file(path, 0), 4 * NR_PAGES, "through a pipe");
		unlink(path);
		unlink(packed_path);
		free(plain.data);
		free(packed.data);
	}
	use_folder_again(saved);
}

/* Through a pipe, what is kept is the packed input but for what stays in memory: told, and gone afterwards. */
static void test_kept(void)
{
	char folder[] = "/tmp/kmemsim-test-XXXXXX", path[64], text[TRACE_WARNING_TEXT], size[64], *saved;
	struct bytes plain, packed;
	struct kerror err = { 0 };
	struct trace *trace;
	struct source *src;
	struct reader *rd;
	struct drip drip;
	struct side *side;

	if (no_reader())
		return;
	plain = build(VERSION_6, NR_MANY, false);
	packed = pack(&plain);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	saved = use_folder(folder);
	write_file(&plain, path);
	side = open_pipe(&drip, &packed, 2 * MIB, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(side);
	CU_ASSERT_EQUAL(side->rd->stats.kept_bytes, packed.len - KEPT_MEMORY_BYTES);
	expect_equal(side, open_file(path, 0), 4 * NR_MANY, "packed, through a pipe");
	side = open_pipe(&drip, &plain, 2 * MIB, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(side);
	CU_ASSERT(side->rd->stats.kept_bytes > 0);
	CU_ASSERT(side->rd->stats.kept_bytes < plain.len - KEPT_MEMORY_BYTES / 2);
	expect_equal(side, open_file(path, 0), 4 * NR_MANY, "through a pipe");
	unlink(path);

	trace = trace_create(0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(trace);
	drip = (struct drip){ (const char *)packed.data, packed.len, 100000, 0 };
	CU_ASSERT_EQUAL_FATAL(source_open_callback(&src, "pipe", drip_read, &drip, &err), 0);
	CU_ASSERT_EQUAL_FATAL(reader_open_config(&rd, src, &(struct reader_config){ .names = trace_names(trace),
						  .memory_bytes = MIB }, &err), 0);
	CU_ASSERT_EQUAL_FATAL(trace_load(trace, rd, NULL, NULL, &err), 0);
	CU_ASSERT_TRUE(trace_warning(trace, TRACE_KEPT, NULL, text));
	snprintf(size, sizeof(size), ": %llu bytes", (unsigned long long)packed.len - KEPT_MEMORY_BYTES);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, size));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, folder));
	reader_close(rd);
	trace_destroy(trace);
	CU_ASSERT_EQUAL(rmdir(folder), 0);
	use_folder_again(saved);
	free(plain.data);
	free(packed.data);
}

/* How many events come, and the error. */
static uint64_t count(struct side *side, struct kerror *err)
{
	uint64_t nr = 0;

	while (side && side_next(side))
		nr++;
	if (side) {
		*err = side->rd->stats.error;
		free_side(side);
	}
	return nr;
}

/* The temporary file cannot be made, or there is no room for all of it: that is said, and what came before is read. */
static void test_no_room(void)
{
	struct bytes plain, packed;
	struct rlimit limit, small;
	struct kerror err = { 0 };
	struct drip drip;
	char *saved;

	if (no_reader())
		return;
	plain = build(VERSION_6, NR_MANY, true);
	packed = pack(&plain);
	saved = use_folder("/nowhere/at/all");
	CU_ASSERT(count(open_pipe(&drip, &packed, MIB, &err), &err) > 2 * NR_MANY);
	CU_ASSERT_EQUAL(err.code, -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "pipe: creating the temporary file"));
	use_folder_again(saved);

	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = (struct rlimit){ MIB, limit.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &small), 0);
	CU_ASSERT(count(open_pipe(&drip, &packed, MIB, &err), &err) > 2 * NR_MANY);
	CU_ASSERT_EQUAL(err.code, -EFBIG);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "pipe: writing the temporary file"));
	CU_ASSERT(count(open_pipe(&drip, &plain, MIB, &err), &err) > 2 * NR_MANY);
	CU_ASSERT_EQUAL(err.code, -EFBIG);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "pipe: writing the temporary file"));
	setrlimit(RLIMIT_FSIZE, &limit);
	signal(SIGXFSZ, SIG_DFL);
	free(plain.data);
	free(packed.data);
}

/* Damaged in the middle: the same is read of it, and said, as where all of it fits in memory. */
static void test_damaged(void)
{
	struct bytes plain, packed;
	struct kerror err = { 0 }, whole = { 0 };
	uint64_t nr;
	char path[64];

	if (no_reader())
		return;
	plain = build(VERSION_6, NR_PAGES, true);
	packed = pack(&plain);
	packed.data[packed.len / 4 * 3] ^= 0x55;
	packed.len = packed.len / 8 * 7;
	write_file(&packed, path);
	nr = count(open_file(path, 0), &whole);
	CU_ASSERT(nr > 2 * NR_PAGES);
	CU_ASSERT(nr < 4 * NR_PAGES);
	CU_ASSERT_EQUAL(count(open_file(path, MIB), &err), nr);
	CU_ASSERT_EQUAL(err.code, -EBADMSG);
	CU_ASSERT_STRING_EQUAL(err.text, whole.text);
	unlink(path);
	free(plain.data);
	free(packed.data);
}

/* Cut while it is read: that is said, with its name once, and what came before is read. */
static void test_changed(void)
{
	struct bytes plain, packed;
	struct kerror err = { 0 };
	struct side *side;
	uint64_t nr;
	char path[64];

	if (no_reader())
		return;
	plain = build(VERSION_6, NR_PAGES, true);
	packed = pack(&plain);
	write_file(&packed, path);
	side = open_file(path, MIB);
	CU_ASSERT_EQUAL_FATAL(truncate(path, (off_t)packed.len / 2), 0);
	nr = count(side, &err);
	CU_ASSERT(nr > NR_PAGES);
	CU_ASSERT(nr < 3 * NR_PAGES);
	CU_ASSERT_EQUAL(err.code, -EBADMSG);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "the zstd stream is truncated"));
	CU_ASSERT_PTR_NULL(strstr(err.text + 1, "/tmp/"));
	unlink(path);
	free(plain.data);
	free(packed.data);
}

/* ---- recordings of malloc calls -------------------------------------------------- */

#define NR_CHUNKS	1500u	/* of 4 KiB */
#define CHUNK_EVENTS	100u

static void put_chunk_header(struct bytes *b, uint32_t kind, int32_t tid, uint64_t time, uint32_t text)
{
	const struct recording_chunk head = {
		.magic = RECORDING_CHUNK_MAGIC, .kind = kind, .len = RECORDING_UNIT, .image = 1, .pid = 100, .tid = tid,
		.time = time, .ns = time, .comm = "prog", .text = text,
	};

	put(b, &head, sizeof(head));
}

static void fill_unit(struct bytes *b)
{
	while (b->len % RECORDING_UNIT)
		put_u8(b, 0);
}

/* Two threads take turns by chunks that lie far from each other; a chunk is there twice. */
static struct bytes build_recording(void)
{
	static const char maps[] = "400000-500000 r-xp 00000000 00:00 0 /no/such/program\n";
	struct recording_file file = { .version = RECORDING_VERSION, .clock = RECORDING_NS, .pid = 100 };
	struct bytes b = { 0 };
	uint32_t i, e;

	memcpy(file.magic, RECORDING_MAGIC, RECORDING_MAGIC_BYTES);
	put(&b, &file, sizeof(file));
	fill_unit(&b);
	put_chunk_header(&b, RECORDING_MAPS, 100, 0, sizeof(maps) - 1);
	put(&b, maps, sizeof(maps) - 1);
	fill_unit(&b);
	for (i = 0; i < NR_CHUNKS; i++) {
		bool second = i >= NR_CHUNKS / 2;
		uint64_t turn = 2 * (i % (NR_CHUNKS / 2)) + second, time = 10 + turn * 1000;

		put_chunk_header(&b, RECORDING_EVENTS, 100 + second, i == 7 ? time + 2000 : time, 0);
		for (e = 0; e < (i == 7 ? CHUNK_EVENTS / 2 : CHUNK_EVENTS); e++) {
			const struct recording_event ev = {
				.time = time + e * 10 + (i == 7 ? 2000 : 0), .site = 0x400010,
				.addr = (0x1000 + ((uint64_t)i * CHUNK_EVENTS + e) * 64) | (uint64_t)RECORDING_ALLOC << RECORDING_LOW_BITS,
				.size = 48,
			};

			put(&b, &ev, sizeof(ev));
		}
		fill_unit(&b);
	}
	return b;
}

/* Packed, the same events as of the plain file, without a temporary one. */
static void test_recording(void)
{
	struct bytes plain = build_recording(), packed = pack(&plain);
	char *saved = use_folder("/nowhere/at/all"), path[64], packed_path[64];
	struct kerror err = { 0 };
	struct drip drip;
	struct side *side;

	write_file(&plain, path);
	write_file(&packed, packed_path);
	expect_equal(open_file(packed_path, 0), open_file(path, 0), (NR_CHUNKS - 1) * CHUNK_EVENTS, "in memory");
	expect_equal(open_file(packed_path, MIB), open_file(path, 0), (NR_CHUNKS - 1) * CHUNK_EVENTS, "packed");
	side = open_pipe(&drip, &plain, MIB, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(side);
	expect_equal(side, open_file(path, 0), (NR_CHUNKS - 1) * CHUNK_EVENTS, "through a pipe");
	unlink(path);
	packed.len = packed.len / 2;
	unlink(packed_path);
	write_file(&packed, packed_path);
	side = open_file(packed_path, 0);
	CU_ASSERT_EQUAL(count(open_file(packed_path, MIB), &err), count(side, &err));
	CU_ASSERT_EQUAL(err.code, -EBADMSG);
	unlink(packed_path);
	use_folder_again(saved);
	free(plain.data);
	free(packed.data);
}

/* ---- the content itself ---------------------------------------------------------- */

/*
 *	0 ........ 8 MiB of noise, memory for 2 ........ 8
 *	     [ looked at ]        parts that overlap, in any order
 */
static void test_content(void)
{
	const struct content_row row = { .memory_bytes = 2 * MIB };
	unsigned char *data = malloc(8 * MIB), *a = malloc(3 * MIB), *b = malloc(MIB);
	struct content_part parts[3];
	struct content content;
	struct kerror err = { 0 };
	struct source *src;
	uint64_t seed = 3;
	size_t i;

	CU_ASSERT_FATAL(data && a && b);
	for (i = 0; i < 8 * MIB; i++)
		data[i] = (unsigned char)random_word(&seed);
	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, data, 8 * MIB, &err), 0);
	CU_ASSERT_EQUAL_FATAL(content_open(&content, src, &row, &err), 0);
	CU_ASSERT_TRUE(content.parts);
	CU_ASSERT_EQUAL(content.len, 8 * MIB);
	CU_ASSERT(content.window.held <= 3 * MIB);
	CU_ASSERT_EQUAL(content_look(&content, 3 * MIB - 10, 3 * MIB + 20, &err), 0);
	CU_ASSERT_EQUAL(memcmp(content.data + 3 * MIB - 10, data + 3 * MIB - 10, 30), 0);
	CU_ASSERT_EQUAL(content_look(&content, 8 * MIB - 5, 8 * MIB, &err), 0);
	CU_ASSERT_EQUAL(memcmp(content.data + 8 * MIB - 5, data + 8 * MIB - 5, 5), 0);
	parts[0] = (struct content_part){ 5 * MIB + 1, 8 * MIB, a };
	parts[1] = (struct content_part){ 7, 7, NULL };
	parts[2] = (struct content_part){ 5 * MIB + 500, 5 * MIB + 900, b };
	CU_ASSERT_EQUAL(content_gather(&content, parts, 3, &err), 0);
	CU_ASSERT_EQUAL(memcmp(a, data + 5 * MIB + 1, 3 * MIB - 1), 0);
	CU_ASSERT_EQUAL(memcmp(b, data + 5 * MIB + 500, 400), 0);
	CU_ASSERT_EQUAL(memcmp(content.data + 3 * MIB - 10, data + 3 * MIB - 10, 30), 0);
	for (i = 0; i + 100 <= 8 * MIB; i += 300001) {
		CU_ASSERT_EQUAL(content_slide(&content, i, i + 100, &err), 0);
		CU_ASSERT_EQUAL(memcmp(content.data + i, data + i, 100), 0);
		CU_ASSERT(content.window.held <= 3 * MIB);
	}
	CU_ASSERT_EQUAL(content.len, 8 * MIB);
	CU_ASSERT_EQUAL(content.error.code, 0);
	content_close(&content);
	source_close(src);
	free(data);
	free(a);
	free(b);
}

static const struct test_case cases[] = {
	{ "the content itself", test_content },
	{ "bounded memory", test_bounded },
	{ "no temporary file", test_no_file },
	{ "kept bytes", test_kept },
	{ "no room", test_no_room },
	{ "damaged", test_damaged },
	{ "changed", test_changed },
	{ "a recording of malloc calls", test_recording },
	{ NULL, NULL }
};

const struct test_suite parts_suite = { "parts", cases };
