/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: reader for trace-cmd's trace.dat; see dat.h. Events of all CPUs are handed
 * out in the order of their times, those of one time by CPU, as the kernel and
 * 'trace-cmd report' print them. Times, names and addresses are those that the kernel
 * prints for the same events in /sys/kernel/tracing/trace, so that both give the same
 * report: a clock of nanoseconds is rounded to microseconds.
 *
 * States: reading -> at the end, where read() goes on returning 0.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "sim/trace/dat/dat.h"

#define COMMON_BYTES	8u	/* type, flags, how often preemption is disabled, pid */

/* Flags of an event: enum trace_flag_type of the kernel. */
#define FLAG_NEED_RESCHED	0x04
#define FLAG_HARDIRQ		0x08
#define FLAG_SOFTIRQ		0x10
#define FLAG_NMI		0x40
#define PREEMPT_MASK		0x0f

static int no_memory(struct kerror *err)
{
	return kerror_set(err, -ENOMEM, "no memory for the events of the trace");
}

static size_t symbol_of(void *ctx, uint64_t address, char text[SITE_TEXT])
{
	const struct trace_dat *td = ctx;

	return td->kallsyms ? kallsyms_name(td->kallsyms, address, text, SITE_TEXT) : 0;
}

/* ---- one event ------------------------------------------------------------- */

static uint8_t context_of(uint8_t flags)
{
	bool hard = flags & FLAG_HARDIRQ, soft = flags & FLAG_SOFTIRQ;

	if (flags & FLAG_NMI)
		return hard ? CONTEXT_NMI_IN_IRQ : CONTEXT_NMI;
	if (hard)
		return soft ? CONTEXT_HARDIRQ_IN_SOFTIRQ : CONTEXT_HARDIRQ;
	return soft ? CONTEXT_SOFTIRQ : CONTEXT_TASK;
}

/* False where no time fits. */
static bool set_time(const struct trace_dat *td, const struct dat_cpu *cpu, struct event *ev)
{
	int64_t time;

	if (cpu->time > INT64_MAX || __builtin_add_overflow((int64_t)cpu->time, td->offset, &time) || time < 0)
		return false;
	ev->time_ns = (uint64_t)time;
	if (cpu->microseconds)
		ev->time_ns = (ev->time_ns + 500) / 1000 * 1000;
	return ev->time_ns <= EVENT_MAX_NS;
}

/* 1; 0: it is malformed; -ENOMEM. */
static int make_event(struct reader *rd, const struct dat_cpu *cpu, struct event *ev)
{
	struct trace_dat *td = rd->priv;
	const unsigned char *raw = cpu->raw;
	struct raw_plan *plan;
	uint16_t id;
	int32_t pid;
	int ret;

	if (cpu->raw_size < COMMON_BYTES) {
		text_complain(&td->complaint, "an event of %u bytes, of %u at least", cpu->raw_size, COMMON_BYTES);
		return 0;
	}
	memcpy(&id, raw, sizeof(id));
	memcpy(&pid, raw + 4, sizeof(pid));
	plan = raw_formats_plan(td->formats, id);
	*ev = (struct event){
		.line = rd->stats.events + rd->stats.malformed + 1, .pid = pid, .comm = dat_task_name(td, pid),
		.cpu = cpu->cpu, .node = EVENT_NO_NODE, .kind = plan->kind, .context = context_of(raw[2]),
		.depth = (raw[3] & PREEMPT_MASK) < EVENT_MAX_DEPTH ? raw[3] & PREEMPT_MASK : EVENT_MAX_DEPTH,
	};
	if (!set_time(td, cpu, ev)) {
		text_complain(&td->complaint, "time %" PRIu64 " is above what there is", cpu->time);
		return 0;
	}
	if (pid < 0) {
		text_complain(&td->complaint, "pid %d is below 0", pid);
		return 0;
	}
	if (plan->kind == EV_UNKNOWN)
		ret = dat_mark_decode(td, rd->names, id, raw, cpu->raw_size, ev, &td->complaint);
	else
		ret = raw_decode(&td->decoder, plan, raw, cpu->raw_size, ev, &td->complaint);
	if (raw[2] & FLAG_NEED_RESCHED && event_is(ev->kind, EVENT_PAGE))
		ev->flags |= EVF_PAGE_RESCHED;
	return ret == -ENOMEM ? ret : !ret;
}

