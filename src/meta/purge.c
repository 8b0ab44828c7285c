/*
 * How free descriptors go back (meta.h has the picture): all are taken out of the lists, so that nobody waits for what
 * follows, sorted by address in place, and joined; what is longer than a small block is a stretch, whose pages are purged.
 */
#include "base/bits.h"
#include "meta/meta.h"
#include "meta/meta_int.h"
#include "os/os.h"

#define PURGE_MIN ((size_t)128 << 10) /* free bytes that are worth it */
#define PURGE_NPENDING 32             /* sorted chains of 2^i blocks: descriptors are fewer than 2^32 */

struct cellar__lock cellar__meta_purge_lock = CELLAR_LOCK_INIT(CELLAR_RANK_META_PURGE);

static struct cellar__meta_free *purge_merge(struct cellar__meta_free *a, struct cellar__meta_free *b)
{
    struct cellar__meta_free *first = NULL;
    struct cellar__meta_free **link = &first;
    while (a != NULL && b != NULL) {
        struct cellar__meta_free **lower = a < b ? &a : &b;
        *link = *lower;
        link = &(*lower)->next;
        *lower = *link;
    }
    *link = a != NULL ? a : b;
    return first;
}

/* A merge sort from the bottom up: pending[i] is NULL or a sorted chain of 2^i blocks. */
struct purge_sort {
    struct cellar__meta_free *pending[PURGE_NPENDING];
};

static void purge_sort_add(struct purge_sort *sort, struct cellar__meta_free *block)
{
    unsigned i = 0;
    block->next = NULL;
    for (; i < PURGE_NPENDING - 1 && sort->pending[i] != NULL; i++) {
        block = purge_merge(sort->pending[i], block);
        sort->pending[i] = NULL;
    }
    sort->pending[i] = purge_merge(sort->pending[i], block);
}

static struct cellar__meta_free *purge_sort_end(const struct purge_sort *sort)
{
    struct cellar__meta_free *all = NULL;
    for (unsigned i = 0; i < PURGE_NPENDING; i++) {
        all = purge_merge(sort->pending[i], all);
    }
    return all;
}

/* All of a list; size 0 for stretches, which know their own. */
static void purge_sort_list(struct purge_sort *sort, struct cellar__meta_free *list, size_t size)
{
    for (struct cellar__meta_free *next; list != NULL; list = next) {
        next = list->next;
        list->size = size == 0 ? list->size : size;
        purge_sort_add(sort, list);
    }
}

/* Everything that is free, by address. */
static struct cellar__meta_free *purge_collect(void)
{
    struct cellar__meta_lists lists;
    struct purge_sort sort = {{0}};
    cellar__meta_detach(&lists);
    for (size_t i = 1; i < CELLAR_META_NSMALL; i++) {
        purge_sort_list(&sort, lists.small[i], cellar__meta_small_size(i));
    }
    for (size_t i = 0; i < CELLAR_META_NLARGE; i++) {
        purge_sort_list(&sort, lists.large[i], cellar__meta_large_size(i));
    }
    purge_sort_list(&sort, lists.stretches, 0);
    return purge_sort_end(&sort);
}

/* The last of the blocks from `first` on that lie one behind the other. */
static struct cellar__meta_free *purge_find_last(struct cellar__meta_free *first)
{
    while ((char *)first + first->size == (char *)first->next) {
        first = first->next;
    }
    return first;
}

/* Purges the whole pages behind the stretch's header. Returns their bytes; 0 when there are none, or the kernel refuses. */
static size_t purge_pages(const struct cellar__meta_free *stretch)
{
    size_t page_size = cellar__os_machine()->page_size;
    uintptr_t begin = cellar__round_up((uintptr_t)stretch + sizeof *stretch, page_size);
    uintptr_t end = cellar__round_down((uintptr_t)stretch + stretch->size, page_size);
    return begin < end && cellar__os_purge((void *)begin, end - begin) == 0 ? end - begin : 0;
}

static void purge_chain(struct cellar__meta_free **chain, struct cellar__meta_free *first,
                        struct cellar__meta_free *last)
{
    last->next = *chain;
    *chain = first;
}

static size_t purge_all(void)
{
    struct cellar__meta_free *blocks = NULL;
    struct cellar__meta_free *stretches = NULL;
    struct cellar__meta_free *next;
    size_t purged = 0;
    for (struct cellar__meta_free *first = purge_collect(); first != NULL; first = next) {
        struct cellar__meta_free *last = purge_find_last(first);
        size_t size = (size_t)((char *)last - (char *)first) + last->size;
        next = last->next;
        if (size <= CELLAR_META_SMALL_MAX) {
            purge_chain(&blocks, first, last);
        } else {
            purge_chain(&stretches, first, first);
            first->size = size;
            purged += purge_pages(first);
        }
    }
    cellar__meta_attach(blocks, stretches);
    return purged;
}

size_t cellar__meta_purge(void)
{
    size_t purged = 0;
    cellar__lock_acquire(&cellar__meta_purge_lock);
    struct cellar__meta_usage usage;
    cellar__meta_usage(&usage);
    if (usage.touched >= usage.used + PURGE_MIN) {
        purged = purge_all();
    }
    cellar__lock_release(&cellar__meta_purge_lock);
    return purged;
}
