/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for CTF. babeltrace2 reads a directory, so there is one for
 * all inputs: its metadata, of a stream as perf has it and one as LTTng has it, stays; the
 * events of both come from the input, behind packet heads that are made good. The first
 * byte is how much of it, in 256ths, is the first stream's.
 *
 * Metadata is not changed: its reader is babeltrace2's, which loses memory where it is wrong.
 *
 * It is the reader that runs in the child (sim/trace/ctf/child.h), without the child: what a
 * child runs through, libFuzzer does not see, and its faults would be taken for babeltrace2's.
 * So call chains have a fixed length here, for babeltrace2 (2.0.4) does not survive one of 2^31.
 */
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/trace/ctf/ctf.h"
#include "tests/fuzz/trace_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libbabeltrace2\nleak:babeltrace-plugin\nleak:libglib";
}

#define INT(bits, sign, name) "integer { size = " bits "; align = 8; signed = " sign "; } " name "; "
#define U32(name) INT("32", "false", name)
#define I32(name) INT("32", "true", name)
#define U64(name) INT("64", "false", name)
#define STREAM(id, more) \
	"stream { id = " id "; event.header := struct { " INT("8", "false", "id") \
	"integer { size = 64; align = 8; map = clock.c.value; } timestamp; } align(8); packet.context := struct { " \
	U64("content_size") U64("packet_size") U64("events_discarded") U32("cpu_id") "} align(8); " more "};\n"
#define EVENT(stream, id, name, fields) \
	"event { name = \"" name "\"; id = " id "; stream_id = " stream "; fields := struct { " fields "} align(8); };\n"
#define TID I32("perf_tid")
#define CHAIN "integer { size = 64; align = 8; } perf_callchain[2]; "

static const char metadata[] =
	"/* CTF 1.8 */\ntrace { major = 1; minor = 8; byte_order = le; packet.header := struct { " U32("magic") U32("stream_id")
	"} align(8); };\nenv { release = \"6.18.1\"; };\nclock { name = c; freq = 1000000000; };\n"
	STREAM("0", "") STREAM("1", "event.context := struct { " I32("_tid") "string _procname; } align(8); ")
	EVENT("0", "0", "kmem:kmalloc", TID U64("call_site") U64("ptr") U64("bytes_req") U64("bytes_alloc") U32("gfp_flags")
	      I32("node") CHAIN)
	EVENT("0", "1", "kmem:mm_page_alloc", TID U64("pfn") U32("order") U32("gfp_flags") I32("migratetype"))
	EVENT("0", "2", "sched:kfree", TID)
	EVENT("0", "3", "perf_comm", U32("pid") U32("tid") "string comm; ")
	EVENT("0", "4", "perf_fork", U32("pid") U32("ppid") U32("tid") U32("ptid"))
	EVENT("0", "5", "kmem:kfree", TID "string ptr; ")
	EVENT("1", "0", "kmem_cache_alloc", U64("_call_site") U64("_ptr") "string _name; " U64("_bytes_req") U64("_bytes_alloc")
	      U32("_gfp_flags") I32("_node"))
	EVENT("1", "1", "kmem_kfree", U64("_call_site") U64("_ptr"))
	EVENT("1", "2", "kmem_mm_page_free", U64("_pfn") U32("_order"))
	EVENT("1", "3", "mm_vmscan_kswapd_wake", I32("_nid") I32("_order"));

static char folder[] = "/dev/shm/kmemsim-fuzz-XXXXXX";

static void write_in(const char *name, const void *head, size_t head_len, const void *data, size_t len)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "wb");
	if (!file || fwrite(head, 1, head_len, file) != head_len || (len && fwrite(data, 1, len, file) != len) || fclose(file))
		abort();
}

static void remove_folder(void)
{
	static const char *const names[] = { "metadata", "stream_0", "stream_1" };
	char path[64];
	size_t i;

	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

static void write_stream(const char *name, uint32_t id, const uint8_t *data, size_t len)
{
	struct {
		uint32_t magic, id;
		uint64_t content, packet, discarded;
		uint32_t cpu;
	} __attribute__((packed)) head = { 0xc1fc1fc1, id, 0, 0, len & 7, (uint32_t)len & 3 };

	head.content = head.packet = (sizeof(head) + len) * 8;
	write_in(name, &head, sizeof(head), data, len);
}

/* As reader_open_config(), but of the reader inside. */
static struct reader *open_folder(struct trace *trace)
{
	struct reader *rd = calloc(1, sizeof(*rd));
	struct kerror err;

	if (!rd || source_open(&rd->src, folder, &err))
		abort();
	rd->ops = &ctf_inside_reader;
	rd->names = trace_names(trace);
	rd->stacks = trace_stacks(trace);
	if (rd->ops->open(rd, &err))
		abort();
	return rd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trace *trace = trace_create(0);
	uint64_t heard = 0;
	struct kerror err;
	struct reader *rd;
	size_t first;
	int ret;

	if (strstr(folder, "XXXXXX")) {
		if (!mkdtemp(folder) || atexit(remove_folder))
			abort();
		write_in("metadata", metadata, sizeof(metadata) - 1, NULL, 0);
	}
	if (size) {
		first = (size - 1) * data[0] / 255;
		write_stream("stream_0", 0, data + 1, first);
		write_stream("stream_1", 1, data + 1 + first, size - 1 - first);
		rd = open_folder(trace);
		reader_set_message(rd, ignore_message, &heard, 100);
		ret = trace_load(trace, rd, NULL, NULL, &err);
		if (rd->stats.events + rd->stats.malformed + rd->stats.ignored > rd->stats.lines ||
		    (rd->stats.truncated && !rd->stats.error.text[0]))
			abort();
		ret = !ret || rd->stats.malformed > rd->stats.events ? trace_resolve(trace, &err) : ret;
		reader_close(rd);
		if (!ret)
			check_walk(trace);
	}
	trace_destroy(trace);
	return 0;
}
