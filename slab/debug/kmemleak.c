/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: unreferenced objects; see kmemleak.h. One thread drives a machine. */
#include "slab/debug/kmemleak.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slab/head.h"
#include "slab/live.h"

enum mark_kind { MARK_GREY, MARK_BLACK, MARK_NO_SCAN, MARK_AREA };

/* What a program said about one object. Few, so a walk finds one. */
struct mark {
	struct mark *next;
	const void *object;
	enum mark_kind kind;
	struct slab_track made_for;
	const unsigned char *start;	/* of MARK_AREA */
	size_t bytes;
};

struct root {
	struct root *next;
	const unsigned char *start;
	size_t bytes;
};

/* What a scan knows of a live object. */
struct node {
	const unsigned char *object;
	size_t size;
	struct kmem_cache *cache;
	const struct mark *mark;
	bool grey;
};

/* An object's contents at the last scan, by address. */
struct content {
	const unsigned char *object;
	uint64_t sum;
};

struct kmemleak {
	struct slab_allocator *sa;
	struct root *roots;
	struct mark *marks;
	uint64_t min_age_ns;
	struct content *before;
	size_t nr_before;
};

struct scan {
	struct kmemleak *kl;
	struct node *nodes;		/* by address */
	size_t nr, size;
	size_t *grey;			/* a stack of nodes to search */
	size_t nr_grey;
	struct kmem_cache *cache;	/* whose slabs are gathered */
	uint64_t words;
	bool no_memory;
};

/* ---- roots and marks --------------------------------------------------- */

int kmemleak_create(struct kmemleak **out, struct slab_allocator *sa)
{
	struct kmemleak *kl = calloc(1, sizeof(*kl));

	*out = kl;
	if (!kl)
		return -ENOMEM;
	kl->sa = sa;
	return 0;
}

void kmemleak_destroy(struct kmemleak *kl)
{
	if (!kl)
		return;
	while (kl->roots) {
		struct root *root = kl->roots;

		kl->roots = root->next;
		free(root);
	}
	while (kl->marks) {
		struct mark *mark = kl->marks;

		kl->marks = mark->next;
		free(mark);
	}
	free(kl->before);
	free(kl);
}

int kmemleak_add_root(struct kmemleak *kl, const void *start, size_t bytes)
{
	struct root *root;
	uintptr_t end;

	if (__builtin_add_overflow((uintptr_t)start, bytes, &end))
		return -EINVAL;
	root = calloc(1, sizeof(*root));
	if (!root)
		return -ENOMEM;
	root->start = start;
	root->bytes = bytes;
	root->next = kl->roots;
	kl->roots = root;
	return 0;
}

int kmemleak_remove_root(struct kmemleak *kl, const void *start)
{
	struct root **link;

	for (link = &kl->roots; *link; link = &(*link)->next)
		if ((*link)->start == start) {
			struct root *root = *link;

			*link = root->next;
			free(root);
			return 0;
		}
	return -ENOENT;
}

void kmemleak_set_min_age(struct kmemleak *kl, uint64_t ns)
{
	kl->min_age_ns = ns;
}

static struct slab_track alloc_track(const struct kmemleak *kl, const void *object)
{
	struct slab_track alloc = { .valid = 0 }, freed;

	if (!slab_object_tracks(kl->sa, object, &alloc, &freed))
		alloc.valid = 0;
	return alloc;
}

static struct mark *find_mark(const struct kmemleak *kl, const void *object)
{
	struct mark *mark;

	for (mark = kl->marks; mark && mark->object != object; mark = mark->next)
		;
	return mark;
}

static int set_mark(struct kmemleak *kl, const void *object, enum mark_kind kind, const void *start,
		    size_t bytes)
{
	struct mark *mark = find_mark(kl, object);

	if (!ksize(kl->sa, object))
		return -EINVAL;
	if (!mark) {
		mark = calloc(1, sizeof(*mark));
		if (!mark)
			return -ENOMEM;
		mark->object = object;
		mark->next = kl->marks;
		kl->marks = mark;
	}
	mark->kind = kind;
	mark->made_for = alloc_track(kl, object);
	mark->start = start;
	mark->bytes = bytes;
	return 0;
}

