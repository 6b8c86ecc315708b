/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: KMEMSIM_OPTIONS, what a user may ask of the library without touching
 * the program: settings NAME=VALUE, divided by ':' or blanks. The list below is
 * all there is about an option: the parser, the help and the documentation's
 * test are made from it.
 *
 * Locking: read once, before the heap exists; constant afterwards.
 */
#ifndef KMEMSIM_SLAB_MALLOC_OPTIONS_H
#define KMEMSIM_SLAB_MALLOC_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * X(kind, name, value's form, meaning): kinds are TEXT, at most 255 bytes; DEBUG, a text as
 * slab_debug_parse() takes it; BYTES, with K, M, G or T behind the number; FLAG, yes or no.
 */
#define KMS_OPTIONS(X) \
	X(DEBUG, debug,       "FLAGS[,NAME...]", "check objects: F consistency, Z red zones, P poison, U who, Q quarantine") \
	X(FLAG,  leaks,       "yes/no",   "at exit, say what nobody points to any more (default no)") \
	X(FLAG,  stop,        "yes/no",   "abort at the first complaint (default no)") \
	X(TEXT,  report,      "FILE",     "write the report at exit and on SIGUSR2; %p is the process, - standard error") \
	X(TEXT,  report_json, "FILE",     "the same as JSON") \
	X(FLAG,  give_back,   "yes/no",   "free memory goes back to the host (default yes)") \
	X(BYTES, arena,       "SIZE",     "address space for page frames (default: twice the host's memory)") \
	X(FLAG,  help,        "yes/no",   "list the options on standard error")

#define KMS_OPTION_TEXT 256
#define KMS_FIELD_TEXT(name) char name[KMS_OPTION_TEXT];
#define KMS_FIELD_DEBUG(name) char name[KMS_OPTION_TEXT];
#define KMS_FIELD_BYTES(name) uint64_t name;
#define KMS_FIELD_FLAG(name) bool name;

/* "" and 0 where nothing was said, but for give_back. */
struct kms_options {
#define KMS_FIELD(kind, name, form, meaning) KMS_FIELD_##kind(name)
	KMS_OPTIONS(KMS_FIELD)
#undef KMS_FIELD
};

/* Whether the environment's variable says anything; getenv() knows nothing before libc has started. */
bool kms_options_given(void) __attribute__((visibility("hidden")));
/* Read the environment into @options; what is wrong is said on standard error and left out. */
void kms_read_options(struct kms_options *options) __attribute__((visibility("hidden")));
/*
 * The variable's value by the file at @path, which has an environment as /proc/self/environ
 * has it, in @value; what is longer than @size - 1 is cut. NULL where there is none.
 */
const char *kms_environ_file(const char *path, char *value, size_t size)
	__attribute__((visibility("hidden")));
/* The same of @text; returns how many settings were wrong. */
unsigned int kms_parse_options(struct kms_options *options, const char *text)
	__attribute__((visibility("hidden")));

#endif
