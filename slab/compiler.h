/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: hints to the compiler, and a macro that it makes possible. */
#ifndef KMEMSIM_SLAB_COMPILER_H
#define KMEMSIM_SLAB_COMPILER_H

#include <stddef.h>

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

#endif
