/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: reader for what valgrind --tool=lackey --trace-mem=yes prints:
 *
 *	==990== Lackey, an example Valgrind tool
 *	I  0401ab70,3           instruction
 *	 S 1fff0006d8,8         store
 *	 L 04025118,8           load
 *	 M 0421c7cc,4           modify
 *	SYSCALL[990,1]( 12) sys_brk ( 0x0 ) --> ...
 *
 * The program's own output may stand anywhere between, also before an access in the same
 * line. There are tens of millions of lines, nearly all of the first four forms: fast_lines()
 * takes those, in the form that lackey prints them, and leaves any other line to
 * slow_line(), which knows everything.
 *
 * Locking: none, single-threaded.
 */
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/trace/heap/heap.h"

#define FRONT		3		/* bytes of "I  " */
#define MAX_SIZE	UINT16_MAX
#define MAX_SIZE_DIGITS	5
#define FAST_LINE	32u		/* bytes that fast_line() may look at: 3 + 16 + 1 + 5 + 1, and a few */

#define BYTES(value)	(UINT64_C(0x0101010101010101) * (value))

struct lackey {
	struct text_reader text;
	uint64_t fetches;
	uint64_t pid;			/* of lackey's own lines; 0: none so far */
	struct access block[ACCESS_BLOCK];
};

/* ---- nearly all lines -------------------------------------------------------- */

/* The second byte of a line says the kind, and what the first must be; 0: no access. */
static const unsigned char first_byte[256] = { [' '] = 'I', ['L'] = ' ', ['S'] = ' ', ['M'] = ' ' };
static const unsigned char kind_of_byte[256] = {
	[' '] = ACCESS_FETCH, ['L'] = ACCESS_LOAD, ['S'] = ACCESS_STORE, ['M'] = ACCESS_MODIFY
};

/* Eight hexadecimal digits, as printf's %lx makes them; false where one is none. */
static inline bool eight_digits(const char *p, uint64_t *value)
{
	uint64_t text, letters, digits;

	memcpy(&text, p, 8);
	text = le64toh(text);
	letters = text >> 6 & BYTES(1);
	digits = (text & BYTES(0x0f)) + 9 * letters;
	/* Each must be what its value is written as, and letters are 10 to 15. */
	if ((text ^ (digits + BYTES('0') + letters * ('a' - '0' - 10))) | (digits & BYTES(0xf0)) |
	    (((digits + BYTES(6)) >> 4 & BYTES(1)) ^ letters))
		return false;
	/* The first digit is the highest: pairs, then pairs of pairs. */
	digits = __builtin_bswap64(digits);
	digits = (digits | digits >> 4) & UINT64_C(0x00ff00ff00ff00ff);
	digits = (digits | digits >> 8) & UINT64_C(0x0000ffff0000ffff);
	*value = (digits | digits >> 16) & UINT32_MAX;
	return true;
}

/* The access at @p, FAST_LINE bytes of which are there: where the next line begins, NULL where it is none. */
static inline const char *fast_line(const char *p, struct access *to)
{
	unsigned char second = (unsigned char)p[1];
	uint64_t addr;
	uint32_t size = 0;
	const char *q, *number;

	if ((unsigned char)p[0] != first_byte[second] || p[2] != ' ' || !eight_digits(p + FRONT, &addr))
		return NULL;
	for (q = p + FRONT + 8; *q != ','; q++) {
		unsigned int digit = number_hex_digit[(unsigned char)*q];

		if (!digit || q == p + FRONT + 16)
			return NULL;
		addr = addr << 4 | (digit - 1);
	}
	for (number = ++q; *q != '\n'; q++) {
		if (!is_digit(*q) || q == number + MAX_SIZE_DIGITS)
			return NULL;
		size = size * 10 + (uint32_t)(*q - '0');
	}
	/* No digits at all are a size of 0, which wraps. */
	if (size - 1 >= MAX_SIZE || addr + (size - 1) < addr)
		return NULL;
	*to = (struct access){ .addr = addr, .size = (uint16_t)size, .kind = kind_of_byte[second] };
	return q + 1;
}

/* Accesses from @nr on, until a line is none, the block is full, or the buffer ends. */
static uint32_t fast_lines(struct lackey *lackey, uint32_t nr)
{
	struct access *block = lackey->block;
	const char *end, *p = lines_ahead(&lackey->text.lines, &end), *next;
	uint64_t fetches = 0;
	uint32_t n = nr;

	for (; n < ACCESS_BLOCK && end - p >= (ptrdiff_t)FAST_LINE; p = next) {
		next = fast_line(p, &block[n]);
		if (!next)
			break;
		fetches += block[n++].kind == ACCESS_FETCH;
	}
	lackey->fetches += fetches;
	lines_taken(&lackey->text.lines, p, n - nr);
	return n;
}

