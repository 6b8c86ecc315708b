/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: trace.dat files made by hand, byte by byte, in versions 6 and 7.
 * Nothing of the reader is used: what a file looks like is said here a second time.
 */
#ifndef KMEMSIM_TESTS_SIM_TRACE_DAT_BUILD_H
#define KMEMSIM_TESTS_SIM_TRACE_DAT_BUILD_H

#include <stdio.h>
#include <zstd.h>

#include "tests/sim/trace/perf_build.h"

#define DAT_PAGE	512u	/* a small one: a file of a few pages is small */
#define DAT_KERNEL	UINT64_C(0xffffffff81000000)

#define FORMAT_PROBE "name: bulk_out\nID: 301\n" COMMON \
	"\tfield:unsigned long __probe_func;\toffset:8;\tsize:8;\tsigned:0;\n" \
	"\tfield:unsigned long __probe_ret_ip;\toffset:16;\tsize:8;\tsigned:0;\n" \
	"\tfield:u64 ret;\toffset:24;\tsize:8;\tsigned:0;\n\nprint fmt: \"(%lx <- %lx) ret=%Lu\", REC->ret\n"
#define FORMAT_KBULK "name: kbulk_free\nID: 302\n" COMMON \
	"\tfield:unsigned long __probe_ip;\toffset:8;\tsize:8;\tsigned:0;\n" \
	"\tfield:u64 cache;\toffset:16;\tsize:8;\tsigned:0;\n" \
	"\tfield:u64 size;\toffset:24;\tsize:8;\tsigned:0;\n" \
	"\tfield:u64 a[];\toffset:32;\tsize:16;\tsigned:0;\n" \
	"\tfield:u64 b[];\toffset:48;\tsize:16;\tsigned:0;\n\nprint fmt: \"(%lx)\", REC->__probe_ip\n"
#define FORMAT_COMPACT "name: mm_compaction_begin\nID: 303\n" COMMON \
	"\tfield:unsigned long zone_start;\toffset:8;\tsize:8;\tsigned:0;\n" \
	"\tfield:unsigned long migrate_pfn;\toffset:16;\tsize:8;\tsigned:0;\n" \
	"\tfield:unsigned long free_pfn;\toffset:24;\tsize:8;\tsigned:0;\n" \
	"\tfield:bool sync;\toffset:32;\tsize:1;\tsigned:0;\n\nprint fmt: \"x\"\n"
#define FORMAT_TRY "name: mm_compaction_try_to_compact_pages\nID: 304\n" COMMON \
	"\tfield:int order;\toffset:8;\tsize:4;\tsigned:1;\n" \
	"\tfield:unsigned long gfp_mask;\toffset:16;\tsize:8;\tsigned:0;\n\n" \
	"print fmt: \"order=%d gfp_mask=%s\", REC->order, (REC->gfp_mask) ? __print_flags(REC->gfp_mask, \"|\", " \
	"{2, \"__GFP_HIGH\"}, {4, \"__GFP_ZERO\"}) : \"none\"\n"
#define FORMAT_FAULT "name: page_fault_user\nID: 305\n" COMMON \
	"\tfield:unsigned long address;\toffset:8;\tsize:8;\tsigned:0;\n\nprint fmt: \"address=%ps\", REC->address\n"

struct dat_system {
	const char *name;
	const char *const *formats;
};

static const char *const dat_kprobes[] = { FORMAT_PROBE, FORMAT_KBULK, NULL };
static const char *const dat_compaction[] = { FORMAT_COMPACT, FORMAT_TRY, NULL };
static const char *const dat_exceptions[] = { FORMAT_FAULT, NULL };
static const struct dat_system dat_systems[] = {
	{ "kmem", perf_formats }, { "kprobes", dat_kprobes }, { "compaction", dat_compaction },
	{ "exceptions", dat_exceptions },
};

static const char dat_ftrace[2][24] = { "name: print\nID: 5\n", "name: bprint\nID: 6\n" };
static const char dat_kallsyms[] =
	"ffffffff81000000 T _text\n"
	"ffffffff81000010 t alloc_it\n"
	"ffffffff81000010 T alias_of_it\n"
	"ffffffff81000040 T free_it\n"
	"ffffffff81000080 T snap_other\n"
	"ffffffffc0000000 t snap_fn\t[mmsnap]\n"
	"ffffffffc0000100 t later\t[mmsnap]\n";
static const char dat_printk[] =
	"0xffff888000001000 : \"mmsnap begin %s\\n\"\n0xffff888000002000 : \"mmsnap end %s len %zu\\n\"\n";
