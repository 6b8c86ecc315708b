/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The director: process 0 of the player. All others are its children, wait on a pipe each until it is
 * their turn, and go on until an operation is another's. Then, or when one has ended, it is the director's turn.
 *
 *	director --- number of the next operation ---> process n
 *	         <-- who, next operation, what it was --
 *
 * A process that a signal ends does not answer: the director looks for that while it waits.
 */
#include "actor.h"

#define TO_END		UINT32_MAX	/* a turn: nothing is left to do */
#define TOUCH_OWN	(UINT32_MAX - 1)	/* ...or nothing but that */
#define READ_END(n)	(10 + 2 * (int)(n))
#define WRITE_END(n)	(11 + 2 * (int)(n))
#define OOM_IMMUNE	(-1000)

enum answer { NEXT, READY, FORKED, EXITING };

struct message {
	uint32_t from, next, what, pid;
};

static int64_t pids[PLAYER_MAX_PROCESSES];	/* 0: there is none */
static uint32_t turn_began;			/* operation with which the turn that is on began */
static int64_t killed;				/* children that SIGKILL ended */
static int64_t kills_before;			/* by the OOM killer, before the first operation */
static char line[4096];
static uint32_t line_used;
static uint64_t entries[512];

/* ---- text --------------------------------------------------------------------------- */

static void say_flush(void)
{
	put(FD_LOOKS, line, line_used);
	line_used = 0;
}

static void say_bytes(const char *what, uint64_t bytes)
{
	uint64_t i;

	for (i = 0; i < bytes; i++) {
		if (line_used == sizeof(line))
			say_flush();
		line[line_used++] = what[i];
	}
}

static uint64_t length(const char *what)
{
	uint64_t len = 0;

	while (what[len])
		len++;
	return len;
}

static void say(const char *what)
{
	say_bytes(what, length(what));
}

static void say_number(uint64_t value, unsigned int base)
{
	char buf[24];

	say(digits(value, base, buf));
}

/* "/proc/PID/NAME" in @path; process 0 is "self", and without a process "/proc/NAME". */
static void proc_path(char *path, int64_t pid, const char *name)
{
	const char *parts[4] = { "/proc/", "", "", name };
	char buf[24];
	int i;

	if (pid >= 0) {
		parts[1] = pid ? digits((uint64_t)pid, 10, buf) : "self";
		parts[2] = "/";
	}
	for (i = 0; i < 4; i++)
		for (; *parts[i]; parts[i]++)
			*path++ = *parts[i];
	*path = '\0';
}

static int64_t open_proc(int64_t pid, const char *name)
{
	char path[64];

	proc_path(path, pid, name);
	return CALL(__NR_open, path, 0, 0);
}

/* ---- looks --------------------------------------------------------------------------- */

static void say_section(const char *name, uint32_t process)
{
	say("@");
	say(name);
	say(" ");
	say_number(process, 10);
	say("\n");
}

static void show_file(uint32_t process, const char *name, int64_t fd)
{
	int64_t n;

	say_section(name, process);
	if (fd < 0)
		return;
	while ((n = CALL(__NR_read, fd, text, TEXT)) > 0)
		say_bytes(text, (uint64_t)n);
	CALL(__NR_close, fd, 0, 0);
}

static void show(uint32_t process, int64_t pid, const char *name)
{
	show_file(process, name, open_proc(pid, name));
}

/* What the kernel's log, as far as it was kept, says of those that the OOM killer has killed: a line each. */
static void show_kills(void)
{
	static const char killed_process[] = "Out of memory: Killed process ";
	int64_t len = CALL(__NR_syslog, 3, text, TEXT), start = 0, i;
	uint64_t k = 0;

	say_section("kills", 0);
	for (i = 0; i < len; i++) {
		if (killed_process[k])
			k = text[i] == killed_process[k] ? k + 1 : text[i] == killed_process[0];
		if (text[i] != '\n')
			continue;
		if (!killed_process[k])
			say_bytes(text + start, (uint64_t)(i + 1 - start));
		start = i + 1;
		k = 0;
	}
}