/* ---- all CPUs in one order --------------------------------------------------- */

static void listen(struct reader *rd)
{
	struct trace_dat *td = rd->priv;

	td->complaint.given = false;
	td->complaint.wanted = rd->message && rd->stats.malformed < rd->message_limit;
}

static void count_malformed(struct reader *rd, const struct dat_cpu *cpu)
{
	struct trace_dat *td = rd->priv;

	rd->stats.malformed++;
	if (td->complaint.given)
		rd->message(rd->message_ctx, source_name(rd->src), cpu->page_at, td->complaint.text);
}

/* The input ends before its end, once. */
static void note_cut(struct reader *rd, const struct kerror *why)
{
	if (rd->stats.truncated)
		return;
	rd->stats.truncated = true;
	kerror_set(&rd->stats.error, why->code, "%.100s: %s", source_name(rd->src), why->text);
}

/* The same, of its bytes as such. */
static void note_content(struct reader *rd)
{
	struct trace_dat *td = rd->priv;

	if (rd->stats.truncated)
		return;
	rd->stats.truncated = true;
	rd->stats.error = td->content.error;
}

/* The next event of @cpu, or its end. -ENOMEM. */
static int advance(struct reader *rd, struct dat_cpu *cpu)
{
	struct trace_dat *td = rd->priv;
	struct kerror why = { 0 };
	int ret;

	do {
		listen(rd);
		ret = dat_next(td, cpu, &td->complaint, &why);
		if (ret == -EAGAIN) {
			rd->stats.lines++;
			count_malformed(rd, cpu);
		}
	} while (ret == -EAGAIN);
	if (ret == -ENOMEM)
		return ret;
	cpu->ended = ret <= 0;
	/* What the other CPUs have is read all the same. Where bytes did not come, that is what is wrong. */
	if (ret < 0 && td->content.error.code) {
		note_content(rd);
	} else if (ret < 0) {
		note_cut(rd, &why);
		rd->stats.damaged = true;
	}
	return 0;
}

static bool is_before(const struct dat_cpu *a, const struct dat_cpu *b)
{
	return a->time != b->time ? a->time < b->time : a < b;
}

/* Whose event is the earliest, and whose comes next. */
static void choose(struct trace_dat *td)
{
	size_t i;

	td->current = NULL;
	td->rival = NULL;
	for (i = 0; i < td->nr_cpus; i++) {
		struct dat_cpu *cpu = &td->cpus[i];

		if (cpu->ended)
			continue;
		if (!td->current || is_before(cpu, td->current)) {
			td->rival = td->current;
			td->current = cpu;
		} else if (!td->rival || is_before(cpu, td->rival)) {
			td->rival = cpu;
		}
	}
}

static int start(struct reader *rd)
{
	struct trace_dat *td = rd->priv;
	size_t i;

	td->started = true;
	for (i = 0; i < td->nr_cpus; i++)
		if (advance(rd, &td->cpus[i]))
			return -ENOMEM;
	choose(td);
	return 0;
}

static int take_loss(struct reader *rd, struct dat_cpu *cpu)
{
	if (!cpu->lost)
		return 0;
	cpu->lost = false;
	return reader_lost(rd, cpu->page_at, cpu->nr_lost);
}

/* Nothing follows: what the file's end and its packed bytes have to say. */
static void at_end(struct reader *rd)
{
	struct trace_dat *td = rd->priv;

	if (td->content.error.code)
		note_content(rd);
	else if (td->cut.code)
		note_cut(rd, &td->cut);
}

