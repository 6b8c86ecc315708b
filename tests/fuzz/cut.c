/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for cutting a .kmt file by its index. No mutation finds a
 * checksum, so the file is made here, of small chunks, and an input says how its index
 * lies: what is left of the input is added to the index, whose checksums are made good.
 *
 *   0 conditions   1 2 from event   3 4 up to event   5 6 from time   7 8 up to time
 *   9 bytes that the file lacks at its end   10 .. what the index has more in each byte
 *
 * A file whose index is as it was gives the part that reading all of it gives.
 */
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include "sim/trace/cut.h"
#include "sim/trace/kmt/format.h"
#include "tests/fuzz/trace_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NR_EVENTS	500u
#define CHUNK_EVENTS	37u
#define INPUT_HEAD	10u

struct file {
	char *at;
	size_t len;
};

/* Three CPUs, objects and pages, times that now and then run backwards, and losses. */
static struct file make_file(void)
{
	struct file file = { NULL, 0 };
	struct names *names = names_create();
	struct stacks *stacks = stacks_create();
	struct writer writer = {
		.names = names, .stacks = stacks, .made_by = "fuzz", .source = "fuzz", .chunk_events = CHUNK_EVENTS,
		.file = open_memstream(&file.at, &file.len),
	};
	struct reader_stats stats = { .events = NR_EVENTS };
	uint64_t now = 1000000;
	struct kerror err;
	uint32_t i;

	if (!writer.file || writer_open(&writer, &kmt_writer, &err))
		abort();
	for (i = 0; i < NR_EVENTS; i++) {
		struct event ev = {
			.kind = i % 4 == 3 ? EV_KFREE : i % 4 == 2 ? EV_PAGE_ALLOC : EV_KMALLOC, .cpu = (uint16_t)(i % 3),
			.time_ns = now, .addr = 0x1000 + i / 4 * 64, .node = EVENT_NO_NODE, .bytes_req = 60, .bytes_alloc = 64,
		};

		now += i % 41 == 40 ? -20000u : 1000u;
		if (ev.kind != EV_KMALLOC)
			ev.bytes_req = ev.bytes_alloc = 0;
		if (writer.ops->add(&writer, &ev, 1, &err) || (i % 50 == 7 && writer.ops->lost(&writer, i, &err)))
			abort();
	}
	if (writer.ops->finish(&writer, &stats, &err))
		abort();
	writer_close(&writer);
	fclose(writer.file);
	names_destroy(names);
	stacks_destroy(stacks);
	return file;
}

/* @file with @size bytes added to those of its index. */
static struct file with_index(const struct file *file, const uint8_t *more, size_t size)
{
	size_t index_at = kmt_get_u64((unsigned char *)file->at + file->len - KMT_TRAILER_BYTES), i;
	const unsigned char *head = (unsigned char *)file->at + index_at;
	unsigned char plain[64 * KMT_INDEX_ROW_BYTES];
	struct file out;
	struct kmt_chunk chunk;

	if (!kmt_chunk_unpack(&chunk, head) || chunk.plain > sizeof(plain) ||
	    ZSTD_decompress(plain, chunk.plain, head + KMT_CHUNK_HEADER_BYTES, chunk.packed) != chunk.plain)
		abort();
	for (i = 0; i < size && i < chunk.plain; i++)
		plain[i] = (unsigned char)(plain[i] + more[i]);
	out.len = index_at + KMT_CHUNK_HEADER_BYTES + ZSTD_compressBound(chunk.plain) + KMT_TRAILER_BYTES;
	out.at = malloc(out.len);
	if (!out.at)
		abort();
	memcpy(out.at, file->at, index_at);
	chunk.packed = (uint32_t)ZSTD_compress(out.at + index_at + KMT_CHUNK_HEADER_BYTES, ZSTD_compressBound(chunk.plain),
					       plain, chunk.plain, 1);
	chunk.crc = kmt_crc(out.at + index_at + KMT_CHUNK_HEADER_BYTES, chunk.packed);
	kmt_chunk_pack(&chunk, (unsigned char *)out.at + index_at);
	out.len = index_at + KMT_CHUNK_HEADER_BYTES + chunk.packed + KMT_TRAILER_BYTES;
	memcpy(out.at + out.len - KMT_TRAILER_BYTES, file->at + file->len - KMT_TRAILER_BYTES, KMT_TRAILER_BYTES);
	return out;
}

/* As plain text, but for the end, which has counts of what was read; NULL where @src is refused. */
static char *part_of(struct source *src, struct cut cut, uint64_t *kept)
{
	struct names *names = names_create();
	struct stacks *stacks = stacks_create();
	struct reader_config cfg = { .format = "kmt", .names = names, .stacks = stacks };
	char *text = NULL, *end;
	size_t len;
	struct writer writer = {
		.names = names, .stacks = stacks, .made_by = "fuzz", .source = "kmt", .file = open_memstream(&text, &len),
	};
	struct reader *rd = NULL;
	struct kerror err;

	if (reader_open_config(&rd, src, &cfg, &err) || writer_open(&writer, &plain_writer, &err))
		abort();
	if (trace_cut(rd, &writer, &cut, kept, NULL, NULL, &err))
		abort();
	writer_close(&writer);
	fclose(writer.file);
	end = strstr(text, "#: summary");
	if (end)
		*end = 0;
	reader_close(rd);
	names_destroy(names);
	stacks_destroy(stacks);
	return text;
}

static uint64_t number(const uint8_t *at)
{
	return at[0] | (uint64_t)at[1] << 8;
}

static struct cut conditions(const uint8_t *data)
{
	struct cut cut;

	cut_init(&cut);
	if (data[0] & 1) {
		cut.range.from_event = number(data + 1) % (NR_EVENTS + 10);
		cut.range.to_event = number(data + 3) % (NR_EVENTS + 10);
	}
	if (data[0] & 2) {
		cut.range.from_ns = number(data + 5) * 10;
		cut.range.to_ns = number(data + 7) * 10;
	}
	if (data[0] & 4)
		cut.from_cpu = cut.to_cpu = 1;
	cut.whole = data[0] & 8;
	return cut;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct file whole;
	struct source *plain, *in_memory;
	uint64_t kept, all_kept;
	struct kerror err;
	struct file file;
	char path[32], *got, *want;
	int fd;

	if (size < INPUT_HEAD)
		return 0;
	if (!whole.at)
		whole = make_file();
	file = with_index(&whole, data + INPUT_HEAD, size - INPUT_HEAD);
	file.len -= data[9];
	fd = memfd_create("fuzz", 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd < 0 || write(fd, file.at, file.len) != (ssize_t)file.len || source_open(&plain, path, &err) ||
	    source_open_memory(&in_memory, file.at, file.len, &err))
		abort();
	got = part_of(plain, conditions(data), &kept);
	want = part_of(in_memory, conditions(data), &all_kept);
	if (kept > NR_EVENTS || (size == INPUT_HEAD && (kept != all_kept || strcmp(got, want))))
		abort();
	free(got);
	free(want);
	free(file.at);
	close(fd);
	return 0;
}
