/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the symbols of a kernel, as /proc/kallsyms lists them, and the name of
 * an address as perf gives it: "kmem_cache_alloc+0x1c". Of several symbols at one
 * address perf prefers, in this order, one that is not weak, a global one, one
 * with fewer underscores before it, the longest.
 *
 * Locking: none, single-threaded.
 */
#ifndef KMEMSIM_SIM_TRACE_KALLSYMS_H
#define KMEMSIM_SIM_TRACE_KALLSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pagemap/error.h"

#define BUILD_ID_BYTES	20

struct kallsyms;

/*
 * Whose names addresses get. The kernel itself takes the first symbol in its list of
 * those at one address, and tells the symbol's size and module as well:
 * "ext4_bread+0x2b/0xa0 [ext4]".
 */
enum kallsyms_style { KALLSYMS_PERF, KALLSYMS_KERNEL };

/*
 * Read the list in the file @path. Errors: of the system; -EBADMSG for what is no
 * such list; -EACCES where the kernel shows no addresses.
 */
int kallsyms_open(struct kallsyms **out, const char *path, struct kerror *err);
/* The same in a style; the first one's is perf's. */
int kallsyms_open_as(struct kallsyms **out, const char *path, enum kallsyms_style style, struct kerror *err);
/* The same of the @len bytes at @text, which messages call @what; in the kernel's style. */
int kallsyms_parse(struct kallsyms **out, const char *text, size_t len, const char *what, struct kerror *err);
void kallsyms_close(struct kallsyms *ks);

/*
 * The recorded kernel had @name, "_text" or "_stext", at @address. Where this list has it elsewhere, the
 * same kernel was started at another place: addresses are shifted from now on.
 */
void kallsyms_set_reference(struct kallsyms *ks, const char *name, uint64_t address);
/*
 * Put "symbol+0xoffset" of @address, or what the style makes of it, into @text, cut to
 * @size; its length, 0 where no symbol covers the address.
 */
size_t kallsyms_name(const struct kallsyms *ks, uint64_t address, char *text, size_t size);

/* The build id of the running kernel; false where that is not to be had. */
bool kallsyms_running_build_id(unsigned char id[BUILD_ID_BYTES]);

#endif
