/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the reader of scenarios: lines, statements, their values, blocks; see scenario.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/internal.h"

/* ---- names ----------------------------------------------------------------------- */

bool scn_is_excused(const struct reading *r, const char *text)
{
	return names_find(r->excused, text, strlen(text));
}

/* A line that is wrong: whatever name it may have made. */
static void excuse_line(struct reading *r)
{
	unsigned int i;

	for (i = 0; i < r->line.nr; i++)
		if (scn_is_name(r->line.words[i].text))
			names_intern(r->excused, r->line.words[i].text, strlen(r->line.words[i].text));
}

static scenario_id find_name(struct reading *r, const struct names *names, const char *what, const char *text,
			     unsigned int column)
{
	name_id id = names_find(names, text, strlen(text)), other;
	struct nearest near;

	if (id)
		return (scenario_id)id;
	r->bad = true;
	if (scn_is_excused(r, text))
		return 0;
	nearest_begin(&near, text);
	for (other = 1; other <= names_count(names); other++)
		nearest_add(&near, names_text(names, other));
	scn_fail(r, column, "expected the name of a %s, found '%.40s'%s", what, text,
		 names_count(names) ? nearest_text(&near) : "; there is none yet");
	return 0;
}

scenario_id scn_find_process(struct reading *r, const char *text, unsigned int column)
{
	return find_name(r, r->scenario->processes, "process", text, column);
}

scenario_id scn_find_map(struct reading *r, const char *text, unsigned int column)
{
	return find_name(r, r->scenario->maps, "mapping", text, column);
}

scenario_id scn_find_file(struct reading *r, const char *text, unsigned int column)
{
	return find_name(r, r->scenario->files, "file", text, column);
}

/* ---- the words of a statement ------------------------------------------------------ */

/* Whether @text, whose key has @len bytes, names @option. */
static bool names_option(const struct argument *option, const char *text, size_t len)
{
	const struct scenario_word *word;

	if (option->type != VALUE_CHOICE)
		return strlen(option->name) == len && !memcmp(option->name, text, len);
	for (word = option->words; word->word; word++)
		if (!strcmp(word->word, text))
			return true;
	return false;
}

static void fail_option(struct reading *r, const char *statement, const struct argument *options,
			const struct word *word, size_t len)
{
	const struct scenario_word *choice;
	struct nearest near;
	char key[48];

	if (!options->name) {
		scn_fail(r, word->column, "expected the end of the line, found '%.40s'", word->text);
		return;
	}
	snprintf(key, sizeof(key), "%.*s", (int)(len < sizeof(key) ? len : sizeof(key) - 1), word->text);
	nearest_begin(&near, key);
	for (; options->name; options++) {
		if (options->type != VALUE_CHOICE)
			nearest_add(&near, options->name);
		for (choice = options->words; options->type == VALUE_CHOICE && choice->word; choice++)
			nearest_add(&near, choice->word);
	}
	scn_fail(r, word->column, "expected an option of %s, found '%.40s'%s", statement, word->text,
		 nearest_text(&near));
}

/* One "key=value", or a word that stands alone. */
static void read_option(struct reading *r, unsigned int kind, const struct word *word, struct step *step, void *base,
			struct given *given)
{
	const struct argument *options = given->statement->options, *option;
	const char *value = strchr(word->text, '=');
	size_t len = value ? (size_t)(value - word->text) : strlen(word->text);
	bool alone;
	char expected[MAX_EXPECTED];

	for (option = options; option->name && (word->quoted || !names_option(option, word->text, len)); option++)
		;
	if (!option->name) {
		fail_option(r, scenario_statements[kind].word, options, word, len);
		return;
	}
	if (given->option[option - options]) {
		scn_describe_value(option, expected, sizeof(expected));
		scn_fail(r, word->column, "expected only one %s%s, found a second: '%.40s'",
			 option->type == VALUE_CHOICE ? "of " : "", option->type == VALUE_CHOICE ? expected : option->name,
			 word->text);
		return;
	}
	given->option[option - options] = word->column;
	alone = option->type == VALUE_FLAG || option->type == VALUE_CHOICE;
	if (alone && value) {
		scn_fail(r, word->column + (unsigned int)len, "expected '%s' without a value", option->name);
	} else if (!alone && !value) {
		scn_describe_value(option, expected, sizeof(expected));
		scn_fail(r, word->column + (unsigned int)len, "expected %s= and %s", option->name, expected);
	} else {
		scn_read_value(r, option, value ? value + 1 : word->text,
			   word->column + (value ? (unsigned int)len + 1 : 0), step, base);
	}
}

