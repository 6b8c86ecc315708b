/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: perf.data files made by hand, byte by byte. Nothing of the reader
 * is used: what a file looks like is said here a second time.
 */
#ifndef KMEMSIM_TESTS_SIM_TRACE_PERF_BUILD_H
#define KMEMSIM_TESTS_SIM_TRACE_PERF_BUILD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
	unsigned char *data;
	size_t len, size;
};

static inline void put(struct bytes *b, const void *from, size_t len)
{
	if (b->len + len > b->size) {
		b->size = (b->len + len) * 2;
		b->data = realloc(b->data, b->size);
		if (!b->data)
			abort();
	}
	if (len)
		memcpy(b->data + b->len, from, len);
	b->len += len;
}

static inline void put_u8(struct bytes *b, uint8_t value) { put(b, &value, sizeof(value)); }
static inline void put_u16(struct bytes *b, uint16_t value) { put(b, &value, sizeof(value)); }
static inline void put_u32(struct bytes *b, uint32_t value) { put(b, &value, sizeof(value)); }
static inline void put_u64(struct bytes *b, uint64_t value) { put(b, &value, sizeof(value)); }

/* Terminated, and zeros up to a multiple of 8 bytes. */
static inline void put_text(struct bytes *b, const char *text)
{
	put(b, text, strlen(text) + 1);
	while (b->len % 8)
		put_u8(b, 0);
}

/* A record is begun, filled, and ended, which sets its size. */
static inline size_t begin_record(struct bytes *b, uint32_t type, uint16_t misc)
{
	size_t at = b->len;

	put_u32(b, type);
	put_u16(b, misc);
	put_u16(b, 0);
	return at;
}

static inline void end_record(struct bytes *b, size_t at)
{
	uint16_t size = (uint16_t)(b->len - at);

	memcpy(b->data + at + 6, &size, sizeof(size));
}

/* ---- descriptions ---------------------------------------------------------- */

#define COMMON \
	"format:\n" \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n" \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n" \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
/* A kernel that numbers the flags as none does: GFP_KERNEL is 6, zeroing 8. */
#define GFP "(REC->gfp_flags) ? __print_flags(REC->gfp_flags, \"|\", {(unsigned long)(((( gfp_t)(2u)) | (( gfp_t)(4u)))), " \
	"\"GFP_KERNEL\"}, {(unsigned long)(( gfp_t)8u), \"__GFP_ZERO\"}, {16, \"__GFP_NEW\"}) : \"none\""

#define FORMAT_KMALLOC "name: kmalloc\nID: 101\n" COMMON \
	"\tfield:unsigned long call_site;\toffset:8;\tsize:8;\tsigned:0;\n" \
	"\tfield:const void * ptr;\toffset:16;\tsize:8;\tsigned:0;\n" \
	"\tfield:size_t bytes_req;\toffset:24;\tsize:8;\tsigned:0;\n" \
	"\tfield:size_t bytes_alloc;\toffset:32;\tsize:8;\tsigned:0;\n" \
	"\tfield:unsigned long gfp_flags;\toffset:40;\tsize:8;\tsigned:0;\n" \
	"\tfield:int node;\toffset:48;\tsize:4;\tsigned:1;\n\n" \
	"print fmt: \"call_site=%pS ptr=%p bytes_req=%zu bytes_alloc=%zu gfp_flags=%s node=%d\", (void *)REC->call_site, " \
	"REC->ptr, REC->bytes_req, REC->bytes_alloc, " GFP ", REC->node\n"
#define FORMAT_KFREE "name: kfree\nID: 102\n" COMMON \
	"\tfield:unsigned long call_site;\toffset:8;\tsize:8;\tsigned:0;\n" \
	"\tfield:const void * ptr;\toffset:16;\tsize:8;\tsigned:0;\n\n" \
	"print fmt: \"call_site=%lx ptr=%p\", REC->call_site, REC->ptr\n"
