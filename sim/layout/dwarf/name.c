/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: types as C writes them, without a name: "void (*)(struct work_struct *)".
 *
 * Debug information leads from the outside in: pointer, array, function, base.
 * So does the declarator: what is met goes around what was met before, and the
 * base is put in front at the end. Locking: none.
 */
#include "sim/layout/dwarf/internal.h"

#include <dwarf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX	256	/* longer ones are cut */
#define PARAMETERS_DEEP	3	/* functions as parameters of functions; deeper ones become "..." */

struct declarator {
	char text[TEXT_MAX];	/* around where the name would be */
	char quals[32];		/* of the type that comes next */
};

static void write_type(Dwarf_Die *die, char out[TEXT_MAX], unsigned int deep);

/* text = front + text + back */
static void surround(struct declarator *decl, const char *front, const char *back)
{
	char was[TEXT_MAX];

	memcpy(was, decl->text, sizeof(was));
	/* What does not fit is cut, as the limit says. */
	if (snprintf(decl->text, sizeof(decl->text), "%s%s%s", front, was, back) < 0)
		decl->text[0] = '\0';
}

static void add_qualifier(struct declarator *decl, const char *word)
{
	size_t len = strlen(decl->quals);

	if (!strstr(decl->quals, word))
		snprintf(decl->quals + len, sizeof(decl->quals) - len, "%s ", word);
}

static bool is_array_or_function(Dwarf_Die *die)
{
	Dwarf_Die at = *die;
	uint32_t align = 0;

	/* A typedef of one is its own name. */
	while (dwarf_tag(&at) == DW_TAG_const_type || dwarf_tag(&at) == DW_TAG_volatile_type)
		if (++align > DWARF_DEEPEST || !dwarf_type_of(&at, &at))
			return false;
	return dwarf_tag(&at) == DW_TAG_array_type || dwarf_tag(&at) == DW_TAG_subroutine_type;
}

static void add_pointer(struct declarator *decl, const char *sign, Dwarf_Die *target, bool has_target)
{
	char front[64];

	snprintf(front, sizeof(front), "%s%s", sign, decl->quals);
	decl->quals[0] = '\0';
	surround(decl, front, "");
	if (has_target && is_array_or_function(target))
		surround(decl, "(", ")");
}

static void add_bounds(struct declarator *decl, Dwarf_Die *array)
{
	char bounds[TEXT_MAX] = "";
	size_t len = 0;
	Dwarf_Die child;

	if (dwarf_child(array, &child))
		return;
	do {
		uint64_t count;

		if (dwarf_tag(&child) != DW_TAG_subrange_type)
			continue;
		count = dwarf_subrange_count(&child);
		len += (size_t)snprintf(bounds + len, sizeof(bounds) - len, count ? "[%" PRIu64 "]" : "[]",
					count);
	} while (len < sizeof(bounds) - 32 && dwarf_next(&child));
	surround(decl, "", bounds);
}

static void add_parameters(struct declarator *decl, Dwarf_Die *function, unsigned int deep)
{
	char list[TEXT_MAX] = "(", one[TEXT_MAX];
	size_t len = 1;
	Dwarf_Die child, type;

	if (deep > PARAMETERS_DEEP) {
		surround(decl, "", "(...)");
		return;
	}
	if (!dwarf_child(function, &child))
		do {
			int tag = dwarf_tag(&child);

			if (tag == DW_TAG_unspecified_parameters)
				snprintf(one, sizeof(one), "...");
			else if (tag == DW_TAG_formal_parameter)
				write_type(dwarf_type_of(&child, &type) ? &type : NULL, one, deep + 1);
			else
				continue;
			len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", len > 1 ? ", " : "",
						one);
		} while (len < sizeof(list) && dwarf_next(&child));
	if (len >= sizeof(list))
		len = sizeof(list) - 1;
	snprintf(list + len, sizeof(list) - len, "%s", len == 1 ? "void)" : ")");
	surround(decl, "", list);
}

static void name_base(Dwarf_Die *die, char out[TEXT_MAX])
{
	const char *keyword = "", *name = die ? dwarf_diename(die) : "void";

	switch (die ? dwarf_tag(die) : 0) {
	case DW_TAG_structure_type:
		keyword = "struct ";
		break;
	case DW_TAG_class_type:
		keyword = "class ";
		break;
	case DW_TAG_union_type:
		keyword = "union ";
		break;
	case DW_TAG_enumeration_type:
		keyword = "enum ";
		break;
	default:
		break;
	}
	snprintf(out, TEXT_MAX, "%s%s", keyword, name ? name : *keyword ? "{...}" : "?");
}

/* One step inwards; false where @die is the base. */
static bool step(struct declarator *decl, Dwarf_Die *die, Dwarf_Die *next, bool has_next,
		 unsigned int deep)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_const_type:
		add_qualifier(decl, "const");
		return true;
	case DW_TAG_volatile_type:
		add_qualifier(decl, "volatile");
		return true;
	case DW_TAG_restrict_type:
		add_qualifier(decl, "restrict");
		return true;
	case DW_TAG_atomic_type:
		add_qualifier(decl, "_Atomic");
		return true;
	case DW_TAG_pointer_type:
		add_pointer(decl, "*", next, has_next);
		return true;
	case DW_TAG_reference_type:
		add_pointer(decl, "&", next, has_next);
		return true;
	case DW_TAG_rvalue_reference_type:
		add_pointer(decl, "&&", next, has_next);
		return true;
	case DW_TAG_ptr_to_member_type:
		add_pointer(decl, "::*", next, has_next);
		return true;
	case DW_TAG_array_type:
		add_bounds(decl, die);
		return true;
	case DW_TAG_subroutine_type:
		add_parameters(decl, die, deep);
		return true;
	default:
		return false;
	}
}

/* @out is TEXT_MAX bytes and always terminated. */
static void write_type(Dwarf_Die *die, char out[TEXT_MAX], unsigned int deep)
{
	struct declarator decl = { .text = "" };
	char base[TEXT_MAX], front[TEXT_MAX];
	unsigned int steps;
	Dwarf_Die at, next;
	bool has = die;

	if (has)
		at = *die;
	for (steps = 0; has && steps < DWARF_DEEPEST; steps++) {
		bool has_next = dwarf_type_of(&at, &next);

		if (!step(&decl, &at, &next, has_next, deep))
			break;
		has = has_next;
		at = next;
	}
	name_base(has ? &at : NULL, base);
	/* C99 6.7.5: pointers and parentheses stand apart from the base, brackets do not. */
	if (snprintf(front, sizeof(front), "%s%s%s", decl.quals, base,
		     decl.text[0] && decl.text[0] != '[' ? " " : "") < 0)
		front[0] = '\0';
	surround(&decl, front, "");
	memcpy(out, decl.text, TEXT_MAX);
}

const char *dwarf_type_text(struct layout_program *prog, Dwarf_Die *die)
{
	char text[TEXT_MAX];

	write_type(die, text, 0);
	return dwarf_strndup(prog, text, strlen(text));
}
