/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what the files that read debug information share. */
#ifndef KMEMSIM_SIM_LAYOUT_DWARF_INTERNAL_H
#define KMEMSIM_SIM_LAYOUT_DWARF_INTERNAL_H

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include "sim/layout/layout.h"
#include "sim/util/table.h"

/*
 * How deep types may lie in types, and scopes in scopes. Real programs stay
 * far below; damaged ones have no end.
 */
#define DWARF_DEEPEST	48

struct arena_chunk;

/* A type, and where it came from. */
struct dwarf_type {
	struct layout_type pub;		/* first: the two are converted by a cast */
	Dwarf_Die die;
	uint64_t shape;			/* by dwarf_shape() */
	bool ready;			/* members are read; false: being read */
};

struct layout_program {
	Dwfl *dwfl;
	Dwfl_Callbacks callbacks;
	char *debuginfo_path;		/* NULL: beside the file, .debug there, /usr/lib/debug */
	struct arena_chunk *chunks;	/* types, members, strings */
	const struct layout_type **list;	/* the named ones, each once */
	size_t nr, list_size;
	struct table listed;		/* hash of kind, name, size, line, shape -> number in list, plus one */
	struct table types;		/* address of a DIE -> its struct dwarf_type */
	uint64_t damaged;
	uint64_t split_missing;		/* units whose debug information is in a file that was not found or read */
	const char *split_name, *split_folder;	/* of the first of these, as the compiler wrote them down */
	const char *missing;		/* by dwarf_say_missing() */
	const volatile sig_atomic_t *stop;	/* NULL, or not 0: no further unit */
	uint64_t units;			/* read so far */
	bool stopped;
	bool no_memory;			/* sticky; reading goes on to its end without effect */
	/* of the module being read */
	uint32_t max_align;		/* of what is no struct */
	bool big_endian;
	/* of the unit being read */
	unsigned int address_size;
	bool c_language;		/* names need no scope */
};

/* Zeroed memory that lives as long as @prog; NULL sets prog->no_memory. */
void *dwarf_alloc(struct layout_program *prog, size_t bytes);
/* A copy of @len bytes at @text, terminated; "" without memory. */
const char *dwarf_strndup(struct layout_program *prog, const char *text, size_t len);

/* What several places read of a DIE, in one pass over its attributes. */
struct dwarf_attrs {
	const char *name;		/* "" none */
	uint64_t byte_size, bit_size;
	uint64_t bit_offset;		/* DWARF 2 and 3 count from the other end */
	uint64_t data_bit_offset;
	uint64_t location;		/* bytes */
	uint64_t alignment;		/* 0 none */
	uint64_t shape;			/* by dwarf_shape(), where the caller asks for it */
	unsigned int line;
	bool has_byte_size, has_bit_size, has_bit_offset, has_data_bit_offset;
	bool bad_location;		/* an expression that only a running program can evaluate */
	bool declaration, external, artificial, virtual_;
	bool has_type, has_specification;
};
void dwarf_read_attrs(Dwarf_Die *die, struct dwarf_attrs *attrs);

/* A hash of the names and places of a type's members, without a look at their types. */
uint64_t dwarf_shape(Dwarf_Die *die);

/* The next sibling behind *@die; false at the end and where the chain is damaged. */
bool dwarf_next(Dwarf_Die *die);
/* Follow DW_AT_type; false where there is none. */
bool dwarf_type_of(Dwarf_Die *die, Dwarf_Die *type);
/* Strip typedefs, const, volatile and the like; *@align grows with the attributes among them. */
bool dwarf_strip(Dwarf_Die *die, uint32_t *align);

/* enum layout_kind of the DIE, -1 where it is none of these. */
int dwarf_kind_of(Dwarf_Die *die);
/* What is listed under this kind, name, size, line and shape; NULL: nothing yet. */
struct dwarf_type *dwarf_find_listed(const struct layout_program *prog, enum layout_kind kind,
				     const struct dwarf_attrs *attrs);
/* The type of a struct, class or union DIE that is no mere declaration; NULL: too deep, or no memory. */
struct dwarf_type *dwarf_get_type(struct layout_program *prog, Dwarf_Die *die, unsigned int depth);

/*
 * The structs that @die (@size bytes, with variants) is made of get pub.variants,
 * too: what the members of one leave may belong to the tag.
 */
void dwarf_mark_variants(struct layout_program *prog, Dwarf_Die *die, uint64_t size);

/* What a member of type @die needs. */
struct type_info {
	uint64_t bytes;
	uint64_t elements;
	uint32_t align;
	bool array;
	bool incomplete;		/* only declared: its size is not known */
	const struct layout_type *type;	/* of the elements */
};
void dwarf_type_info(struct layout_program *prog, Dwarf_Die *die, struct type_info *info,
		     unsigned int depth);

/*
 * Elements of one dimension of an array; 0 where it has no bound, or one that
 * only a running program knows.
 */
uint64_t dwarf_subrange_count(Dwarf_Die *range);

/* The type @die (NULL: void) as C writes it without a name; owned by @prog. */
const char *dwarf_type_text(struct layout_program *prog, Dwarf_Die *die);

/* ---- what is not here (missing.c) --------------------------------------- */

/* @cudie says that its unit's debug information is elsewhere, and libdw did not find it. */
void dwarf_note_split(struct layout_program *prog, Dwarf_Die *cudie);
/* Set prog->missing. */
void dwarf_say_missing(struct layout_program *prog, const char *path);
/* Say why @path has no types and what helps; a negative errno. */
int dwarf_no_types(const struct layout_program *prog, const char *path, struct kerror *err);

#endif
