/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the list of trace formats, and the choice among them by what the
 * first bytes look like.
 *
 * States: open -> closed. Locking: none, single-threaded.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/trace/reader.h"

/* Not measured: read once. A long head of comments, and a line of the longest kind, must fit. */
#define PROBE_BYTES	(64u << 10)
#define FORMAT_LIST	200	/* bytes of the list of formats in a message */

const struct reader_ops *const reader_formats[] = {
	&perf_script_reader,
	&ftrace_text_reader,
	&perf_data_reader,
	&trace_dat_reader,
	&ctf_reader,
	&kmt_reader,
	&rep_reader,
	&mtrace_reader,
	&heaptrack_reader,
	&ostep_reader,
	&memory_replay_reader,
	&lackey_reader,
	&plain_reader,
	&recording_reader,
	NULL
};

/* Inputs people try first: what each is, and the command that turns it into text. */
static const struct hint {
	unsigned char magic[4];
	unsigned char len;
	const char *what;
	const char *command;	/* prints the text of a file; NULL: there is none */
} hints[] = {
	{ "PK\x03\x04", 4, "compressed with zip", "unzip -p" },
	{ "\xff\xfe", 2, "text in UTF-16", "iconv -f UTF-16 -t UTF-8" },
	{ "\xfe\xff", 2, "text in UTF-16", "iconv -f UTF-16 -t UTF-8" },
	{ "\x7f""ELF", 4, "a program, not a trace", NULL },
};

static int refuse_known(struct reader *rd, struct kerror *err)
{
	const char *name = source_name(rd->src);
	size_t i;

	for (i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		if (rd->head_len < hints[i].len || memcmp(rd->head, hints[i].magic, hints[i].len))
			continue;
		if (!hints[i].command)
			return kerror_set(err, -ENOMSG, "%.100s: this is %s", name, hints[i].what);
		return kerror_set(err, -ENOMSG, "%.100s: this is %s; try: %s %.100s | kmemsim run -", name,
				  hints[i].what, hints[i].command, strcmp(name, "standard input") ? name : "FILE");
	}
	return 0;
}

/* Some editors put a byte-order mark in front of UTF-8. No format begins with its three bytes. */
static void skip_mark(struct reader *rd)
{
	if (rd->head_len < 3 || memcmp(rd->head, "\xef\xbb\xbf", 3))
		return;
	rd->head_len -= 3;
	memmove(rd->head, rd->head + 3, rd->head_len);
}

static int read_head(struct reader *rd, struct kerror *err)
{
	rd->head = malloc(PROBE_BYTES);
	if (!rd->head)
		return kerror_set(err, -ENOMEM, "no memory to look at %.100s",
				  source_name(rd->src));
	while (rd->head_len < PROBE_BYTES) {
		int64_t got = source_read(rd->src, rd->head + rd->head_len,
					  PROBE_BYTES - rd->head_len, err);

		/* The source fails again when the format gets there: first what came before. */
		if (got < 0 && !rd->head_len)
			return (int)got;
		if (got <= 0)
			break;
		rd->head_len += got;
	}
	skip_mark(rd);
	if (!rd->head_len)
		return kerror_set(err, -ENODATA, "%.100s: it is empty", source_name(rd->src));
	return 0;
}

static void list_formats(char text[FORMAT_LIST])
{
	const struct reader_ops *const *ops;
	size_t len = 0;

	text[0] = '\0';
	for (ops = reader_formats; *ops; ops++) {
		size_t n = strlen((*ops)->name);

		if (len + n + 3 > FORMAT_LIST)
			break;
		if (len) {
			memcpy(text + len, ", ", 2);
			len += 2;
		}
		memcpy(text + len, (*ops)->name, n + 1);
		len += n;
	}
}

static int choose_by_name(struct reader *rd, const char *format, struct kerror *err)
{
	const struct reader_ops *const *ops;
	char list[FORMAT_LIST];

	for (ops = reader_formats; *ops; ops++) {
		if (!strcmp((*ops)->name, format)) {
			rd->ops = *ops;
			return 0;
		}
	}
	list_formats(list);
	return kerror_set(err, -EINVAL, "no trace format is called '%.40s' (there is: %s)", format,
			  list);
}

static int choose_by_head(struct reader *rd, const struct reader_config *cfg, struct kerror *err)
{
	const char *name = source_name(rd->src);
	const struct reader_ops *const *ops;
	int best = 0, ret = refuse_known(rd, err);
	char list[FORMAT_LIST];

	if (ret)
		return ret;
	/* Once one is sure nothing is asked any more: some formats of text cost an open to ask. */
	for (ops = reader_formats; *ops && best < READER_SURE; ops++) {
		int score = (*ops)->probe(rd->head, rd->head_len);

		if (score > best) {
			best = score;
			rd->ops = *ops;
		}
	}
	if (cfg->claim)
		ret = cfg->claim(cfg->claim_ctx, rd->head, rd->head_len, rd->ops, rd->src, err);
	if (ret || rd->ops)
		return ret;
	for (ops = reader_formats; *ops; ops++) {
		const char *why = (*ops)->why_not ? (*ops)->why_not(rd->head, rd->head_len) : NULL;

		if (why)
			return kerror_set(err, -ENOMSG, "%.100s: %s", name, why);
	}
	list_formats(list);
	return kerror_set(err, -ENOMSG, "%.70s: it looks like no trace format I know (%s)", name,
			  list);
}

int reader_open(struct reader **out, struct source *src, const char *format, struct names *names,
		struct kerror *err)
{
	const struct reader_config cfg = { .format = format, .names = names };

