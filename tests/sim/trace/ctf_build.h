/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: directories in CTF made by hand, with a stream as perf writes it, one as
 * LTTng does, and one that has lost events. What such a file looks like is said here a second time.
 */
#ifndef KMEMSIM_TESTS_SIM_TRACE_CTF_BUILD_H
#define KMEMSIM_TESTS_SIM_TRACE_CTF_BUILD_H

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/sim/cmd/run_cmd.h"
#include "tests/sim/trace/perf_build.h"
#include "tests/sim/trace/same_events.h"

/* True where this build cannot read CTF. */
static inline bool no_reader(void)
{
	if (ctf_reader.needs)
		test_skip("this build has no babeltrace2");
	return ctf_reader.needs;
}

#define U8(name)	" integer { size = 8; align = 8; signed = false; } " name ";"
#define U32(name)	" integer { size = 32; align = 8; signed = false; } " name ";"
#define I32(name)	" integer { size = 32; align = 8; signed = true; } " name ";"
#define U64(name)	" integer { size = 64; align = 8; signed = false; } " name ";"
#define CLOCK(name)	" integer { size = 64; align = 8; signed = false; map = clock.c.value; } " name ";"
#define STREAM(id, more) \
	"stream { id = " id "; event.header := struct {" U32("id") \
	" integer { size = 64; align = 8; signed = false; map = clock.c.value; } timestamp; } align(8);" \
	"packet.context := struct {" U64("content_size") U64("packet_size") U32("cpu_id") " } align(8);" more "};\n"
#define EVENT(stream, id, name, fields) \
	"event { name = \"" name "\"; id = " id "; stream_id = " stream "; fields := struct {" fields " } align(8); };\n"
#define TID	I32("perf_tid")

static const char metadata_parts[] =
	STREAM("0", "")
	STREAM("1", "event.context := struct {" I32("_tid") " string _procname; } align(8);")
	EVENT("0", "0", "kmem:kmalloc", TID U64("call_site") U64("ptr") U64("bytes_req") U64("bytes_alloc") U32("gfp_flags")
	      I32("node"))
	EVENT("0", "1", "kmem:mm_page_alloc", TID U64("pfn") U32("order") U32("gfp_flags") I32("migratetype"))
	EVENT("0", "2", "sched:kfree", TID)
	EVENT("0", "3", "perf_comm", U32("pid") U32("tid") " string comm;")
	EVENT("0", "4", "perf_fork", U32("pid") U32("ppid") U32("tid") U32("ptid"))
	EVENT("0", "5", "kmem:kfree", TID " string ptr;")
	EVENT("0", "6", "kmem:mm_page_free", U64("pfn") U32("order") U64("nr") " integer { size = 64; align = 8; } list[nr];")
	EVENT("1", "0", "kmem_cache_alloc", U64("_call_site") U64("_ptr") " string _name;" U64("_bytes_req") U64("_bytes_alloc")
	      U32("_gfp_flags") I32("_node"))
	EVENT("1", "1", "kmem_kfree", U64("_call_site") U64("_ptr"))
	EVENT("1", "2", "kmem_mm_page_free", U64("_pfn") U32("_order"))
	EVENT("1", "3", "mm_vmscan_kswapd_wake", I32("_nid") I32("_order"))
	"stream { id = 2; event.header := struct {" U32("id") CLOCK("timestamp") " } align(8); packet.context := struct {"
	U64("content_size") U64("packet_size") CLOCK("timestamp_begin") CLOCK("timestamp_end") U64("events_discarded")
	U32("cpu_id") " } align(8); };\n"
	EVENT("2", "0", "kmem_mm_page_free", U64("_pfn") U32("_order"));

static inline char *make_folder_of(const char *name, const char *env, const char *byte_order)
{
	char *path = in_folder(name), text[8192], file[64];
	int len = snprintf(text, sizeof(text), "/* CTF 1.8 */\ntrace { major = 1; minor = 8; byte_order = %s;"
			   "packet.header := struct {" U32("magic") U32("stream_id") " } align(8); };\n%s"
			   "clock { name = c; freq = 1000000000; };\n%s", byte_order, env, metadata_parts);

	CU_ASSERT_FATAL(len > 0);
	CU_ASSERT_FATAL(len < (int)sizeof(text));
	mkdir(path, 0700);
	snprintf(file, sizeof(file), "%s/metadata", name);
	write_file(file, text, (size_t)len);
	return path;
}

static inline char *make_folder(const char *name, const char *env)
{
	return make_folder_of(name, env, "le");
}

/* A packet with what was put behind PACKET_HEAD bytes of nothing. */
#define PACKET_HEAD	28u

static inline struct bytes packet_begin(void)
{
	static const char nothing[PACKET_HEAD];
	struct bytes b = { 0 };

	put(&b, nothing, sizeof(nothing));
	return b;
}

