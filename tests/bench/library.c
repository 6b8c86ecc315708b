/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim-bench: the library's tables, one after the other; see library.h. */
#include <stdio.h>

#include "tests/bench/library.h"

void bench_library(const struct bench_place *place, unsigned int rounds, const char *json)
{
	json_t *doc = json_pack("{s:i, s:[]}", "rounds", rounds, "cells");

	if (!doc)
		bench_die("no memory for a table");
	if (place->first_cpu == place->last_cpu)
		fputs("kmemsim-bench: one CPU only: two threads share it\n", stderr);
	library_objects(place, rounds, doc);
	library_frames(place, rounds, doc);
	if (json_dump_file(doc, json, JSON_INDENT(1) | JSON_REAL_PRECISION(8)))
		bench_die("%s cannot be written", json);
	json_decref(doc);
}