#define BITS(entry)	((entry) >> 55)		/* present, swapped, file, exclusive, soft-dirty */
#define FRAME(entry)	((entry) & ((1ULL << 55) - 1))

static void say_run(uint64_t addr, uint64_t pages, uint64_t entry)
{
	say_number(addr, 16);
	say(" ");
	say_number(pages, 16);
	say(" ");
	say_number(BITS(entry), 16);
	say(" ");
	say_number(FRAME(entry), 16);
	say("\n");
}

/* How pagemap's number changes from one page to the next: of frames, and of slots on swap, which have the device below. */
static uint64_t step_of(uint64_t entry)
{
	return !FRAME(entry) ? 0 : entry >> 62 & 1 ? 32 : 1;
}

/* The runs of [@start, @end) that have anything: present or swapped. */
static void show_range(int64_t pagemap, uint64_t start, uint64_t end)
{
	uint64_t first = 0, pages = 0, addr, got = 0, i = 0;

	for (addr = start; addr < end; addr += 4096, i++) {
		if (i == got) {
			uint64_t want = (end - addr) >> 12;
			int64_t n = call(__NR_pread64, (uint64_t)pagemap, (uint64_t)entries,
					 (want < 512 ? want : 512) * 8, (addr >> 12) * 8, 0, 0);

			if (n <= 0)
				break;
			got = (uint64_t)n / 8;
			i = 0;
		}
		if (pages && BITS(entries[i]) == BITS(first) &&
		    (!FRAME(first) || FRAME(entries[i]) == FRAME(first) + pages * step_of(first))) {
			pages++;
			continue;
		}
		if (BITS(first) >> 7)
			say_run(addr - (pages << 12), pages, first);
		first = entries[i];
		pages = 1;
	}
	if (BITS(first) >> 7)
		say_run(addr - (pages << 12), pages, first);
}

static void show_pagemap(uint32_t process, int64_t pid)
{
	int64_t maps = open_proc(pid, "maps"), pagemap = open_proc(pid, "pagemap"), n, i;
	uint64_t value[2] = { 0, 0 };
	int at = 0;			/* which address of the line is read; 2: neither */

	say_section("pagemap", process);
	while (maps >= 0 && pagemap >= 0 && (n = CALL(__NR_read, maps, text, TEXT)) > 0) {
		for (i = 0; i < n; i++) {
			char c = text[i];

			if (c == '\n') {
				at = 0;
				value[0] = value[1] = 0;
			} else if (at < 2 && (c == '-' || c == ' ')) {
				if (at++ && value[0] < 1ULL << 47)
					show_range(pagemap, value[0], value[1]);
			} else if (at < 2) {
				value[at] = value[at] << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
			}
		}
	}
	CALL(__NR_close, maps, 0, 0);
	CALL(__NR_close, pagemap, 0, 0);
}

static int64_t oom_kills(void)
{
	int64_t fd = open_proc(-1, "vmstat"), n, len = 0;

	while ((n = CALL(__NR_read, fd, text + len, TEXT - len)) > 0)
		len += n;
	CALL(__NR_close, fd, 0, 0);
	return number_in(len, "oom_kill ");
}

/* ---- children ------------------------------------------------------------------------- */

/* Whom a signal has ended: that is noted. @block: wait for one. */
static void reap(bool block)
{
	int status = 0;
	uint32_t n;
	int64_t pid;

	while ((pid = call(__NR_wait4, (uint64_t)-1, (uint64_t)&status, block ? 0 : 1, 0, 0, 0)) > 0) {
		killed += (status & 127) == 9;
		for (n = 1; n < PLAYER_MAX_PROCESSES; n++) {
			struct player_result result = { status & 127, 0, 0, PLAYER_DIED };

			if (pids[n] != pid)
				continue;
			pids[n] = 0;
			/* Its signal belongs to the operation that it was at, if it was its turn. */
			if (op_at(turn_began)->process == n && (status & 127)) {
				struct player_result old = { 0, 0, 0, PLAYER_DONE };
				uint32_t i = turn_began;

				for (; i < actor.header.nr_ops; i++) {
					int64_t got = call(__NR_pread64, FD_RESULTS, (uint64_t)&old, sizeof(old),
							   i * sizeof(old), 0, 0);

					if (got < (int64_t)sizeof(old) || old.state == PLAYER_NOT_DONE)
						break;
				}
				answer(i, &result);
			}
		}
		if (block)
			break;
	}
}