static inline void packet_end(struct bytes *b, uint32_t stream, uint32_t cpu)
{
	uint32_t magic = 0xc1fc1fc1;
	uint64_t bits = b->len * 8;

	memcpy(b->data, &magic, 4);
	memcpy(b->data + 4, &stream, 4);
	memcpy(b->data + 8, &bits, 8);
	memcpy(b->data + 16, &bits, 8);
	memcpy(b->data + 24, &cpu, 4);
}

static inline void put_head(struct bytes *b, uint32_t id, uint64_t time)
{
	put_u32(b, id);
	put_u64(b, time);
}

static inline void put_task(struct bytes *b, uint32_t tid, const char *comm)
{
	put_u32(b, tid);
	put(b, comm, strlen(comm) + 1);
}

static inline void put_kmalloc(struct bytes *b, uint64_t time, uint64_t ptr, uint64_t req, uint32_t gfp, uint32_t node)
{
	put_head(b, 0, time);
	put_u32(b, 7);
	put_u64(b, 0xffffffff81000010);
	put_u64(b, ptr);
	put_u64(b, req);
	put_u64(b, 64);
	put_u32(b, gfp);
	put_u32(b, node);
}

static inline void write_stream(const char *folder_name, const char *name, struct bytes *b)
{
	char file[64];

	snprintf(file, sizeof(file), "%s/%s", folder_name, name);
	write_file(file, b->data, b->len);
	free(b->data);
}

/* As perf: tasks are called as records say, flags are of Linux 6.3 and later. */
static inline struct bytes perf_stream(void)
{
	struct bytes b = packet_begin();

	put_kmalloc(&b, 1000, 0xffff888000000100, 60, 0x820, UINT32_MAX);
	put_head(&b, 3, 2000);
	put_u32(&b, 7);
	put_task(&b, 7, "a task");
	put_head(&b, 4, 2500);
	put_u32(&b, 8);
	put_u32(&b, 7);
	put_u32(&b, 8);
	put_u32(&b, 7);
	put_kmalloc(&b, 3000, 0xffff888000000200, 64, 0xcc0, 1);
	put_head(&b, 1, 5000);
	put_u32(&b, 8);
	put_u64(&b, 0x1234);
	put_u32(&b, 3);
	put_u32(&b, 0x2cc0);
	put_u32(&b, 2);
	put_head(&b, 2, 6000);
	put_u32(&b, 8);
	packet_end(&b, 0, 1);
	return b;
}

/* As LTTng: the task stands in the context. */
static inline struct bytes lttng_stream(void)
{
	struct bytes b = packet_begin();

	put_head(&b, 0, 1500);
	put_task(&b, 9, "other");
	put_u64(&b, 0xffffffff81000020);
	put_u64(&b, 0xffff888000000300);
	put(&b, "dentry", 7);
	put_u64(&b, 192);
	put_u64(&b, 192);
	put_u32(&b, 0x100);
	put_u32(&b, UINT32_MAX);
	put_head(&b, 1, 4000);
	put_task(&b, 9, "other");
	put_u64(&b, 0xffffffff81000030);
	put_u64(&b, 0xffff888000000100);
	put_head(&b, 2, 7000);
	put_task(&b, 9, "other");
	put_u64(&b, 0x1234);
	put_u32(&b, 3);
	put_head(&b, 3, 8000);
	put_task(&b, 9, "other");
	put_u32(&b, 0);
	put_u32(&b, 2);
	packet_end(&b, 1, 0);
	return b;
}

static inline struct side *open_path(const char *path, const char *format)
{
	struct side *side = malloc(sizeof(*side));
	struct kerror err = { 0 };
	struct source *src;

	CU_ASSERT_PTR_NOT_NULL_FATAL(side);
	CU_ASSERT_EQUAL_FATAL(source_open(&src, path, &err), 0);
	if (!side_open(side, src, NULL, &err)) {
		fprintf(stderr, "%s\n", err.text);
		CU_FAIL_FATAL("it was refused");
	}
	CU_ASSERT_STRING_EQUAL(side->rd->ops->name, format);
	return side;
}

static inline int refused(const char *path, const char *word)
{
	struct kerror err = { 0 };
	struct side *side = malloc(sizeof(*side));
	struct source *src;
	int ret = source_open(&src, path, &err);

	if (!ret) {
		CU_ASSERT_FALSE(side_open(side, src, NULL, &err));
		ret = err.code;
		names_destroy(side->names);
		stacks_destroy(side->stacks);
	}
	if (!strstr(err.text, word)) {
		fprintf(stderr, "%s: %s\n", path, err.text);
		CU_FAIL("it says something else");
	}
	free(side);
	return ret;
}

#endif
