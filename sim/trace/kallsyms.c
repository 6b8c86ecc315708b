/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the symbols of a kernel; see kallsyms.h. The list is kept as it was
 * read; symbols point into it, sorted by address.
 *
 * A symbol ends where the next one begins. The last one of the kernel or of a
 * module ends with the page behind its own, for what follows is far away.
 *
 * States: open -> closed. Locking: none, single-threaded.
 */
#include "sim/trace/kallsyms.h"

#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KALLSYMS_MAX_BYTES	(256u << 20)
#define PAGE_BYTES		UINT64_C(4096)

struct symbol {
	uint64_t start, end;
	const char *name;	/* in the list's text */
	const char *module;	/* "[ext4]", or NULL */
	uint32_t order;		/* in the list */
	char type;
};

/* By which perf says where the kernel lay. */
static const char *const base_names[2] = { "_text", "_stext" };

struct kallsyms {
	enum kallsyms_style style;
	char *text;
	struct symbol *symbols;
	size_t nr, size;
	uint64_t base[2];	/* of each of base_names; 0: not in the list */
	uint64_t shift;		/* to be added to an address of the recording */
};

/* ---- reading --------------------------------------------------------------- */

static int file_error(struct kerror *err, const char *path, int code)
{
	return kerror_set(err, -code, "%.100s: %s", path, strerror(code));
}

/* The whole file, terminated. Files of /proc do not know their size. */
static int read_whole(const char *path, char **text, size_t *len, struct kerror *err)
{
	size_t size = 1u << 20;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = 1;
	int code;

	*len = 0;
	if (fd < 0)
		return file_error(err, path, errno);
	*text = malloc(size);
	while (*text && got > 0 && *len < KALLSYMS_MAX_BYTES) {
		if (size - *len < size / 2) {
			char *larger = realloc(*text, size * 2);

			if (!larger) {
				free(*text);
				*text = NULL;
				break;
			}
			*text = larger;
			size *= 2;
		}
		do
			got = read(fd, *text + *len, size - *len - 1);
		while (got < 0 && errno == EINTR);
		if (got > 0)
			*len += (size_t)got;
	}
	code = !*text ? ENOMEM : got < 0 ? errno : *len >= KALLSYMS_MAX_BYTES ? EFBIG : 0;
	close(fd);
	if (code) {
		free(*text);
		*text = NULL;
		return file_error(err, path, code);
	}
	(*text)[*len] = '\0';
	return 0;
}

