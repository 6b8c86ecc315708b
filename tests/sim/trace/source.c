/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: byte sources. What goes in must come out, in whatever steps;
 * from a damaged stream everything before the damage.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "sim/trace/packed.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"
#include "tests/sim/trace/util.h"

#define PLAIN_BYTES	300000

static char *make_plain(void)
{
	struct test_rng rng = { 7 };
	char *plain = malloc(PLAIN_BYTES);
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(plain);
	for (i = 0; i < PLAIN_BYTES; i++)
		plain[i] = "0123456789abcdef kmem:=\n"[test_rand_below(&rng, 24)];
	return plain;
}

static size_t compress(char *to, size_t size, const char *from, size_t len)
{
	size_t n = ZSTD_compress(to, size, from, len, 3);

	CU_ASSERT_FALSE_FATAL(ZSTD_isError(n));
	return n;
}

/* Reads to the end in steps of @step; the last return value, and how much came in *@len. */
static int64_t drain(struct source *src, char *to, size_t step, size_t *len, struct kerror *err)
{
	int64_t got;

	*len = 0;
	while ((got = source_read(src, to + *len, step, err)) > 0)
		*len += got;
	return got;
}

/* Plain bytes pass unchanged, in whatever steps they are delivered and asked for. */
static void test_plain(void)
{
	static const size_t steps[] = { 1, 7, 4096, PLAIN_BYTES };
	char *plain = make_plain(), *got = malloc(PLAIN_BYTES + 4096);
	struct kerror err = { 0 };
	struct source *src;
	size_t i, len;

	for (i = 0; i < 4; i++) {
		struct drip drip = { plain, PLAIN_BYTES, steps[i], 0 };

		CU_ASSERT_EQUAL_FATAL(source_open_callback(&src, "drip", drip_read, &drip, &err), 0);
		CU_ASSERT_STRING_EQUAL(source_name(src), "drip");
		CU_ASSERT_EQUAL(drain(src, got, 4096, &len, &err), 0);
		CU_ASSERT_EQUAL(len, PLAIN_BYTES);
		CU_ASSERT_EQUAL(memcmp(got, plain, PLAIN_BYTES), 0);
		CU_ASSERT_EQUAL(source_consumed(src), PLAIN_BYTES);
		CU_ASSERT_EQUAL(source_total(src), 0);
		source_close(src);
	}
	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, plain, PLAIN_BYTES, &err), 0);
	CU_ASSERT_EQUAL(source_consumed(src), 0);
	CU_ASSERT_EQUAL(source_total(src), PLAIN_BYTES);
	CU_ASSERT_EQUAL(drain(src, got, 13, &len, &err), 0);
	CU_ASSERT_EQUAL(memcmp(got, plain, PLAIN_BYTES), 0);
	source_close(src);
	free(plain);
	free(got);
}

/* Inputs shorter than the magic that tells compressed from plain. */
static void test_tiny(void)
{
	struct kerror err = { 0 };
	struct source *src;
	char got[16];
	size_t size, len;

	for (size = 0; size <= 5; size++) {
		CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, "\x28\xb5\x2fxy", size, &err), 0);
		CU_ASSERT_EQUAL(drain(src, got, 8, &len, &err), 0);
		CU_ASSERT_EQUAL(len, size);
		CU_ASSERT_EQUAL(memcmp(got, "\x28\xb5\x2fxy", size), 0);
		source_close(src);
	}
}

/* zstd is unpacked on the fly: one frame, several, skippable ones between them. */
static void test_zstd(void)
{
	static const size_t steps[] = { 1, 7, 4096, 1 << 20 };
	static const char skippable[] = "\x50\x2a\x4d\x18\x05\0\0\0hello";
	char *plain = make_plain(), *got = malloc(PLAIN_BYTES + 4096);
	char *packed = malloc(2 * PLAIN_BYTES);
	size_t half = PLAIN_BYTES / 2, size, i, len;
	struct kerror err = { 0 };
	struct source *src;

	size = compress(packed, PLAIN_BYTES, plain, half);
	memcpy(packed + size, skippable, sizeof(skippable) - 1);
	size += sizeof(skippable) - 1;
	size += compress(packed + size, PLAIN_BYTES, plain + half, PLAIN_BYTES - half);
	for (i = 0; i < 4; i++) {
		struct drip drip = { packed, size, steps[i], 0 };

		CU_ASSERT_EQUAL_FATAL(source_open_callback(&src, "drip", drip_read, &drip, &err), 0);
		CU_ASSERT_EQUAL(drain(src, got, 4096, &len, &err), 0);
		CU_ASSERT_EQUAL(len, PLAIN_BYTES);
		CU_ASSERT_EQUAL(memcmp(got, plain, PLAIN_BYTES), 0);
		CU_ASSERT_EQUAL(source_consumed(src), size);
		source_close(src);
	}
	free(plain);
	free(got);
	free(packed);
}