static bool stopped(struct reader *rd)
{
	static const struct kerror why = { .code = -EINTR, .text = "interrupted" };
	struct trace_dat *td = rd->priv;

	if (!source_stopped(rd->src))
		return false;
	rd->stats.truncated = rd->stats.damaged = false;
	note_cut(rd, &why);
	td->current = NULL;
	return true;
}

static int dat_read(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	struct trace_dat *td = rd->priv;
	struct dat_cpu *cpu;
	int n = 0, ret;

	if (!td->started && start(rd))
		return no_memory(err);
	if (td->current && stopped(rd))
		return 0;
	while (n < max && (cpu = td->current)) {
		if (take_loss(rd, cpu))
			return no_memory(err);
		listen(rd);
		rd->stats.lines++;
		ret = make_event(rd, cpu, &events[n]);
		if (ret < 0)
			return no_memory(err);
		if (ret) {
			rd->stats.by_kind[events[n].kind]++;
			rd->stats.events++;
			n++;
		} else {
			count_malformed(rd, cpu);
		}
		if (advance(rd, cpu))
			return no_memory(err);
		if (cpu->ended || (td->rival && is_before(td->rival, cpu)))
			choose(td);
	}
	if (!td->current)
		at_end(rd);
	source_set_consumed(rd->src, td->read < td->content.len ? td->read : td->content.len);
	return n;
}

/* ---- opening ----------------------------------------------------------------- */

static void dat_close(struct reader *rd)
{
	struct trace_dat *td = rd->priv;
	size_t i;

	for (i = 0; i < td->nr_cpus; i++) {
		free(td->cpus[i].chunk);
		free(td->cpus[i].row);
	}
	for (i = 0; i < td->nr_sections; i++)
		free(td->sections[i]);
	free(td->sections);
	free(td->cpus);
	free(td->tasks);
	kallsyms_close(td->kallsyms);
	raw_decoder_exit(&td->decoder);
	raw_formats_destroy(td->formats);
	content_close(&td->content);
	free(td);
}

static int open_parts(struct reader *rd, struct trace_dat *td, struct kerror *err)
{
	const struct content_row all = {
		.head = rd->head, .head_len = rd->head_len, .memory_bytes = rd->memory_bytes,
	};
	struct kerror why = { 0 };
	int ret = content_open(&td->content, rd->src, &all, err);

	if (ret)
		return ret;
	rd->stats.kept_bytes = td->content.spilled;
	td->memory_bytes = rd->memory_bytes ? rd->memory_bytes : CONTENT_PARTS_BYTES;
	rd->stats.binary = true;
	td->marks.print = td->marks.bprint = -1;
	td->idle = names_intern(rd->names, "<idle>", 6);
	td->unknown = names_intern(rd->names, "<...>", 5);
	if (!td->idle || !td->unknown ||
	    raw_decoder_init(&td->decoder, rd->names, symbol_of, td, &rd->stats.unknown_gfp))
		return no_memory(err);
	ret = raw_formats_create(&td->formats, err);
	if (!ret && rd->kallsyms)
		ret = kallsyms_open_as(&td->kallsyms, rd->kallsyms, KALLSYMS_KERNEL, err);
	if (ret)
		return ret;
	ret = dat_file_open(td, rd, &why);
	/* Where the packed bytes are damaged, that is what is wrong with the rest. */
	if (ret && td->content.error.code)
		return kerror_set(err, td->content.error.code, "%s", td->content.error.text);
	return ret ? kerror_set(err, ret, "%.100s: %s", source_name(rd->src), why.text) : 0;
}

static int dat_open(struct reader *rd, struct kerror *err)
{
	struct trace_dat *td = calloc(1, sizeof(*td));
	int ret;

	if (!td)
		return no_memory(err);
	rd->priv = td;
	ret = open_parts(rd, td, err);
	if (ret)
		dat_close(rd);
	return ret;
}

const struct reader_ops trace_dat_reader = {
	.name = "trace-dat",
	.text = TRACE_DAT_TEXT,
	.keeps = true,
	.probe = trace_dat_probe,
	.open = dat_open,
	.close = dat_close,
	.read = dat_read,
};
