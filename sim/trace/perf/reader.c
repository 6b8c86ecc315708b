/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the reader of perf.data. Records are looked at in the order of the
 * file, wait in struct order, and become events in the order of time. What perf
 * itself adds (a description, a finished round, packed records) is taken at once.
 *
 * A sample that cannot be understood is malformed, like a line of text. A record
 * whose size is wrong ends the input: nothing says where the next one begins.
 *
 * States: open -> reading -> at the end, where read() goes on returning 0.
 * Locking: none, single-threaded.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/trace/perf/perf.h"

/* As in text: the last second of the 584 years that fit is left out. */
#define MAX_TIME	(UINT64_MAX / 1000000000 * 1000000000)
#define STOP_RECORDS	4096u		/* a request to stop is noticed so late */
#define AHEAD_BYTES	(1u << 20)	/* of records that came, at least a whole one */
#define DROP_BYTES	(4u << 20)	/* so many were read when those in front are dropped */
#define HELD_BYTES	(512u << 20)	/* with more than that of our own memory, what is earliest must go */
#define MOST_FORMATS	(256u << 20)

static uint64_t place_of(const struct perf_data *pd, const unsigned char *rec)
{
	const struct unpack_chunk *chunk;

	if (rec >= pd->content.data && rec < pd->content.data + pd->content.len)
		return (uint64_t)(rec - pd->content.data);
	chunk = unpack_chunk_of(&pd->unpack, rec);
	return chunk ? chunk->at : 0;
}

/* The record is no longer needed. */
static void release(struct perf_data *pd, const unsigned char *rec)
{
	struct unpack_chunk *chunk;

	if (!pd->unpack.zstd || (rec >= pd->content.data && rec < pd->content.data + pd->content.len))
		return;
	chunk = unpack_chunk_of(&pd->unpack, rec);
	if (chunk)
		unpack_done(&pd->unpack, chunk);
}

/* ---- samples become events ------------------------------------------------- */

static void listen(struct reader *rd, struct text_complaint *complaint)
{
	complaint->given = false;
	complaint->wanted = rd->message && rd->stats.malformed < rd->message_limit;
}

static void count_malformed(struct reader *rd, const unsigned char *rec)
{
	struct perf_data *pd = rd->priv;

	rd->stats.malformed++;
	if (pd->complaint.given)
		rd->message(rd->message_ctx, source_name(rd->src), place_of(pd, rec), pd->complaint.text);
}

/* 1: @ev is an event; 0: the sample is malformed; -ENOMEM. */
static int make_event(struct reader *rd, const struct order_entry *entry, struct event *ev)
{
	struct perf_data *pd = rd->priv;
	uint32_t size = record_size(entry->rec);
	struct perf_attr *attr = perf_attrs_of_sample(&pd->attrs, entry->rec, size);
	struct perf_sample sample;
	int ret;

	listen(rd, &pd->complaint);
	if (!attr) {
		text_complain(&pd->complaint, "a sample of an event that the file does not describe");
		return 0;
	}
	if (!perf_sample_parse(attr, entry->rec, size, &sample)) {
		text_complain(&pd->complaint, "a sample of %u bytes, which are too few for what is in it", size);
		return 0;
	}
	if (sample.cpu > EVENT_MAX_CPU) {
		text_complain(&pd->complaint, "cpu=%u is above %d", sample.cpu, EVENT_MAX_CPU);
		return 0;
	}
	if (!attr->plan)
		attr->plan = raw_formats_plan(pd->formats,
					      attr->type == PERF_TYPE_TRACEPOINT ? attr->config : UINT64_MAX);
	*ev = (struct event){
		.time_ns = entry->time, .line = rd->stats.events + rd->stats.malformed + 1, .pid = sample.tid,
		.cpu = (uint16_t)sample.cpu, .node = EVENT_NO_NODE, .kind = attr->plan->kind,
	};
	ret = tasks_name(&pd->tasks, sample.tid, &ev->comm);
	if (!ret)
		ret = raw_decode(&pd->decoder, attr->plan, sample.raw, sample.raw_size, ev, &pd->complaint);
	if (!ret && sample.nr_chain && rd->stacks && event_has_stack(ev->kind))
		ret = raw_chain(&pd->decoder, rd, sample.chain, sample.nr_chain, attr->max_stack, ev);
	return ret == -ENOMEM ? ret : !ret;
}