static void __attribute__((noreturn)) serve(void);

static void tell(uint32_t next, enum answer what, int64_t pid)
{
	struct message message = { actor.number, next, what, (uint32_t)pid };

	put(WRITE_END(0), &message, sizeof(message));
}

/* The next message; false: process @from, which would send it, has ended without one. */
static bool hear(uint32_t from, struct message *message)
{
	struct { int32_t fd; int16_t events, revents; } poll = { READ_END(0), 1, 0 };

	for (;;) {
		if (CALL(__NR_poll, &poll, 1, 20) > 0)
			return CALL(__NR_read, READ_END(0), message, sizeof(*message)) == sizeof(*message);
		reap(false);
		if (from && !pids[from])
			return false;
	}
}

/* Whoever else has something to do does it. */
static void rest(void)
{
	const uint64_t moment[2] = { 0, 20000000 };

	CALL(__NR_nanosleep, moment, 0, 0);
}

static void do_exit(uint32_t i)
{
	answer(i, &(struct player_result){ 0, 0, 0, PLAYER_DONE });
	mark(i);
	tell(i + 1, EXITING, 0);
	end(0);
}

/* Both come back from it: the parent's turn is over, and the child has none yet. */
static void do_fork(uint32_t i)
{
	uint16_t child = (uint16_t)op_at(i)->arg[0];
	int64_t pid = perform(i);

	if (!pid)
		actor.number = child;
	else
		rest();		/* the child is first to copy what both have */
	touch_own_memory();
	tell(i + 1, pid ? FORKED : READY, pid);
}

/* ---- a child in its parent's memory ---------------------------------------------------- */

#define VFORK_FLAGS (0x100 | 0x4000 | 0x8000 | 17)	/* CLONE_VM, CLONE_VFORK, CLONE_PARENT, SIGCHLD */

static char vfork_stack[16 << 10] __attribute__((aligned(16)));
static uint32_t vfork_op;

static void __attribute__((noreturn)) be_vforked(void)
{
	actor.number = (uint16_t)op_at(vfork_op)->arg[0];
	/* Its parent cannot tell. */
	tell(vfork_op + 1, FORKED, CALL(__NR_getpid, 0, 0, 0));
	serve();
}

/* The child runs on a stack of its own: what is on this one is its parent's, which goes on when the child has ended. */
static int64_t clone_vforked(void)
{
	register uint64_t r10 __asm__("r10") = 0;
	register uint64_t r8 __asm__("r8") = 0;
	int64_t ret;

	__asm__ volatile("syscall\n\ttest %%rax, %%rax\n\tjnz 1f\n\txor %%ebp, %%ebp\n\tcall *%%rbx\n1:"
			 : "=a"(ret)
			 : "0"(__NR_clone), "D"(VFORK_FLAGS), "S"(vfork_stack + sizeof(vfork_stack)), "d"(0), "r"(r10), "r"(r8),
			   "b"(be_vforked)
			 : "rcx", "r11", "memory");
	return ret;
}

static void do_vfork(uint32_t i)
{
	uint16_t number = actor.number;
	struct player_result result = { .state = PLAYER_DONE };

	vfork_op = i;
	result.ret = clone_vforked();
	actor.number = number;
	answer(i, &result);
	if (result.ret < 0)
		tell(i + 1, NEXT, 0);
}

static void do_exec(uint32_t i)
{
	struct player_result result = { .ret = exec_self(i), .state = PLAYER_DONE };

	answer(i, &result);
}

static void take_turn(uint32_t i)
{
	for (; i < actor.header.nr_ops && op_at(i)->process == actor.number; i++) {
		if (op_at(i)->kind == PLAYER_EXIT)
			do_exit(i);
		if (op_at(i)->kind == PLAYER_FORK) {
			do_fork(i);
			return;
		}
		if (op_at(i)->kind == PLAYER_VFORK) {
			do_vfork(i);
			return;
		}
		if (op_at(i)->kind == PLAYER_EXEC)
			do_exec(i);
		else
			perform(i);
	}
	tell(i, NEXT, 0);
}