static const char dat_cmdlines[] = "7 a task\n16 migration/0\n";

static inline void put_name(struct bytes *b, const char *text) { put(b, text, strlen(text) + 1); }

/* ---- pages ----------------------------------------------------------------- */

static inline size_t begin_page(struct bytes *b, uint64_t time)
{
	size_t at = b->len;

	put_u64(b, time);
	put_u64(b, 0);
	return at;
}

/* @flags: bits 30 and 31 of the length; @lost follows the events where bit 30 is set. */
static inline void end_page(struct bytes *b, size_t at, uint64_t flags, uint64_t lost)
{
	uint64_t commit = (b->len - at - 16) | flags;

	memcpy(b->data + at + 8, &commit, sizeof(commit));
	if (flags & 1 << 30)
		put_u64(b, lost);
	while ((b->len - at) % DAT_PAGE)
		put_u8(b, 0xee);
}

static inline void put_entry(struct bytes *b, uint32_t type, uint32_t delta) { put_u32(b, delta << 5 | type); }

/* The common fields of an event, which @raw (of perf_build.h) begins with, are filled in here. */
static inline void put_ring_event(struct bytes *b, uint32_t delta, uint8_t flags, uint8_t preempt, int32_t pid,
				  struct bytes raw, bool with_length)
{
	size_t padded = (raw.len + 3) / 4 * 4;

	raw.data[2] = flags;
	raw.data[3] = preempt;
	memcpy(raw.data + 4, &pid, sizeof(pid));
	put_entry(b, with_length ? 0 : (uint32_t)(padded / 4), delta);
	if (with_length)
		put_u32(b, (uint32_t)raw.len + 4);
	put(b, raw.data, raw.len);
	while (raw.len++ < padded)
		put_u8(b, 0);
	free(raw.data);
}

/* An event of @id with @nr words of 8 bytes behind its common fields. */
static inline struct bytes raw_words(uint16_t id, const uint64_t *words, size_t nr)
{
	struct bytes raw = { 0 };
	size_t i;

	put_u16(&raw, id);
	put_u16(&raw, 0);
	put_u32(&raw, 0);
	for (i = 0; i < nr; i++)
		put_u64(&raw, words[i]);
	return raw;
}

/* ---- files ----------------------------------------------------------------- */

struct dat_parts {
	struct bytes cpu[2];
	const char *clock;	/* "local [counter]" */
	const char *uname;
	const char *offset;	/* NULL: none */
	bool packed;		/* version 7: everything that can be is packed with zstd */
};

static inline void put_dat_head(struct bytes *b, const char *version)
{
	put(b, "\x17\x08\x44tracing", 10);
	put_name(b, version);
	put_u8(b, 0);
	put_u8(b, 8);
	put_u32(b, DAT_PAGE);
}

static inline void put_dat_headers(struct bytes *b)
{
	put(b, "header_page", 12);
	put_counted(b, "\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n");
	put(b, "header_event", 13);
	put_counted(b, "event");
}

static inline void put_dat_ftrace(struct bytes *b)
{
	put_u32(b, 2);
	put_counted(b, dat_ftrace[0]);
	put_counted(b, dat_ftrace[1]);
}

static inline void put_dat_events(struct bytes *b)
{
	size_t i;

	put_u32(b, sizeof(dat_systems) / sizeof(dat_systems[0]));
	for (i = 0; i < sizeof(dat_systems) / sizeof(dat_systems[0]); i++) {
		const char *const *format = dat_systems[i].formats;
		uint32_t nr = 0;

		while (format[nr])
			nr++;
		put_name(b, dat_systems[i].name);
		put_u32(b, nr);
		for (; *format; format++)
			put_counted(b, *format);
	}
}

static inline void put_counted4(struct bytes *b, const char *text)
{
	put_u32(b, (uint32_t)strlen(text));
	put(b, text, strlen(text));
}

static inline void put_option(struct bytes *b, uint16_t id, const void *data, size_t len)
{
	put_u16(b, id);
	put_u32(b, (uint32_t)len);
	put(b, data, len);
}

static inline void put_usual_options(struct bytes *b, const struct dat_parts *parts)
{
	put_option(b, 4, parts->clock, strlen(parts->clock) + 1);
	put_option(b, 5, parts->uname, strlen(parts->uname) + 1);
	if (parts->offset)
		put_option(b, 7, parts->offset, strlen(parts->offset) + 1);
}