int kmemleak_not_leak(struct kmemleak *kl, const void *object)
{
	return set_mark(kl, object, MARK_GREY, NULL, 0);
}

int kmemleak_ignore(struct kmemleak *kl, const void *object)
{
	return set_mark(kl, object, MARK_BLACK, NULL, 0);
}

int kmemleak_no_scan(struct kmemleak *kl, const void *object)
{
	return set_mark(kl, object, MARK_NO_SCAN, NULL, 0);
}

int kmemleak_scan_area(struct kmemleak *kl, const void *object, const void *start, size_t bytes)
{
	size_t size = ksize(kl->sa, object);
	size_t offset = (uintptr_t)start - (uintptr_t)object;

	if (!size)
		return -EINVAL;
	if (offset > size || bytes > size - offset)
		return -ERANGE;
	return set_mark(kl, object, MARK_AREA, start, bytes);
}

static bool same_allocation(const struct slab_track *a, const struct slab_track *b)
{
	return a->valid == b->valid && a->by.event == b->by.event && a->by.time_ns == b->by.time_ns &&
	       a->by.site == b->by.site;
}

/* Marks of objects that are gone, or whose place another one has. */
static void drop_stale_marks(struct kmemleak *kl)
{
	struct mark **link = &kl->marks;

	while (*link) {
		struct mark *mark = *link;
		struct slab_track now = alloc_track(kl, mark->object);

		if (ksize(kl->sa, mark->object) && same_allocation(&mark->made_for, &now)) {
			link = &mark->next;
			continue;
		}
		*link = mark->next;
		free(mark);
	}
}

/* ---- the live objects -------------------------------------------------- */

static void add_node(struct scan *scan, const unsigned char *object, struct kmem_cache *cache)
{
	struct node *node;

	if (scan->nr == scan->size) {
		size_t size = scan->size ? scan->size * 2 : 1024;
		struct node *larger = reallocarray(scan->nodes, size, sizeof(*larger));

		if (!larger) {
			scan->no_memory = true;
			return;
		}
		scan->nodes = larger;
		scan->size = size;
	}
	node = &scan->nodes[scan->nr++];
	*node = (struct node){ .object = object, .cache = cache };
	node->size = ksize(scan->kl->sa, object);
	node->mark = find_mark(scan->kl, object);
}

/* Objects of any cache and size. */
static bool gather_shared(struct scan *scan, const struct page *slab)
{
	const struct slab_allocator *sa = scan->kl->sa;
	const unsigned char *start = slab_address(sa, slab), *object;

	for (object = start; object < start + PAGE_SIZE && !scan->no_memory; object += 1 << LIVE_SHIFT)
		if (live_test(sa, arena_offset(sa, object)))
			add_node(scan, object, slab_owner_of(sa, slab, object));
	return !scan->no_memory;
}

static bool gather_slab(void *ctx, pfn_t pfn)
{
	struct scan *scan = ctx;
	const struct slab_allocator *sa = scan->kl->sa;
	const struct page *slab = page_from_pfn(sa->map, pfn);
	const unsigned char *object = slab_first_object(scan->cache, slab);
	unsigned int i;

	if (scan->cache == sa->shared)
		return gather_shared(scan, slab);
	for (i = 0; i < slab_objects(slab) && !scan->no_memory; i++, object += scan->cache->size)
		if (live_test(sa, arena_offset(sa, object)))
			add_node(scan, object, scan->cache);
	return !scan->no_memory;
}

static int by_address(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return x->object < y->object ? -1 : x->object > y->object;
}

static int gather(struct scan *scan)
{
	struct slab_allocator *sa = scan->kl->sa;
	uint32_t link;

	for (scan->cache = sa->newest; scan->cache; scan->cache = scan->cache->older)
		scan->cache->engine->for_each_slab(scan->cache, gather_slab, scan);
	for (link = sa->large_head; link != PFN_NONE_VAL; link = sa->pages[link].next)
		add_node(scan, slab_address(sa, &sa->pages[link]), NULL);
	if (scan->no_memory)
		return -ENOMEM;
	scan->grey = calloc(scan->nr + 1, sizeof(*scan->grey));
	if (!scan->grey)
		return -ENOMEM;
	if (scan->nr)
		qsort(scan->nodes, scan->nr, sizeof(*scan->nodes), by_address);
	return 0;
}

