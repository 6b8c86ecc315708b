/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the child that babeltrace2 runs in, from its start to its end; see child.h.
 *
 * States of the child: opening -> waiting for the word to go -> reading -> gone.
 * It has nobody to tell when it cannot send: then it ends, which its parent sees.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/trace/ctf/child.h"

/* What it may use beside what its parent had. babeltrace2 takes 100 bytes for each number of a list. */
#define CHILD_BYTES	(UINT64_C(1) << 30)

struct sender {
	int fd;
	struct reader rd;
	unsigned char *block;		/* a u64 for its size, then records */
	size_t len, size;
	size_t run;			/* where the record of events is to which more can be added; 0: none */
	name_id names;			/* so many were sent */
	stack_id stacks;
	struct reader_loss loss;	/* the last one that was */
};

/* The child's. */
static struct ctf_watch *own_watch;

/* Nothing of its parent's is flushed, called or given back; who may be killed by now, so the folder is removed here. */
static void leave(int status)
{
	ctf_folder_remove(own_watch->folder);
	_exit(status);
}

static void parent_is_gone(int nr)
{
	(void)nr;
	leave(EXIT_FAILURE);
}

/* ---- sending --------------------------------------------------------------- */

static unsigned char *add_bytes(struct sender *s, size_t len)
{
	if (s->size - s->len < len) {
		s->size = (s->size + len) * 2;
		s->block = realloc(s->block, s->size);
		if (!s->block)
			leave(EXIT_FAILURE);
	}
	s->len += len;
	return s->block + s->len - len;
}

/* Of two parts; the second one may be missing. */
static void add_record(struct sender *s, enum ctf_record_type type, const void *a, size_t a_len, const void *b,
		       size_t b_len)
{
	struct ctf_record head = { type, (uint32_t)(a_len + b_len) };
	size_t bytes = ctf_record_bytes(head.len);
	unsigned char *at = add_bytes(s, bytes);

	s->run = type == CTF_REC_EVENTS ? (size_t)(at - s->block) : 0;
	memset(at + bytes - 8, 0, 8);
	memcpy(at, &head, sizeof(head));
	at += sizeof(head);
	memcpy(at, a, a_len);
	if (b_len)
		memcpy(at + a_len, b, b_len);
}

static void add_event(struct sender *s, const struct event *ev)
{
	struct ctf_record head;

	if (!s->run) {
		add_record(s, CTF_REC_EVENTS, ev, sizeof(*ev), NULL, 0);
		return;
	}
	memcpy(add_bytes(s, sizeof(*ev)), ev, sizeof(*ev));
	memcpy(&head, s->block + s->run, sizeof(head));
	head.len += sizeof(*ev);
	memcpy(s->block + s->run, &head, sizeof(head));
}

static void send_block(struct sender *s)
{
	uint64_t bytes;
	size_t at = 0;

	add_record(s, CTF_REC_STATS, &s->rd.stats, sizeof(s->rd.stats), NULL, 0);
	bytes = s->len - sizeof(bytes);
	memcpy(s->block, &bytes, sizeof(bytes));
	while (at < s->len) {
		ssize_t n = write(s->fd, s->block + at, s->len - at);

		if (n < 0 && errno != EINTR)
			leave(EXIT_FAILURE);
		at += n > 0 ? (size_t)n : 0;
	}
	s->len = sizeof(bytes);
	s->run = 0;
}

static void send_message(void *ctx, const char *source, uint64_t line, const char *text)
{
	struct sender *s = ctx;

	add_record(s, CTF_REC_MESSAGE, &line, sizeof(line), text, strlen(text) + 1);
	if (s->len >= CTF_BLOCK_BYTES)
		send_block(s);
}

/* What is new since the event before. */
static void add_news(struct sender *s)
{
	const struct reader *rd = &s->rd;
	struct ctf_loss last;

	while (s->names < names_count(rd->names)) {
		const char *text = names_text(rd->names, ++s->names);

		add_record(s, CTF_REC_NAME, text, strlen(text), NULL, 0);
	}
	while (rd->stacks && s->stacks < stacks_count(rd->stacks)) {
		size_t nr;
		const name_id *frames = stacks_frames(rd->stacks, ++s->stacks, &nr);

		add_record(s, CTF_REC_STACK, frames, nr * sizeof(*frames), NULL, 0);
	}
	if (!rd->nr_losses)
		return;
	last = (struct ctf_loss){ rd->nr_losses - 1, rd->losses[rd->nr_losses - 1] };
	if (last.loss.behind == s->loss.behind && last.loss.events == s->loss.events && last.loss.line == s->loss.line)
		return;
	s->loss = last.loss;
	add_record(s, CTF_REC_LOSS, &last, sizeof(last), NULL, 0);
}

/* ---- the child ------------------------------------------------------------- */

