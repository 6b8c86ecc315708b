/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: where debug information is that was not found; see internal.h.
 *
 * With -gsplit-dwarf a program holds a skeleton of each unit, which names the
 * file that has the rest:
 *
 *	a.dwo	-gsplit-dwarf. libdw reads it, where it still is
 *	a.o	-gsplit-dwarf=single: the object file itself. libdw does not read it
 *	a.dwp	all .dwo files of a program packed into one, beside the program;
 *		rustc -C split-debuginfo=packed makes only this. libdw reads it
 *		from 0.191 on
 *
 * Only a program without any type is an error; of others types are missing, and
 * the report says so.
 *
 * Locking: none.
 */
#include "sim/layout/dwarf/internal.h"

#include <dwarf.h>
#include <errno.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES	4096

/* ---- split debug information ------------------------------------------------- */

static const char *string_of(struct layout_program *prog, Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attr;
	const char *text = dwarf_formstring(dwarf_attr(die, name, &attr));

	return text ? dwarf_strndup(prog, text, strlen(text)) : "";
}

void dwarf_note_split(struct layout_program *prog, Dwarf_Die *cudie)
{
	if (prog->split_missing++)
		return;
	prog->split_name = string_of(prog, cudie, DW_AT_dwo_name);
	if (!*prog->split_name)
		prog->split_name = string_of(prog, cudie, DW_AT_GNU_dwo_name);
	prog->split_folder = string_of(prog, cudie, DW_AT_comp_dir);
}

static bool is_there(const char *folder, size_t folder_len, const char *name, const char *suffix)
{
	char path[PATH_BYTES];
	int len = snprintf(path, sizeof(path), "%.*s%s%s", (int)folder_len, folder, name, suffix);

	return len > 0 && (size_t)len < sizeof(path) && !access(path, F_OK);
}

/* In the folder it was compiled in, or beside the program: where libdw looks, too. */
static bool split_file_is_there(const struct layout_program *prog, const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_BYTES];

	if (!*prog->split_name)
		return false;
	if (*prog->split_name == '/')
		return is_there("", 0, prog->split_name, "");
	snprintf(folder, sizeof(folder), "%s/", *prog->split_folder ? prog->split_folder : ".");
	return is_there(folder, strlen(folder), prog->split_name, "") ||
	       is_there(path, slash ? (size_t)(slash + 1 - path) : 0, prog->split_name, "");
}

static bool ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return len >= end_len && !strcmp(name + len - end_len, end);
}

/* The last @max bytes of a path, which say more than the first ones. */
static const char *tail_of(const char *path, size_t max)
{
	size_t len = strlen(path);

	return len > max ? path + len - max : path;
}

/* "in 'a.dwo' and 2 other files, which are not there": where it is, and why it is not read. */
static void say_where(const struct layout_program *prog, const char *path, char *out, size_t size)
{
	unsigned long long others = (unsigned long long)prog->split_missing - 1;
	const char *name = tail_of(prog->split_name, 60);
	char more[48] = "";

	if (is_there(path, strlen(path), "", ".dwp")) {
		snprintf(out, size, "in '%s.dwp', which libdw %s does not read", tail_of(path, 60),
			 dwfl_version(prog->dwfl));
		return;
	}
	if (others)
		snprintf(more, sizeof(more), " and %llu other file%s", others, others > 1 ? "s" : "");
	if (!split_file_is_there(prog, path))
		snprintf(out, size, "in '%s'%s, which %s not there", name, more, others ? "are" : "is");
	else if (ends_in(name, ".dwo"))
		snprintf(out, size, "in '%s'%s, which %s of another build or damaged", name, more,
			 others ? "are" : "is");
	else
		snprintf(out, size, "in '%s'%s, which libdw does not read (-gsplit-dwarf=single)", name, more);
}

void dwarf_say_missing(struct layout_program *prog, const char *path)
{
	char where[200], text[400];

	if (!prog->split_missing)
		return;
	say_where(prog, path, where, sizeof(where));
	snprintf(text, sizeof(text), "types are missing: the debug information of %llu unit%s is %s",
		 (unsigned long long)prog->split_missing, prog->split_missing > 1 ? "s" : "", where);
	prog->missing = dwarf_strndup(prog, text, strlen(text));
}

/* ---- none at all ---------------------------------------------------------------- */

/* Why there is no debug information, and what helps. */
struct absence {
	bool has_btf, has_module, is_package;
	char link[128];		/* of .gnu_debuglink */
	char build_id[64];
};

static void read_sections(Elf *elf, struct absence *why)
{
	Elf_Scn *scn = NULL;
	size_t strings;

	if (elf_getshdrstrndx(elf, &strings))
		return;
	while ((scn = elf_nextscn(elf, scn))) {
		GElf_Shdr shdr;
		const char *name = gelf_getshdr(scn, &shdr) ? elf_strptr(elf, strings, shdr.sh_name) : NULL;
		const Elf_Data *data;

		if (!name)
			continue;
		if (!strcmp(name, ".BTF"))
			why->has_btf = true;
		if (!strcmp(name, ".debug_cu_index"))
			why->is_package = true;
		if (strcmp(name, ".gnu_debuglink") || !(data = elf_rawdata(scn, NULL)) || !data->d_buf)
			continue;
		snprintf(why->link, sizeof(why->link), "%.*s", (int)strnlen(data->d_buf, data->d_size),
			 (const char *)data->d_buf);
	}
}

static int look_for_absence(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base,
			    void *arg)
{
	struct absence *why = arg;
	const unsigned char *bits;
	GElf_Addr bias, vaddr;
	Elf *elf = dwfl_module_getelf(mod, &bias);
	int len, i;

	if (!elf)
		return DWARF_CB_OK;
	why->has_module = true;
	read_sections(elf, why);
	len = dwfl_module_build_id(mod, &bits, &vaddr);
	for (i = 0; i < len && i < 20; i++)
		snprintf(why->build_id + 2 * i, sizeof(why->build_id) - 2 * i, "%02x", bits[i]);
	return DWARF_CB_ABORT;
}

int dwarf_no_types(const struct layout_program *prog, const char *path, struct kerror *err)
{
	struct absence why = { 0 };
	char where[200];

	if (prog->damaged)
		return kerror_set(err, -EBADMSG, "%s: its debug information is damaged", path);
	if (prog->split_missing) {
		say_where(prog, path, where, sizeof(where));
		return kerror_set(err, -ENODATA, "%s: its debug information is %s; compile without -gsplit-dwarf "
				  "(rustc: -C split-debuginfo=off)", tail_of(path, 60), where);
	}
	dwfl_getmodules(prog->dwfl, look_for_absence, &why, 0);
	if (!why.has_module)
		return kerror_set(err, -EBADMSG, "%s: a damaged ELF file", path);
	if (why.is_package)
		return kerror_set(err, -ENODATA, "%s: a package of split debug information (.dwp), which libdw %s does "
				  "not read", path, dwfl_version(prog->dwfl));
	if (why.link[0])
		return kerror_set(err, -ENODATA, "%s: no debug information here, and '%s', where it was put, is "
				  "neither beside it nor below /usr/lib/debug (build id %s)", path, why.link,
				  why.build_id[0] ? why.build_id : "none");
	return kerror_set(err, -ENODATA, "%s: no debug information with structs%s; compile with -g, or install "
			  "the debug symbols of its package (build id %s)", path,
			  why.has_btf ? " (BTF only, which is not read)" : "",
			  why.build_id[0] ? why.build_id : "none");
}