/* pzstd and other tools put a skippable frame in front: it is zstd all the same. */
static void test_zstd_skippable_first(void)
{
	char packed[512] = "\x5f\x2a\x4d\x18\x03\0\0\0abc", got[64];
	static const char plain[] = "one line\nand another\n";
	struct kerror err = { 0 };
	struct source *src;
	size_t size = 11, len;

	size += compress(packed + size, sizeof(packed) - size, plain, sizeof(plain));
	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, packed, size, &err), 0);
	CU_ASSERT_EQUAL(drain(src, got, sizeof(got), &len, &err), 0);
	CU_ASSERT_EQUAL(len, sizeof(plain));
	CU_ASSERT_STRING_EQUAL(got, plain);
	source_close(src);
}

/* Several blocks, flushed one by one; returns the size and each block's end. */
static size_t compress_blocks(char *to, size_t size, const char *from, size_t len, size_t step,
			      size_t *ends)
{
	ZSTD_CCtx *cctx = ZSTD_createCCtx();
	ZSTD_outBuffer out = { to, size, 0 };
	size_t done, block = 0;

	for (done = 0; done < len; done += step) {
		size_t n = len - done < step ? len - done : step;
		ZSTD_inBuffer in = { from + done, n, 0 };

		CU_ASSERT_EQUAL_FATAL(ZSTD_compressStream2(cctx, &out, &in, done + n == len ?
							   ZSTD_e_end : ZSTD_e_flush), 0);
		ends[block++] = out.pos;
	}
	ZSTD_freeCCtx(cctx);
	return out.pos;
}

/* A stream cut anywhere delivers every block that was complete, and then an error that stays. */
static void test_zstd_truncated(void)
{
	enum { LEN = 6000, STEP = 1000, NR = LEN / STEP };
	char *plain = make_plain(), got[LEN + 64], packed[2 * LEN];
	size_t ends[NR], size, cut, block, len;
	unsigned int wrong = 0;
	struct source *src;

	size = compress_blocks(packed, sizeof(packed), plain, LEN, STEP, ends);
	for (cut = 4; cut < size; cut++) {
		struct kerror err = { 0 }, again = { 0 };

		for (block = 0; block < NR && ends[block] <= cut; block++)
			;
		CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, packed, cut, &err), 0);
		wrong += drain(src, got, 64, &len, &err) != -EBADMSG;
		wrong += len < block * STEP || memcmp(got, plain, len) != 0;
		wrong += !strstr(err.text, "truncated at byte") || err.code != -EBADMSG;
		wrong += source_read(src, got, 64, &again) != -EBADMSG;
		wrong += strcmp(err.text, again.text) != 0;
		source_close(src);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	free(plain);
}

/* A damaged block header takes nothing with it of the blocks before. */
static void test_zstd_damaged_header(void)
{
	enum { LEN = 6000, STEP = 1000, NR = LEN / STEP };
	char *plain = make_plain(), got[LEN + 64], packed[2 * LEN];
	size_t ends[NR], size, block, len;
	struct source *src;

	for (block = 1; block < NR; block++) {
		struct kerror err = { 0 };

		size = compress_blocks(packed, sizeof(packed), plain, LEN, STEP, ends);
		packed[ends[block - 1]] |= 6;	/* block type 3 is reserved */
		CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, packed, size, &err), 0);
		CU_ASSERT_EQUAL(drain(src, got, LEN, &len, &err), -EBADMSG);
		CU_ASSERT_EQUAL(len, block * STEP);
		CU_ASSERT_EQUAL(memcmp(got, plain, len), 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "damaged ("));
		source_close(src);
	}
	free(plain);
}

