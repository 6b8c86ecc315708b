/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: members, sizes and alignments out of debug information; see
 * internal.h.
 *
 * Before version 5 DWARF has no alignments, and no version says that a type
 * is packed. A type's alignment is the largest of its members', where the
 * member (or the type's size) is not at a multiple of it, the largest that
 * fits. An attribute that asks for more shows in version 5 only.
 *
 * One member that is not aligned mostly means that all were packed (the attribute
 * on the type, or #pragma pack), though others may be at a multiple of their
 * alignment by chance. So where packing to that member's alignment explains where
 * every member is and where the type ends, it is taken for all of them; else only
 * that member was packed.
 *
 * Locking: none.
 */
#include "sim/layout/dwarf/internal.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "sim/util/hash.h"

#define BITFIELD_MAX	65536u	/* bits; the widest _BitInt is far below */

/* ---- attributes --------------------------------------------------------------- */

static uint64_t form_number(Dwarf_Attribute *attr, bool *good)
{
	Dwarf_Word value;
	Dwarf_Sword negative;

	*good = true;
	if (!dwarf_formudata(attr, &value))
		return value;
	if (!dwarf_formsdata(attr, &negative))
		return (uint64_t)negative;
	*good = false;
	return 0;
}

/* A number, or the expression "add a number" of DWARF 2. */
static void read_location(Dwarf_Attribute *attr, struct dwarf_attrs *attrs)
{
	Dwarf_Op *ops;
	size_t nr;
	bool good;

	attrs->location = form_number(attr, &good);
	if (good)
		return;
	if (!dwarf_getlocation(attr, &ops, &nr) && nr == 1 &&
	    (ops[0].atom == DW_OP_plus_uconst || ops[0].atom == DW_OP_constu))
		attrs->location = ops[0].number;
	else
		attrs->bad_location = true;
}

static bool form_flag(Dwarf_Attribute *attr)
{
	bool flag;

	return !dwarf_formflag(attr, &flag) && flag;
}

static int read_attr(Dwarf_Attribute *attr, void *arg)
{
	struct dwarf_attrs *attrs = arg;
	const char *name;
	bool good;

	switch (dwarf_whatattr(attr)) {
	case DW_AT_name:
		name = dwarf_formstring(attr);
		attrs->name = name ? name : "";
		break;
	case DW_AT_byte_size:
		attrs->byte_size = form_number(attr, &attrs->has_byte_size);
		break;
	case DW_AT_bit_size:
		attrs->bit_size = form_number(attr, &attrs->has_bit_size);
		break;
	case DW_AT_bit_offset:
		attrs->bit_offset = form_number(attr, &attrs->has_bit_offset);
		break;
	case DW_AT_data_bit_offset:
		attrs->data_bit_offset = form_number(attr, &attrs->has_data_bit_offset);
		break;
	case DW_AT_data_member_location:
		read_location(attr, attrs);
		break;
	case DW_AT_alignment:
		attrs->alignment = form_number(attr, &good);
		break;
	case DW_AT_decl_line:
		attrs->line = (unsigned int)form_number(attr, &good);
		break;
	case DW_AT_declaration:
		attrs->declaration = form_flag(attr);
		break;
	case DW_AT_external:
		attrs->external = form_flag(attr);
		break;
	case DW_AT_artificial:
		attrs->artificial = form_flag(attr);
		break;
	case DW_AT_virtuality:
		attrs->virtual_ = form_number(attr, &good) != DW_VIRTUALITY_none;
		break;
	case DW_AT_specification:
		attrs->has_specification = true;
		break;
	default:
		break;
	}
	return DWARF_CB_OK;
}

void dwarf_read_attrs(Dwarf_Die *die, struct dwarf_attrs *attrs)
{
	*attrs = (struct dwarf_attrs){ .name = "" };
	dwarf_getattrs(die, read_attr, attrs, 0);
	if (attrs->alignment > LAYOUT_MAX_BYTES || (attrs->alignment & (attrs->alignment - 1)))
		attrs->alignment = 0;
	if (attrs->alignment > UINT32_MAX / 2)
		attrs->alignment = 0;
	if (attrs->byte_size > LAYOUT_MAX_BYTES)
		attrs->has_byte_size = false;
}

uint64_t dwarf_shape(Dwarf_Die *die)
{
	struct dwarf_attrs attrs;
	uint64_t shape = 0;
	Dwarf_Die child;

	if (dwarf_child(die, &child))
		return 0;
	do {
		if (dwarf_tag(&child) != DW_TAG_member)
			continue;
		dwarf_read_attrs(&child, &attrs);
		shape = hash_u64(shape ^ hash_bytes(attrs.name, strlen(attrs.name)));
		shape = hash_u64(shape ^ (attrs.location << 16) ^ attrs.data_bit_offset ^ attrs.bit_size);
	} while (dwarf_next(&child));
	return shape;
}

/* ---- from DIE to DIE ------------------------------------------------------------ */

bool dwarf_next(Dwarf_Die *die)
{
	const char *before = die->addr;

	return !dwarf_siblingof(die, die) && (const char *)die->addr > before;
}

bool dwarf_type_of(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attr;

	if (!dwarf_attr(die, DW_AT_type, &attr) || !dwarf_formref_die(&attr, type))
		return false;
	/* A type with a unit of its own is only named here. */
	return !dwarf_attr(type, DW_AT_signature, &attr) || dwarf_formref_die(&attr, type);
}

int dwarf_kind_of(Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_structure_type:
		return LAYOUT_STRUCT;
	case DW_TAG_class_type:
		return LAYOUT_CLASS;
	case DW_TAG_union_type:
		return LAYOUT_UNION;
	default:
		return -1;
	}
}

bool dwarf_strip(Dwarf_Die *die, uint32_t *align)
{
	unsigned int steps;

	for (steps = 0; steps < DWARF_DEEPEST; steps++) {
		struct dwarf_attrs attrs;

		switch (dwarf_tag(die)) {
		case DW_TAG_typedef:
		case DW_TAG_const_type:
		case DW_TAG_volatile_type:
		case DW_TAG_restrict_type:
		case DW_TAG_atomic_type:
		case DW_TAG_packed_type:
		case DW_TAG_shared_type:
		case DW_TAG_immutable_type:
			dwarf_read_attrs(die, &attrs);
			if (attrs.alignment > *align)
				*align = (uint32_t)attrs.alignment;
			if (!dwarf_type_of(die, die))
				return false;
			break;
		default:
			return true;
		}
	}
	return false;
}

/* ---- sizes and alignments --------------------------------------------------------- */

static uint32_t lowest_bit(uint64_t value, uint32_t max)
{
	uint64_t bit = value & -value;

	return !bit || bit > max ? max : (uint32_t)bit;
}

uint64_t dwarf_subrange_count(Dwarf_Die *range)
{
	Dwarf_Word count, lower = 0;
	Dwarf_Attribute attr;

	if (dwarf_attr(range, DW_AT_count, &attr))
		return dwarf_formudata(&attr, &count) ? 0 : count;
	if (!dwarf_attr(range, DW_AT_upper_bound, &attr) || dwarf_formudata(&attr, &count))
		return 0;
	/* An upper bound of -1, in whatever width, is an array of nothing. */
	if (count == UINT64_MAX || (count == UINT32_MAX && dwarf_whatform(&attr) == DW_FORM_data4))
		return 0;
	if (dwarf_attr(range, DW_AT_lower_bound, &attr) && dwarf_formudata(&attr, &lower))
		return 0;
	return count < lower || count - lower == UINT64_MAX ? 0 : count - lower + 1;
}

static uint64_t array_count(Dwarf_Die *array)
{
	uint64_t count = 1;
	Dwarf_Die child;

	if (dwarf_child(array, &child))
		return 0;
	do {
		if (dwarf_tag(&child) == DW_TAG_subrange_type &&
		    __builtin_mul_overflow(count, dwarf_subrange_count(&child), &count))
			return UINT64_MAX;
	} while (dwarf_next(&child));
	return count;
}

static void scalar_info(const struct layout_program *prog, Dwarf_Die *die, struct type_info *info)
{
	struct dwarf_attrs attrs;
	Dwarf_Attribute attr;
	Dwarf_Word encoding = 0;
	Dwarf_Die target;

	dwarf_read_attrs(die, &attrs);
	info->bytes = attrs.has_byte_size ? attrs.byte_size : 0;
	switch (dwarf_tag(die)) {
	case DW_TAG_pointer_type:
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		info->bytes = attrs.has_byte_size ? attrs.byte_size : prog->address_size;
		break;
	case DW_TAG_ptr_to_member_type:
		/* One to a function is two words. */
		info->bytes = prog->address_size;
		if (dwarf_type_of(die, &target) && dwarf_tag(&target) == DW_TAG_subroutine_type)
			info->bytes *= 2;
		info->align = prog->address_size;
		return;
	case DW_TAG_unspecified_type:
		info->bytes = prog->address_size;
		break;
	case DW_TAG_base_type:
		if (dwarf_attr(die, DW_AT_encoding, &attr))
			dwarf_formudata(&attr, &encoding);
		break;
	default:
		break;
	}
	info->align = lowest_bit(encoding == DW_ATE_complex_float ? info->bytes / 2 : info->bytes,
				 prog->max_align);
	if (!info->bytes)
		info->align = 1;
}

static void struct_info(struct layout_program *prog, Dwarf_Die *die, struct type_info *info,
			unsigned int depth)
{
	struct dwarf_type *type = dwarf_get_type(prog, die, depth + 1);
	struct dwarf_attrs attrs;

	if (type && type->ready) {
		info->bytes = type->pub.size;
		info->align = type->pub.align;
		info->type = &type->pub;
		return;
	}
	dwarf_read_attrs(die, &attrs);
	info->bytes = attrs.has_byte_size ? attrs.byte_size : 0;
	info->incomplete = !attrs.has_byte_size;
	info->align = 1;
}

/* A vector of the compiler's is one value, aligned to all of itself. */
static void vector_info(struct layout_program *prog, Dwarf_Die *vector, struct type_info *info,
			unsigned int depth)
{
	struct type_info element;
	Dwarf_Die type;

	if (!dwarf_type_of(vector, &type))
		return;
	dwarf_type_info(prog, &type, &element, depth + 1);
	if (__builtin_mul_overflow(element.bytes, array_count(vector), &info->bytes))
		info->bytes = UINT64_MAX;
	info->align = lowest_bit(info->bytes, 64);
}

void dwarf_type_info(struct layout_program *prog, Dwarf_Die *die, struct type_info *info,
		     unsigned int depth)
{
	uint32_t asked = 0;
	Dwarf_Die at = *die;
	unsigned int steps;

	*info = (struct type_info){ .elements = 1, .align = 1 };
	for (steps = 0; steps < DWARF_DEEPEST; steps++) {
		if (!dwarf_strip(&at, &asked))
			return;
		if (dwarf_tag(&at) != DW_TAG_array_type || dwarf_hasattr(&at, DW_AT_GNU_vector))
			break;
		info->array = true;
		if (__builtin_mul_overflow(info->elements, array_count(&at), &info->elements))
			info->elements = UINT64_MAX;
		if (!dwarf_type_of(&at, &at))
			return;
	}
	if (dwarf_tag(&at) == DW_TAG_array_type) {
		if (steps < DWARF_DEEPEST && depth < DWARF_DEEPEST)
			vector_info(prog, &at, info, depth);
	} else if (dwarf_kind_of(&at) >= 0) {
		struct_info(prog, &at, info, depth);
	} else {
		scalar_info(prog, &at, info);
	}
	if (__builtin_mul_overflow(info->bytes, info->elements, &info->bytes))
		info->bytes = UINT64_MAX;
	if (asked > info->align)
		info->align = asked;
}

/* ---- members ------------------------------------------------------------------------ */

/* Bits from the start of the type; DWARF 2 and 3 count from the last bit of the declared type. */
static uint64_t bitfield_offset(const struct layout_program *prog, const struct dwarf_attrs *attrs,
				uint64_t storage)
{
	if (attrs->has_data_bit_offset)
		return attrs->data_bit_offset;
	if (!attrs->has_bit_offset)
		return attrs->location * 8;
	if (prog->big_endian)
		return attrs->location * 8 + attrs->bit_offset;
	return attrs->location * 8 + storage * 8 - attrs->bit_offset - attrs->bit_size;
}

static bool is_member(Dwarf_Die *die, struct dwarf_attrs *attrs)
{
	int tag = dwarf_tag(die);

	if (tag != DW_TAG_member && tag != DW_TAG_inheritance)
		return false;
	dwarf_read_attrs(die, attrs);
	/* static ones lie elsewhere */
	return tag == DW_TAG_inheritance || (!attrs->external && !attrs->declaration);
}

/* Fill @member; false where it cannot lie in a type of @size bytes. */
static bool read_member(struct layout_program *prog, Dwarf_Die *die, const struct dwarf_attrs *attrs,
			uint64_t size, struct layout_member *member, bool *incomplete,
			unsigned int depth)
{
	struct type_info info = { .elements = 1, .align = 1 };
	Dwarf_Die type;

	*member = (struct layout_member){ .name = attrs->name, .type_text = "", .elements = 1 };
	member->base = dwarf_tag(die) == DW_TAG_inheritance;
	member->artificial = attrs->artificial;
	member->elsewhere = member->base && (attrs->virtual_ || attrs->bad_location);
	if (dwarf_type_of(die, &type)) {
		dwarf_type_info(prog, &type, &info, depth);
		member->type_text = dwarf_type_text(prog, &type);
	}
	*incomplete = info.incomplete;
	member->type = info.type;
	member->elements = info.elements;
	member->array = info.array;
	member->align = attrs->alignment > info.align ? (uint32_t)attrs->alignment : info.align;
	if (member->elsewhere)
		return true;
	if (attrs->bad_location || attrs->location > LAYOUT_MAX_BYTES || info.bytes > LAYOUT_MAX_BYTES)
		return false;
	member->bit_offset = attrs->location * 8;
	member->bit_size = info.bytes * 8;
	/* A base without members takes no room, though alone it has a byte. */
	if (member->base && info.type && !info.type->nr_members)
		member->bit_size = 0;
	if (attrs->has_bit_size) {
		uint64_t storage = attrs->has_byte_size ? attrs->byte_size : info.bytes;

		if (attrs->bit_size > BITFIELD_MAX || storage > BITFIELD_MAX / 8)
			return false;
		member->bitfield = true;
		member->bit_size = attrs->bit_size;
		member->storage = (uint32_t)storage;
		member->bit_offset = bitfield_offset(prog, attrs, storage);
	}
	return member->bit_offset <= size * 8 && member->bit_size <= size * 8 - member->bit_offset;
}

/* A member of unknown size is taken to reach to the next one. */
static void complete_members(struct layout_type *type, const bool *incomplete)
{
	unsigned int i, j;

	for (i = 0; i < type->nr_members; i++) {
		struct layout_member *member = &type->members[i];
		uint64_t end = type->size * 8;

		if (!incomplete[i] || member->elsewhere)
			continue;
		for (j = 0; type->kind != LAYOUT_UNION && j < type->nr_members; j++)
			if (type->members[j].bit_offset > member->bit_offset &&
			    type->members[j].bit_offset < end)
				end = type->members[j].bit_offset;
		member->bit_size = end - member->bit_offset;
	}
}

/*
 * Whether bit-field @member crosses a border of its declared type, which a
 * compiler does in packed types only (System V ABI).
 */
static bool straddles(const struct layout_member *member)
{
	uint64_t unit = (uint64_t)member->storage * 8, step = (uint64_t)member->align * 8;

	/* C++ lets a bit-field be wider than its type. */
	if (!unit || member->bit_size > unit)
		return false;
	if (step > unit)
		step = unit;
	return (member->bit_offset % step + member->bit_size + step - 1) / step > unit / step;
}

/* The alignment of @member as far as its place agrees with it; *@packed is set where it does not. */
static uint32_t shown_alignment(const struct layout_member *member, bool *packed)
{
	uint32_t align = member->align;

	if (member->bitfield && straddles(member)) {
		*packed = true;
		return 1;
	}
	if (!member->bitfield && !member->elsewhere)
		align = lowest_bit(member->bit_offset / 8, align);
	*packed = align < member->align;
	return align;
}

/* True where packing to @pack bytes explains every place; what its bit-fields skip has no name. */
static bool is_packed_to(const struct layout_type *type, uint32_t pack)
{
	uint64_t end = 0, bits = type->size * 8;
	unsigned int i;

	for (i = 0; i < type->nr_members; i++) {
		const struct layout_member *member = &type->members[i];
		uint64_t step = (uint64_t)(member->align < pack ? member->align : pack) * 8;

		if (member->elsewhere)
			return false;
		if (!member->bitfield && member->bit_offset != (end + step - 1) / step * step)
			return false;
		if (type->kind != LAYOUT_UNION && member->bit_offset + member->bit_size > end)
			end = member->bit_offset + member->bit_size;
	}
	return bits >= end && bits - end < (uint64_t)pack * 8;
}

static void learn_alignment(struct layout_type *type, uint64_t given)
{
	uint32_t pack = UINT32_MAX;
	unsigned int i;

	type->align = 1;
	for (i = 0; i < type->nr_members; i++) {
		bool packed = false;
		uint32_t align = shown_alignment(&type->members[i], &packed);

		if (packed && align < pack)
			pack = align;
		if (align > type->align)
			type->align = align;
	}
	if (type->size && lowest_bit(type->size, type->align) < type->align) {
		type->align = lowest_bit(type->size, type->align);
		type->packed = true;
	}
	type->packed |= pack != UINT32_MAX;
	if (pack < type->align && is_packed_to(type, pack))
		type->align = pack;
	/* An attribute cannot lower what is not packed. */
	if (given > type->align || (given && type->packed))
		type->align = (uint32_t)given;
	type->align_given = given != 0;
}

/* The last member decides, unless it is a union: then any of its members does. */
static void learn_flexible(struct layout_type *type)
{
	unsigned int i = type->kind == LAYOUT_UNION || !type->nr_members ? 0 : type->nr_members - 1;

	for (; i < type->nr_members; i++) {
		const struct layout_member *member = &type->members[i];

		type->flexible |= (member->array && !member->bit_size) ||
				  (member->type && member->type->flexible && !member->array);
	}
}

static unsigned int count_members(struct layout_program *prog, Dwarf_Die *die, bool *variants)
{
	struct dwarf_attrs attrs;
	unsigned int nr = 0;
	Dwarf_Die child;

	if (dwarf_child(die, &child))
		return 0;
	do {
		*variants |= dwarf_tag(&child) == DW_TAG_variant_part;
		nr += is_member(&child, &attrs);
		if (nr == LAYOUT_MAX_MEMBERS) {
			prog->damaged++;
			break;
		}
	} while (dwarf_next(&child));
	return nr;
}

/* rustc declares them within the whole, each as large as that. */
void dwarf_mark_variants(struct layout_program *prog, Dwarf_Die *die, uint64_t size)
{
	struct dwarf_type *type;
	Dwarf_Die child;

	if (dwarf_child(die, &child))
		return;
	do {
		if (dwarf_tag(&child) != DW_TAG_structure_type)
			continue;
		type = dwarf_get_type(prog, &child, 0);
		if (!type || !type->ready || type->pub.size != size)
			continue;
		type->pub.variants = true;
		layout_analyse(&type->pub);
	} while (dwarf_next(&child));
}

static void read_members(struct layout_program *prog, struct dwarf_type *type, unsigned int depth)
{
	unsigned int max = count_members(prog, &type->die, &type->pub.variants), nr = 0;
	struct layout_member *members = dwarf_alloc(prog, (size_t)max * sizeof(*members));
	bool *incomplete = calloc(max ? max : 1, sizeof(*incomplete));
	struct dwarf_attrs attrs;
	Dwarf_Die child;

	if (!members || !incomplete)
		prog->no_memory = true;
	else if (max && !dwarf_child(&type->die, &child))
		do {
			if (!is_member(&child, &attrs))
				continue;
			if (read_member(prog, &child, &attrs, type->pub.size, &members[nr],
					&incomplete[nr], depth))
				nr++;
			else
				prog->damaged++;
			max--;
		} while (max && dwarf_next(&child));
	type->pub.members = members;
	type->pub.nr_members = nr;
	if (nr)
		complete_members(&type->pub, incomplete);
	free(incomplete);
}

/* ---- types by DIE --------------------------------------------------------------------- */

static bool add_type(struct layout_program *prog, const void *die, struct dwarf_type *type)
{
	uint64_t *slot = table_get(&prog->types, (uintptr_t)die);

	if (slot)
		*slot = (uintptr_t)type;
	else
		prog->no_memory = true;
	return slot;
}

/* Units of a C program repeat what a header declares: the type that is known will do. */
static struct dwarf_type *known_elsewhere(const struct layout_program *prog, int kind,
					  const struct dwarf_attrs *attrs, unsigned int depth)
{
	return depth && prog->c_language && *attrs->name ? dwarf_find_listed(prog, kind, attrs) : NULL;
}

struct dwarf_type *dwarf_get_type(struct layout_program *prog, Dwarf_Die *die, unsigned int depth)
{
	struct dwarf_attrs attrs;
	struct dwarf_type *type;
	const uint64_t *known = table_find(&prog->types, (uintptr_t)die->addr);
	int kind = dwarf_kind_of(die);

	if (known)
		return (struct dwarf_type *)(uintptr_t)*known;
	dwarf_read_attrs(die, &attrs);
	if (kind < 0 || attrs.declaration || !attrs.has_byte_size || depth > DWARF_DEEPEST)
		return NULL;
	attrs.shape = dwarf_shape(die);
	type = known_elsewhere(prog, kind, &attrs, depth);
	if (!type) {
		type = dwarf_alloc(prog, sizeof(*type));
		if (!type)
			return NULL;
	}
	if (!add_type(prog, die->addr, type))
		return NULL;
	if (type->ready)
		return type;
	type->die = *die;
	type->pub.name = "";
	type->pub.kind = kind;
	type->pub.size = attrs.byte_size;
	type->pub.line = attrs.line;
	type->shape = attrs.shape;
	read_members(prog, type, depth);
	learn_alignment(&type->pub, attrs.alignment);
	layout_analyse(&type->pub);
	learn_flexible(&type->pub);
	type->ready = true;
	return type;
}