/* ---- other records of the kernel ------------------------------------------- */

static int take_comm(struct perf_data *pd, const unsigned char *rec, uint32_t size)
{
	if (size <= 16)
		return 0;
	return tasks_set(&pd->tasks, (int32_t)get_u32(rec + 12), (const char *)rec + 16,
			 strnlen((const char *)rec + 16, size - 16));
}

static uint64_t record_time(struct perf_data *pd, const unsigned char *rec, uint32_t size);

/*
 * The kernel says LOST where its buffer was full. At the end perf writes LOST_SAMPLES without
 * a time, a record an event, of what the kernel's counters then say: the same losses again,
 * and those after which the kernel had no occasion for a LOST. One with LOST_SAMPLES_BPF is
 * of samples that a filter left out, as it was asked to.
 */
static int take_lost_samples(struct reader *rd, const unsigned char *rec, uint32_t size)
{
	struct perf_data *pd = rd->priv;
	uint64_t events = get_u64(rec + 8);

	if (get_u16(rec + 4) & LOST_SAMPLES_BPF)
		return 0;
	if (record_time(pd, rec, size))
		return reader_lost(rd, place_of(pd, rec), events);
	if (__builtin_add_overflow(pd->lost.counted, events, &pd->lost.counted))
		pd->lost.counted = UINT64_MAX;
	pd->lost.place = place_of(pd, rec);
	return 0;
}

static int take_lost(struct reader *rd, const unsigned char *rec)
{
	struct perf_data *pd = rd->priv;
	uint64_t events = get_u64(rec + 16);

	if (__builtin_add_overflow(pd->lost.placed, events, &pd->lost.placed))
		pd->lost.placed = UINT64_MAX;
	return reader_lost(rd, place_of(pd, rec), events);
}

/* At the end: what was counted beyond what has a place. -ENOMEM. */
static int take_counted(struct reader *rd)
{
	struct perf_data *pd = rd->priv;
	uint64_t more = pd->lost.counted > pd->lost.placed ? pd->lost.counted - pd->lost.placed : 0;

	pd->lost.counted = 0;
	return more ? reader_lost(rd, pd->lost.place, more) : 0;
}

static int take_other(struct reader *rd, const unsigned char *rec)
{
	struct perf_data *pd = rd->priv;
	uint32_t size = record_size(rec);

	switch (record_type(rec)) {
	case REC_COMM:
		return take_comm(pd, rec, size);
	case REC_FORK:
		return size < 24 ? 0 : tasks_fork(&pd->tasks, (int32_t)get_u32(rec + 16), (int32_t)get_u32(rec + 20));
	case REC_LOST:
		return size < 24 ? 0 : take_lost(rd, rec);
	case REC_LOST_SAMPLES:
		return size < 16 ? 0 : take_lost_samples(rd, rec, size);
	default:
		return 0;
	}
}

/* The time of a record that is no sample; 0 where it has none. */
static uint64_t record_time(struct perf_data *pd, const unsigned char *rec, uint32_t size)
{
	const struct perf_attr *attr = perf_attrs_of_record(&pd->attrs, rec, size);
	uint64_t time;

	if (!attr || !attr->id_trailer || attr->trailer_time == UINT16_MAX ||
	    size < PERF_RECORD_HEADER + attr->trailer_size)
		return 0;
	time = get_u64(rec + size - attr->trailer_size + attr->trailer_time);
	return time < MAX_TIME ? time : 0;
}

/* The time of a sample; MAX_TIME where it has none. */
static uint64_t sample_time(struct perf_data *pd, const unsigned char *rec, uint32_t size)
{
	uint16_t at = pd->attrs.time_at;

	if (!at) {
		const struct perf_attr *attr = perf_attrs_of_sample(&pd->attrs, rec, size);

		if (!attr)
			return MAX_TIME;
		at = attr->time_at;
	}
	return size < at + 8u ? MAX_TIME : get_u64(rec + at);
}

