/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: takes the kernel's memory files apart. Shared by the tests of
 * the rows and those of a machine's files. Malformed input fails the test.
 */
#ifndef KMEMSIM_TESTS_SIM_REPORT_PROCFS_H
#define KMEMSIM_TESTS_SIM_REPORT_PROCFS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/report/kernel/procfs_rows.h"

#define MAX_NUMBERS 64

/* The next line of *@text without its newline, cut in place; NULL at the end. */
char *next_line(char **text);

/* Whole numbers separated by blanks or commas, a '>' before one is skipped; returns how many. */
unsigned int parse_numbers(const char *text, uint64_t *numbers);

/* "Node 0, zone   Normal": what follows it, or NULL. */
const char *parse_zone(const char *line, unsigned int *nid, char zone[16]);

struct parsed_zone {
	struct procfs_zone zone;	/* points into the rest */
	char name[16];
	uint64_t stat[NR_VMSTAT_ITEMS], node_stat[NR_VMSTAT_ITEMS];
	uint64_t protection[MAX_NUMBERS];
	struct procfs_pageset pagesets[MAX_NUMBERS];
};

/* zoneinfo: the line that opens a zone, and each line below it. */
void start_zone(struct parsed_zone *z, enum buddy_kernel kernel, const char *line);
void parse_zone_line(struct parsed_zone *z, const char *line);

/* Each file of @kernel, taken apart into numbers and printed again; @text is consumed. */
void reprint_buddyinfo(char *text, enum buddy_kernel kernel, FILE *out);
void reprint_pagetypeinfo(char *text, enum buddy_kernel kernel, FILE *out);
void reprint_unusable_index(char *text, enum buddy_kernel kernel, FILE *out);
void reprint_extfrag_index(char *text, enum buddy_kernel kernel, FILE *out);
void reprint_slabinfo(char *text, enum buddy_kernel kernel, FILE *out);
void reprint_vmstat(char *text, enum buddy_kernel kernel, FILE *out);
void reprint_zoneinfo(char *text, enum buddy_kernel kernel, FILE *out);

/*
 * Compute one of the indices from each line of @buddyinfo and count the lines
 * so printed that @file does not have. *@nr_lines counts all lines, *@dma the
 * differing ones of zone DMA.
 */
unsigned int differing_lines(char *buddyinfo, const char *file, bool extfrag,
			     unsigned int *nr_lines, unsigned int *dma);

#endif