/* What stands behind the statement's word, which is number @first - 1. */
static void read_arguments(struct reading *r, unsigned int first, struct step *step, void *base, struct given *given)
{
	const struct line *line = &r->line;
	const struct argument *arg;
	char expected[MAX_EXPECTED];
	unsigned int i = first;

	given->statement = &scn_statements[step->kind];
	for (arg = given->statement->options; arg->name; arg++)
		scn_default_value(arg, base);
	for (arg = given->statement->positions; arg->name; arg++, i++) {
		const struct word *word = &line->words[i];

		scn_describe_value(arg, expected, sizeof(expected));
		if (i >= line->nr) {
			scn_fail(r, line->end_column, "expected %s, found the end of the line", expected);
			return;
		}
		given->position[arg - given->statement->positions] = word->column;
		if (arg == given->statement->positions)
			step->name_column = word->column;
		if (word->quoted && arg->type != VALUE_STRING)
			scn_fail(r, word->column, "expected %s, without quotes", expected);
		else
			scn_read_value(r, arg, word->text, word->column, step, base);
	}
	for (; i < line->nr; i++)
		read_option(r, step->kind, &line->words[i], step, base, given);
}

/* ---- statements ------------------------------------------------------------------- */

/* The statement called @text; NR_STEP_KINDS: none. */
static unsigned int find_statement(const char *text, bool of_process)
{
	unsigned int kind;

	for (kind = 0; kind < NR_STEP_KINDS; kind++)
		if (scenario_statements[kind].of_process == of_process && !strcmp(scenario_statements[kind].word, text))
			break;
	return kind;
}

static void fail_statement(struct reading *r, bool of_process, const struct word *word, const char *expected)
{
	struct nearest near;
	unsigned int kind;

	nearest_begin(&near, word->text);
	for (kind = 0; kind < NR_STEP_KINDS; kind++)
		if (scenario_statements[kind].of_process == of_process)
			nearest_add(&near, scenario_statements[kind].word);
	scn_fail(r, word->column, "expected %s, found '%.40s'%s", expected, word->text, nearest_text(&near));
}

/* The kind of the line's statement, and which word follows its own; NR_STEP_KINDS: said what is wrong. */
static unsigned int begin_statement(struct reading *r, struct step *step, unsigned int *first)
{
	const struct word *words = r->line.words;
	unsigned int kind = find_statement(words[0].text, false);

	if (words[0].quoted) {
		scn_fail(r, words[0].column, "expected a statement, or a process, without quotes");
		return NR_STEP_KINDS;
	}
	*first = 1;
	if (kind < NR_STEP_KINDS)
		return kind;
	if (find_statement(words[0].text, true) < NR_STEP_KINDS && !names_find(r->scenario->processes, words[0].text,
									       strlen(words[0].text))) {
		scn_fail(r, words[0].column, "expected a process in front of '%s', such as 'A %s'", words[0].text, words[0].text);
		return NR_STEP_KINDS;
	}
	*first = 2;
	kind = r->line.nr > 1 ? find_statement(words[1].text, true) : NR_STEP_KINDS;
	if (kind < NR_STEP_KINDS) {
		step->process = scn_find_process(r, words[0].text, words[0].column);
		return kind;
	}
	if (!names_find(r->scenario->processes, words[0].text, strlen(words[0].text)))
		fail_statement(r, false, &words[0], "a statement, or a process");
	else if (r->line.nr == 1)
		scn_fail(r, r->line.end_column, "expected what '%.40s' does, such as mmap or touch, found the end of the line",
			 words[0].text);
	else
		fail_statement(r, true, &words[1], "what the process does");
	return NR_STEP_KINDS;
}

static void add_step(struct reading *r, const struct step *step)
{
	struct scenario *s = r->scenario;
	uint32_t wanted = s->max_steps ? s->max_steps * 2 : 64;
	struct step *grown;

	if (s->nr_steps == SCENARIO_MAX_STEPS) {
		scn_fail(r, step->column, "expected at most %u statements", SCENARIO_MAX_STEPS);
		return;
	}
	if (s->nr_steps == s->max_steps) {
		grown = realloc(s->steps, wanted * sizeof(*grown));
		if (!grown) {
			r->no_memory = true;
			return;
		}
		s->steps = grown;
		s->max_steps = wanted;
	}
	s->steps[s->nr_steps++] = *step;
}