static int take_sample(struct reader *rd, const unsigned char *rec, uint32_t size)
{
	struct perf_data *pd = rd->priv;
	uint64_t time = sample_time(pd, rec, size);

	if (time < MAX_TIME)
		return order_add(&pd->order, time, rec);
	listen(rd, &pd->complaint);
	text_complain(&pd->complaint, "a sample without a time");
	count_malformed(rd, rec);
	release(pd, rec);
	return 0;
}

/* A record of the kernel: it waits for its turn, if it has a time and is of interest. */
static int take_kernel_record(struct reader *rd, const unsigned char *rec, uint32_t size)
{
	struct perf_data *pd = rd->priv;
	uint32_t type = record_type(rec);
	uint64_t time;
	int ret = 0;

	if (type == REC_SAMPLE)
		return take_sample(rd, rec, size);
	rd->stats.ignored++;
	time = record_time(pd, rec, size);
	if (type != REC_COMM && type != REC_FORK && type != REC_LOST && type != REC_LOST_SAMPLES) {
		if ((type == REC_MMAP || type == REC_MMAP2) && size > 40)
			perf_symbols_note_map(pd, rec, size);
		order_note(&pd->order, time);
		release(pd, rec);
		return 0;
	}
	if (time)
		return order_add(&pd->order, time, rec);
	ret = take_other(rd, rec);
	release(pd, rec);
	return ret;
}

/* ---- perf's own records ---------------------------------------------------- */

/* How far the records have come. */
static void note_end(struct perf_data *pd)
{
	if (!pd->content.more && pd->content.filled < pd->row_end)
		pd->row_end = pd->content.filled;
	pd->end = pd->content.filled < pd->row_end ? pd->content.filled : pd->row_end;
}

/* Bytes that follow the record and belong to it; -ENOMEM, -EBADMSG. @pass: nobody looks at them. */
static int payload(struct perf_data *pd, const unsigned char *rec, uint64_t bytes, bool pass, struct kerror *err)
{
	uint64_t at = (uint64_t)(rec - pd->content.data), after = at + record_size(rec), to;
	int ret;

	if (!pass && bytes > MOST_FORMATS)
		return kerror_set(err, -EBADMSG, "the record at byte %llu should have %llu bytes behind it, as in no recording",
				  (unsigned long long)at, (unsigned long long)bytes);
	if (__builtin_add_overflow(after, bytes, &to) || to > pd->row_end)
		to = pd->row_end;
	ret = pass ? content_pass(&pd->content, to, err) : content_fill(&pd->content, to, err);
	note_end(pd);
	if (ret)
		return ret;
	if (bytes > pd->end - after)
		return kerror_set(err, -EBADMSG, "the record at byte %llu should have %llu bytes behind it, and the trace "
				  "ends at byte %llu", (unsigned long long)at, (unsigned long long)bytes,
				  (unsigned long long)pd->end);
	pd->at = after + bytes;
	return 0;
}

static int take_attr(struct perf_data *pd, const unsigned char *rec, uint32_t size, struct kerror *err)
{
	uint64_t at = (uint64_t)(rec - pd->content.data);
	uint32_t bytes = size >= PERF_RECORD_HEADER + 8 ? get_u32(rec + PERF_RECORD_HEADER + 4) : 0;
	uint32_t pos;
	int ret;

	if (bytes > size - PERF_RECORD_HEADER)
		return kerror_set(err, -EBADMSG, "the event at byte %llu has %u bytes, its record %u",
				  (unsigned long long)at, bytes, size);
	/* File layout has them in a section; perf inject leaves such records in it. */
	if (!pd->pipe)
		return 0;
	ret = perf_attrs_add(&pd->attrs, rec + PERF_RECORD_HEADER, bytes, at, err);
	for (pos = PERF_RECORD_HEADER + bytes; !ret && pos + 8 <= size; pos += 8)
		ret = perf_attrs_add_id(&pd->attrs, get_u64(rec + pos), err);
	return ret;
}

/* Its formats stand behind the record, in pipe layout. */
static int take_formats(struct perf_data *pd, const unsigned char *rec, uint32_t size, struct kerror *err)
{
	uint64_t bytes = size >= PERF_RECORD_HEADER + 4 ? get_u32(rec + PERF_RECORD_HEADER) : 0;
	int ret = payload(pd, rec, bytes, false, err);

	if (ret)
		return ret;
	return raw_formats_read(pd->formats, rec + size, bytes, (uint64_t)(rec - pd->content.data) + size, err);
}

