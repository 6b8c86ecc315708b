/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: values in a scenario: text becomes a number within its range, or a
 * sentence that says what was expected. This is the border: behind it nobody looks again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pagemap/tlb/geometry.h"
#include "sim/scenario/internal.h"
#include "sim/util/units.h"

#define FIRST_ADDRESS	0x1000	/* shown as an example */

/* ---- what is expected, in words ------------------------------------------------ */

/* "4k", "16T" where it is a round number; bytes otherwise. */
static const char *size_text(uint64_t bytes, char buf[24])
{
	static const char units[] = "\0kMGT";
	unsigned int unit = 0;

	while (bytes && !(bytes & 1023) && unit < 4) {
		bytes >>= 10;
		unit++;
	}
	snprintf(buf, 24, "%" PRIu64 "%.1s", bytes, units + unit);
	return buf;
}

/* "r, rw or none" */
static void join_words(const struct scenario_word *words, char *buf, size_t size)
{
	size_t len = 0;

	for (; words->word && len < size; words++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s", words->word,
					!words[1].word ? "" : words[2].word ? ", " : " or ");
}

static void describe_kernels(char *buf, size_t size)
{
	size_t len = 0;
	int i;

	for (i = 0; i < NR_BUDDY_KERNELS && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s", i ? " or " : "a kernel: ", buddy_rules[i].kernel);
}

#define MTHP_LOOKS "sizes from 16k to 1M, each once with always, madvise, inherit or never behind a colon"

void scn_describe_value(const struct argument *arg, char *buf, size_t size)
{
	switch (arg->type) {
	case VALUE_SIZE:
	case VALUE_LIMIT:
		snprintf(buf, size, "a size such as 4k or 64M%s", arg->type == VALUE_LIMIT ? ", or unlimited" : "");
		break;
	case VALUE_SIGNED_SIZE:
		snprintf(buf, size, "a change such as +1M or -64k");
		break;
	case VALUE_NUMBER:
		snprintf(buf, size, "a number from %" PRIu64 " to %" PRIu64, arg->min, arg->max);
		break;
	case VALUE_SIGNED:
		snprintf(buf, size, "a number from -%" PRIu64 " to %" PRIu64, arg->max, arg->max);
		break;
	case VALUE_TIME:
		snprintf(buf, size, "a time such as 10ms or 5s, up to %" PRIu64 "s", arg->max / 1000000000);
		break;
	case VALUE_ADDRESS:
		snprintf(buf, size, "an address such as %#x", FIRST_ADDRESS);
		break;
	case VALUE_WORD:
	case VALUE_CHOICE:
		join_words(arg->words, buf, size);
		break;
	case VALUE_KERNEL:
		describe_kernels(buf, size);
		break;
	case VALUE_MTHP:
		snprintf(buf, size, MTHP_LOOKS);
		break;
	case VALUE_TLB:
		snprintf(buf, size, "a TLB model, or a geometry such as l1=64x4,l2=1536x12");
		break;
	case VALUE_LOOPS:
		snprintf(buf, size, "up to %u loops, COUNTxBYTES, such as 1024x16k,2048x8", SCENARIO_MAX_LOOPS);
		break;
	case VALUE_PAGES:
		snprintf(buf, size, "up to %u numbers of pages, such as 1,2,3,1", SCENARIO_MAX_PAGES);
		break;
	case VALUE_NODES:
		snprintf(buf, size, "numbers of nodes below %u, such as 0,1", SCENARIO_MAX_NODES);
		break;
	case VALUE_STRING:
		snprintf(buf, size, "a name such as \"first touch\"");
		break;
	case VALUE_PLACE:
		snprintf(buf, size, "a mapping, or an address such as %#x", FIRST_ADDRESS);
		break;
	default:
		snprintf(buf, size, "the name of a %s", arg->name);
	}
}

/* ---- single values ---------------------------------------------------------------- */

bool scn_parse_address(const char *text, uint64_t *value)
{
	size_t digits;

	if (strncmp(text, "0x", 2))
		return false;
	digits = strspn(text + 2, "0123456789abcdefABCDEF");
	if (!digits || digits > 16 || text[2 + digits])
		return false;
	*value = strtoull(text + 2, NULL, 16);
	/* The last ones stand for what is not given. */
	return *value < SCENARIO_UNLIMITED;
}

/* A size is in range, or the message names the range. */
static bool read_size(struct reading *r, const struct argument *arg, const char *text, unsigned int column,
		      uint64_t *value)
{
	char expected[MAX_EXPECTED], min[24], max[24];

	if (!parse_size(text, 0, UINT64_MAX, value)) {
		scn_describe_value(arg, expected, sizeof(expected));
		scn_fail(r, column, "expected %s, found '%.40s'", expected, text);
		return false;
	}
	if (*value >= arg->min && *value <= arg->max)
		return true;
	/* A bound that is one less than a round number is told by that. */
	scn_fail(r, column, "expected a size from %s %s %s, found '%.40s'", size_text(arg->min, min),
		 arg->max & 1 ? "and below" : "to", size_text(arg->max + (arg->max & 1), max), text);
	return false;
}

static bool read_limit(struct reading *r, const struct argument *arg, const char *text, unsigned int column,
		       uint64_t *value)
{
	if (strcmp(text, "unlimited"))
		return read_size(r, arg, text, column, value);
	*value = SCENARIO_UNLIMITED;
	return true;
}

/* With a sign in front: of a size it must be there, of a number it may. */
static bool parse_signed(const char *text, const struct argument *arg, int64_t *value)
{
	bool is_size = arg->type == VALUE_SIGNED_SIZE;
	bool sign = *text == '+' || *text == '-';
	uint64_t size;

	if (is_size ? !sign || !parse_size(text + 1, 0, arg->max, &size) :
		      !parse_number(text + sign, 0, arg->max, &size))
		return false;
	*value = *text == '-' ? -(int64_t)size : (int64_t)size;
	return true;
}

bool scn_read_word(struct reading *r, const struct scenario_word *words, const char *text, unsigned int column,
		   int *value)
{
	const struct scenario_word *word;
	struct nearest near;
	char known[MAX_EXPECTED];

	nearest_begin(&near, text);
	for (word = words; word->word; word++) {
		if (!strcmp(word->word, text)) {
			*value = word->value;
			return true;
		}
		nearest_add(&near, word->word);
	}
	join_words(words, known, sizeof(known));
	scn_fail(r, column, "expected %s, found '%.40s'%s", known, text, nearest_question(&near));
	return false;
}

static bool read_tlb(struct reading *r, const char *text, unsigned int column, char tlb[SCENARIO_MAX_TLB + 1])
{
	const struct tlb_geometry *preset;
	struct tlb_geometry geo;
	struct kerror err = { 0 };
	struct nearest near;

	if (strlen(text) > SCENARIO_MAX_TLB) {
		scn_fail(r, column, "expected a TLB's geometry of at most %u letters", SCENARIO_MAX_TLB);
		return false;
	}
	if (!tlb_parse(text, &geo, &err)) {
		strcpy(tlb, text);
		return true;
	}
	if (strchr(text, '=')) {
		scn_fail(r, column, "%s", err.text);
		return false;
	}
	nearest_begin(&near, text);
	for (preset = tlb_presets; preset->name[0]; preset++)
		nearest_add(&near, preset->name);
	scn_fail(r, column, "expected a TLB model, found '%.40s'%s", text, nearest_text(&near));
	return false;
}

/* SIZE:WHO, and more of them behind commas. */
static bool read_mthp(struct reading *r, const char *text, unsigned int column, uint32_t orders[3])
{
	static const char *const sizes[] = { "16k", "32k", "64k", "128k", "256k", "512k", "1M" };
	static const char *const who[] = { "always", "madvise", "inherit", "never" };
	uint32_t taken = 0;

	while (*text) {
		size_t size_len = strcspn(text, ":"), len = strcspn(text, ",");
		const char *word = text + size_len + 1;
		unsigned int size = 0, w = 0;

		while (size < 7 && (strlen(sizes[size]) != size_len || strncmp(text, sizes[size], size_len)))
			size++;
		while (w < 4 && size_len < len &&
		       (strlen(who[w]) != len - size_len - 1 || strncmp(word, who[w], len - size_len - 1)))
			w++;
		if (size == 7 || w == 4 || size_len >= len || (taken & 4U << size)) {
			scn_fail(r, column, "expected " MTHP_LOOKS ", found '%.40s'", text);
			return false;
		}
		taken |= 4U << size;
		if (w < 3)
			orders[w] |= 4U << size;
		text += len + (text[len] == ',');
	}
	return true;
}

/* ---- lists ------------------------------------------------------------------------- */

static bool add_number(struct reading *r, uint64_t value)
{
	struct scenario *s = r->scenario;
	uint32_t wanted = s->max_numbers ? s->max_numbers * 2 : 64;
	uint64_t *grown;

	if (s->nr_numbers == s->max_numbers) {
		grown = realloc(s->numbers, wanted * sizeof(*grown));
		if (!grown) {
			r->no_memory = true;
			return false;
		}
		s->numbers = grown;
		s->max_numbers = wanted;
	}
	s->numbers[s->nr_numbers++] = value;
	return true;
}

/* "1024x16k": how often, and how far apart. */
static bool add_loop(struct reading *r, char *item, uint64_t *reach)
{
	char *x = strchr(item, 'x');
	uint64_t count, bytes, last;

	if (!x)
		return false;
	*x = '\0';
	/* The last place of the last loop must be an address, too. */
	if (!parse_number(item, 1, SCENARIO_ADDRESSES, &count) || !parse_size(x + 1, 0, SCENARIO_ADDRESSES, &bytes) ||
	    __builtin_mul_overflow(count - 1, bytes, &last) || last > SCENARIO_ADDRESSES - *reach)
		return false;
	*reach += last;
	return add_number(r, count) && add_number(r, bytes);
}

static bool add_page(struct reading *r, const char *item)
{
	uint64_t page;

	return parse_number(item, 0, SCENARIO_ADDRESSES / 4096 - 1, &page) && add_number(r, page);
}

static bool read_list(struct reading *r, const struct argument *arg, const char *text, unsigned int column,
		      struct scenario_list *list)
{
	unsigned int max = arg->type == VALUE_LOOPS ? SCENARIO_MAX_LOOPS : SCENARIO_MAX_PAGES, nr = 0;
	char expected[MAX_EXPECTED], buf[SCENARIO_MAX_LINE + 1], *item, *next = buf;
	uint64_t reach = 0;
	bool good = true;

	list->first = r->scenario->nr_numbers;
	strcpy(buf, text);
	while (good && (item = strsep(&next, ",")))
		good = nr++ < max && (arg->type == VALUE_LOOPS ? add_loop(r, item, &reach) : add_page(r, item));
	list->nr = r->scenario->nr_numbers - list->first;
	if (good || r->no_memory)
		return good;
	scn_describe_value(arg, expected, sizeof(expected));
	scn_fail(r, column, "expected %s, found '%.40s'", expected, text);
	return false;
}

/* "0,2": bits 0 and 2. */
static bool parse_nodes(const char *text, uint64_t *nodes)
{
	char buf[SCENARIO_MAX_LINE + 1], *item, *next = buf;
	uint64_t node;

	strcpy(buf, text);
	*nodes = 0;
	while ((item = strsep(&next, ","))) {
		if (!parse_number(item, 0, SCENARIO_MAX_NODES - 1, &node))
			return false;
		*nodes |= UINT64_C(1) << node;
	}
	return true;
}

/* ---- names ------------------------------------------------------------------------------ */

/* A place in an address space: a mapping, or an address. */
static bool read_place(struct reading *r, const struct argument *arg, const char *text, unsigned int column,
		       struct step *step)
{
	char expected[MAX_EXPECTED];

	if (text[0] >= '0' && text[0] <= '9') {
		if (arg->offset && scn_parse_address(text, (uint64_t *)((char *)step + arg->offset)))
			return true;
		scn_describe_value(arg, expected, sizeof(expected));
		scn_fail(r, column, "expected %s, found '%.40s'", arg->offset ? expected : "a mapping", text);
		return false;
	}
	if (arg->offset)
		*(uint64_t *)((char *)step + arg->offset) = SCENARIO_ABSENT;
	step->map = scn_find_map(r, text, column);
	return step->map;
}

/* The number of a name that may be new; the list's bound is @max. */
static scenario_id intern(struct reading *r, struct names *names, const char *text, unsigned int column,
			  unsigned int max, const char *what)
{
	name_id id = names_find(names, text, strlen(text));

	if (id)
		return (scenario_id)id;
	if (names_count(names) >= max) {
		scn_fail(r, column, "expected at most %u names of a %s", max, what);
		return 0;
	}
	id = names_intern(names, text, strlen(text));
	r->no_memory |= !id;
	return (scenario_id)id;
}

/* Words that would be mistaken for something else. */
static bool is_taken(enum value_type type, const char *text)
{
	static const char *const sources[] = { "vm", "tlb", NULL };
	unsigned int i;

	if (type == VALUE_NEW_MAP)
		return !strcmp(text, "text") || !strcmp(text, "data") || !strcmp(text, "heap") || !strcmp(text, "stack");
	if (type == VALUE_NEW_FILE)
		return false;
	for (i = 0; sources[i]; i++)
		if (!strcmp(text, sources[i]))
			return true;
	for (i = 0; i < NR_STEP_KINDS; i++)
		if (!scenario_statements[i].of_process && !strcmp(text, scenario_statements[i].word))
			return true;
	return false;
}

static bool read_new_name(struct reading *r, const struct argument *arg, const char *text, unsigned int column,
			  struct step *step)
{
	struct scenario *s = r->scenario;
	bool process = arg->type == VALUE_NEW_PROCESS || arg->type == VALUE_CHILD;
	scenario_id id;

	if (!scn_is_name(text)) {
		scn_fail(r, column, "expected a name of letters, digits, '-' and '_', a letter first, up to %u of them, "
			 "found '%.40s'", SCENARIO_MAX_NAME, text);
		return false;
	}
	if (arg->type == VALUE_NEW_FILE && names_find(s->files, text, strlen(text))) {
		scn_fail(r, column, "expected a new name, found '%s', which is a file already", text);
		return false;
	}
	if (is_taken(arg->type, text)) {
		scn_fail(r, column, "expected another name for a %s: '%s' has a meaning of its own",
			 process ? "process" : arg->name, text);
		return false;
	}
	if (process)
		id = intern(r, s->processes, text, column, SCENARIO_MAX_PROCESSES, "process");
	else if (arg->type == VALUE_NEW_MAP)
		id = intern(r, s->maps, text, column, SCENARIO_MAX_NAMES, "mapping");
	else
		id = intern(r, s->files, text, column, SCENARIO_MAX_NAMES, "file");
	*(arg->type == VALUE_NEW_PROCESS ? &step->process : arg->type == VALUE_CHILD ? &step->other :
	  arg->type == VALUE_NEW_MAP ? &step->map : &step->file) = id;
	return id;
}

/* It may have been there before: then it gets more objects. */
static bool read_cache(struct reading *r, const char *text, unsigned int column, scenario_id *id)
{
	if (!scn_is_name(text)) {
		scn_fail(r, column, "expected the name of a cache such as dentry, found '%.40s'", text);
		return false;
	}
	*id = intern(r, r->scenario->caches, text, column, SCENARIO_MAX_NAMES, "cache");
	return *id;
}

static bool read_phase(struct reading *r, const char *text, unsigned int column, scenario_id *id)
{
	if (!*text) {
		scn_fail(r, column, "expected a name such as \"first touch\", found an empty one");
		return false;
	}
	*id = intern(r, r->scenario->phases, text, column, SCENARIO_MAX_NAMES, "phase");
	return *id;
}

/* ---- all of them -------------------------------------------------------------------- */

/* False: it is none, and nothing was said yet. */
static bool read_plain(const struct argument *arg, const char *text, void *at)
{
	uint64_t *value = at;

	switch (arg->type) {
	case VALUE_SIGNED_SIZE:
	case VALUE_SIGNED:
		return parse_signed(text, arg, at);
	case VALUE_NUMBER:
		return parse_number(text, arg->min, arg->max, value);
	case VALUE_TIME:
		return parse_time(text, value) && *value >= arg->min && *value <= arg->max;
	case VALUE_NODES:
		return parse_nodes(text, value);
	case VALUE_ADDRESS:
		return scn_parse_address(text, value);
	case VALUE_KERNEL:
		*(int *)at = buddy_kernel_find(text);
		return *(int *)at != NR_BUDDY_KERNELS;
	default:
		return false;
	}
}

bool scn_read_value(struct reading *r, const struct argument *arg, const char *text, unsigned int column,
		    struct step *step, void *base)
{
	void *at = (char *)base + arg->offset;
	char expected[MAX_EXPECTED];

	switch (arg->type) {
	case VALUE_SIZE:
		return read_size(r, arg, text, column, at);
	case VALUE_LIMIT:
		return read_limit(r, arg, text, column, at);
	case VALUE_WORD:
	case VALUE_CHOICE:
		return scn_read_word(r, arg->words, text, column, at);
	case VALUE_FLAG:
		*(bool *)at = true;
		return true;
	case VALUE_MTHP:
		return read_mthp(r, text, column, at);
	case VALUE_TLB:
		return read_tlb(r, text, column, at);
	case VALUE_LOOPS:
	case VALUE_PAGES:
		return read_list(r, arg, text, column, at);
	case VALUE_STRING:
		return read_phase(r, text, column, at);
	case VALUE_CACHE:
		return read_cache(r, text, column, at);
	case VALUE_PLACE:
		return read_place(r, arg, text, column, step);
	case VALUE_NEW_PROCESS:
	case VALUE_CHILD:
	case VALUE_NEW_MAP:
	case VALUE_NEW_FILE:
		return read_new_name(r, arg, text, column, step);
	case VALUE_VICTIM:
		step->other = scn_find_process(r, text, column);
		return step->other;
	case VALUE_FILE:
		step->file = scn_find_file(r, text, column);
		return step->file;
	default:
		if (read_plain(arg, text, at))
			return true;
		scn_describe_value(arg, expected, sizeof(expected));
		scn_fail(r, column, "expected %s, found '%.40s'", expected, text);
		return false;
	}
}

void scn_default_value(const struct argument *arg, void *base)
{
	void *at = (char *)base + arg->offset;

	switch (arg->type) {
	case VALUE_SIZE:
	case VALUE_LIMIT:
	case VALUE_NUMBER:
	case VALUE_ADDRESS:
		*(uint64_t *)at = arg->def;
		break;
	case VALUE_WORD:
	case VALUE_CHOICE:
	case VALUE_KERNEL:
		*(int *)at = (int)arg->def;
		break;
	default:
		/* Names, flags, lists and texts: none, as the memory is zero. */
		break;
	}
}