/* The object that @value points into, or NULL. */
static struct node *node_around(const struct scan *scan, uintptr_t value)
{
	const struct slab_allocator *sa = scan->kl->sa;
	size_t low = 0, high = scan->nr;

	if (arena_offset(sa, (void *)value) >= sa->bytes)
		return NULL;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if ((uintptr_t)scan->nodes[middle].object <= value)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || value - (uintptr_t)scan->nodes[low - 1].object >= scan->nodes[low - 1].size)
		return NULL;
	return &scan->nodes[low - 1];
}

/* ---- marking ----------------------------------------------------------- */

static bool is_black(const struct node *node)
{
	return node->mark && node->mark->kind == MARK_BLACK;
}

static void make_grey(struct scan *scan, struct node *node)
{
	if (node->grey || is_black(node))
		return;
	node->grey = true;
	scan->grey[scan->nr_grey++] = (size_t)(node - scan->nodes);
}

/*
 * Whole words only, as pointers are stored. What lies there may be poisoned for
 * a sanitizer: a conservative search has to read it all the same.
 */
__attribute__((no_sanitize("address")))
static void search(struct scan *scan, const unsigned char *start, size_t bytes)
{
	const unsigned char *end = start + bytes;
	const uintptr_t *word = (const uintptr_t *)(((uintptr_t)start + sizeof(*word) - 1) &
						    ~(uintptr_t)(sizeof(*word) - 1));

	for (; (const unsigned char *)(word + 1) <= end; word++) {
		struct node *node = node_around(scan, *word);

		scan->words++;
		if (node)
			make_grey(scan, node);
	}
}

static void search_object(struct scan *scan, const struct node *node)
{
	if (node->mark && node->mark->kind == MARK_NO_SCAN)
		return;
	if (node->mark && node->mark->kind == MARK_AREA)
		search(scan, node->mark->start, node->mark->bytes);
	else
		search(scan, node->object, node->size);
}

static void mark_all(struct scan *scan)
{
	const struct root *root;
	size_t i;

	for (i = 0; i < scan->nr; i++)
		if (scan->nodes[i].mark && scan->nodes[i].mark->kind == MARK_GREY)
			make_grey(scan, &scan->nodes[i]);
	for (root = scan->kl->roots; root; root = root->next)
		search(scan, root->start, root->bytes);
	while (scan->nr_grey)
		search_object(scan, &scan->nodes[scan->grey[--scan->nr_grey]]);
}

/* ---- sweeping ---------------------------------------------------------- */

/* FNV-1a, 64 bits. */
static uint64_t content_sum(const struct node *node)
{
	uint64_t sum = 0xcbf29ce484222325ULL;
	size_t i;

	for (i = 0; i < node->size; i++)
		sum = (sum ^ node->object[i]) * 0x100000001b3ULL;
	return sum;
}

static int compare_content(const void *key, const void *element)
{
	const unsigned char *object = key;
	const struct content *content = element;

	return object < content->object ? -1 : object > content->object;
}

/* True where it was there at the last scan with other contents. */
static bool has_changed(const struct kmemleak *kl, const struct node *node, uint64_t sum)
{
	const struct content *before;

	if (!kl->nr_before)
		return false;
	before = bsearch(node->object, kl->before, kl->nr_before, sizeof(*kl->before), compare_content);
	return before && before->sum != sum;
}

static void describe(const struct scan *scan, const struct node *node, uint64_t now_ns,
		     struct kmemleak_object *leak)
{
	*leak = (struct kmemleak_object){
		.object = node->object, .size = node->size, .cache = node->cache,
		.alloc = alloc_track(scan->kl, node->object),
	};
	if (leak->alloc.valid && now_ns > leak->alloc.by.time_ns)
		leak->age_ns = now_ns - leak->alloc.by.time_ns;
	leak->nr_first = node->size < KMEMLEAK_FIRST_BYTES ? (unsigned int)node->size :
							      KMEMLEAK_FIRST_BYTES;
	memcpy(leak->first, node->object, leak->nr_first);
}