static int take_packed(struct perf_data *pd, const unsigned char *rec, uint32_t size, struct kerror *err)
{
	uint64_t at = (uint64_t)(rec - pd->content.data), bytes = size - PERF_RECORD_HEADER;
	const unsigned char *data = rec + PERF_RECORD_HEADER;

	if (record_type(rec) == REC_COMPRESSED2) {
		if (bytes < 8 || get_u64(data) > bytes - 8)
			return kerror_set(err, -EBADMSG, "the packed record at byte %llu is shorter than it says",
					  (unsigned long long)at);
		bytes = get_u64(data);
		data += 8;
	}
	return unpack_start(&pd->unpack, data, bytes, at, err);
}

static int take_own_record(struct reader *rd, const unsigned char *rec, uint32_t size, struct kerror *err)
{
	struct perf_data *pd = rd->priv;
	uint64_t at = (uint64_t)(rec - pd->content.data);

	rd->stats.ignored++;
	switch (record_type(rec)) {
	case REC_ATTR:
		return take_attr(pd, rec, size, err);
	case REC_TRACING_DATA:
		return take_formats(pd, rec, size, err);
	case REC_BUILD_ID:
		perf_symbols_note_build_id(pd, rec, size);
		return 0;
	case REC_FINISHED_ROUND:
		return order_round(&pd->order);
	case REC_AUXTRACE:
		return payload(pd, rec, size >= 16 ? get_u64(rec + 8) : 0, true, err);
	case REC_FEATURE:
		if (size < 16)
			return 0;
		return perf_feature(pd, rd, get_u64(rec + 8) < PERF_NR_FEATURES ? (unsigned int)get_u64(rec + 8) :
				    PERF_NR_FEATURES, rec + 16, size - 16, at + 16, err);
	case REC_COMPRESSED:
	case REC_COMPRESSED2:
		return take_packed(pd, rec, size, err);
	default:
		return 0;
	}
}

/* ---- reading --------------------------------------------------------------- */

static int no_memory(struct kerror *err)
{
	return kerror_set(err, -ENOMEM, "no memory for the records of the trace");
}

/* The input ends here; what was read before is handed out. @why: NULL where it is whole. */
static int end_input(struct reader *rd, const struct kerror *why)
{
	struct perf_data *pd = rd->priv;

	pd->ended = true;
	/* Where the packed bytes are damaged, that is why a record is cut. */
	if (pd->content.error.code) {
		rd->stats.truncated = true;
		rd->stats.error = pd->content.error;
	} else if (why) {
		rd->stats.truncated = true;
		kerror_set(&rd->stats.error, why->code, "%.100s: %s", source_name(rd->src), why->text);
	}
	return order_flush(&pd->order, false);
}

/* A record out of packed ones. 1; 0 where they are used up; -errno. */
static int take_unpacked(struct reader *rd, struct kerror *err)
{
	struct perf_data *pd = rd->priv;
	int ret;
	const unsigned char *rec = unpack_next(&pd->unpack, &ret, err);

	if (!rec)
		return ret;
	rd->stats.lines++;
	if (record_type(rec) >= REC_USER) {
		rd->stats.ignored++;
		if (record_type(rec) == REC_FINISHED_ROUND)
			ret = order_round(&pd->order);
		release(pd, rec);
	} else {
		ret = take_kernel_record(rd, rec, record_size(rec));
	}
	return ret ? ret : 1;
}

/* There is a whole record to read, where there is another. -ENOMEM. */
static int look_ahead(struct perf_data *pd, struct kerror *err)
{
	int ret;

	if (pd->end == pd->row_end || pd->end - pd->at > UINT16_MAX)
		return 0;
	ret = content_fill(&pd->content, pd->row_end - pd->at < AHEAD_BYTES ? pd->row_end : pd->at + AHEAD_BYTES, err);
	note_end(pd);
	return ret;
}

