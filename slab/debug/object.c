/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what surrounds an object of a debugged cache, how it is filled and
 * how it is checked. An element, s->size bytes, in this order (each part is
 * there only with the flag that wants it):
 *
 *   left red zone    red_left bytes                                Z
 *   object           object_size bytes
 *   right red zone   from the last byte asked for up to inuse      Z
 *   free pointer     a word, where the object must not hold it
 *   two tracks       who allocated, who freed                      U
 *   size asked for   4 bytes, kmalloc caches                       U
 *   padding          up to the next element                        P fills it
 *
 * Red zones are SLUB_RED_INACTIVE around a free object and SLUB_RED_ACTIVE
 * around one in use; a free object is POISON_FREE with POISON_END as its last
 * byte, and so is one that was just handed out; padding is POISON_INUSE.
 *
 * Follows init_object(), check_object() and check_bytes_and_report() of Linux
 * 6.1's mm/slub.c. Differs from Linux: each part is looked at, even where an
 * earlier one was bad; a free object's last byte is looked at together with
 * the rest, one report for one write.
 *
 * Single-threaded.
 */
#include <string.h>

#include "slab/complain.h"
#include "slab/debug/internal.h"
#include "slab/head.h"

static bool freeptr_outside_object(const struct kmem_cache *s)
{
	return s->offset >= s->inuse;
}

/* Where tracks begin; follows get_info_end(). */
static uint32_t info_end(const struct kmem_cache *s)
{
	return s->inuse + (freeptr_outside_object(s) ? (uint32_t)sizeof(void *) : 0);
}

static bool keeps_orig_size(const struct kmem_cache *s)
{
	return (s->flags & SLAB_STORE_USER) && (s->flags & SLAB_KMALLOC);
}

bool slab_poisons_object(const struct kmem_cache *s)
{
	return (s->flags & SLAB_POISON) && !(s->flags & SLAB_TYPESAFE_BY_RCU) && !s->ctor;
}

struct slab_track *slab_track_of(const struct kmem_cache *s, const void *object,
				 unsigned int which)
{
	return (struct slab_track *)((uintptr_t)object + info_end(s)) + which;
}

static uint32_t *orig_size_of(const struct kmem_cache *s, const void *object)
{
	return (uint32_t *)slab_track_of(s, object, TRACK_FREE + 1);
}

uint32_t slab_orig_size(const struct kmem_cache *s, const void *object)
{
	uint32_t size;

	if (!keeps_orig_size(s))
		return s->object_size;
	size = *orig_size_of(s, object);
	/* It lies where an overrun may have been. */
	return size && size <= s->object_size ? size : s->object_size;
}

void slab_set_orig_size(const struct kmem_cache *s, void *object, size_t asked)
{
	if (keeps_orig_size(s))
		*orig_size_of(s, object) = asked ? (uint32_t)asked : s->object_size;
}

uint32_t slab_metadata_end(const struct kmem_cache *s)
{
	uint32_t end = info_end(s);

	if (s->flags & SLAB_STORE_USER)
		end += 2 * (uint32_t)sizeof(struct slab_track);
	return keeps_orig_size(s) ? end + (uint32_t)sizeof(uint32_t) : end;
}

/* Where the right red zone begins: by newer rules nobody may write behind what they asked for. */
static uint32_t red_zone_start(const struct kmem_cache *s, const void *object, uint8_t val)
{
	return val == SLUB_RED_ACTIVE && s->sa->rules->zone_from_request ? slab_orig_size(s, object) :
									   s->object_size;
}

uint32_t slab_debug_usable(const struct kmem_cache *s, const void *object)
{
	if (s->flags & SLAB_RED_ZONE)
		return red_zone_start(s, object, SLUB_RED_ACTIVE);
	if (s->flags & SLAB_POISON)
		return s->object_size;
	if ((s->flags & SLAB_STORE_USER) || freeptr_outside_object(s))
		return s->inuse;
	return s->size;
}

void slab_init_object(const struct kmem_cache *s, void *object, uint8_t val)
{
	unsigned char *p = object;
	uint32_t size = s->object_size;

	if (s->flags & SLAB_RED_ZONE) {
		size = red_zone_start(s, object, val);
		memset(p - s->red_left, val, s->red_left);
		memset(p + size, val, s->inuse - size);
	}
	if (slab_poisons_object(s)) {
		memset(p, POISON_FREE, size - 1);
		p[size - 1] = POISON_END;
	}
}