static int add_symbol(struct kallsyms *ks, const struct symbol *sym)
{
	if (ks->nr == ks->size) {
		size_t size = ks->size ? ks->size * 2 : 1u << 16;
		struct symbol *larger = reallocarray(ks->symbols, size, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		ks->symbols = larger;
		ks->size = size;
	}
	ks->symbols[ks->nr++] = *sym;
	return 0;
}

/* "ffffffff81000000 T _text" or, of a module, with "\t[ext4]" behind it. False where @line is none. */
static bool parse_line(char *line, struct symbol *sym)
{
	char *end, *name, *module;

	if (!isxdigit((unsigned char)*line))
		return false;
	errno = 0;
	sym->start = strtoull(line, &end, 16);
	if (errno || end[0] != ' ' || !isalpha((unsigned char)end[1]) || end[2] != ' ' || !end[3])
		return false;
	sym->type = end[1];
	name = end + 3;
	module = strpbrk(name, "\t ");
	if (module)
		*module++ = '\0';
	sym->name = name;
	sym->module = module && *module == '[' ? module : NULL;
	sym->end = sym->start;
	return true;
}

static int parse(struct kallsyms *ks, const char *path, struct kerror *err)
{
	char *line = ks->text, *next;
	uint64_t all = 0, number = 0;
	int i;

	for (; *line; line = next) {
		struct symbol sym = { .order = (uint32_t)number++ };

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		else
			next = line + strlen(line);
		if (!parse_line(line, &sym))
			return kerror_set(err, -EBADMSG, "%.100s:%llu: no line of a list of kernel symbols", path,
					  (unsigned long long)number);
		all |= sym.start;
		for (i = 0; i < 2; i++)
			if (!sym.module && !strcmp(sym.name, base_names[i]))
				ks->base[i] = sym.start;
		/* perf looks at no others either. */
		if ((ks->style == KALLSYMS_KERNEL || strchr("TWDB", toupper((unsigned char)sym.type))) && add_symbol(ks, &sym))
			return kerror_set(err, -ENOMEM, "no memory for the symbols of %.100s", path);
	}
	if (!ks->nr)
		return kerror_set(err, -EBADMSG, "%.100s: no symbols", path);
	if (!all)
		return kerror_set(err, -EACCES, "%.100s: the kernel shows no addresses; try as root, or with "
				  "'sysctl kernel.kptr_restrict=0'", path);
	return 0;
}

/* ---- choosing -------------------------------------------------------------- */

static size_t underscores(const char *name)
{
	return strspn(name, "_");
}

/* Below 0 where perf would take @a. */
static int preference(const struct symbol *a, const struct symbol *b)
{
	bool a_weak = toupper((unsigned char)a->type) == 'W', b_weak = toupper((unsigned char)b->type) == 'W';
	bool a_global = !a_weak && isupper((unsigned char)a->type), b_global = !b_weak && isupper((unsigned char)b->type);
	size_t a_len = strlen(a->name), b_len = strlen(b->name);

	if (a_weak != b_weak)
		return a_weak - b_weak;
	if (a_global != b_global)
		return b_global - a_global;
	if (underscores(a->name) != underscores(b->name))
		return underscores(a->name) < underscores(b->name) ? -1 : 1;
	if (a_len != b_len)
		return a_len > b_len ? -1 : 1;
	return strncmp(a->name, "SyS", 3) && strncmp(a->name, "compat_SyS", 10) ? -1 : 1;
}

static int compare(const void *left, const void *right)
{
	const struct symbol *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static uint64_t page_behind(uint64_t address)
{
	return (address + 2 * PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
}

static bool same_module(const struct symbol *a, const struct symbol *b)
{
	return !a->module || !b->module ? a->module == b->module : !strcmp(a->module, b->module);
}

/* Sort, keep one symbol an address, and find where each ends. */
static void arrange(struct kallsyms *ks)
{
	size_t i, nr = 0;

	qsort(ks->symbols, ks->nr, sizeof(*ks->symbols), compare);
	for (i = 0; i < ks->nr; i++) {
		struct symbol *last = nr ? &ks->symbols[nr - 1] : NULL;

		if (!last || last->start != ks->symbols[i].start)
			ks->symbols[nr++] = ks->symbols[i];
		else if (ks->style == KALLSYMS_PERF && preference(last, &ks->symbols[i]) > 0)
			*last = ks->symbols[i];
	}
	ks->nr = nr;
	for (i = 0; i < nr; i++) {
		struct symbol *sym = &ks->symbols[i];

		if (i + 1 < nr && same_module(sym, sym + 1))
			sym->end = sym[1].start;
		else
			sym->end = page_behind(sym->start);
	}
}

/* Make it of ks->text, @len bytes, which is NULL where @ret says why. */
static int finish(struct kallsyms **out, struct kallsyms *ks, size_t len, const char *what, int ret, struct kerror *err)
{
	if (!ret && memchr(ks->text, '\0', len))
		ret = kerror_set(err, -EBADMSG, "%.100s: no list of kernel symbols", what);
	if (!ret)
		ret = parse(ks, what, err);
	if (ret) {
		kallsyms_close(ks);
		return ret;
	}
	arrange(ks);
	*out = ks;
	return 0;
}

static struct kallsyms *create(enum kallsyms_style style, const char *what, struct kerror *err)
{
	struct kallsyms *ks = calloc(1, sizeof(*ks));

	if (!ks)
		kerror_set(err, -ENOMEM, "no memory for the symbols of %.100s", what);
	else
		ks->style = style;
	return ks;
}

int kallsyms_open_as(struct kallsyms **out, const char *path, enum kallsyms_style style, struct kerror *err)
{
	struct kallsyms *ks = create(style, path, err);
	size_t len = 0;
	int ret;

	*out = NULL;
	if (!ks)
		return -ENOMEM;
	ret = read_whole(path, &ks->text, &len, err);
	return finish(out, ks, len, path, ret, err);
}

int kallsyms_open(struct kallsyms **out, const char *path, struct kerror *err)
{
	return kallsyms_open_as(out, path, KALLSYMS_PERF, err);
}

int kallsyms_parse(struct kallsyms **out, const char *text, size_t len, const char *what, struct kerror *err)
{
	struct kallsyms *ks = create(KALLSYMS_KERNEL, what, err);
	int ret = 0;

	*out = NULL;
	if (!ks)
		return -ENOMEM;
	/* It may have been kept with its terminator. */
	len = strnlen(text, len);
	ks->text = strndup(text, len);
	if (!ks->text)
		ret = kerror_set(err, -ENOMEM, "no memory for the symbols of %.100s", what);
	return finish(out, ks, len, what, ret, err);
}

void kallsyms_close(struct kallsyms *ks)
{
	if (!ks)
		return;
	free(ks->symbols);
	free(ks->text);
	free(ks);
}

/* ---- asking ---------------------------------------------------------------- */

void kallsyms_set_reference(struct kallsyms *ks, const char *name, uint64_t address)
{
	int i;

	for (i = 0; i < 2; i++)
		if (!strcmp(name, base_names[i]) && ks->base[i])
			ks->shift = ks->base[i] - address;
}

size_t kallsyms_name(const struct kallsyms *ks, uint64_t address, char *text, size_t size)
{
	size_t low = 0, high = ks->nr;
	const struct symbol *sym;
	int len;

	address += ks->shift;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ks->symbols[mid].start <= address)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low)
		return 0;
	sym = &ks->symbols[low - 1];
	if (address >= sym->end)
		return 0;
	if (ks->style == KALLSYMS_PERF)
		len = snprintf(text, size, "%s+0x%llx", sym->name, (unsigned long long)(address - sym->start));
	else
		len = snprintf(text, size, "%s+0x%llx/0x%llx%s%s", sym->name, (unsigned long long)(address - sym->start),
			       (unsigned long long)(sym->end - sym->start), sym->module ? " " : "",
			       sym->module ? sym->module : "");
	return (size_t)len < size ? (size_t)len : size - 1;
}

bool kallsyms_running_build_id(unsigned char id[BUILD_ID_BYTES])
{
	unsigned char notes[4096];
	int fd = open("/sys/kernel/notes", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, notes, sizeof(notes));
	size_t at = 0;
	Elf64_Nhdr note;

	if (fd >= 0)
		close(fd);
	while (len > 0 && at + sizeof(note) <= (size_t)len) {
		size_t name, desc;

		memcpy(&note, notes + at, sizeof(note));
		name = at + sizeof(note);
		desc = name + (((size_t)note.n_namesz + 3) & ~(size_t)3);
		if (desc > (size_t)len || note.n_descsz > (size_t)len - desc)
			break;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && !memcmp(notes + name, "GNU", 4) &&
		    note.n_descsz == BUILD_ID_BYTES) {
			memcpy(id, notes + desc, BUILD_ID_BYTES);
			return true;
		}
		at = desc + (((size_t)note.n_descsz + 3) & ~(size_t)3);
	}
	return false;
}
