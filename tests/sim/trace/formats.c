/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: docs/formats.md against the reader. Its table of events and
 * fields is read from the document itself, and every cell of it tried.
 */
#include <stdio.h>
#include <string.h>

#include "tests/tests.h"
#include "tests/sim/trace/util.h"

#define MAX_FIELDS	8
#define NAME_SIZE	48

/* Of each field a value, the largest one, and one that is out of range (NULL: texts have none). */
static const struct field {
	const char *name, *good, *largest, *bad;
} fields[] = {
	{ "ptr", "0x1000", "0xffffffffffffffff", "0x10000000000000000" },
	{ "bytes_req", "60", "64", "4294967296" },
	{ "bytes_alloc", "64", "4294967295", "4294967296" },
	{ "gfp_flags", "GFP_KERNEL", "GFP_KERNEL|0xffffff", "GFP_KERNEL|" },
	{ "gfp_flags", "GFP_KERNEL", "4294967295", "4294967296" },
	{ "call_site", "f+0x1", "f", NULL },
	{ "name", "cache", "a cache", NULL },
	{ "node", "1", "1023", "1024" },
	{ "pfn", "0x10", "0xfffffffffffff", "0x10000000000000" },
	{ "page", "0x10", "0xffffffffffffffff", "(none)" },
	{ "order", "3", "10", "11" },
	{ "alloc_order", "3", "10", "11" },
	{ "migratetype", "2", "15", "16" },
	{ "alloc_migratetype", "2", "15", "16" },
};

#define NR_FIELDS (sizeof(fields) / sizeof(fields[0]))

static const struct field *find_field(const char *name)
{
	size_t i;

	for (i = 0; i < NR_FIELDS; i++) {
		if (!strcmp(fields[i].name, name))
			return &fields[i];
	}
	fprintf(stderr, "docs/formats.md names a field '%s' that this test does not know\n", name);
	CU_FAIL("an unknown field");
	return NULL;
}

/* One line of the table. */
struct row {
	char events[MAX_FIELDS][NAME_SIZE];
	const struct field *fields[MAX_FIELDS];	/* first those that must be there */
	size_t nr_events, nr_required, nr_fields;
};

/* The next `word` of a table's cell, or NULL at the cell's end; *@p moves on. */
static const char *next_word(char **p, char *cell_end)
{
	char *start = memchr(*p, '`', cell_end - *p), *end;

	if (!start)
		return NULL;
	end = memchr(start + 1, '`', cell_end - start - 1);
	if (!end)
		return NULL;
	*end = '\0';
	*p = end + 1;
	return start + 1;
}

/* False where @line is no row of the table. */
static bool parse_row(struct row *row, char *line)
{
	char *cell = line + 1;
	const char *word;
	int column;

	if (strncmp(line, "| `", 3))
		return false;
	memset(row, 0, sizeof(*row));
	for (column = 0; column < 3; column++) {
		char *end = strchr(cell, '|');

		if (!end)
			return false;
		while ((word = next_word(&cell, end))) {
			CU_ASSERT_FATAL(row->nr_events < MAX_FIELDS);
			CU_ASSERT_FATAL(row->nr_fields < MAX_FIELDS);
			if (column == 0)
				snprintf(row->events[row->nr_events++], NAME_SIZE, "%s", word);
			else
				row->fields[row->nr_fields++] = find_field(word);
			row->nr_required += column == 1;
		}
		cell = end + 1;
	}
	return true;
}

static enum event_kind kind_of(const char *event)
{
	size_t len = strlen(event), kind;

	if (len > 5 && !strcmp(event + len - 5, "_node"))
		len -= 5;
	if (!strcmp(event, "mm_page_free_direct"))
		return EV_PAGE_FREE_OLD;
	for (kind = 0; kind < EV_UNKNOWN; kind++) {
		const char *name = event_kind_desc[kind].tracepoint;

		if (strlen(name) == len && !memcmp(name, event, len))
			break;
	}
	return kind;
}

/* A line of @event with the row's fields but @left_out, and @more behind them. */
static void make_line(char line[600], const char *event, const struct row *row,
		      const struct field *left_out, const char *more)
{
	size_t n = (size_t)snprintf(line, 600, "cc1 1 [000] 1.000000: kmem:%s:", event), i;

	for (i = 0; i < row->nr_fields; i++) {
		if (row->fields[i] != left_out)
			n += (size_t)snprintf(line + n, 600 - n, " %s=%s", row->fields[i]->name,
					      row->fields[i]->good);
	}
	snprintf(line + n, 600 - n, "%s\n", more);
}