/* ---- any line ----------------------------------------------------------------- */

/*
 * Does an access begin at @p? What follows may still be wrong. A word of a program that says
 * "I  am" is none: a comma must follow the digits, or there are four of them.
 */
static bool begins_access(const char *p, const char *end)
{
	const char *digits = p + FRONT;

	if (end - p <= FRONT || !first_byte[(unsigned char)p[1]] ||
	    (unsigned char)p[0] != first_byte[(unsigned char)p[1]] || p[2] != ' ')
		return false;
	for (p = digits; number_hex_digit[(unsigned char)*p]; p++)
		;
	return p - digits >= 4 || (p > digits && *p == ',');
}

/* "HEX,SIZE" behind the front, up to @end; false after a complaint. */
static bool parse_access(struct text_complaint *complaint, struct access *to, const char *p, const char *end)
{
	const char *start = p + FRONT, *number, *stop;
	bool large = false, wide = false;
	uint64_t addr, size;

	stop = number_hex(start, &addr, &wide);
	if (stop == end || *stop != ',') {
		text_complain_value(complaint, "", start, end, "is no address, comma and size");
		return false;
	}
	if (wide) {
		text_complain_value(complaint, "address ", start, stop, "has more than 64 bits");
		return false;
	}
	number = stop + 1;
	stop = number_decimal(number, &size, &large);
	if (stop == number || stop != end || large || !size || size > MAX_SIZE) {
		text_complain_value(complaint, "size ", number, end, "is no number from 1 to 65535");
		return false;
	}
	if (addr + (size - 1) < addr) {
		text_complain_value(complaint, "", start, end, "ends behind the last address");
		return false;
	}
	*to = (struct access){ .addr = addr, .size = (uint16_t)size, .kind = kind_of_byte[(unsigned char)p[1]] };
	return true;
}

/*
 * A program that prints no newline has the next access behind its text: the last one that
 * the line holds whole, or NULL.
 */
static const char *find_access(const char *start, const char *end)
{
	struct text_complaint quiet = { .wanted = false };
	const char *comma = memrchr(start, ',', (size_t)(end - start)), *p = comma;
	struct access ignored;

	while (p && p > start && number_hex_digit[(unsigned char)p[-1]])
		p--;
	if (!p || p - start < FRONT || comma - p < 8 || !begins_access(p - FRONT, end) ||
	    !parse_access(&quiet, &ignored, p - FRONT, end))
		return NULL;
	return p - FRONT;
}

/* "==990== ", "--990-- " and "**990** " are valgrind's own lines: behind that, or NULL. */
static const char *skip_pid(const char *p, const char *end, uint64_t *pid)
{
	char mark = *p;
	bool overflow = false;

	if (end - p < 5 || (mark != '=' && mark != '-' && mark != '*') || p[1] != mark || !is_digit(p[2]))
		return NULL;
	p = number_decimal(p + 2, pid, &overflow);
	return end - p >= 2 && p[0] == mark && p[1] == mark ? p + 2 : NULL;
}

/* "  guest instrs:  7,852,835": what lackey counted itself, at its end. */
static void compare_count(struct reader *rd, const struct lackey *lackey, const char *p, const char *end)
{
	static const char label[] = "guest instrs:";
	uint64_t told = 0;

	p = skip_spaces(p);
	if (end - p < (ptrdiff_t)sizeof(label) || memcmp(p, label, sizeof(label) - 1))
		return;
	for (p = skip_spaces(p + sizeof(label) - 1); is_digit(*p) || *p == ','; p++)
		if (*p != ',' && told < UINT64_MAX / 10 - 1)
			told = told * 10 + (uint64_t)(*p - '0');
	if (told != lackey->fetches)
		snprintf(rd->stats.note, sizeof(rd->stats.note), "lackey counted %" PRIu64 " instructions, the file has %" PRIu64
			 " of them: %s", told, lackey->fetches, told > lackey->fetches ? "some lines are missing or were torn" :
			 "those of a child process, before it ran a program of its own, are among them");
}

