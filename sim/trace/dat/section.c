/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what trace-cmd packed, with zstd or zlib; see dat.h. No state. */
#include <zlib.h>
#include <zstd.h>

#include "sim/trace/dat/dat.h"

bool dat_unpack(enum dat_packer packer, void *to, size_t size, const void *data, size_t len)
{
	uLongf got = size;

	switch (packer) {
	case DAT_ZSTD:
		return ZSTD_decompress(to, size, data, len) == size;
	case DAT_ZLIB:
		return uncompress(to, &got, data, len) == Z_OK && got == size;
	case DAT_PLAIN:
		break;
	}
	return false;
}