	return reader_open_config(out, src, &cfg, err);
}

int reader_open_config(struct reader **out, struct source *src, const struct reader_config *cfg,
		       struct kerror *err)
{
	struct reader *rd = calloc(1, sizeof(*rd));
	int ret;

	if (!rd) {
		source_close(src);
		return kerror_set(err, -ENOMEM, "no memory for a trace reader");
	}
	rd->src = src;
	rd->names = cfg->names;
	rd->stacks = cfg->stacks;
	rd->kallsyms = cfg->kallsyms;
	rd->memory_bytes = cfg->memory_bytes;
	ret = cfg->format ? choose_by_name(rd, cfg->format, err) : 0;
	if (!ret)
		ret = source_keep_start(src, err);
	if (!ret)
		ret = read_head(rd, err);
	if (!ret && !cfg->format)
		ret = choose_by_head(rd, cfg, err);
	if (!ret && !rd->ops->keeps)
		source_keep_no_start(src);
	if (!ret)
		ret = rd->ops->open(rd, err);
	if (ret) {
		rd->ops = NULL;
		reader_close(rd);
		return ret;
	}
	rd->stats.lacks = rd->ops->lacks;
	*out = rd;
	return 0;
}

void reader_close(struct reader *rd)
{
	if (!rd)
		return;
	if (rd->ops)
		rd->ops->close(rd);
	source_close(rd->src);
	free(rd->losses);
	free(rd->head);
	free(rd);
}

void reader_set_message(struct reader *rd, reader_message_fn fn, void *ctx, unsigned int limit)
{
	rd->message = fn;
	rd->message_ctx = ctx;
	rd->message_limit = limit;
}

void reader_stats_add(struct reader_stats *sum, const struct reader_stats *more)
{
	int kind;

	sum->lines += more->lines;
	sum->events += more->events;
	sum->malformed += more->malformed;
	sum->ignored += more->ignored;
	sum->unknown_gfp += more->unknown_gfp;
	sum->files += more->files;
	sum->accesses += more->accesses;
	sum->lost_accesses += more->lost_accesses;
	for (kind = 0; kind < NR_EVENT_KINDS; kind++)
		sum->by_kind[kind] += more->by_kind[kind];
	if (more->truncated) {
		sum->truncated = true;
		sum->damaged = more->damaged;
		sum->error = more->error;
	}
	if (more->unterminated) {
		sum->unterminated = true;
		sum->unterminated_line = more->unterminated_line;
	}
	if (__builtin_add_overflow(sum->lost_events, more->lost_events, &sum->lost_events))
		sum->lost_events = UINT64_MAX;
	sum->lost_chunks += more->lost_chunks;
	sum->tool_warnings += more->tool_warnings;
	sum->cut_stacks += more->cut_stacks;
	if (more->os_release[0])
		memcpy(sum->os_release, more->os_release, sizeof(sum->os_release));
	sum->single_tasks |= more->single_tasks;
	sum->guessed_symbols |= more->guessed_symbols;
	sum->binary |= more->binary;
	sum->numbered |= more->numbered;
	sum->kept_bytes += more->kept_bytes;
	if (more->lacks)
		sum->lacks = more->lacks;
	if (more->note[0])
		memcpy(sum->note, more->note, sizeof(sum->note));
}

int reader_lost(struct reader *rd, uint64_t line, uint64_t events)
{
	struct reader_loss *last = rd->nr_losses ? &rd->losses[rd->nr_losses - 1] : NULL;

	if (__builtin_add_overflow(rd->stats.lost_events, events, &rd->stats.lost_events))
		rd->stats.lost_events = UINT64_MAX;
	if (last && (last->behind == rd->stats.events || rd->nr_losses == READER_MAX_LOSSES)) {
		if (__builtin_add_overflow(last->events, events, &last->events))
			last->events = UINT64_MAX;
		return 0;
	}
	if (rd->nr_losses == rd->losses_size) {
		size_t size = rd->losses_size ? rd->losses_size * 2 : 16;
		struct reader_loss *larger = reallocarray(rd->losses, size, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		rd->losses = larger;
		rd->losses_size = size;
	}
	rd->losses[rd->nr_losses++] = (struct reader_loss){
		.behind = rd->stats.events, .line = line, .events = events
	};
	return 0;
}

/* Those that are next, up to the next event: 1, 0 where there are none; -errno. */
static int pass_accesses(struct reader *rd, struct kerror *err)
{
	struct access_block block;
	int got, ret, any = 0;

	while ((got = reader_accesses(rd, &block, err)) > 0) {
		any = 1;
		ret = rd->on_accesses ? rd->on_accesses(rd->access_ctx, &block, err) : 0;
		if (ret)
			return ret;
	}
	return got < 0 ? got : any;
}

int reader_read(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	int got, passed = 0;

	do {
		got = reader_events(rd, events, max, err);
		if (!got)
			passed = pass_accesses(rd, err);
	} while (!got && passed > 0);
	return got ? got : passed;
}

void reader_set_accesses(struct reader *rd, reader_access_fn fn, void *ctx)
{
	rd->on_accesses = fn;
	rd->access_ctx = ctx;
}

int reader_is_wrong(const struct reader *rd, struct kerror *err)
{
	unsigned long long bad = rd->stats.malformed, all = bad + rd->stats.events + rd->stats.accesses;

	if (bad <= all - bad)
		return 0;
	return kerror_set(err, -EBADMSG, "%.100s: %llu of %llu lines are malformed, so this is hardly a trace of format %s",
			  source_name(rd->src), bad, all, rd->ops->name);
}