static void own_line(struct reader *rd, struct lackey *lackey, const char *p, const char *end, uint64_t pid)
{
	if (!lackey->pid)
		lackey->pid = pid;
	if (pid == lackey->pid)
		compare_count(rd, lackey, p, end);
	else
		snprintf(rd->stats.note, sizeof(rd->stats.note), "the accesses of several processes (%" PRIu64 ", %" PRIu64
			 "): lackey does not say whose one is, so they count as one's", lackey->pid, pid);
}

/* TEXT_EVENT stands for an access in *@to. */
static enum text_line slow_line(struct reader *rd, struct access *to, const char *start, const char *end)
{
	struct lackey *lackey = rd->priv;
	const char *behind;
	uint64_t pid = 0;

	if (start == end)
		return TEXT_IGNORED;
	if (begins_access(start, end))
		return parse_access(&lackey->text.complaint, to, start, end) ? TEXT_EVENT : TEXT_MALFORMED;
	behind = skip_pid(start, end, &pid);
	if (behind) {
		own_line(rd, lackey, behind, end, pid);
		return TEXT_IGNORED;
	}
	start = find_access(start, end);
	if (!start)
		return TEXT_IGNORED;
	return parse_access(&lackey->text.complaint, to, start, end) ? TEXT_EVENT : TEXT_MALFORMED;
}

/* ---- the format ----------------------------------------------------------------- */

/* Its file has no events. */
static int read_events(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	(void)rd;
	(void)events;
	(void)max;
	(void)err;
	return 0;
}

static int read_accesses(struct reader *rd, struct access_block *block, struct kerror *err)
{
	struct lackey *lackey = rd->priv;
	const char *start, *end;
	uint32_t nr = 0;

	(void)err;
	while ((nr = fast_lines(lackey, nr)) < ACCESS_BLOCK) {
		enum line_status status = text_next(rd, &start, &end);
		enum text_line what = TEXT_IGNORED;

		if (status == LINE_END)
			break;
		/* Bytes that are no text, and lines without end, are the program's own output. */
		if (status == LINE_GOOD)
			what = slow_line(rd, &lackey->block[nr], start, end);
		if (what == TEXT_EVENT)
			lackey->fetches += lackey->block[nr++].kind == ACCESS_FETCH;
		else
			text_count(rd, what);
	}
	rd->stats.lines = lackey->text.lines.number;
	rd->stats.accesses += nr;
	text_note_end(rd);
	*block = (struct access_block){ .at = lackey->block, .nr = nr };
	return (int)nr;
}

static int open_lackey(struct reader *rd, struct kerror *err)
{
	return text_open(rd, sizeof(struct lackey), err);
}

static enum heap_look look(const char *start, const char *end)
{
	struct text_complaint quiet = { .wanted = false };
	struct access ignored;
	uint64_t pid;

	if (start == end || skip_pid(start, end, &pid))
		return HEAP_LOOKS_NEUTRAL;
	return begins_access(start, end) && parse_access(&quiet, &ignored, start, end) ? HEAP_LOOKS_GOOD : HEAP_LOOKS_BAD;
}

static bool has_access(const unsigned char *head, size_t len)
{
	enum line_status status;
	const char *start, *end;
	bool found = false;
	struct lines lines;

	if (lines_init(&lines, NULL, head, len))
		return false;
	while (!found && (status = lines_next(&lines, &start, &end)) != LINE_END)
		found = status == LINE_GOOD && look(start, end) == HEAP_LOOKS_GOOD;
	lines_exit(&lines);
	return found;
}

static bool has_banner(const unsigned char *head, size_t len)
{
	static const char banner[] = "== Lackey, an example Valgrind tool";

	return memmem(head, len, banner, sizeof(banner) - 1);
}

/* Where lackey says that it is at work, most lines may be the program's. */
static int probe(const unsigned char *head, size_t len)
{
	return has_banner(head, len) && has_access(head, len) ? 99 : heap_probe(head, len, look);
}

static const char *why_not(const unsigned char *head, size_t len)
{
	return has_banner(head, len) ? "this is lackey's output without memory accesses; "
				       "'valgrind --tool=lackey --trace-mem=yes' prints them" : NULL;
}

const struct reader_ops lackey_reader = {
	.name = "lackey",
	.text = "memory accesses, as valgrind --tool=lackey --trace-mem=yes prints them",
	.lacks = "lackey does not say which thread makes an access, when, or in which physical memory",
	.probe = probe,
	.why_not = why_not,
	.open = open_lackey,
	.close = text_close,
	.read = read_events,
	.accesses = read_accesses,
};