static void __attribute__((noreturn)) take_turns(void)
{
	uint32_t i;

	for (;;) {
		if (CALL(__NR_read, READ_END(actor.number), &i, sizeof(i)) != sizeof(i) || i == TO_END)
			end(0);
		if (i == TOUCH_OWN) {
			touch_own_memory();
			tell(0, READY, 0);
		} else {
			take_turn(i);
		}
	}
}

/* A process's life: its turns, until there are none. */
static void __attribute__((noreturn)) serve(void)
{
	tell(0, READY, 0);
	take_turns();
}

/* ---- the director's own operations ---------------------------------------------------- */

static void set_oom_adj(int64_t value)
{
	char buf[24], *at = digits((uint64_t)(value < 0 ? -value : value), 10, buf);
	int64_t fd = CALL(__NR_open, "/proc/self/oom_score_adj", 1, 0);

	if (value < 0)
		*--at = '-';
	CALL(__NR_write, fd, at, length(at));
	CALL(__NR_close, fd, 0, 0);
}

static int64_t start_process(const struct player_op *op)
{
	uint32_t number = (uint32_t)op->arg[0];
	uint64_t uid = op->arg[1];
	struct message message;
	int64_t pid;

	if (!number || number >= PLAYER_MAX_PROCESSES)
		end(1);
	pid = call(__NR_clone, 17, 0, 0, 0, 0, 0);
	if (!pid) {
		actor.number = (uint16_t)number;
		CALL(__NR_prctl, PR_SET_THP_DISABLE, 0, 0);
		set_oom_adj((int64_t)op->arg[2]);
		if (uid) {
			CALL(__NR_setresgid, uid, uid, uid);
			CALL(__NR_setresuid, uid, uid, uid);
			CALL(__NR_prctl, 4, 1, 0);	/* PR_SET_DUMPABLE: /proc is its own still */
		}
		touch_own_memory();
		serve();
	}
	if (pid < 0)
		return pid;
	pids[number] = pid;
	if (!hear(number, &message))
		return -3;
	touch_own_memory();
	return 0;
}

static int64_t kill_process(uint32_t number)
{
	int64_t pid = number < PLAYER_MAX_PROCESSES ? pids[number] : 0;

	if (!pid)
		return -3;
	CALL(__NR_kill, pid, 9, 0);
	while (pids[number])
		reap(true);
	killed--;
	return 0;
}

/* What stays as it is: the first look has it. */
static void show_settings(void)
{
	show(0, -1, "sys/vm/swappiness");
	show(0, -1, "sys/vm/page-cluster");
	show(0, -1, "sys/vm/admin_reserve_kbytes");
	show(0, -1, "sys/vm/user_reserve_kbytes");
	show(0, -1, "swaps");
	show(0, -1, "zoneinfo");
	show_file(0, "fault_around_bytes", CALL(__NR_open, "/sys/kernel/debug/fault_around_bytes", 0, 0));
	show_file(0, "read_ahead_kb", CALL(__NR_open, "/play/queue/read_ahead_kb", 0, 0));
	show_file(0, "max_sectors_kb", CALL(__NR_open, "/play/queue/max_sectors_kb", 0, 0));
	show_file(0, "rotational", CALL(__NR_open, "/sys/block/vda/queue/rotational", 0, 0));
}

/* Everybody has just used all of his own memory: nobody need foresee which part of it an operation uses. */
static void all_touch_own(void)
{
	uint32_t n, what = TOUCH_OWN;
	struct message message;

	for (n = 1; n < PLAYER_MAX_PROCESSES; n++) {
		if (!pids[n])
			continue;
		put(WRITE_END(n), &what, sizeof(what));
		hear(n, &message);
	}
	touch_own_memory();
	drain_batches();
}

