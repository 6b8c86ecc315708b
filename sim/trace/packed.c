/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: bytes that were packed, through libarchive; see packed.h. Single-threaded. */
#include "sim/trace/packed.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct packed {
	struct archive *archive;
	packed_fill_fn fill;
	void *ctx;
	bool begun;
};

static la_ssize_t fill_archive(struct archive *archive, void *ctx, const void **bytes)
{
	struct packed *packed = ctx;
	int64_t got = packed->fill(packed->ctx, bytes);

	if (got < 0)
		archive_set_error(archive, (int)-got, "reading failed");
	return got < 0 ? -1 : (la_ssize_t)got;
}

bool packed_supported(void)
{
	return true;
}

/* The filters alone: what is inside is one file, whatever it is. */
static bool choose_filters(struct archive *archive)
{
	return archive_read_support_format_raw(archive) == ARCHIVE_OK &&
	       archive_read_support_format_empty(archive) == ARCHIVE_OK &&
	       archive_read_support_filter_xz(archive) == ARCHIVE_OK &&
	       archive_read_support_filter_bzip2(archive) == ARCHIVE_OK &&
	       archive_read_support_filter_lz4(archive) == ARCHIVE_OK;
}

struct packed *packed_open(packed_fill_fn fill, void *ctx)
{
	struct packed *packed = calloc(1, sizeof(*packed));

	if (!packed)
		return NULL;
	packed->fill = fill;
	packed->ctx = ctx;
	packed->archive = archive_read_new();
	if (packed->archive && choose_filters(packed->archive))
		return packed;
	packed_close(packed);
	return NULL;
}

void packed_close(struct packed *packed)
{
	if (!packed)
		return;
	archive_read_free(packed->archive);
	free(packed);
}

static int64_t failed(struct packed *packed, const char **why)
{
	*why = archive_error_string(packed->archive);
	if (!*why)
		*why = "damaged";
	return archive_errno(packed->archive) == ENOMEM ? -ENOMEM : -EBADMSG;
}

int64_t packed_read(struct packed *packed, void *buf, size_t size, const char **why)
{
	struct archive_entry *entry;
	la_ssize_t got;
	int ret;

	if (!packed->begun) {
		packed->begun = true;
		ret = archive_read_open(packed->archive, packed, NULL, fill_archive, NULL);
		if (ret == ARCHIVE_OK)
			ret = archive_read_next_header(packed->archive, &entry);
		if (ret == ARCHIVE_EOF)
			return 0;
		if (ret != ARCHIVE_OK)
			return failed(packed, why);
		/* Too short or too damaged for a filter to know it; raw bytes would be handed out as they are. */
		if (archive_filter_code(packed->archive, 0) == ARCHIVE_FILTER_NONE) {
			*why = "its header is not whole";
			return -EBADMSG;
		}
	}
	got = archive_read_data(packed->archive, buf, size);
	return got < 0 ? failed(packed, why) : (int64_t)got;
}
