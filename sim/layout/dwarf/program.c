/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: finds the named structs of a program; see layout.h. libdw opens the
 * file, looks for split debug information, unpacks compressed sections and
 * relocates what has not been linked.
 *
 * Each unit declares the headers it includes again; only the first of equal
 * declarations is read to its end. Equal are kind, name with scope, size, line,
 * and names and places of members; their types are not looked at.
 *
 * Debug information is input like any other: chains of siblings must go
 * forward, types cannot be deeper than DWARF_DEEPEST, sizes above
 * LAYOUT_MAX_BYTES are damage. Damage is counted and the rest is read.
 *
 * Locking: none.
 */
#include "sim/layout/dwarf/internal.h"

#include <dwarf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/util/hash.h"

#define CHUNK_BYTES	(256u << 10)
#define NAME_MAX_BYTES	4096	/* of a name with its scopes; longer ones are cut */

/* ---- memory ---------------------------------------------------------------- */

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, size;
	_Alignas(16) char bytes[];
};

void *dwarf_alloc(struct layout_program *prog, size_t bytes)
{
	struct arena_chunk *chunk = prog->chunks;

	bytes = (bytes + 15) & ~(size_t)15;
	if (!chunk || chunk->size - chunk->used < bytes) {
		size_t size = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;

		chunk = calloc(1, sizeof(*chunk) + size);
		if (!chunk) {
			prog->no_memory = true;
			return NULL;
		}
		chunk->size = size;
		chunk->next = prog->chunks;
		prog->chunks = chunk;
	}
	chunk->used += bytes;
	return chunk->bytes + chunk->used - bytes;
}

const char *dwarf_strndup(struct layout_program *prog, const char *text, size_t len)
{
	char *copy = dwarf_alloc(prog, len + 1);

	if (!copy)
		return "";
	memcpy(copy, text, len);
	return copy;
}

/* ---- the list of named types ------------------------------------------------ */

static uint64_t listed_hash(enum layout_kind kind, const char *name, const struct dwarf_attrs *attrs)
{
	uint64_t hash = hash_bytes(name, strlen(name));

	hash = hash_u64(hash ^ attrs->byte_size ^ attrs->shape);
	return hash_u64(hash ^ ((uint64_t)attrs->line << 2 | kind));
}

static bool is_equal(const struct layout_type *type, enum layout_kind kind, const char *name,
		     const struct dwarf_attrs *attrs)
{
	return type->kind == kind && type->size == attrs->byte_size && type->line == attrs->line &&
	       ((const struct dwarf_type *)type)->shape == attrs->shape && !strcmp(type->name, name);
}

static bool grow_list(struct layout_program *prog)
{
	size_t size = prog->list_size ? prog->list_size * 2 : 1024;
	const struct layout_type **list = reallocarray(prog->list, size, sizeof(*list));

	if (!list) {
		prog->no_memory = true;
		return false;
	}
	prog->list = list;
	prog->list_size = size;
	return true;
}

/* What is listed and equal to these; NULL, and then *@key is free for it. Types that differ may share a hash. */
static const struct layout_type *find_equal(const struct layout_program *prog, uint64_t *key, enum layout_kind kind,
					    const char *name, const struct dwarf_attrs *attrs)
{
	const uint64_t *number;

	for (*key = listed_hash(kind, name, attrs); (number = table_find(&prog->listed, *key)); *key = hash_u64(*key + 1))
		if (is_equal(prog->list[*number - 1], kind, name, attrs))
			return prog->list[*number - 1];
	return NULL;
}

struct dwarf_type *dwarf_find_listed(const struct layout_program *prog, enum layout_kind kind,
				     const struct dwarf_attrs *attrs)
{
	uint64_t key;

	return (struct dwarf_type *)find_equal(prog, &key, kind, attrs->name, attrs);
}