#define FORMAT_CACHE_FREE "name: kmem_cache_free\nID: 103\n" COMMON \
	"\tfield:unsigned long call_site;\toffset:8;\tsize:8;\tsigned:0;\n" \
	"\tfield:const void * ptr;\toffset:16;\tsize:8;\tsigned:0;\n" \
	"\tfield:__data_loc char[] name;\toffset:24;\tsize:4;\tsigned:1;\n\n" \
	"print fmt: \"call_site=%pS ptr=%p name=%s\", (void *)REC->call_site, REC->ptr, __get_str(name)\n"
#define FORMAT_PAGE_ALLOC "name: mm_page_alloc\nID: 104\n" COMMON \
	"\tfield:unsigned long pfn;\toffset:8;\tsize:8;\tsigned:0;\n" \
	"\tfield:unsigned int order;\toffset:16;\tsize:4;\tsigned:0;\n" \
	"\tfield:unsigned long gfp_flags;\toffset:24;\tsize:8;\tsigned:0;\n" \
	"\tfield:int migratetype;\toffset:32;\tsize:4;\tsigned:1;\n\n" \
	"print fmt: \"pfn=0x%lx order=%d migratetype=%d gfp_flags=%s\", REC->pfn, REC->order, REC->migratetype, " GFP "\n"
#define FORMAT_EXTFRAG "name: mm_page_alloc_extfrag\nID: 105\n" COMMON \
	"\tfield:unsigned long pfn;\toffset:8;\tsize:8;\tsigned:0;\n" \
	"\tfield:int alloc_order;\toffset:16;\tsize:4;\tsigned:1;\n" \
	"\tfield:int fallback_order;\toffset:20;\tsize:4;\tsigned:1;\n" \
	"\tfield:int alloc_migratetype;\toffset:24;\tsize:4;\tsigned:1;\n" \
	"\tfield:int fallback_migratetype;\toffset:28;\tsize:4;\tsigned:1;\n" \
	"\tfield:int change_ownership;\toffset:32;\tsize:4;\tsigned:1;\n\n" \
	"print fmt: \"pfn=0x%lx\", REC->pfn\n"
/* As before Linux 5.13: percpu_refill is printed, but is no field. */
#define FORMAT_ZONE_LOCKED "name: mm_page_alloc_zone_locked\nID: 106\n" COMMON \
	"\tfield:unsigned long pfn;\toffset:8;\tsize:8;\tsigned:0;\n" \
	"\tfield:unsigned int order;\toffset:16;\tsize:4;\tsigned:0;\n" \
	"\tfield:int migratetype;\toffset:20;\tsize:4;\tsigned:1;\n\n" \
	"print fmt: \"pfn=0x%lx order=%u migratetype=%d percpu_refill=%d\", REC->pfn, REC->order, REC->migratetype, " \
	"REC->order == 0\n"
#define FORMAT_OTHER "name: sched_switch\nID: 200\n" COMMON \
	"\tfield:int prev_pid;\toffset:8;\tsize:4;\tsigned:1;\n\nprint fmt: \"%d\", REC->prev_pid\n"

static const char *const perf_formats[] = {
	FORMAT_KMALLOC, FORMAT_KFREE, FORMAT_CACHE_FREE, FORMAT_PAGE_ALLOC, FORMAT_EXTFRAG, FORMAT_ZONE_LOCKED, NULL
};

static inline void put_counted(struct bytes *b, const char *text)
{
	put_u64(b, strlen(text));
	put(b, text, strlen(text));
}

/* The block of descriptions; @formats are those of system kmem. */
static inline void put_formats(struct bytes *b, const char *const *formats)
{
	uint32_t nr = 0;

	while (formats[nr])
		nr++;
	put(b, "\x17\x08\x44tracing" "0.6", 14);
	put_u8(b, 0);
	put_u8(b, 8);
	put_u32(b, 4096);
	put(b, "header_page", 12);
	put_counted(b, "page");
	put(b, "header_event", 13);
	put_counted(b, "event");
	put_u32(b, 1);
	put_counted(b, "name: function\nID: 1\n");
	put_u32(b, 2);
	put(b, "kmem", 5);
	put_u32(b, nr);
	while (*formats)
		put_counted(b, *formats++);
	put(b, "sched", 6);
	put_u32(b, 1);
	put_counted(b, FORMAT_OTHER);
}

