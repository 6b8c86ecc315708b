/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: function names for places in ELF files, from their symbol tables (.symtab, or
 * .dynsym where they were stripped). A build without libdw, whose libelf does the
 * reading, finds none.
 *
 * Locking: none. Files are opened once and their functions kept until symbols_destroy().
 */
#ifndef KMEMSIM_SIM_TRACE_HEAP_SYMBOLS_H
#define KMEMSIM_SIM_TRACE_HEAP_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

struct symbols;

struct symbols *symbols_create(void);	/* NULL: no memory */
void symbols_destroy(struct symbols *symbols);

/*
 * The function at the byte @at of the file @path, which is read as it is now. *@name is
 * valid until symbols_destroy(), *@offset how far behind its start @at is. False: none
 * is known there.
 */
bool symbols_find(struct symbols *symbols, const char *path, uint64_t at, const char **name, uint64_t *offset);

#endif