static int sweep(struct scan *scan, uint64_t now_ns, struct kmemleak_result *result)
{
	struct content *contents = calloc(scan->nr + 1, sizeof(*contents));
	size_t i;

	result->leaks = calloc(scan->nr + 1, sizeof(*result->leaks));
	if (!contents || !result->leaks) {
		free(contents);
		return -ENOMEM;
	}
	for (i = 0; i < scan->nr; i++) {
		const struct node *node = &scan->nodes[i];
		struct kmemleak_object *leak = &result->leaks[result->nr_leaks];

		contents[i] = (struct content){ node->object, content_sum(node) };
		if (is_black(node) || node->grey) {
			result->black += is_black(node);
			result->grey += node->grey;
			continue;
		}
		result->white++;
		describe(scan, node, now_ns, leak);
		if (has_changed(scan->kl, node, contents[i].sum))
			result->changed++;
		else if (leak->alloc.valid && leak->age_ns < scan->kl->min_age_ns)
			result->too_young++;
		else
			result->nr_leaks++;
	}
	free(scan->kl->before);
	scan->kl->before = contents;
	scan->kl->nr_before = scan->nr;
	return 0;
}

/* Most bytes first; then by number, so that equal input gives equal output. */
static int by_bytes(const void *a, const void *b)
{
	const struct kmemleak_site *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return x->site < y->site ? -1 : x->site > y->site;
}

static int by_site(const void *a, const void *b)
{
	const struct kmemleak_site *x = a, *y = b;

	return x->site < y->site ? -1 : x->site > y->site;
}

static int group_by_site(struct kmemleak_result *result)
{
	struct kmemleak_site *sites = calloc(result->nr_leaks + 1, sizeof(*sites));
	uint64_t i, nr = 0;

	if (!sites)
		return -ENOMEM;
	for (i = 0; i < result->nr_leaks; i++) {
		const struct kmemleak_object *leak = &result->leaks[i];

		sites[i] = (struct kmemleak_site){
			.site = leak->alloc.valid ? leak->alloc.by.site : 0, .cache = leak->cache,
			.objects = 1, .bytes = leak->size, .oldest_ns = leak->age_ns,
		};
	}
	qsort(sites, result->nr_leaks, sizeof(*sites), by_site);
	for (i = 0; i < result->nr_leaks; i++) {
		if (!nr || sites[nr - 1].site != sites[i].site) {
			sites[nr++] = sites[i];
			continue;
		}
		sites[nr - 1].objects++;
		sites[nr - 1].bytes += sites[i].bytes;
		if (sites[i].oldest_ns > sites[nr - 1].oldest_ns)
			sites[nr - 1].oldest_ns = sites[i].oldest_ns;
	}
	qsort(sites, nr, sizeof(*sites), by_bytes);
	result->sites = sites;
	result->nr_sites = nr;
	return 0;
}

int kmemleak_scan(struct kmemleak *kl, uint64_t now_ns, struct kmemleak_result **out)
{
	struct kmemleak_result *result = calloc(1, sizeof(*result));
	struct scan scan = { .kl = kl };
	int ret;

	*out = NULL;
	if (!result)
		return -ENOMEM;
	drop_stale_marks(kl);
	ret = gather(&scan);
	if (!ret) {
		mark_all(&scan);
		ret = sweep(&scan, now_ns, result);
	}
	if (!ret)
		ret = group_by_site(result);
	result->live = scan.nr;
	result->words = scan.words;
	free(scan.nodes);
	free(scan.grey);
	if (ret)
		kmemleak_result_free(result);
	else
		*out = result;
	return ret;
}

void kmemleak_result_free(struct kmemleak_result *result)
{
	if (!result)
		return;
	free(result->leaks);
	free(result->sites);
	free(result);
}

int kmemleak_clear(struct kmemleak *kl, const struct kmemleak_result *result)
{
	uint64_t i;
	int ret = 0;

	for (i = 0; i < result->nr_leaks && ret != -ENOMEM; i++)
		ret = kmemleak_not_leak(kl, result->leaks[i].object);
	return ret == -ENOMEM ? ret : 0;
}