/* Whatever bit is wrong, reading comes to an end and stays within the buffer. */
static void test_zstd_flipped(void)
{
	enum { LEN = 2000 };
	char *plain = make_plain(), packed[2 * LEN], *got = malloc(1 << 20);
	size_t ends[4], size = compress_blocks(packed, sizeof(packed), plain, LEN, 500, ends);
	size_t at, len;
	unsigned int errors = 0;

	for (at = 4; at < size; at++) {
		struct kerror err = { 0 };
		struct source *src;
		int64_t ret;

		packed[at] ^= 0x55;
		CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, packed, size, &err), 0);
		ret = drain(src, got, 512, &len, &err);
		if (ret)
			CU_ASSERT_EQUAL(ret, -EBADMSG);
		errors += ret != 0;
		source_close(src);
		packed[at] ^= 0x55;
	}
	CU_ASSERT(errors > 0);
	free(plain);
	free(got);
}

/* Bytes behind a complete frame that are no frame are damage, not silence. */
static void test_zstd_trailing(void)
{
	char packed[256], got[64];
	struct kerror err = { 0 };
	struct source *src;
	size_t size = compress(packed, sizeof(packed), "hello", 5), len;

	memcpy(packed + size, "rubbish!", 8);
	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, packed, size + 8, &err), 0);
	CU_ASSERT_EQUAL(drain(src, got, 8, &len, &err), -EBADMSG);
	CU_ASSERT_EQUAL(len, 5);
	CU_ASSERT_EQUAL(memcmp(got, "hello", 5), 0);
	source_close(src);
}

/* Files: the right bytes, their size, and the system's own words for what cannot be opened. */
static void test_files(void)
{
	char path[] = "/tmp/kmemsim-test-XXXXXX", got[64];
	struct kerror err = { 0 };
	struct source *src;
	size_t len;
	int fd = mkstemp(path);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, "some bytes", 10), 10);
	close(fd);
	CU_ASSERT_EQUAL_FATAL(source_open(&src, path, &err), 0);
	CU_ASSERT_EQUAL(source_total(src), 10);
	CU_ASSERT_EQUAL(drain(src, got, 3, &len, &err), 0);
	CU_ASSERT_EQUAL(len, 10);
	CU_ASSERT_EQUAL(memcmp(got, "some bytes", 10), 0);
	source_close(src);
	unlink(path);

	CU_ASSERT_EQUAL(source_open(&src, path, &err), -ENOENT);
	CU_ASSERT_EQUAL(err.code, -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, path));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "No such file"));
	CU_ASSERT_EQUAL(source_open(&src, "/tmp", &err), -EISDIR);
	CU_ASSERT_EQUAL(source_open(&src, path, NULL), -ENOENT);
}

/* "-" is standard input, compressed or not, and is left open. */
static void test_stdin(void)
{
	int saved = dup(STDIN_FILENO), pipes[2];
	char packed[256], got[64];
	struct kerror err = { 0 };
	struct source *src;
	size_t size = compress(packed, sizeof(packed), "through a pipe", 14), len;

	CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
	CU_ASSERT_EQUAL(write(pipes[1], packed, size), (ssize_t)size);
	close(pipes[1]);
	dup2(pipes[0], STDIN_FILENO);
	close(pipes[0]);
	CU_ASSERT_EQUAL_FATAL(source_open(&src, "-", &err), 0);
	CU_ASSERT_STRING_EQUAL(source_name(src), "standard input");
	CU_ASSERT_EQUAL(source_total(src), 0);
	CU_ASSERT_EQUAL(drain(src, got, 5, &len, &err), 0);
	CU_ASSERT_EQUAL(len, 14);
	CU_ASSERT_EQUAL(memcmp(got, "through a pipe", 14), 0);
	source_close(src);
	CU_ASSERT(fcntl(STDIN_FILENO, F_GETFD) >= 0);
	if (saved >= 0) {
		dup2(saved, STDIN_FILENO);
		close(saved);
	}
}

/* A device that fails does so after the bytes it gave, once and for all. */
static void test_failing(void)
{
	struct drip drip = { "0123456789", 10, 4, -EIO };
	struct kerror err = { 0 };
	struct source *src;
	char got[64];
	size_t len;

	CU_ASSERT_EQUAL_FATAL(source_open_callback(&src, "disk", drip_read, &drip, &err), 0);
	CU_ASSERT_EQUAL(drain(src, got, 64, &len, &err), -EIO);
	CU_ASSERT_EQUAL(len, 10);
	CU_ASSERT_STRING_EQUAL(err.text, "disk: Input/output error");
	drip.fail = 0;
	CU_ASSERT_EQUAL(source_read(src, got, 64, &err), -EIO);
	source_close(src);
}

