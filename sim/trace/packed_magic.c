/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: who packed some bytes, by the first of them; see packed.h. No state. */
#include <string.h>

#include "sim/trace/packed.h"

static const struct {
	unsigned char magic[PACKED_MAGIC_BYTES];
	unsigned char len;
	const char *by;
} packers[] = {
	{ { 0x1f, 0x8b, 8 }, 3, "gzip" },
	{ { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, "xz" },
	{ { 'B', 'Z', 'h' }, 3, "bzip2" },
	{ { 0x04, 0x22, 0x4d, 0x18 }, 4, "lz4" },
};

const char *packed_by(const unsigned char *head, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(packers) / sizeof(packers[0]); i++)
		if (len >= packers[i].len && !memcmp(head, packers[i].magic, packers[i].len))
			return packers[i].by;
	return NULL;
}