/* What each size of huge pages counts; in the first look also who gets it. Kernels before 6.8 have none. */
static void show_sizes(bool first)
{
	static const char *const files[] = { "enabled", "stats/anon_fault_alloc", "stats/anon_fault_fallback", "stats/split",
					     "stats/split_deferred", "stats/nr_anon" };
	const char begin[] = "/sys/kernel/mm/transparent_hugepage/hugepages-";
	uint32_t kib, file;

	for (kib = 16; kib <= 2048; kib *= 2) {
		for (file = first ? 0 : 1; file < 6; file++) {
			char path[96], buf[24], *size = digits(kib, 10, buf);
			const char *parts[5] = { begin, size, "kB/", files[file], "" };
			char *at = path;
			int64_t fd;
			int i;

			for (i = 0; i < 5; i++) {
				const char *from;

				for (from = parts[i]; *from; from++)
					*at++ = *from;
			}
			*at = '\0';
			fd = CALL(__NR_open, path, 0, 0);
			if (fd >= 0)
				show_file(0, path + sizeof(begin) - 11, fd);
		}
	}
}

static int64_t look(uint32_t i)
{
	uint32_t n, tries;

	/* Whom the OOM killer chose may still be on its way out. */
	for (tries = 0; tries < 200 && oom_kills() - kills_before > killed; tries++) {
		reap(false);
		rest();
	}
	reap(false);
	drain_batches();
	/* What CPUs have counted for themselves is in /proc/vmstat then. */
	trigger("/proc/sys/vm/stat_refresh");
	say("@look ");
	say_number(i, 10);
	say("\n");
	show(0, -1, "version");
	show(0, -1, "vmstat");
	show(0, -1, "meminfo");
	show(0, -1, "sys/vm/overcommit_memory");
	show(0, -1, "sys/vm/overcommit_ratio");
	show_kills();
	if (!i)
		show_settings();
	show_file(0, "thp", CALL(__NR_open, "/sys/kernel/mm/transparent_hugepage/enabled", 0, 0));
	show_sizes(!i);
	show_file(0, "thp/defrag", CALL(__NR_open, "/sys/kernel/mm/transparent_hugepage/defrag", 0, 0));
	show_file(0, "lru_gen/enabled", CALL(__NR_open, "/sys/kernel/mm/lru_gen/enabled", 0, 0));
	show_file(0, "lru_gen_full", CALL(__NR_open, LRU_GEN "_full", 0, 0));
	for (n = 0; n < PLAYER_MAX_PROCESSES; n++) {
		if (n && !pids[n])
			continue;
		show(n, pids[n], "smaps");
		show(n, pids[n], "status");
		show(n, pids[n], "stat");
		show(n, pids[n], "oom_score");
		show_pagemap(n, pids[n]);
	}
	say_flush();
	drain_batches();
	return 0;
}

static void own_operation(uint32_t i)
{
	const struct player_op *op = op_at(i);
	struct player_result result = { .state = PLAYER_DONE };
	uint64_t time[2] = { op->arg[0] / 1000000000, op->arg[0] % 1000000000 };

	mark(i);
	switch (op->kind) {
	case PLAYER_PROCESS:
		result.ret = start_process(op);
		break;
	case PLAYER_KILL:
		result.ret = kill_process((uint32_t)op->arg[0]);
		break;
	case PLAYER_SLEEP:
		result.ret = CALL(__NR_nanosleep, time, 0, 0);
		break;
	case PLAYER_DROP_CACHES:
		result.ret = drop_caches();
		break;
	case PLAYER_LOOK:
		result.ret = look(i);
		break;
	case PLAYER_KHUGEPAGED:
		result.ret = wake_khugepaged();
		break;
	case PLAYER_FILE:
		result.ret = create_file(op);
		break;
	case PLAYER_SYNC:
		result.ret = CALL(__NR_sync, 0, 0, 0);
		break;
	case PLAYER_AGE:
		all_touch_own();
		result.ret = order_generations("+", 0, op->arg[0], op->arg[1]);
		break;
	case PLAYER_EVICT:
		all_touch_own();
		result.ret = order_generations("-", 2, op->arg[1], op->arg[0]);
		break;
	default:
		end(1);
	}
	mark(i | PLAYER_MARK_END);
	answer(i, &result);
}