/* The next record of the file. 1; 0 at its end; -errno. */
static int take_record(struct reader *rd, struct kerror *err)
{
	struct perf_data *pd = rd->priv;
	const unsigned char *rec = pd->content.data + pd->at;
	int ret = look_ahead(pd, err);
	uint64_t left = pd->end - pd->at;
	uint32_t size;

	if (ret)
		return ret;
	if (!left)
		return 0;
	size = left >= PERF_RECORD_HEADER ? record_size(rec) : PERF_RECORD_HEADER;
	if (size < PERF_RECORD_HEADER || size > left)
		return kerror_set(err, -EBADMSG, "the record at byte %" PRIu64 " has %u bytes, and %" PRIu64 " are left",
				  pd->at, size, left);
	pd->at += size;
	rd->stats.lines++;
	ret = record_type(rec) < REC_USER ? take_kernel_record(rd, rec, size) : take_own_record(rd, rec, size, err);
	return ret ? ret : 1;
}

/*
 * The bulk of a file: samples, one behind the other, that are as they should be.
 * Stops before whatever else there is. -ENOMEM.
 */
static int take_samples(struct reader *rd)
{
	struct perf_data *pd = rd->priv;
	const unsigned char *rec = pd->content.data + pd->at, *end = pd->content.data + pd->end;
	uint32_t size, n, time_at = pd->attrs.time_at;
	uint64_t time;

	if (!time_at || !raw_formats_known(pd->formats))
		return 0;
	for (n = 0; n < STOP_RECORDS && end - rec >= time_at + 8 && record_type(rec) == REC_SAMPLE; n++, rec += size) {
		size = record_size(rec);
		time = get_u64(rec + time_at);
		if (size < time_at + 8 || size > end - rec || time >= MAX_TIME)
			break;
		if (order_add(&pd->order, time, rec))
			return -ENOMEM;
	}
	rd->stats.lines += n;
	pd->at = (uint64_t)(rec - pd->content.data);
	return 0;
}

static int check_described(const struct perf_data *pd, struct kerror *err)
{
	if (!pd->order.nr || raw_formats_known(pd->formats))
		return 0;
	return kerror_set(err, -EBADMSG, "records stand before the formats of the events, up to byte %" PRIu64, pd->at);
}

/* Give back what was read and no longer waits. Where too much does, the earlier half is ready. -ENOMEM. */
static int drop_read(struct perf_data *pd)
{
	const struct window *window = &pd->content.window;
	const struct order *order = &pd->order;
	size_t i;

	pd->look_at = UINT64_MAX;
	if (!content_begin_marks(&pd->content))
		return 0;
	for (i = order->ready; i < order->nr; i++)
		content_mark(&pd->content, order->entry[i].rec);
	if (pd->unpack.in)
		content_mark(&pd->content, pd->unpack.in);
	content_drop(&pd->content, pd->at);
	/* Marking costs what waits, so the more waits the rarer it is. */
	pd->look_at = pd->at + (window->held / 4 < DROP_BYTES ? DROP_BYTES : window->held / 4);
	return !window->file && window->held > HELD_BYTES ? order_flush(&pd->order, true) : 0;
}

/* Read on until something is ready, or the input has ended. */
static int fill(struct reader *rd, struct kerror *err)
{
	struct perf_data *pd = rd->priv;
	const struct kerror stopped = { .code = -EINTR, .text = "interrupted" };
	struct kerror why = { 0 };
	int ret;

	while (!pd->ended && pd->order.next == pd->order.ready) {
		if (source_stopped(rd->src))
			return end_input(rd, &stopped) ? no_memory(err) : 0;
		if (pd->at >= pd->look_at && drop_read(pd))
			return no_memory(err);
		if (pd->order.next != pd->order.ready)
			break;
		ret = pd->unpack.zstd ? take_unpacked(rd, &why) : take_samples(rd);
		if (!ret)
			ret = take_record(rd, &why);
		if (ret > 0)
			ret = check_described(pd, &why) ? why.code : 1;
		if (ret == -ENOMEM)
			return no_memory(err);
		if (ret <= 0)
			ret = end_input(rd, ret ? &why : NULL);
		else if (pd->order.nr >= ORDER_MAX_ENTRIES || unpack_full(&pd->unpack))
			ret = order_flush(&pd->order, true);
		if (ret == -ENOMEM)
			return no_memory(err);
	}
	/* What is read from the source itself is counted there. */
	if (!pd->content.more && !pd->content.again)
		source_set_consumed(rd->src, pd->at);
	return 0;
}