/* List @die under @name unless it is; true where it is new. */
static bool list_type(struct layout_program *prog, Dwarf_Die *die, enum layout_kind kind,
		      const char *name, const struct dwarf_attrs *attrs)
{
	struct dwarf_type *type;
	uint64_t key, *number;

	if (prog->nr == prog->list_size && !grow_list(prog))
		return false;
	if (find_equal(prog, &key, kind, name, attrs))
		return false;
	type = dwarf_get_type(prog, die, 0);
	/* One that is listed already has two typedefs. */
	if (!type || type->pub.name[0])
		return false;
	number = table_get(&prog->listed, key);
	if (!number) {
		prog->no_memory = true;
		return false;
	}
	type->pub.name = dwarf_strndup(prog, name, strlen(name));
	type->pub.line = attrs->line;
	prog->list[prog->nr++] = &type->pub;
	*number = prog->nr;
	if (type->pub.variants)
		dwarf_mark_variants(prog, die, type->pub.size);
	return true;
}

/* ---- walking scopes ----------------------------------------------------------- */

static void walk(struct layout_program *prog, Dwarf_Die *scope, const char *prefix, unsigned int depth);

/* "outer::inner" in @buf, or @name itself where there is no scope. */
static const char *join_name(char buf[NAME_MAX_BYTES], const char *prefix, const char *name)
{
	if (!*prefix)
		return name;
	snprintf(buf, NAME_MAX_BYTES, "%s::%s", prefix, name);
	return buf;
}

static void walk_type(struct layout_program *prog, Dwarf_Die *die, const char *prefix,
		      unsigned int depth)
{
	char buf[NAME_MAX_BYTES];
	struct dwarf_attrs attrs;
	const char *name;

	dwarf_read_attrs(die, &attrs);
	/* What is only declared here can hold a definition all the same. */
	if (attrs.declaration && *attrs.name && !prog->c_language)
		walk(prog, die, join_name(buf, prefix, attrs.name), depth + 1);
	if (attrs.declaration || !attrs.has_byte_size)
		return;
	/* Defined outside of the class that declares it: the declaration has the name. */
	if (attrs.has_specification && !*attrs.name) {
		Dwarf_Attribute attr;

		attrs.name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attr));
	}
	if (!attrs.name || !*attrs.name)
		return;
	name = join_name(buf, prefix, attrs.name);
	attrs.shape = dwarf_shape(die);
	if (list_type(prog, die, dwarf_kind_of(die), name, &attrs) && !prog->c_language)
		walk(prog, die, name, depth + 1);
}

/* typedef struct { ... } name; */
static void walk_typedef(struct layout_program *prog, Dwarf_Die *die, const char *prefix)
{
	struct dwarf_attrs own, attrs;
	char buf[NAME_MAX_BYTES];
	Dwarf_Die type;
	int kind;

	if (!dwarf_type_of(die, &type))
		return;
	kind = dwarf_kind_of(&type);
	if (kind < 0)
		return;
	dwarf_read_attrs(&type, &attrs);
	if (*attrs.name || attrs.declaration || !attrs.has_byte_size || attrs.has_specification)
		return;
	dwarf_read_attrs(die, &own);
	attrs.shape = dwarf_shape(&type);
	if (*own.name)
		list_type(prog, &type, kind, join_name(buf, prefix, own.name), &attrs);
}

static void walk_namespace(struct layout_program *prog, Dwarf_Die *die, const char *prefix,
			   unsigned int depth)
{
	char buf[NAME_MAX_BYTES];
	struct dwarf_attrs attrs;

	dwarf_read_attrs(die, &attrs);
	walk(prog, die, join_name(buf, prefix, *attrs.name ? attrs.name : "(anonymous)"), depth + 1);
}

static void walk(struct layout_program *prog, Dwarf_Die *scope, const char *prefix, unsigned int depth)
{
	Dwarf_Die die;

	if (depth > DWARF_DEEPEST || dwarf_child(scope, &die))
		return;
	do {
		switch (dwarf_tag(&die)) {
		case DW_TAG_structure_type:
		case DW_TAG_class_type:
		case DW_TAG_union_type:
			walk_type(prog, &die, prefix, depth);
			break;
		case DW_TAG_typedef:
			walk_typedef(prog, &die, prefix);
			break;
		case DW_TAG_namespace:
		case DW_TAG_module:
			walk_namespace(prog, &die, prefix, depth);
			break;
		case DW_TAG_subprogram:
		case DW_TAG_lexical_block:
			walk(prog, &die, prefix, depth + 1);
			break;
		default:
			break;
		}
	} while (!prog->no_memory && dwarf_next(&die));
}