/* ---- what is recorded ------------------------------------------------------ */

#define ATTR_BYTES 112u
#define S_IP 1u
#define S_TID 2u
#define S_TIME 4u
#define S_READ 16u
#define S_CALLCHAIN 32u
#define S_CPU 128u
#define S_PERIOD 256u
#define S_RAW 1024u
#define S_IDENTIFIER 65536u
#define S_USUAL (S_IP | S_TID | S_TIME | S_CPU | S_PERIOD | S_RAW | S_IDENTIFIER)

static inline void put_attr(struct bytes *b, uint32_t type, uint64_t config, uint64_t sample_type, uint64_t read_format)
{
	size_t start = b->len;

	put_u32(b, type);
	put_u32(b, ATTR_BYTES);
	put_u64(b, config);
	put_u64(b, 1);
	put_u64(b, sample_type);
	put_u64(b, read_format);
	put_u64(b, UINT64_C(1) << 18 | 1 << 12);	/* sample_id_all, enable_on_exec */
	while (b->len < start + ATTR_BYTES)
		put_u8(b, 0);
}

/* ---- samples --------------------------------------------------------------- */

struct shape {
	uint64_t id;
	uint64_t sample_type;
	const uint64_t *chain;		/* ends with 0; where the type has one */
};

static inline void put_sample(struct bytes *b, const struct shape *shape, uint64_t time, uint32_t tid, uint32_t cpu,
			      const struct bytes *raw)
{
	size_t at = begin_record(b, 9, 1), nr = 0;
	uint64_t type = shape->sample_type;

	if (type & S_IDENTIFIER)
		put_u64(b, shape->id);
	if (type & S_IP)
		put_u64(b, UINT64_C(0xffffffff81000123));
	put_u32(b, tid);
	put_u32(b, tid);
	put_u64(b, time);
	if (type & S_CPU) {
		put_u32(b, cpu);
		put_u32(b, 0);
	}
	if (type & S_PERIOD)
		put_u64(b, 1);
	if (type & S_READ) {		/* a group of two, with ids */
		put_u64(b, 2);
		for (nr = 0; nr < 4; nr++)
			put_u64(b, 77);
	}
	if (type & S_CALLCHAIN) {
		for (nr = 0; shape->chain[nr]; nr++)
			;
		put_u64(b, nr);
		put(b, shape->chain, nr * 8);
	}
	if (type & S_RAW) {
		put_u32(b, (uint32_t)((raw->len + 4 + 7) / 8 * 8 - 4));
		put(b, raw->data, raw->len);
		while (b->len % 8)
			put_u8(b, 0);
	}
	end_record(b, at);
}

/* What records that are no samples end with. */
static inline void put_trailer(struct bytes *b, uint64_t id, uint64_t time, uint32_t tid)
{
	put_u32(b, tid);
	put_u32(b, tid);
	put_u64(b, time);
	put_u64(b, 0);
	put_u64(b, id);
}

static inline void put_comm(struct bytes *b, uint64_t id, uint64_t time, uint32_t tid, const char *comm)
{
	size_t at = begin_record(b, 3, 0);

	put_u32(b, tid);
	put_u32(b, tid);
	put_text(b, comm);
	put_trailer(b, id, time, tid);
	end_record(b, at);
}

static inline void put_fork(struct bytes *b, uint64_t id, uint64_t time, uint32_t tid, uint32_t parent)
{
	size_t at = begin_record(b, 7, 0);

	put_u32(b, tid);
	put_u32(b, parent);
	put_u32(b, tid);
	put_u32(b, parent);
	put_u64(b, time);
	put_trailer(b, id, time, tid);
	end_record(b, at);
}

