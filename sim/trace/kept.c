/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: an input's bytes for a second time; see kept.h. Single-threaded. */
#include "sim/trace/kept.h"

#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

#include "sim/trace/spill.h"

/* Of a recording of 182 MB level 1 makes 10.6 MB in 0.28 s, level 3 as many in 0.84 s. */
#define LEVEL		1

struct kept {
	struct spill *spill;
	uint64_t at;			/* read up to here */
	bool failed;			/* there was no room for all of it */
	ZSTD_CCtx *zstd;		/* NULL: the bytes are packed already */
	unsigned char *out;
	size_t out_size;
};

struct kept *kept_create(bool pack)
{
	struct kept *kept = calloc(1, sizeof(*kept));

	if (!kept)
		return NULL;
	kept->spill = spill_create(KEPT_MEMORY_BYTES);
	if (pack) {
		kept->zstd = ZSTD_createCCtx();
		kept->out_size = ZSTD_CStreamOutSize();
		kept->out = malloc(kept->out_size);
	}
	if (!kept->spill || (pack && (!kept->zstd || !kept->out))) {
		kept_destroy(kept);
		return NULL;
	}
	if (pack)
		ZSTD_CCtx_setParameter(kept->zstd, ZSTD_c_compressionLevel, LEVEL);
	return kept;
}

void kept_destroy(struct kept *kept)
{
	if (!kept)
		return;
	spill_destroy(kept->spill);
	ZSTD_freeCCtx(kept->zstd);
	free(kept->out);
	free(kept);
}

static int pack(struct kept *kept, const void *bytes, size_t len, ZSTD_EndDirective end, struct kerror *err)
{
	ZSTD_inBuffer in = { bytes, len, 0 };
	size_t left;

	do {
		ZSTD_outBuffer out = { kept->out, kept->out_size, 0 };
		int ret;

		left = ZSTD_compressStream2(kept->zstd, &out, &in, end);
		if (ZSTD_isError(left))
			return kerror_set(err, -EIO, "packing the trace: %s", ZSTD_getErrorName(left));
		ret = spill_append(kept->spill, kept->out, out.pos, err);
		if (ret)
			return ret;
	} while (end == ZSTD_e_end ? left > 0 : in.pos < in.size);
	return 0;
}

int kept_append(struct kept *kept, const void *bytes, size_t len, struct kerror *err)
{
	int ret = kept->zstd ? pack(kept, bytes, len, ZSTD_e_continue, err) : spill_append(kept->spill, bytes, len, err);

	kept->failed |= ret != 0;
	return ret;
}

int kept_rewind(struct kept *kept, struct kerror *err)
{
	int ret = kept->zstd && !kept->failed ? pack(kept, NULL, 0, ZSTD_e_end, err) : 0;

	kept->at = 0;
	ZSTD_freeCCtx(kept->zstd);
	kept->zstd = NULL;
	return ret;
}

int64_t kept_read(struct kept *kept, void *buf, size_t size, struct kerror *err)
{
	uint64_t left = spill_bytes(kept->spill) - kept->at;
	int ret;

	if (size > left)
		size = (size_t)left;
	ret = size ? spill_read(kept->spill, kept->at, buf, size, err) : 0;
	if (ret)
		return ret;
	kept->at += size;
	return (int64_t)size;
}

uint64_t kept_file_bytes(const struct kept *kept)
{
	return spill_file_bytes(kept->spill);
}