/* ---- units ---------------------------------------------------------------------- */

static bool is_c(int language)
{
	switch (language) {
	case DW_LANG_C:
	case DW_LANG_C89:
	case DW_LANG_C99:
	case DW_LANG_C11:
		return true;
	default:
		return false;
	}
}

static void walk_unit(struct layout_program *prog, Dwarf_Die *cudie)
{
	uint8_t address_size = 8;

	if (dwarf_cu_info(cudie->cu, NULL, NULL, NULL, NULL, NULL, &address_size, NULL))
		return;
	prog->address_size = address_size;
	prog->c_language = is_c(dwarf_srclang(cudie));
	walk(prog, cudie, "", 0);
}

static bool should_stop(struct layout_program *prog)
{
	prog->stopped |= prog->stop && *prog->stop;
	return prog->stopped;
}

/* All units of @dbg, those in .debug_types, partial ones and split ones included. */
static void walk_dwarf(struct layout_program *prog, Dwarf *dbg)
{
	Dwarf_CU *cu = NULL;
	uint8_t unit_type;
	Dwarf_Half version;
	Dwarf_Die cudie, subdie;
	int ret = 0;

	while (!prog->no_memory && !should_stop(prog) &&
	       !(ret = dwarf_get_units(dbg, cu, &cu, &version, &unit_type, &cudie, &subdie))) {
		if (unit_type == DW_UT_skeleton && !subdie.cu)
			dwarf_note_split(prog, &cudie);
		else
			walk_unit(prog, unit_type == DW_UT_skeleton ? &subdie : &cudie);
		prog->units++;
	}
	prog->damaged += ret < 0;
}

static void learn_machine(struct layout_program *prog, Dwfl_Module *mod)
{
	GElf_Ehdr ehdr;
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(mod, &bias);

	if (!elf || !gelf_getehdr(elf, &ehdr))
		return;
	/* i386 aligns nothing inside a struct to more than 4 bytes unless an attribute asks for it. */
	prog->max_align = ehdr.e_machine == EM_386 ? 4 : 16;
	prog->big_endian = ehdr.e_ident[EI_DATA] == ELFDATA2MSB;
}

/* What dwarf_get_units() meets in @dbg may lean on an alternate file that dwz made. */
static int on_module(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base, void *arg)
{
	struct layout_program *prog = arg;
	Dwarf_Addr bias;
	Dwarf *dbg = dwfl_module_getdwarf(mod, &bias), *alt;

	if (!dbg)
		return DWARF_CB_OK;
	learn_machine(prog, mod);
	walk_dwarf(prog, dbg);
	alt = dwarf_getalt(dbg);
	if (alt)
		walk_dwarf(prog, alt);
	return prog->no_memory || prog->stopped ? DWARF_CB_ABORT : DWARF_CB_OK;
}

/* ---- opening ---------------------------------------------------------------------- */

static int open_file(const char *path, int *fd, struct kerror *err)
{
	struct stat st;

	/* Without O_NONBLOCK a pipe nobody writes to would hold us here. */
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0)
		return kerror_set(err, -errno, "%s: %s", path, strerror(errno));
	if (!fstat(*fd, &st) && S_ISREG(st.st_mode))
		return 0;
	close(*fd);
	return kerror_set(err, -EINVAL, "%s: not a regular file", path);
}