static inline void put_lost(struct bytes *b, uint64_t id, uint64_t time, uint64_t nr)
{
	size_t at = begin_record(b, 2, 0);

	put_u64(b, id);
	put_u64(b, nr);
	put_trailer(b, id, time, 0);
	end_record(b, at);
}

static inline void put_lost_samples(struct bytes *b, uint64_t id, uint64_t time, uint64_t nr)
{
	size_t at = begin_record(b, 13, 0);

	put_u64(b, nr);
	put_trailer(b, id, time, 0);
	end_record(b, at);
}

/* What perf writes at the end: without a time. @misc: 1 << 15 for what a filter left out. */
static inline void put_counted_lost(struct bytes *b, uint64_t id, uint64_t nr, uint16_t misc)
{
	size_t at = begin_record(b, 13, misc);

	put_u64(b, nr);
	put_trailer(b, id, 0, 0);
	end_record(b, at);
}

/* The kernel, which has the symbol @name at @address. */
static inline void put_kernel_map(struct bytes *b, uint64_t id, const char *name, uint64_t address)
{
	size_t at = begin_record(b, 1, 1);

	put_u32(b, UINT32_MAX);
	put_u32(b, 0);
	put_u64(b, address);
	put_u64(b, 1 << 24);
	put_u64(b, address);
	put_text(b, name);
	put_trailer(b, id, 0, 0);
	end_record(b, at);
}

static inline void put_round(struct bytes *b)
{
	end_record(b, begin_record(b, 68, 0));
}

/* Raw bytes of a tracepoint: the common part, then numbers. */
static inline struct bytes raw_begin(uint16_t id)
{
	struct bytes raw = { 0 };

	put_u16(&raw, id);
	put_u16(&raw, 0);
	put_u32(&raw, 7);
	return raw;
}

static inline struct bytes raw_kmalloc(uint64_t site, uint64_t ptr, uint64_t req, uint64_t alloc, uint64_t gfp, int32_t node)
{
	struct bytes raw = raw_begin(101);

	put_u64(&raw, site);
	put_u64(&raw, ptr);
	put_u64(&raw, req);
	put_u64(&raw, alloc);
	put_u64(&raw, gfp);
	put_u32(&raw, (uint32_t)node);
	return raw;
}

static inline struct bytes raw_kfree(uint64_t site, uint64_t ptr)
{
	struct bytes raw = raw_begin(102);

	put_u64(&raw, site);
	put_u64(&raw, ptr);
	return raw;
}

static inline struct bytes raw_cache_free(uint64_t site, uint64_t ptr, const char *name)
{
	struct bytes raw = raw_begin(103);

	put_u64(&raw, site);
	put_u64(&raw, ptr);
	put_u32(&raw, (uint32_t)(strlen(name) + 1) << 16 | 28);
	put(&raw, name, strlen(name) + 1);
	return raw;
}

static inline struct bytes raw_page_alloc(uint64_t pfn, uint32_t order, uint64_t gfp, int32_t type)
{
	struct bytes raw = raw_begin(104);

	put_u64(&raw, pfn);
	put_u32(&raw, order);
	put_u32(&raw, 0);
	put_u64(&raw, gfp);
	put_u32(&raw, (uint32_t)type);
	return raw;
}

/* ---- files ----------------------------------------------------------------- */

#define FILE_HEAD_BYTES 104u

/* What a file is made of. */
struct parts {
	struct bytes attrs;	/* whole entries, each with where its ids lie */
	struct bytes ids;	/* in file layout they stand behind the head */
	struct bytes records;
};

static inline void parts_free(struct parts *parts)
{
	free(parts->attrs.data);
	free(parts->ids.data);
	free(parts->records.data);
}