/* Hand out what is ready, at most @max events. */
static int hand_out(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	struct perf_data *pd = rd->priv;
	const struct order_entry *entry;
	int n = 0, ret;

	while (n < max && (entry = order_take(&pd->order))) {
		if (record_type(entry->rec) != REC_SAMPLE) {
			ret = take_other(rd, entry->rec);
			release(pd, entry->rec);
			if (ret)
				return no_memory(err);
			continue;
		}
		ret = make_event(rd, entry, &events[n]);
		if (ret < 0)
			return no_memory(err);
		if (ret) {
			rd->stats.by_kind[events[n].kind]++;
			rd->stats.events++;
			n++;
		} else {
			count_malformed(rd, entry->rec);
		}
		release(pd, entry->rec);
	}
	return n;
}

/* Before the first event is made, when all is known that stands before it. */
static int begin_events(struct reader *rd, struct kerror *err)
{
	struct perf_data *pd = rd->priv;

	if (!pd->has_command && pd->attrs.nr)
		rd->stats.single_tasks = pd->attrs.attr[0].enable_on_exec;
	return perf_symbols_open(pd, rd, err);
}

static int perf_read(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	struct perf_data *pd = rd->priv;
	int n = 0;

	while (n < max) {
		int got = hand_out(rd, events + n, max - n, err);

		if (got < 0)
			return got;
		n += got;
		if (n < max) {
			if (pd->ended) {
				if (take_counted(rd))
					return no_memory(err);
				break;
			}
			if (fill(rd, err) || (!rd->stats.events && begin_events(rd, err)))
				return -ENOMEM;
		}
	}
	return n;
}

static void perf_close(struct reader *rd)
{
	struct perf_data *pd = rd->priv;

	kallsyms_close(pd->kallsyms);
	unpack_exit(&pd->unpack);
	order_exit(&pd->order);
	tasks_exit(&pd->tasks);
	raw_decoder_exit(&pd->decoder);
	raw_formats_destroy(pd->formats);
	perf_attrs_exit(&pd->attrs);
	content_close(&pd->content);
	free(pd);
}

static int open_parts(struct reader *rd, struct perf_data *pd, struct kerror *err)
{
	struct kerror why = { 0 };
	const struct content_row row = {
		.head = rd->head, .head_len = rd->head_len, .twice = !perf_is_pipe(rd->head, rd->head_len),
		.memory_bytes = rd->memory_bytes,
	};
	int ret = content_open_row(&pd->content, rd->src, &row, err);

	if (ret)
		return ret;
	rd->stats.binary = true;
	ret = raw_formats_create(&pd->formats, err);
	if (ret)
		return ret;
	if (raw_decoder_init(&pd->decoder, rd->names, perf_symbol, pd, &rd->stats.unknown_gfp) ||
	    tasks_init(&pd->tasks, rd->names))
		return no_memory(err);
	if (rd->kallsyms) {
		ret = perf_symbols_open(pd, rd, err);
		if (ret)
			return ret;
	}
	ret = perf_file_open(pd, rd, &why);
	note_end(pd);
	rd->stats.kept_bytes = pd->content.spilled;
	/* Where the packed bytes are damaged, that is what is wrong with the rest. */
	if (ret && pd->content.error.code)
		return kerror_set(err, pd->content.error.code, "%s", pd->content.error.text);
	return ret ? kerror_set(err, ret, "%.100s: %s", source_name(rd->src), why.text) : 0;
}

static int perf_open(struct reader *rd, struct kerror *err)
{
	struct perf_data *pd = calloc(1, sizeof(*pd));
	int ret;

	if (!pd)
		return no_memory(err);
	rd->priv = pd;
	ret = open_parts(rd, pd, err);
	if (ret)
		perf_close(rd);
	return ret;
}

#include "sim/trace/perf/probe.h"

const struct reader_ops perf_data_reader = {
	.name = "perf-data",
	.text = PERF_DATA_TEXT,
	.keeps = true,
	.probe = perf_data_probe,
	.open = perf_open,
	.close = perf_close,
	.read = perf_read,
};
