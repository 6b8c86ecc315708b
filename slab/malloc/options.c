/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: reading KMEMSIM_OPTIONS. A wrong setting is said and left out, the
 * others count: a program must not fail because of a variable that it does not
 * know. A program that runs with other rights than its caller's (setuid) has no
 * options: a report would be a file of the caller's choice.
 *
 * Everything here works before libc has been set up, and takes no memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "slab/malloc/internal.h"

#define VARIABLE "KMEMSIM_OPTIONS"
#define DIVIDERS ": \t\n"

enum kind { TEXT, DEBUG, BYTES, FLAG };

struct option {
	const char *name, *form, *meaning;
	enum kind kind;
	size_t at;
};

static const struct option table[] = {
#define ROW(kind, name, form, meaning) \
	{ #name, form, meaning, kind, offsetof(struct kms_options, name) },
	KMS_OPTIONS(ROW)
#undef ROW
};
#define NR_OPTIONS (sizeof(table) / sizeof(table[0]))

/* ---- values ---------------------------------------------------------------- */

static bool parse_text(char *text, const char *value, size_t length)
{
	if (length >= KMS_OPTION_TEXT)
		return false;
	memcpy(text, value, length);
	text[length] = '\0';
	return true;
}

static bool parse_debug(char *text, const char *value, size_t length)
{
	struct kerror err = { 0 };

	if (parse_text(text, value, length) && !slab_debug_parse(text, &err))
		return true;
	text[0] = '\0';
	return false;
}

static bool parse_bytes(uint64_t *bytes, const char *value, size_t length)
{
	static const char units[] = "KMGT";
	const char *unit;
	uint64_t number = 0;
	size_t i;

	for (i = 0; i < length && value[i] >= '0' && value[i] <= '9'; i++)
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(value[i] - '0'), &number))
			return false;
	if (!i || !number || length - i > 1)
		return false;
	if (length > i) {
		unit = strchr(units, value[i] & ~0x20);
		if (!unit || !*unit ||
		    __builtin_mul_overflow(number, (uint64_t)1 << 10 * (unit - units + 1), &number))
			return false;
	}
	*bytes = number;
	return true;
}

static bool parse_flag(bool *flag, const char *value, size_t length)
{
	bool yes = length == 3 && !memcmp(value, "yes", 3);

	if (!yes && !(length == 2 && !memcmp(value, "no", 2)))
		return false;
	*flag = yes;
	return true;
}

static bool parse_value(struct kms_options *options, const struct option *option, const char *value,
			size_t length)
{
	void *place = (char *)options + option->at;

	switch (option->kind) {
	case TEXT:
		return parse_text(place, value, length);
	case DEBUG:
		return parse_debug(place, value, length);
	case BYTES:
		return parse_bytes(place, value, length);
	case FLAG:
		return parse_flag(place, value, length);
	}
	return false;
}

/* ---- settings --------------------------------------------------------------- */

static const struct option *find_option(const char *name, size_t length)
{
	size_t i;

	for (i = 0; i < NR_OPTIONS; i++)
		if (strlen(table[i].name) == length && !memcmp(table[i].name, name, length))
			return &table[i];
	return NULL;
}

static bool parse_setting(struct kms_options *options, const char *setting, size_t length)
{
	const char *equals = memchr(setting, '=', length);
	const struct option *option = equals ? find_option(setting, (size_t)(equals - setting)) : NULL;

	if (!option) {
		kms_say(VARIABLE ": '%.*s' is no setting; help=yes lists them", (int)length, setting);
		return false;
	}
	equals++;
	if (parse_value(options, option, equals, length - (size_t)(equals - setting)))
		return true;
	kms_say(VARIABLE ": '%.*s' is not understood: %s=%s", (int)length, setting, option->name,
		option->form);
	return false;
}

unsigned int kms_parse_options(struct kms_options *options, const char *text)
{
	unsigned int wrong = 0;

	memset(options, 0, sizeof(*options));
	options->give_back = true;
	while (*(text += strspn(text, DIVIDERS))) {
		size_t length = strcspn(text, DIVIDERS);

		wrong += !parse_setting(options, text, length);
		text += length;
	}
	return wrong;
}

static void say_help(void)
{
	size_t i;

	kms_say(VARIABLE ": settings divided by ':' or blanks");
	for (i = 0; i < NR_OPTIONS; i++)
		kms_say("  %s=%s  %s", table[i].name, table[i].form, table[i].meaning);
}

/* ---- the environment --------------------------------------------------------- */

struct reader {
	int fd;
	size_t at, filled;
	char bytes[512];
};

/* The next byte; -1 at the end. */
static int next_byte(struct reader *r)
{
	if (r->at == r->filled) {
		ssize_t got = kms_read(r->fd, r->bytes, sizeof(r->bytes));

		if (got <= 0)
			return -1;
		r->at = 0;
		r->filled = (size_t)got;
	}
	return (unsigned char)r->bytes[r->at++];
}

const char *kms_environ_file(const char *path, char *value, size_t size)
{
	static const char name[] = VARIABLE "=";
	struct reader r = { .fd = kms_open(path, O_RDONLY, 0) };
	size_t matched = 0, length = 0;
	bool found = false;
	int byte;

	if (r.fd < 0)
		return NULL;
	while (!found && (byte = next_byte(&r)) >= 0) {
		if (!byte)
			matched = 0;
		else if (matched < sizeof(name) && byte == name[matched])
			found = ++matched == sizeof(name) - 1;
		else
			matched = sizeof(name);
	}
	while (found && length < size - 1 && (byte = next_byte(&r)) > 0)
		value[length++] = (char)byte;
	value[length] = '\0';
	kms_close(r.fd);
	return found ? value : NULL;
}

/* What the host started the program with, until libc knows. */
static char **start_environ;

/* glibc passes main()'s arguments to constructors, and ours is the first of all. */
static __attribute__((constructor(101))) void note_environ(int argc, char **argv, char **envp)
{
	start_environ = envp;
}

/* The variable's value, where need be in @value; NULL. */
static const char *variable(char *value, size_t size)
{
	static const char name[] = VARIABLE "=";
	char **entry = environ ? environ : start_environ;

	if (getauxval(AT_SECURE))
		return NULL;
	/* The loader may call malloc() before anybody else runs. */
	if (!entry)
		return kms_environ_file("/proc/self/environ", value, size);
	for (; *entry; entry++)
		if (!strncmp(*entry, name, sizeof(name) - 1))
			return *entry + sizeof(name) - 1;
	return NULL;
}

bool kms_options_given(void)
{
	char value[2];
	const char *text = variable(value, sizeof(value));

	return text && *text;
}

void kms_read_options(struct kms_options *options)
{
	char value[1024];
	const char *text = variable(value, sizeof(value));

	kms_parse_options(options, text ? text : "");
	if (options->help)
		say_help();
}