/* The kernel's out-of-memory killer, and the limit, are to meet the child and not its parent. */
static void limit_memory(void)
{
	struct rlimit data = { RLIM_INFINITY, RLIM_INFINITY }, core = { 0, 0 };
	unsigned long long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	int fd;

	if (file && fscanf(file, "%*u %*u %*u %*u %*u %llu", &pages) == 1 && !getrlimit(RLIMIT_DATA, &data) &&
	    data.rlim_cur > pages * (rlim_t)sysconf(_SC_PAGESIZE) + CHILD_BYTES) {
		data.rlim_cur = pages * (rlim_t)sysconf(_SC_PAGESIZE) + CHILD_BYTES;
		setrlimit(RLIMIT_DATA, &data);
	}
	if (file)
		fclose(file);
	/* That it crashes is no news to anybody. */
	setrlimit(RLIMIT_CORE, &core);
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, "1000", 4) != 4)
		errno = 0;
	if (fd >= 0)
		close(fd);
}

/*
 * ^C goes to all processes of a terminal; what it ends is its parent's to say. A crash
 * has to be one, whoever else would catch it. What GLib prints is nothing to a user.
 */
static void be_quiet(void)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGPIPE };
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	sigset_t none;
	size_t i;

	for (i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		signal(crashes[i], SIG_DFL);
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		signal(ends[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
		leave(EXIT_FAILURE);
}

static void read_all(struct sender *s, struct ctf_watch *watch)
{
	struct kerror err = { 0 };
	struct event ev;
	int got;

	reader_set_message(&s->rd, send_message, s, watch->messages);
	while ((got = s->rd.ops->read(&s->rd, &ev, 1, &err)) > 0) {
		add_news(s);
		add_event(s, &ev);
		if (s->len >= CTF_BLOCK_BYTES)
			send_block(s);
	}
	add_news(s);
	if (got < 0)
		add_record(s, CTF_REC_FAILED, &err, sizeof(err), NULL, 0);
	send_block(s);
}

static void be_child(struct sender *s, const struct reader *rd, struct ctf_watch *watch)
{
	struct kerror err = { 0 };

	limit_memory();
	be_quiet();
	s->rd = (struct reader){
		.ops = &ctf_inside_reader, .src = rd->src, .names = names_create(),
		.stacks = rd->stacks ? stacks_create() : NULL, .kallsyms = rd->kallsyms, .priv = watch,
	};
	if (!s->rd.names || (rd->stacks && !s->rd.stacks))
		kerror_set(&err, -ENOMEM, "no memory for the events of the trace");
	else
		s->rd.ops->open(&s->rd, &err);
	add_bytes(s, sizeof(uint64_t));
	add_record(s, CTF_REC_OPENED, &err, sizeof(err), NULL, 0);
	send_block(s);
	if (err.code)
		leave(EXIT_SUCCESS);
	while (sem_wait(&watch->go))
		if (errno != EINTR)
			leave(EXIT_FAILURE);
	read_all(s, watch);
	add_record(s, CTF_REC_END, "", 0, NULL, 0);
	send_block(s);
	leave(EXIT_SUCCESS);
}

/* ---- its parent ------------------------------------------------------------ */

static int make_watch(struct ctf_child *child, struct kerror *err)
{
	void *page = mmap(NULL, sizeof(*child->watch), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return kerror_set(err, -ENOMEM, "no memory for the process that reads it");
	child->watch = page;
	return 0;
}

int ctf_child_start(struct ctf_child *child, struct reader *rd, struct kerror *err)
{
	pid_t self = getpid();
	int fds[2], ret;

	ret = child->watch ? 0 : make_watch(child, err);
	if (ret)
		return ret;
	child->watch->inside = 0;
	if (sem_init(&child->watch->go, 1, 0) || pipe2(fds, O_CLOEXEC))
		return kerror_set(err, -errno, "no pipe to the process that reads it: %s", strerror(errno));
	child->pid = fork();
	if (!child->pid) {
		struct sender s = { .fd = fds[1] };

		own_watch = child->watch;
		signal(SIGUSR1, parent_is_gone);
		if (prctl(PR_SET_PDEATHSIG, SIGUSR1) || getppid() != self)
			leave(EXIT_FAILURE);
		be_child(&s, rd, child->watch);
	}
	ret = errno;
	close(fds[1]);
	if (child->pid < 0) {
		child->pid = 0;
		close(fds[0]);
		return kerror_set(err, -ret, "no process that reads it can be started: %s", strerror(ret));
	}
	child->fd = fds[0];
	return 0;
}

void ctf_child_go(struct ctf_child *child, unsigned int messages)
{
	child->watch->messages = messages;
	sem_post(&child->watch->go);
}

int ctf_child_reap(struct ctf_child *child, bool now)
{
	int status = 0;

	if (!child->pid)
		return 0;
	if (now)
		kill(child->pid, SIGKILL);
	while (waitpid(child->pid, &status, 0) < 0)
		if (errno != EINTR)
			break;
	child->pid = 0;
	close(child->fd);
	child->fd = -1;
	ctf_folder_remove(child->watch->folder);
	return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

void ctf_child_exit(struct ctf_child *child)
{
	ctf_child_reap(child, true);
	if (child->watch)
		munmap(child->watch, sizeof(*child->watch));
}