/* True where @line is a good event of @kind; then @ev is it. Otherwise @heard says why not. */
static bool reads_as(const char *line, enum event_kind kind, struct event *ev, struct heard *heard)
{
	struct names *names = names_create();
	struct reader_stats stats;
	struct event events[2];
	size_t nr = read_text(line, strlen(line), names, events, 2, &stats, heard);
	bool good = nr == 1 && events[0].kind == kind;

	if (nr)
		*ev = events[0];
	CU_ASSERT_EQUAL(nr + stats.malformed, 1);
	names_destroy(names);
	return good;
}

static void expect(bool met, const char *line, const char *what)
{
	CU_ASSERT(met);
	if (!met)
		fprintf(stderr, "%s: %s", what, line);
}

/* Without each field: what must be there is missed by name, of the rest the event knows less. */
static void check_left_out(const char *event, const struct row *row)
{
	enum event_kind kind = kind_of(event);
	struct event whole = { 0 }, ev = { 0 };
	struct heard heard;
	char line[600], message[100];
	size_t i;

	make_line(line, event, row, NULL, "");
	expect(reads_as(line, kind, &whole, &heard), line, "not read");
	for (i = 0; i < row->nr_fields; i++) {
		const struct field *field = row->fields[i];
		bool good;

		make_line(line, event, row, field, "");
		good = reads_as(line, kind, &ev, &heard);
		if (i < row->nr_required) {
			snprintf(message, sizeof(message), "%s without %s",
				 event_kind_desc[kind].tracepoint, field->name);
			expect(!good && !strcmp(heard.text, message), line, "misses nothing");
		} else {
			expect(good, line, "asks for what need not be there");
			/* page= matters for frame 0 only, see check_page() */
			expect(strcmp(field->name, "page") ? memcmp(&ev, &whole, sizeof(ev)) != 0 : true,
			       line, "the field left out is not read");
		}
	}
}

/* The ends of the ranges, also of fields that are not the event's own. */
static void check_ranges(const char *event, const struct row *row)
{
	char line[600], more[100];
	struct heard heard;
	struct event ev;
	size_t i;

	for (i = 0; i < NR_FIELDS; i++) {
		const struct field *field = &fields[i];

		snprintf(more, sizeof(more), " %s=%s bytes_alloc=4294967295", field->name,
			 field->largest);
		make_line(line, event, row, NULL, more);
		expect(reads_as(line, kind_of(event), &ev, &heard), line, "in range, but refused");
		if (!field->bad)
			continue;
		snprintf(more, sizeof(more), " %s=%s", field->name, field->bad);
		make_line(line, event, row, NULL, more);
		expect(!reads_as(line, kind_of(event), &ev, &heard), line, "out of range, but read");
	}
	make_line(line, event, row, NULL, " bytes_req=65 bytes_alloc=64");
	expect(!reads_as(line, kind_of(event), &ev, &heard), line, "less than requested, but read");
}

/* Frame 0 with a page is a frame; with none it is a failure. */
static void check_page(const char *event, const struct row *row)
{
	char line[600];
	struct heard heard;
	struct event ev;

	make_line(line, event, row, NULL, " pfn=0");
	expect(reads_as(line, kind_of(event), &ev, &heard) && ev.addr == 0, line, "not frame 0");
	make_line(line, event, row, NULL, " pfn=0 page=(nil)");
	expect(reads_as(line, kind_of(event), &ev, &heard) && ev.addr == EVENT_PFN_FAILED, line,
	       "not failed");
	make_line(line, event, row, NULL, " pfn=-1");
	expect(reads_as(line, kind_of(event), &ev, &heard) && ev.addr == EVENT_PFN_FAILED, line,
	       "not failed");
}

/* The document's table says exactly what the reader does, for all events that it knows. */
static void test_table(void)
{
	FILE *file = fopen(test_data("../docs/formats.md"), "r");
	bool seen[NR_EVENT_KINDS] = { false };
	unsigned int rows = 0;
	char text[1000];
	struct row row;
	size_t i, j;

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	while (fgets(text, sizeof(text), file)) {
		if (!parse_row(&row, text))
			continue;
		rows++;
		for (i = 0; i < row.nr_events; i++) {
			enum event_kind kind = kind_of(row.events[i]);

			seen[kind] = true;
			expect(kind != EV_UNKNOWN, row.events[i], "the reader does not know it");
			check_left_out(row.events[i], &row);
			check_ranges(row.events[i], &row);
			for (j = 0; j < row.nr_fields; j++) {
				if (!strcmp(row.fields[j]->name, "page"))
					check_page(row.events[i], &row);
			}
		}
	}
	fclose(file);
	CU_ASSERT_EQUAL(rows, 10);
	/* The others are probes and marks that only ftrace's text has. */
	for (i = 0; i < NR_EVENT_KINDS; i++)
		expect(seen[i] || !(event_is((unsigned int)i, EVENT_OBJECT) || event_is((unsigned int)i, EVENT_PAGE) ||
				    event_is((unsigned int)i, EVENT_PROCESS)), event_kind_desc[i].tracepoint, "not in docs/formats.md");
}