static int open_dwfl(struct layout_program *prog, const char *path, struct kerror *err)
{
	int fd, ret = open_file(path, &fd, err);

	if (ret)
		return ret;
	prog->callbacks = (Dwfl_Callbacks){
		.find_elf = dwfl_linux_proc_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
		.section_address = dwfl_offline_section_address,
		.debuginfo_path = &prog->debuginfo_path,
	};
	prog->dwfl = dwfl_begin(&prog->callbacks);
	if (!prog->dwfl) {
		close(fd);
		return kerror_set(err, -ENOMEM, "no memory to open %s", path);
	}
	if (!dwfl_report_offline(prog->dwfl, path, path, fd)) {
		const char *why = dwfl_errmsg(-1);

		close(fd);
		return kerror_set(err, -ENOEXEC, "%s: not an ELF file (%s)", path, why ? why : "unknown");
	}
	dwfl_report_end(prog->dwfl, NULL, NULL);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct layout_type *const *x = a, *const *y = b;
	int order = strcmp((*x)->name, (*y)->name);

	if (order)
		return order;
	if ((*x)->kind != (*y)->kind)
		return (*x)->kind < (*y)->kind ? -1 : 1;
	if ((*x)->size != (*y)->size)
		return (*x)->size < (*y)->size ? -1 : 1;
	return (*x)->line < (*y)->line ? -1 : (*x)->line > (*y)->line;
}

int layout_open(struct layout_program **out, const char *path, const volatile sig_atomic_t *stop,
		struct kerror *err)
{
	struct layout_program *prog = calloc(1, sizeof(*prog));
	int ret;

	*out = NULL;
	if (!prog)
		return kerror_set(err, -ENOMEM, "no memory to open %s", path);
	prog->missing = "";
	prog->stop = stop;
	ret = open_dwfl(prog, path, err);
	if (!ret) {
		dwfl_getmodules(prog->dwfl, on_module, prog, 0);
		if (prog->no_memory)
			ret = kerror_set(err, -ENOMEM, "%s: no memory for its types", path);
		else if (!prog->nr && prog->stopped)
			ret = kerror_set(err, -EINTR, "%s: interrupted before any struct was found", path);
		else if (!prog->nr)
			ret = dwarf_no_types(prog, path, err);
	}
	if (ret) {
		layout_close(prog);
		return ret;
	}
	/* qsort() moves memory about; the list's places in prog->listed are not needed any more. */
	qsort(prog->list, prog->nr, sizeof(*prog->list), by_name);
	dwarf_say_missing(prog, path);
	*out = prog;
	return 0;
}

void layout_close(struct layout_program *prog)
{
	if (!prog)
		return;
	while (prog->chunks) {
		struct arena_chunk *chunk = prog->chunks;

		prog->chunks = chunk->next;
		free(chunk);
	}
	if (prog->dwfl)
		dwfl_end(prog->dwfl);
	free(prog->list);
	table_free(&prog->listed);
	table_free(&prog->types);
	free(prog);
}

const struct layout_type *const *layout_types(const struct layout_program *prog, size_t *nr)
{
	*nr = prog->nr;
	return prog->list;
}

uint64_t layout_stopped(const struct layout_program *prog)
{
	return prog->stopped ? prog->units : 0;
}

uint64_t layout_damaged(const struct layout_program *prog)
{
	return prog->damaged;
}

const char *layout_missing(const struct layout_program *prog)
{
	return prog->missing;
}

/*
 * As dwarf_decl_file() does, which of elfutils 0.188 aborts where a unit has no
 * table of files.
 */
const char *layout_declared_in(const struct layout_program *prog, const struct layout_type *type)
{
	/* libdw wants to write what it learns into the DIE. */
	Dwarf_Die die = ((const struct dwarf_type *)type)->die, cudie;
	const char *name = NULL;
	Dwarf_Attribute attr;
	Dwarf_Files *files;
	Dwarf_Word number;
	size_t nr;

	if (dwarf_attr_integrate(&die, DW_AT_decl_file, &attr) && !dwarf_formudata(&attr, &number) &&
	    dwarf_cu_die(attr.cu, &cudie, NULL, NULL, NULL, NULL, NULL, NULL) &&
	    !dwarf_getsrcfiles(&cudie, &files, &nr) && number < nr)
		name = dwarf_filesrc(files, number, NULL, NULL);
	return name ? name : "";
}

bool layout_supported(void)
{
	return true;
}