/* ---- what other programs packed --------------------------------------------------- */

static const char *const packers[] = { "gzip", "xz", "bzip2", "lz4" };
#define NR_PACKERS (sizeof(packers) / sizeof(packers[0]))

/* @plain as program @by packs it, in pieces that are packed one by one; NULL where it is not installed. */
static char *pack(const char *by, const char *plain, size_t len, int pieces, size_t *size)
{
	char *path = write_file("plain", plain, len), command[400];
	int i;

	snprintf(command, sizeof(command), "command -v %s >/dev/null && : >'%s'", by, in_folder("packed"));
	if (system(command)) {
		test_skip("%s is not installed", by);
		return NULL;
	}
	for (i = 0; i < pieces; i++) {
		snprintf(command, sizeof(command), "tail -c +%zu '%s' | head -c %zu | %s -c >>'%s'",
			 len / (size_t)pieces * (size_t)i + 1, path, len / (size_t)pieces, by, in_folder("packed"));
		CU_ASSERT_EQUAL(system(command), 0);
	}
	return slurp(in_folder("packed"), size);
}

/* What each program packs comes out as it went in, in whatever steps, also where two files were joined. */
static void test_packed(void)
{
	static const size_t steps[] = { 1, 4096, 1 << 20 };
	char *plain = make_plain(), *got = malloc(PLAIN_BYTES + 4096);
	size_t by, i, size, len;
	int pieces;

	for (by = 0; by < NR_PACKERS; by++)
		for (pieces = 1; pieces <= 2; pieces++) {
			char *packed = pack(packers[by], plain, PLAIN_BYTES, pieces, &size);

			for (i = 0; packed && i < sizeof(steps) / sizeof(steps[0]); i++) {
				struct drip drip = { packed, size, steps[i], 0 };
				struct kerror err = { 0 };
				struct source *src;

				CU_ASSERT_EQUAL_FATAL(source_open_callback(&src, "drip", drip_read, &drip, &err), 0);
				expect_value(packers[by], "end", (uint64_t)drain(src, got, 4096, &len, &err), 0);
				expect_value(packers[by], "length", len, PLAIN_BYTES);
				CU_ASSERT_EQUAL(memcmp(got, plain, PLAIN_BYTES), 0);
				source_close(src);
			}
			free(packed);
		}
	free(plain);
	free(got);
}

/* Cut or flipped: what came before is right, and the words say who packed it and where it went wrong. */
static void test_packed_damaged(void)
{
	char *plain = make_plain(), *got = malloc(2 * PLAIN_BYTES);
	size_t by, size, len, at;
	unsigned int wrong = 0;

	for (by = 0; by < NR_PACKERS; by++) {
		char *packed = pack(packers[by], plain, PLAIN_BYTES, 1, &size);

		for (at = PACKED_MAGIC_BYTES; packed && at < size; at += size / 50) {
			struct kerror err = { 0 }, again = { 0 };
			struct source *src;

			CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, packed, at, &err), 0);
			wrong += drain(src, got, 4096, &len, &err) != -EBADMSG || len > PLAIN_BYTES;
			wrong += memcmp(got, plain, len) != 0 || !strstr(err.text, packers[by]);
			wrong += !strstr(err.text, "is damaged or cut near byte");
			wrong += source_read(src, got, 64, &again) != -EBADMSG || strcmp(err.text, again.text);
			if (wrong)
				fprintf(stderr, "%s cut at %zu: %zu bytes, %s\n", packers[by], at, len, err.text);
			source_close(src);
			packed[at] ^= 0x10;
			CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, packed, size, &err), 0);
			drain(src, got, 4096, &len, &err);
			source_close(src);
			packed[at] ^= 0x10;
		}
		free(packed);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	free(plain);
	free(got);
}