/* Events that only inform say little without fields, and name no frame then. */
static void test_informing(void)
{
	static const char *const events[] = {
		"mm_page_free_batched", "mm_page_alloc_zone_locked", "mm_page_pcpu_drain",
		"mm_page_alloc_extfrag",
	};
	static const struct row nothing;
	struct event ev = { .addr = 0 };
	struct heard heard;
	char line[600];
	size_t i;

	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		make_line(line, events[i], &nothing, NULL, "");
		expect(reads_as(line, kind_of(events[i]), &ev, &heard), line, "not read");
		CU_ASSERT_EQUAL(ev.addr, EVENT_PFN_FAILED);
		CU_ASSERT_FALSE(event_kind_desc[ev.kind].replayed);
	}
}

/* The kernel's own prefixes say the class; the probes' names are the capture kit's. */
static void test_classes(void)
{
	static const struct {
		const char *prefix;
		enum event_class class;
	} prefixes[] = {
		{ "kmalloc", EVENT_OBJECT }, { "kfree", EVENT_OBJECT }, { "kmem_cache_", EVENT_OBJECT },
		{ "mm_page", EVENT_PAGE }, { "mm_compaction_", EVENT_COMPACTION }, { "mm_vmscan_", EVENT_RECLAIM },
		{ "balance_", EVENT_RECLAIM }, { "kbulk_", EVENT_SLAB_PROBE }, { "slab_", EVENT_SLAB_PROBE },
		{ "malloc", EVENT_HEAP }, { "realloc", EVENT_HEAP }, { "snap_fn ", EVENT_SNAPSHOT }, { "rss_stat", EVENT_PROCESS }, { "(other)", EVENT_OTHER },
	};
	size_t kind, i;

	for (kind = 0; kind < NR_EVENT_KINDS; kind++) {
		const char *name = event_kind_desc[kind].tracepoint;
		enum event_class class = EVENT_PAGE_PROBE;

		for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
			if (!strncmp(name, prefixes[i].prefix, strlen(prefixes[i].prefix)))
				class = prefixes[i].class;
		if (!strcmp(name, "free"))
			class = EVENT_HEAP;
		/* Which these are, docs/formats.md says. */
		if (event_is((unsigned int)kind, EVENT_NOTICE))
			class = EVENT_NOTICE;
		expect(event_is((unsigned int)kind, class), name, "is of another class");
		expect(!event_kind_desc[kind].replayed || class == EVENT_OBJECT || class == EVENT_PAGE || class == EVENT_HEAP,
		       name, "is replayed, but of no class that is");
		expect(event_has_stack((unsigned int)kind) == event_kind_desc[kind].replayed, name,
		       "has a call chain where it has an argument, or none where it is replayed");
	}
	CU_ASSERT_EQUAL(EVF_PAGE_SLAB & EVF_PAGE_RESCHED, 0);
	CU_ASSERT_EQUAL((EVF_PAGE_SLAB | EVF_PAGE_RESCHED) & EVF_OBJECT_RECLAIMABLE, 0);
	CU_ASSERT_EQUAL((EVF_PAGE_SLAB | EVF_PAGE_RESCHED | EVF_OBJECT_RECLAIMABLE) & (EVF_HEAP_ZERO | EVF_HEAP_NUMBER), 0);
}

/* What is only counted has no row there, but is named. */
static void test_notices(void)
{
	FILE *file = fopen(test_data("../docs/formats.md"), "r");
	static char text[1 << 18];
	char name[64];
	size_t kind, len;

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	CU_ASSERT_FATAL(len < sizeof(text) - 1);
	text[len] = '\0';
	fclose(file);
	for (kind = 0; kind < NR_EVENT_KINDS; kind++) {
		snprintf(name, sizeof(name), "`%s`", event_kind_desc[kind].tracepoint);
		expect(!event_is((unsigned int)kind, EVENT_NOTICE) || strstr(text, name), name, "not in docs/formats.md: ");
	}
}

static const struct test_case cases[] = {
	{ "table of events", test_table },
	{ "informing events", test_informing },
	{ "classes of events", test_classes },
	{ "events that are counted", test_notices },
	{ NULL, NULL }
};

const struct test_suite formats_suite = { "formats", cases };