/* ---- blocks ------------------------------------------------------------------------- */

/* A bad repeat has a body, too. */
static void open_block(struct reading *r, const struct step *step)
{
	if (r->depth < SCENARIO_MAX_DEPTH) {
		r->open[r->depth] = r->bad ? UINT32_MAX : r->scenario->nr_steps - 1;
		r->open_at[r->depth].line = step->line;
		r->open_at[r->depth].column = step->column;
	} else {
		r->broken = true;
		scn_fail(r, step->column, "expected at most %u repeats inside of each other", SCENARIO_MAX_DEPTH);
	}
	r->depth++;
}

/* Whether this end has a step of its own, which is filled in then. */
static bool close_block(struct reading *r, struct step *step)
{
	uint32_t begin;

	if (!r->depth) {
		r->broken = true;
		scn_fail(r, step->column, "expected no 'end' here: no repeat is open");
		return false;
	}
	if (--r->depth >= SCENARIO_MAX_DEPTH)
		return false;
	begin = r->open[r->depth];
	if (begin == UINT32_MAX)
		return false;
	step->begin = begin;
	r->scenario->steps[begin].repeat.end = r->scenario->nr_steps;
	return true;
}

/* ---- lines ------------------------------------------------------------------------------ */

static void read_machine(struct reading *r, struct step *step)
{
	struct given given = { 0 };

	if (r->begun)
		scn_fail(r, step->column, "expected 'machine' only as the first statement");
	read_arguments(r, 1, step, &r->scenario->machine, &given);
	if (!r->bad)
		scn_check_machine(r, &given);
	if (!r->bad)
		return;
	/* The lines that follow are looked at on a machine that has what it may have: one mistake, one message. */
	r->scenario->machine.cpus = SCENARIO_MAX_CPUS;
	r->scenario->machine.nodes = SCENARIO_MAX_NODES;
	r->scenario->machine.lru = SCENARIO_MGLRU;
}

static void read_statement(struct reading *r)
{
	struct step step = { .line = r->line.number, .column = r->line.words[0].column };
	struct given given = { 0 };
	unsigned int first, kind = begin_statement(r, &step, &first);

	if (kind == NR_STEP_KINDS)
		return;
	step.kind = (uint8_t)kind;
	if (kind == STEP_MACHINE) {
		r->scenario->machine.line = step.line;
		r->scenario->machine.column = step.column;
		read_machine(r, &step);
		return;
	}
	if (kind == STEP_EXPECT)
		scn_read_expect(r, &step);
	else
		read_arguments(r, first, &step, &step, &given);
	if (!r->bad)
		scn_check_step(r, &step, &given);
	/* An end closes its block, however wrong the line is. */
	if (kind == STEP_END && !close_block(r, &step))
		return;
	if (!r->bad || kind == STEP_END)
		add_step(r, &step);
	if (kind == STEP_REPEAT)
		open_block(r, &step);
}

static void read_lines(struct reading *r, const char *text, size_t len)
{
	const char *end = text + len, *eol;

	for (; text < end && !r->no_memory && r->errors->nr < SCENARIO_MAX_ERRORS; text = eol + 1) {
		eol = memchr(text, '\n', (size_t)(end - text));
		eol = eol ? eol : end;
		r->line.number++;
		r->bad = false;
		if (!scn_read_line(r, text, (size_t)(eol - text)) || !r->line.nr) {
			excuse_line(r);
			continue;
		}
		read_statement(r);
		r->begun = true;
		if (r->bad)
			excuse_line(r);
	}
	/* What was not read may have its end. */
	if (text < end || !r->depth)
		return;
	r->broken = true;
	r->depth = r->depth < SCENARIO_MAX_DEPTH ? r->depth : SCENARIO_MAX_DEPTH;
	scenario_fail_at(r->errors, r->open_at[r->depth - 1].line, r->open_at[r->depth - 1].column,
			 "expected an 'end' for this repeat, found the end of the file");
}

/* ---- all of it ----------------------------------------------------------------------- */

