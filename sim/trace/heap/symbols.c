/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: function names for places in ELF files; see symbols.h. A file's functions
 * are sorted by address when it is first asked for; of several names for one
 * address the first in the table is taken.
 *
 * ELF files are input like any other: libelf checks their tables, and what it
 * refuses has no names.
 *
 * Locking: none.
 */
#include "sim/trace/heap/symbols.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct function {
	uint64_t start, size;
	uint32_t order;		/* in the file's table */
	const char *name;	/* in the file, which stays open */
};

struct segment {
	uint64_t at, len, address;	/* in the file; where it is linked to */
};

struct elf_file {
	char *path;
	int fd;
	Elf *elf;
	struct function *functions;
	size_t nr, size;
	struct segment *segments;
	size_t nr_segments;
};

struct symbols {
	struct elf_file *files;
	size_t nr;
};

struct symbols *symbols_create(void)
{
	return elf_version(EV_CURRENT) == EV_NONE ? NULL : calloc(1, sizeof(struct symbols));
}

void symbols_destroy(struct symbols *symbols)
{
	size_t i;

	if (!symbols)
		return;
	for (i = 0; i < symbols->nr; i++) {
		struct elf_file *file = &symbols->files[i];

		elf_end(file->elf);
		if (file->fd >= 0)
			close(file->fd);
		free(file->functions);
		free(file->segments);
		free(file->path);
	}
	free(symbols->files);
	free(symbols);
}

/* ---- a file --------------------------------------------------------------------- */

static void read_segments(struct elf_file *file)
{
	size_t nr, i;
	GElf_Phdr phdr;

	if (elf_getphdrnum(file->elf, &nr) || !nr)
		return;
	file->segments = calloc(nr, sizeof(*file->segments));
	for (i = 0; file->segments && i < nr; i++) {
		if (!gelf_getphdr(file->elf, (int)i, &phdr) || phdr.p_type != PT_LOAD)
			continue;
		file->segments[file->nr_segments++] = (struct segment){ phdr.p_offset, phdr.p_filesz, phdr.p_vaddr };
	}
}

/* False: no memory. */
static bool add_function(struct elf_file *file, const GElf_Sym *sym, const char *name, uint32_t order)
{
	if (file->nr == file->size) {
		size_t size = file->size ? file->size * 2 : 256;
		struct function *larger = reallocarray(file->functions, size, sizeof(*larger));

		if (!larger)
			return false;
		file->functions = larger;
		file->size = size;
	}
	file->functions[file->nr++] = (struct function){ sym->st_value, sym->st_size, order, name };
	return true;
}

static void read_table(struct elf_file *file, Elf_Scn *section, const GElf_Shdr *shdr)
{
	size_t nr = shdr->sh_entsize ? shdr->sh_size / shdr->sh_entsize : 0, i;
	Elf_Data *data = elf_getdata(section, NULL);
	const char *name;
	GElf_Sym sym;

	for (i = 0; data && i < nr && i < UINT32_MAX && gelf_getsym(data, (int)i, &sym); i++) {
		unsigned int type = GELF_ST_TYPE(sym.st_info);

		if ((type != STT_FUNC && type != STT_GNU_IFUNC) || sym.st_shndx == SHN_UNDEF)
			continue;
		name = elf_strptr(file->elf, shdr->sh_link, sym.st_name);
		if (name && *name && !add_function(file, &sym, name, (uint32_t)i))
			return;
	}
}

static int by_start(const void *a, const void *b)
{
	const struct function *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void read_functions(struct elf_file *file, unsigned int wanted)
{
	Elf_Scn *section = NULL;
	GElf_Shdr shdr;

	while (!file->nr && (section = elf_nextscn(file->elf, section)))
		if (gelf_getshdr(section, &shdr) && shdr.sh_type == wanted)
			read_table(file, section, &shdr);
	if (file->nr)
		qsort(file->functions, file->nr, sizeof(*file->functions), by_start);
}

/* A file that cannot be read is one without names. NULL: no memory. */
static struct elf_file *add_file(struct symbols *symbols, const char *path)
{
	struct elf_file *larger = reallocarray(symbols->files, symbols->nr + 1, sizeof(*larger)), *file;
	struct stat st;

	if (!larger)
		return NULL;
	symbols->files = larger;
	file = &larger[symbols->nr];
	*file = (struct elf_file){ .path = strdup(path), .fd = -1 };
	if (!file->path)
		return NULL;
	symbols->nr++;
	/* Opening a named pipe would wait for its other end. */
	if (!stat(path, &st) && S_ISREG(st.st_mode))
		file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file->fd < 0)
		return file;
	file->elf = elf_begin(file->fd, ELF_C_READ_MMAP, NULL);
	if (elf_kind(file->elf) != ELF_K_ELF)
		return file;
	read_segments(file);
	read_functions(file, SHT_SYMTAB);
	if (!file->nr)
		read_functions(file, SHT_DYNSYM);
	return file;
}

static struct elf_file *find_file(struct symbols *symbols, const char *path)
{
	size_t i;

	for (i = symbols->nr; i > 0; i--)
		if (!strcmp(symbols->files[i - 1].path, path))
			return &symbols->files[i - 1];
	return add_file(symbols, path);
}

/* ---- a place ---------------------------------------------------------------------- */

static bool to_address(const struct elf_file *file, uint64_t at, uint64_t *address)
{
	size_t i;

	for (i = 0; i < file->nr_segments; i++) {
		if (at - file->segments[i].at >= file->segments[i].len)
			continue;
		*address = at - file->segments[i].at + file->segments[i].address;
		return true;
	}
	return false;
}

bool symbols_find(struct symbols *symbols, const char *path, uint64_t at, const char **name, uint64_t *offset)
{
	const struct elf_file *file = find_file(symbols, path);
	size_t low = 0, high = file ? file->nr : 0;
	uint64_t address;

	if (!file || !to_address(file, at, &address))
		return false;
	/* The last function that does not start behind it. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (file->functions[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	while (low > 1 && file->functions[low - 2].start == file->functions[low - 1].start)
		low--;
	if (!low || address - file->functions[low - 1].start >= file->functions[low - 1].size)
		return false;
	*name = file->functions[low - 1].name;
	*offset = address - file->functions[low - 1].start;
	return true;
}