/* gzip's checksum and length stand behind the stream: all comes out, and then it is said that they do not fit. */
static void test_gzip_trailer(void)
{
	char *plain = make_plain(), *got = malloc(PLAIN_BYTES + 4096);
	size_t size, len, i;
	char *packed = pack("gzip", plain, PLAIN_BYTES, 1, &size);
	char *longer = packed ? calloc(1, size + 2000) : NULL;
	struct kerror err = { 0 };
	struct source *src;

	for (i = 1; packed && i <= 8; i++) {
		packed[size - i] ^= 1;
		CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, packed, size, &err), 0);
		CU_ASSERT_EQUAL(drain(src, got, 4096, &len, &err), -EBADMSG);
		CU_ASSERT_EQUAL(len, PLAIN_BYTES);
		source_close(src);
		packed[size - i] ^= 1;
	}
	/* Zeros behind it are padding; what is no stream is damage. */
	for (i = 0; packed && i < 2; i++) {
		memcpy(longer, packed, size);
		longer[size + 1999] = (char)i;
		CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, longer, size + 2000, &err), 0);
		CU_ASSERT_EQUAL(drain(src, got, 4096, &len, &err), i ? -EBADMSG : 0);
		CU_ASSERT_EQUAL(len, PLAIN_BYTES);
		source_close(src);
	}
	free(longer);
	free(packed);
	free(plain);
	free(got);
}

/* An error of the file below is told as that, not as damage. */
static void test_packed_failing(void)
{
	char *plain = make_plain();
	size_t size, len;
	char *packed = pack("gzip", plain, PLAIN_BYTES, 1, &size), got[4096];

	if (packed) {
		struct drip drip = { packed, size / 2, 1000, -EIO };
		struct kerror err = { 0 };
		struct source *src;

		CU_ASSERT_EQUAL_FATAL(source_open_callback(&src, "disk", drip_read, &drip, &err), 0);
		while ((len = (size_t)source_read(src, got, sizeof(got), &err)) && (int64_t)len > 0)
			;
		CU_ASSERT_EQUAL((int64_t)len, -EIO);
		CU_ASSERT_STRING_EQUAL(err.text, "disk: Input/output error");
		source_close(src);
	}
	free(packed);
	free(plain);
}

/* A few bytes that unpack to more than any recording does are not followed to their end. */
static void test_bomb(void)
{
	enum { PIECE = 1 << 20, PIECES = 300 };
	char *zeros = calloc(1, PIECE), *packed = malloc(PIECE);
	ZSTD_CCtx *cctx = ZSTD_createCCtx();
	ZSTD_outBuffer out = { packed, PIECE, 0 };
	struct kerror err = { 0 };
	struct source *src;
	int64_t got;
	uint64_t len = 0;
	int i;

	for (i = 0; i < PIECES; i++) {
		ZSTD_inBuffer in = { zeros, PIECE, 0 };

		ZSTD_compressStream2(cctx, &out, &in, i + 1 == PIECES ? ZSTD_e_end : ZSTD_e_continue);
	}
	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, packed, out.pos, &err), 0);
	while ((got = source_read(src, zeros, PIECE, &err)) > 0)
		len += (uint64_t)got;
	CU_ASSERT_EQUAL(got, -EFBIG);
	CU_ASSERT_STRING_EQUAL(err.text, "memory: it unpacks to more than 1,000 times its size, as no recording does");
	CU_ASSERT(len <= 256u << 20);
	CU_ASSERT(len > 255u << 20);
	source_close(src);
	ZSTD_freeCCtx(cctx);
	free(zeros);
	free(packed);
}

static const struct test_case cases[] = {
	{ "plain", test_plain },
	{ "tiny", test_tiny },
	{ "zstd", test_zstd },
	{ "zstd, skippable frame first", test_zstd_skippable_first },
	{ "zstd truncated", test_zstd_truncated },
	{ "zstd damaged header", test_zstd_damaged_header },
	{ "zstd flipped bits", test_zstd_flipped },
	{ "zstd trailing bytes", test_zstd_trailing },
	{ "files", test_files },
	{ "standard input", test_stdin },
	{ "failing device", test_failing },
	{ "packed", test_packed },
	{ "packed damaged", test_packed_damaged },
	{ "gzip_trailer", test_gzip_trailer },
	{ "packed failing", test_packed_failing },
	{ "bomb", test_bomb },
	{ NULL, NULL }
};

const struct test_suite source_suite = { "source", cases };
