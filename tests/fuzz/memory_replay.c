/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: libFuzzer target for Android's recordings of allocations. */
#include <stdint.h>

#include "tests/fuzz/heap_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return check_heap_text(data, size, "memory-replay", true);
}