static inline struct bytes build_dat6(const struct dat_parts *parts)
{
	struct bytes b = { 0 };
	uint64_t at;
	int i;

	put_dat_head(&b, "6");
	put_dat_headers(&b);
	put_dat_ftrace(&b);
	put_dat_events(&b);
	put_counted4(&b, dat_kallsyms);
	put_counted4(&b, dat_printk);
	put_counted(&b, dat_cmdlines);
	put_u32(&b, 2);
	put(&b, "options  ", 10);
	put_usual_options(&b, parts);
	put_u16(&b, 0);
	put(&b, "flyrecord", 10);
	at = b.len + 4 * 8;
	for (i = 0; i < 2; i++) {
		put_u64(&b, at);
		put_u64(&b, parts->cpu[i].len);
		at += parts->cpu[i].len;
	}
	for (i = 0; i < 2; i++)
		put(&b, parts->cpu[i].data, parts->cpu[i].len);
	return b;
}

/* @what with its two lengths before it. */
static inline void put_chunk(struct bytes *b, const struct bytes *what)
{
	size_t room = ZSTD_compressBound(what->len), len;
	void *packed = malloc(room);

	if (!packed)
		abort();
	len = ZSTD_compress(packed, room, what->data, what->len, 1);
	put_u32(b, (uint32_t)len);
	put_u32(b, (uint32_t)what->len);
	put(b, packed, len);
	free(packed);
}

/* A section; its place. @body is freed. */
static inline uint64_t put_section(struct bytes *b, uint16_t id, bool packed, struct bytes body)
{
	struct bytes chunk = { 0 };
	uint64_t at = b->len;

	if (packed) {
		put_chunk(&chunk, &body);
		free(body.data);
		body = chunk;
	}
	put_u16(b, id);
	put_u16(b, packed);
	put_u32(b, 0);
	put_u64(b, body.len);
	put(b, body.data, body.len);
	free(body.data);
	return at;
}

/* The pages of both CPUs, and the option that says where they are. */
static inline struct bytes put_buffer(struct bytes *b, const struct dat_parts *parts)
{
	uint64_t section = b->len, at[2], len[2], all;
	struct bytes option = { 0 };
	uint32_t i;

	put_u16(b, 3);
	put_u16(b, parts->packed);
	put_u32(b, 0);
	put_u64(b, 0);
	for (i = 0; i < 2; i++) {
		at[i] = b->len;
		if (parts->packed) {
			put_u32(b, 1);
			put_chunk(b, &parts->cpu[i]);
			len[i] = b->len - at[i] - 4;
		} else {
			put(b, parts->cpu[i].data, parts->cpu[i].len);
			len[i] = b->len - at[i];
		}
	}
	all = b->len - section - 16;
	memcpy(b->data + section + 8, &all, sizeof(all));
	put_u64(&option, section);
	put_name(&option, "");
	put_name(&option, parts->clock);
	put_u32(&option, DAT_PAGE);
	put_u32(&option, 2);
	for (i = 0; i < 2; i++) {
		put_u32(&option, i);
		put_u64(&option, at[i]);
		put_u64(&option, len[i]);
	}
	return option;
}

static inline struct bytes build_dat7(const struct dat_parts *parts)
{
	struct bytes b = { 0 }, part[6] = { { 0 } }, first = { 0 }, second = { 0 }, buffer;
	uint64_t place[6], next, options_at;
	uint16_t i;

	put_dat_head(&b, "7");
	put_name(&b, parts->packed ? "zstd" : "none");
	put_name(&b, "1.5.4");
	options_at = b.len;
	put_u64(&b, 0);
	put_dat_headers(&part[0]);
	put_dat_ftrace(&part[1]);
	put_dat_events(&part[2]);
	put_counted4(&part[3], dat_kallsyms);
	put_counted4(&part[4], dat_printk);
	put_counted(&part[5], dat_cmdlines);
	for (i = 0; i < 6; i++)
		place[i] = put_section(&b, 16 + i, parts->packed, part[i]);
	buffer = put_buffer(&b, parts);
	/* Two sections of options: the first one is written last, and names the second. */
	put_option(&second, 3, buffer.data, buffer.len);
	next = 0;
	put_option(&second, 0, &next, 8);
	next = put_section(&b, 0, false, second);
	for (i = 0; i < 6; i++)
		put_option(&first, 16 + i, &place[i], 8);
	put_usual_options(&first, parts);
	put_option(&first, 0, &next, 8);
	next = put_section(&b, 0, false, first);
	memcpy(b.data + options_at, &next, 8);
	free(buffer.data);
	return b;
}

#endif