/* ---- turns ------------------------------------------------------------------------------ */

/* Process @process does what is its to do from operation @i on. The next operation. */
static uint32_t give_turn(uint32_t process, uint32_t i)
{
	struct message message;
	uint32_t child;
	bool ready = false;

	turn_began = i;
	reap(false);
	if (!pids[process])
		return i + 1;
	put(WRITE_END(process), &i, sizeof(i));
	/* A child may be ready before its parent has told of it. */
	while (hear(process, &message) && message.what == READY)
		ready = true;
	if (!pids[process])
		return i + 1;
	if (message.what == EXITING)
		while (pids[process])
			reap(true);
	if (message.what == FORKED && (int32_t)message.pid > 0) {
		child = (uint32_t)op_at(message.next - 1)->arg[0];
		if (!child || child >= PLAYER_MAX_PROCESSES)
			end(1);
		pids[child] = (int32_t)message.pid;
		if (!ready)
			hear(child, &(struct message){ 0, 0, 0, 0 });
	}
	return message.next;
}

static void open_pipes(void)
{
	int32_t fds[2];
	uint32_t n;

	for (n = 0; n < PLAYER_MAX_PROCESSES; n++) {
		if (CALL(__NR_pipe, fds, 0, 0) || CALL(__NR_dup2, fds[0], 100, 0) < 0 || CALL(__NR_dup2, fds[1], 101, 0) < 0)
			end(1);
		CALL(__NR_close, fds[0], 0, 0);
		CALL(__NR_close, fds[1], 0, 0);
		if (CALL(__NR_dup2, 100, READ_END(n), 0) < 0 || CALL(__NR_dup2, 101, WRITE_END(n), 0) < 0)
			end(1);
		CALL(__NR_close, 100, 0, 0);
		CALL(__NR_close, 101, 0, 0);
	}
}

/* Where the stack begins: the mapping whose line ends so. */
static void find_stack(void)
{
	static const char name[] = "[stack]\n";
	int64_t fd = open_proc(0, "maps"), n, len = 0, i, start = 0;
	uint64_t value = 0, k;

	while ((n = CALL(__NR_read, fd, text + len, TEXT - len)) > 0)
		len += n;
	CALL(__NR_close, fd, 0, 0);
	for (i = 0; i < len; i++) {
		for (k = 0; name[k] && i + (int64_t)k < len && text[i + (int64_t)k] == name[k]; k++)
			;
		if (!name[k])
			break;
		if (text[i] == '\n')
			start = i + 1;
	}
	for (; start < len && text[start] != '-'; start++)
		value = value << 4 | (uint64_t)(text[start] <= '9' ? text[start] - '0' : text[start] - 'a' + 10);
	actor.slots[PLAYER_SLOT_STACK].start = value;
}

void resume(uint16_t number, uint32_t i)
{
	actor.number = number;
	find_stack();
	actor.slots[PLAYER_SLOT_HEAP].start = (uint64_t)CALL(__NR_brk, 0, 0, 0);
	answer(i, &(struct player_result){ 0, 0, 0, PLAYER_DONE });
	tell(i + 1, NEXT, 0);
	take_turns();
}

void direct(void)
{
	uint32_t i = 0, n, over = TO_END;

	open_pipes();
	find_stack();
	set_oom_adj(OOM_IMMUNE);
	kills_before = oom_kills();
	actor.slots[PLAYER_SLOT_HEAP].start = (uint64_t)CALL(__NR_brk, 0, 0, 0);
	/* Others sleep from here on, and what they have used until then is known. */
	if (actor.quiet) {
		rest();
		all_touch_own();
		order_generations("+", 0, 200, 1);
	}
	while (i < actor.header.nr_ops) {
		uint32_t process = op_at(i)->process;

		if (process >= PLAYER_MAX_PROCESSES)
			end(1);
		if (process)
			i = give_turn(process, i);
		else
			own_operation(i++);
	}
	for (n = 1; n < PLAYER_MAX_PROCESSES; n++) {
		if (!pids[n])
			continue;
		put(WRITE_END(n), &over, sizeof(over));
		while (pids[n])
			reap(true);
	}
	end(0);
}