static inline void add_attr(struct parts *parts, uint64_t id, uint32_t type, uint64_t config, uint64_t sample_type,
			    uint64_t read_format)
{
	put_attr(&parts->attrs, type, config, sample_type, read_format);
	put_u64(&parts->attrs, FILE_HEAD_BYTES + parts->ids.len);
	put_u64(&parts->attrs, 8);
	put_u64(&parts->ids, id);
}

static inline void put_string(struct bytes *b, const char *text)
{
	put_u32(b, (uint32_t)(strlen(text) + 1));
	put(b, text, strlen(text) + 1);
}

/* File layout, with four features: formats, build ids, release, command line. */
static inline struct bytes build_file(const struct parts *parts, const char *const *formats)
{
	struct bytes b = { 0 }, feature[4] = { { 0 } };
	uint64_t attrs_at = FILE_HEAD_BYTES + parts->ids.len, data_at = attrs_at + parts->attrs.len, at;
	size_t record, i;

	put_formats(&feature[0], formats);
	record = begin_record(&feature[1], 0, 1 << 15 | 1);
	put_u32(&feature[1], UINT32_MAX);
	for (i = 0; i < 20; i++)
		put_u8(&feature[1], 0xab);
	put_u32(&feature[1], 20);
	put_text(&feature[1], "[kernel.kallsyms]");
	end_record(&feature[1], record);
	put_string(&feature[2], "6.12.9-test");
	put_u32(&feature[3], 3);
	put_string(&feature[3], "/usr/bin/perf");
	put_string(&feature[3], "record");
	put_string(&feature[3], "ls");

	put(&b, "PERFILE2", 8);
	put_u64(&b, FILE_HEAD_BYTES);
	put_u64(&b, ATTR_BYTES + 16);
	put_u64(&b, attrs_at);
	put_u64(&b, parts->attrs.len);
	put_u64(&b, data_at);
	put_u64(&b, parts->records.len);
	put_u64(&b, 0);
	put_u64(&b, 0);
	put_u64(&b, 1 << 1 | 1 << 2 | 1 << 4 | 1 << 11);
	put_u64(&b, 0);
	put_u64(&b, 0);
	put_u64(&b, 0);
	put(&b, parts->ids.data, parts->ids.len);
	put(&b, parts->attrs.data, parts->attrs.len);
	put(&b, parts->records.data, parts->records.len);
	at = b.len + 4 * 16;
	for (i = 0; i < 4; i++) {
		put_u64(&b, at);
		put_u64(&b, feature[i].len);
		at += feature[i].len;
	}
	for (i = 0; i < 4; i++) {
		put(&b, feature[i].data, feature[i].len);
		free(feature[i].data);
	}
	return b;
}

/* Pipe layout: the same in records. */
static inline struct bytes build_pipe(const struct parts *parts, const char *const *formats)
{
	struct bytes b = { 0 }, block = { 0 };
	size_t nr = parts->ids.len / 8, i, at;

	put(&b, "PERFILE2", 8);
	put_u64(&b, 16);
	for (i = 0; i < nr; i++) {
		at = begin_record(&b, 64, 0);
		put(&b, parts->attrs.data + i * (ATTR_BYTES + 16), ATTR_BYTES);
		put(&b, parts->ids.data + i * 8, 8);
		end_record(&b, at);
	}
	at = begin_record(&b, 80, 0);
	put_u64(&b, 4);
	put_string(&b, "6.12.9-test");
	end_record(&b, at);
	put_formats(&block, formats);
	while (block.len % 8)
		put_u8(&block, 0);
	at = begin_record(&b, 66, 0);
	put_u32(&b, (uint32_t)block.len);
	end_record(&b, at);
	put(&b, block.data, block.len);
	free(block.data);
	/* Hardware traces are skipped by the size they have. */
	at = begin_record(&b, 71, 0);
	put_u64(&b, 16);
	end_record(&b, at);
	put_u64(&b, UINT64_MAX);
	put_u64(&b, UINT64_MAX);
	put(&b, parts->records.data, parts->records.len);
	return b;
}

#endif