/* ---- checking ----------------------------------------------------------- */

static bool all_are(const unsigned char *p, uint32_t bytes, uint8_t value)
{
	return !bytes || (p[0] == value && !memcmp(p, p + 1, bytes - 1));
}

/* Report the bytes from the first bad one to the last in @start .. @start + @bytes, restore them. */
static unsigned int check_bytes(struct kmem_cache *s, const void *object, enum slab_complaint what,
				unsigned char *start, uint32_t bytes, uint8_t fill, uint8_t last)
{
	struct slab_report report = { .what = what, .object = object, .cache = s };
	uint32_t from = 0, to = bytes;

	if (!bytes || (start[bytes - 1] == last && all_are(start, bytes - 1, fill)))
		return 0;
	while (start[from] == (from == bytes - 1 ? last : fill))
		from++;
	while (start[to - 1] == (to == bytes ? last : fill))
		to--;
	report.first = start + from;
	report.bytes = to - from;
	report.found = start[from];
	report.expected = from == bytes - 1 ? last : fill;
	slab_describe(s->sa, object, &report);
	slab_complain(s->sa, s, &report);

	memset(start + from, fill, to - from);
	if (to == bytes)
		start[bytes - 1] = last;
	return 1;
}

unsigned int slab_check_object(struct kmem_cache *s, void *object, uint8_t val)
{
	uint32_t pad = slab_metadata_end(s), end = s->size - s->red_left;
	uint32_t zone = red_zone_start(s, object, val);
	unsigned char *p = object;
	unsigned int bad = 0;

	if (s->flags & SLAB_RED_ZONE) {
		bad += check_bytes(s, object, SLAB_LEFT_OVERWRITTEN, p - s->red_left, s->red_left,
				   val, val);
		bad += check_bytes(s, object, SLAB_RIGHT_OVERWRITTEN, p + zone, s->inuse - zone,
				   val, val);
	} else if (s->flags & SLAB_POISON) {
		bad += check_bytes(s, object, SLAB_PADDING_OVERWRITTEN, p + s->object_size,
				   s->inuse - s->object_size, POISON_INUSE, POISON_INUSE);
	}
	if (slab_poisons_object(s) && val == SLUB_RED_INACTIVE)
		bad += check_bytes(s, object, SLAB_POISON_OVERWRITTEN, p, s->object_size,
				   POISON_FREE, POISON_END);
	if (s->flags & SLAB_POISON)
		bad += check_bytes(s, object, SLAB_PADDING_OVERWRITTEN, p + pad, end - pad,
				   POISON_INUSE, POISON_INUSE);
	return bad;
}

unsigned int slab_check_end(struct kmem_cache *s, const struct page *slab)
{
	unsigned char *start = slab_first_object(s, slab) - s->red_left;
	unsigned char *end = slab_address(s->sa, slab) + (PAGE_SIZE << page_order(slab));
	unsigned char *pad = start + slab_objects(slab) * s->size;

	if (!(s->flags & SLAB_POISON) || !s->engine->end_is_padding)
		return 0;
	return check_bytes(s, pad, SLAB_END_OVERWRITTEN, pad, (uint32_t)(end - pad), POISON_INUSE,
			   POISON_INUSE);
}

/* ---- slabs --------------------------------------------------------------- */

void slab_debug_new_slab(struct kmem_cache *s, const struct page *slab)
{
	unsigned char *object = slab_first_object(s, slab);
	unsigned int i;

	if ((s->flags & SLAB_POISON) && !s->engine->end_is_padding)
		memset(object - s->red_left, POISON_INUSE, slab_objects(slab) * s->size);
	else if (s->flags & SLAB_POISON)
		memset(slab_address(s->sa, slab), POISON_INUSE, PAGE_SIZE << page_order(slab));
	for (i = 0; i < slab_objects(slab); i++, object += s->size) {
		slab_init_object(s, object, SLUB_RED_INACTIVE);
		if (s->flags & SLAB_STORE_USER)
			memset(slab_track_of(s, object, TRACK_ALLOC), 0,
			       2 * sizeof(struct slab_track));
	}
}