static bool create_names(struct reading *r)
{
	static const char *const layout[NR_SCENARIO_LAYOUT] = { "text", "data", "heap", "stack" };
	struct scenario *s = r->scenario;
	unsigned int i;

	s->processes = names_create();
	s->maps = names_create();
	s->files = names_create();
	s->phases = names_create();
	s->caches = names_create();
	r->excused = names_create();
	if (!s->processes || !s->maps || !s->files || !s->phases || !s->caches || !r->excused)
		return false;
	for (i = 0; i < NR_SCENARIO_LAYOUT; i++)
		if (!names_intern(s->maps, layout[i], strlen(layout[i])))
			return false;
	return true;
}

static void read_all(struct reading *r, const char *text, size_t len)
{
	const struct argument *arg;

	for (arg = scn_statements[STEP_MACHINE].options; arg->name; arg++)
		scn_default_value(arg, &r->scenario->machine);
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3;
		len -= 3;
	}
	if (len > SCENARIO_MAX_BYTES) {
		scenario_fail_at(r->errors, 1, 1, "expected a scenario of at most %u bytes, found %zu",
				 SCENARIO_MAX_BYTES, len);
		return;
	}
	read_lines(r, text, len);
	if (r->no_memory || r->broken || r->depth)
		return;
	if (!r->scenario->nr_steps && !r->errors->nr)
		scenario_fail_at(r->errors, 1, 1, r->begun ? "expected a process, found only the machine" :
				 "expected a statement, found nothing but comments");
	scn_resolve(r);
}

int scenario_read(struct scenario **out, const char *text, size_t len, struct scenario_errors *errors)
{
	struct reading *r = calloc(1, sizeof(*r));
	int ret = -ENOMEM;

	*errors = (struct scenario_errors){ 0 };
	*out = NULL;
	if (!r)
		return -ENOMEM;
	r->errors = errors;
	r->scenario = calloc(1, sizeof(*r->scenario));
	if (r->scenario && create_names(r)) {
		read_all(r, text, len);
		ret = r->no_memory ? -ENOMEM : errors->nr ? -EINVAL : 0;
	}
	if (ret)
		scenario_destroy(r->scenario);
	else
		*out = r->scenario;
	names_destroy(r->excused);
	free(r);
	return ret;
}

void scenario_destroy(struct scenario *scenario)
{
	if (!scenario)
		return;
	names_destroy(scenario->processes);
	names_destroy(scenario->maps);
	names_destroy(scenario->files);
	names_destroy(scenario->phases);
	names_destroy(scenario->caches);
	free(scenario->steps);
	free(scenario->numbers);
	free(scenario);
}

/* ---- what it holds ---------------------------------------------------------------------- */

const struct scenario_machine *scenario_machine(const struct scenario *scenario)
{
	return &scenario->machine;
}

const struct step *scenario_steps(const struct scenario *scenario, uint32_t *nr)
{
	*nr = scenario->nr_steps;
	return scenario->steps;
}

const uint64_t *scenario_numbers(const struct scenario *scenario, struct scenario_list list)
{
	return scenario->numbers + list.first;
}

uint64_t scenario_length(const struct scenario *scenario)
{
	return scenario->length;
}

scenario_id scenario_nr_processes(const struct scenario *scenario)
{
	return (scenario_id)names_count(scenario->processes);
}

scenario_id scenario_nr_maps(const struct scenario *scenario)
{
	return (scenario_id)names_count(scenario->maps);
}

scenario_id scenario_nr_files(const struct scenario *scenario)
{
	return (scenario_id)names_count(scenario->files);
}

scenario_id scenario_nr_phases(const struct scenario *scenario)
{
	return (scenario_id)names_count(scenario->phases);
}

scenario_id scenario_nr_caches(const struct scenario *scenario)
{
	return (scenario_id)names_count(scenario->caches);
}

const char *scenario_process_name(const struct scenario *scenario, scenario_id id)
{
	return names_text(scenario->processes, id);
}

const char *scenario_map_name(const struct scenario *scenario, scenario_id id)
{
	return names_text(scenario->maps, id);
}

const char *scenario_file_name(const struct scenario *scenario, scenario_id id)
{
	return names_text(scenario->files, id);
}

const char *scenario_phase_name(const struct scenario *scenario, scenario_id id)
{
	return names_text(scenario->phases, id);
}

const char *scenario_cache_name(const struct scenario *scenario, scenario_id id)
{
	return names_text(scenario->caches, id);
}
