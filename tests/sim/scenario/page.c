/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: docs/scenario.md against the reader, and the scenarios of docs/scenarios/:
 * each example is read without a mistake, each word the reader knows is on the page.
 */
#include <dirent.h>
#include <stdlib.h>

#include "sim/scenario/internal.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/sim/scenario/read_text.h"

static char *page(void)
{
	char *text = slurp(test_data("../docs/scenario.md"), NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	return text;
}

/* Blocks of code are scenarios. */
static void test_blocks(void)
{
	char *text = page(), *rest = text, *line, *block = NULL;
	unsigned int blocks = 0;
	size_t len;
	FILE *file = open_memstream(&block, &len);

	while ((line = strsep(&rest, "\n"))) {
		if (!strncmp(line, "    ", 4)) {
			fprintf(file, "%s\n", line + 4);
			continue;
		}
		fflush(file);
		if (len) {
			scenario_destroy(read_good(block));
			blocks++;
			rewind(file);
			fflush(file);
			block[0] = '\0';
		}
	}
	CU_ASSERT_EQUAL(blocks, 2);
	fclose(file);
	free(block);
	free(text);
}

/* The word that an example begins with, behind its process where it has one. */
static unsigned int kind_of(const char *example)
{
	unsigned int kind;
	char first[32] = "", second[32] = "";

	sscanf(example, "%31s %31s", first, second);
	for (kind = 0; kind < NR_STEP_KINDS; kind++)
		if (!strcmp(scenario_statements[kind].of_process ? second : first, scenario_statements[kind].word))
			break;
	return kind;
}

/* The examples of the tables of statements are a scenario if one reads them from top to bottom; none is missing. */
static void test_examples(void)
{
	char *text = page(), *rest = text, *line, *all = NULL;
	bool shown[NR_STEP_KINDS + 1] = { false };
	unsigned int kind;
	size_t len;
	FILE *file = open_memstream(&all, &len);

	while ((line = strsep(&rest, "\n"))) {
		char *begin = strstr(line, "| `"), *end;

		begin = begin == line ? strstr(line + 1, "| `") : NULL;
		end = begin ? strchr(begin + 3, '`') : NULL;
		if (!end || end[1] != ' ' || end[2] != '|')
			continue;
		*end = '\0';
		kind = kind_of(begin + 3);
		shown[kind] = true;
		if (kind < NR_STEP_KINDS)
			fprintf(file, "%s\n", begin + 3);
	}
	/* The end of the repeat. */
	fprintf(file, "end\n");
	shown[STEP_END] = true;
	fclose(file);
	scenario_destroy(read_good(all));
	for (kind = 0; kind < NR_STEP_KINDS; kind++) {
		CU_ASSERT_EQUAL(shown[kind], true);
		if (!shown[kind])
			fprintf(stderr, "docs/scenario.md has no example of %s\n", scenario_statements[kind].word);
	}
	free(all);
	free(text);
}

/* Whether @word stands on the page, not as a part of another. */
static bool has_word(const char *text, const char *word)
{
	const char *at = text;
	size_t len = strlen(word);

	while ((at = strstr(at, word))) {
		bool begins = at == text || !strchr("abcdefghijklmnopqrstuvwxyz_-", at[-1]);

		if (begins && !strchr("abcdefghijklmnopqrstuvwxyz_-", at[len]))
			return true;
		at++;
	}
	return false;
}

static void need_word(const char *text, const char *word)
{
	bool has = has_word(text, word);

	CU_ASSERT_EQUAL(has, true);
	if (!has)
		fprintf(stderr, "docs/scenario.md does not say '%s'\n", word);
}

static void need_arguments(const char *text, const struct argument *arg)
{
	const struct scenario_word *word;
	char key[40];

	for (; arg->name; arg++) {
		bool alone = arg->type == VALUE_FLAG;

		if (arg->type != VALUE_CHOICE) {
			snprintf(key, sizeof(key), alone ? "%s" : "%s=", arg->name);
			need_word(text, key);
		}
		/* An errno is known by the kernel's pages. */
		for (word = arg->words; word && word->word && arg->words != scenario_errno; word++)
			need_word(text, word->word);
	}
}

static void test_words(void)
{
	const struct scenario_figure_desc *const lists[] = { scenario_figures, scenario_vm_figures, scenario_tlb_figures };
	const struct scenario_figure_desc *figure;
	char *text = page(), quoted[48];
	unsigned int i;

	for (i = 0; i < NR_STEP_KINDS; i++)
		need_arguments(text, scn_statements[i].options);
	for (i = 0; i < 3; i++) {
		for (figure = lists[i]; figure->word; figure++) {
			snprintf(quoted, sizeof(quoted), "`%s`", figure->word);
			CU_ASSERT_PTR_NOT_NULL(strstr(text, quoted));
			if (!strstr(text, quoted))
				fprintf(stderr, "docs/scenario.md does not name the figure %s\n", quoted);
		}
	}
	free(text);
}

/* Each scenario is recognised and read, says in a comment what to look at, and expects something. */
static void check_file(const char *name)
{
	char path[300];
	struct scenario *s;
	uint32_t nr, i, expects = 0;
	const struct step *steps;
	size_t len;
	char *text;

	snprintf(path, sizeof(path), "../docs/scenarios/%s", name);
	text = slurp(test_data(path), &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_EQUAL(text[0], '#');
	CU_ASSERT_EQUAL(scenario_recognised(text, len), true);
	s = read_good(text);
	steps = scenario_steps(s, &nr);
	for (i = 0; i < nr; i++)
		expects += steps[i].kind == STEP_EXPECT;
	CU_ASSERT_NOT_EQUAL(expects, 0);
	scenario_destroy(s);
	free(text);
}

static void test_files(void)
{
	DIR *dir = opendir(test_data("../docs/scenarios"));
	const struct dirent *entry;
	unsigned int files = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	while ((entry = readdir(dir))) {
		size_t len = strlen(entry->d_name);

		if (len < 3 || strcmp(entry->d_name + len - 3, ".vm"))
			continue;
		check_file(entry->d_name);
		files++;
	}
	closedir(dir);
	CU_ASSERT_NOT_EQUAL(files, 0);
}

static const struct test_case cases[] = {
	{ "blocks of code", test_blocks },
	{ "examples", test_examples },
	{ "words", test_words },
	{ "docs/scenarios", test_files },
	{ NULL, NULL }
};

const struct test_suite scenario_page_suite = { "scenario_page", cases };
