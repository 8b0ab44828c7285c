#include "submap/window.h"

#include <errno.h>

#include "base/assert.h"
#include "base/bits.h"
#include "base/hash.h"
#include "os/os.h"
#include "submap/page_map.h"

#define WINDOW_GIB ((size_t)1 << 30)
#define WINDOW_MIB ((size_t)1 << 20)
#define WINDOW_LARGEST (64 * WINDOW_GIB) /* but for the first, and for a run that is larger */

struct cellar__lock cellar__window_lock = CELLAR_LOCK_INIT(CELLAR_RANK_SUBMAP);

CELLAR_APART struct cellar__submap cellar__window_table[CELLAR_WINDOW_MAX];
static bool window_is_spare[CELLAR_WINDOW_MAX]; /* went back, and the kernel did not take it */
static size_t window_count;                     /* atomic; published after the entry is complete */
static size_t window_granted; /* bytes that the kernel lately gave where it was asked for more; or 0 */

/*
 * A limited process gets windows of a sixteenth of its limit, so that little is reserved in vain, and a cover
 * of sixteen times the limit, inside which the kernel can hardly help but place later windows.
 */
static void window_plan(size_t *ret_first, size_t *ret_cover)
{
    const struct cellar__machine *machine = cellar__os_machine();
    if (machine->address_limit != SIZE_MAX) {
        size_t limit = cellar__clamp(machine->address_limit, 16 * WINDOW_MIB, 64 * WINDOW_GIB);
        *ret_first = cellar__max(cellar__round_down(limit / 16, CELLAR_WINDOW_ALIGN), 4 * WINDOW_MIB);
        *ret_cover = cellar__round_up(16 * limit, CELLAR_WINDOW_ALIGN);
    } else {
        *ret_first = 1024 * WINDOW_GIB;
        *ret_cover = 1024 * WINDOW_GIB;
    }
}

/*
 * Where the first window is to begin: low, so that the page map can reach down to address 0, with room below for all of the
 * cover, above what programs linked to a fixed address have there, and at random, as far as the kernel places things at random.
 */
static uintptr_t window_place(size_t first, size_t cover)
{
    size_t lowest = first == cover ? 64 * WINDOW_GIB : cellar__max(cover, 4 * WINDOW_GIB);
    size_t span = first == cover ? 256 * WINDOW_GIB : lowest;
    uint64_t random = cellar__hash_mix((uintptr_t)&lowest ^ (uintptr_t)&cellar__window_table);
    return lowest + cellar__round_down(random % span, CELLAR_WINDOW_ALIGN);
}

int cellar__window_init(void)
{
    size_t first;
    size_t cover;
    struct cellar__submap window;
    window_plan(&first, &cover);
    uintptr_t below = window_place(first, cover) + first;
    int status = cellar__submap_reserve(&window, "cellar heap", first, 4 * WINDOW_MIB, CELLAR_WINDOW_ALIGN,
                                        (const char *)below); // NOLINT(performance-no-int-to-ptr)
    if (status != 0) {
        return status;
    }
    uintptr_t end = (uintptr_t)window.base + window.size;
    if (window.size < first) { /* the kernel refused; a narrow cover for what later windows may add */
        cover = cellar__min(cover, 64 * window.size);
    }
    cover = cellar__min(cellar__max(cover, window.size), end);
    status = cellar__page_map_init(end - cover, cover, cover == window.size ? 0 : cover);
    if (status != 0) {
        cellar__submap_release(&window);
        return status;
    }
    cellar__window_table[0] = window;
    __atomic_store_n(&window_count, 1, __ATOMIC_RELEASE);
    return 0;
}

/* An empty slot of the table, or NULL. */
static struct cellar__submap *window_slot(void)
{
    for (size_t i = 1; i < window_count; i++) {
        if (cellar__window_table[i].size == 0) {
            return &cellar__window_table[i];
        }
    }
    return window_count == CELLAR_WINDOW_MAX ? NULL : &cellar__window_table[window_count];
}

/* With limited addresses the first window is the measure. */
static size_t window_limit(void)
{
    bool limited = cellar__os_machine()->address_limit != SIZE_MAX;
    return limited ? cellar__window_table[0].size : WINDOW_LARGEST;
}

/* As much as all that there are: however often windows come and go, the next is no larger than the heap asks for. */
static size_t window_wish(void)
{
    size_t total = 0;
    for (size_t i = 0; i < window_count; i++) {
        total += cellar__window_table[i].size;
    }
    size_t most = window_granted == 0 ? window_limit() : window_granted;
    return cellar__min(total, most);
}

/* No more the next time than the kernel gave, and more again when that was granted. */
static void window_adapt(size_t wish, size_t size)
{
    size_t doubled = 2 * window_granted < window_limit() ? 2 * window_granted : 0;
    window_granted = size < wish ? size : doubled;
}

static bool window_overlaps(uintptr_t base, size_t size)
{
    for (size_t i = 0; i < window_count; i++) {
        const struct cellar__submap *window = &cellar__window_table[i];
        uintptr_t begin = (uintptr_t)window->base;
        if (base < begin + window->size && begin < base + size) {
            return true;
        }
    }
    return false;
}

/* The highest address below `limit` where so much ends at a window, meets none, and is in the cover; 0 when there is none. */
static uintptr_t window_gap(size_t size, uintptr_t limit)
{
    uintptr_t highest = 0;
    for (size_t i = 0; i < window_count; i++) {
        const struct cellar__submap *window = &cellar__window_table[i];
        uintptr_t end = (uintptr_t)window->base;
        bool fits = window->size != 0 && end - cellar__page_map.base >= size;
        if (fits && end - size < limit && end - size > highest && !window_overlaps(end - size, size)) {
            highest = end - size;
        }
    }
    return highest;
}

static bool window_is_covered(const struct cellar__submap *window)
{
    return cellar__page_map_covers(window->base) && cellar__page_map_covers(window->base + window->size - 1);
}

/* Below another window, where the kernel allows that: something else may lie there. */
static bool window_reserve(struct cellar__submap *ret, size_t size, size_t min_size)
{
    for (uintptr_t at = window_gap(size, UINTPTR_MAX); at != 0; at = window_gap(size, at)) {
        const char *below = (const char *)(at + size); // NOLINT(performance-no-int-to-ptr)
        if (cellar__submap_reserve(ret, "cellar heap", size, min_size, CELLAR_WINDOW_ALIGN, below) != 0) {
            return false;
        }
        if (window_is_covered(ret)) {
            return true;
        }
        cellar__submap_release(ret);
    }
    return size > min_size && window_reserve(ret, min_size, min_size);
}

/* One that went back and is still there; its pages read as zero. NULL: none is so large. */
static struct cellar__submap *window_take_spare(size_t min_size)
{
    for (size_t i = 1; i < window_count; i++) {
        if (window_is_spare[i] && cellar__window_table[i].size >= min_size) {
            window_is_spare[i] = false;
            return &cellar__window_table[i];
        }
    }
    return NULL;
}

/* Under the lock: adding a window is rare, and a second thread in need waits for this one rather than for memory. */
static struct cellar__submap *window_add_locked(size_t min_size)
{
    struct cellar__submap window;
    struct cellar__submap *spare = window_take_spare(min_size);
    if (spare != NULL) {
        return spare;
    }
    struct cellar__submap *slot = window_slot();
    size_t size = cellar__max(window_wish(), min_size);
    if (slot == NULL || !window_reserve(&window, size, min_size)) {
        return NULL;
    }
    window_adapt(size, window.size);
    *slot = window;
    if (slot == &cellar__window_table[window_count]) {
        __atomic_store_n(&window_count, window_count + 1, __ATOMIC_RELEASE);
    }
    return slot;
}

struct cellar__submap *cellar__window_add(size_t min_size)
{
    uint64_t rounded;
    if (!cellar__round_up_try(min_size, CELLAR_WINDOW_ALIGN, &rounded)) {
        return NULL;
    }
    cellar__lock_acquire(&cellar__window_lock);
    struct cellar__submap *window = window_add_locked(rounded);
    cellar__lock_release(&cellar__window_lock);
    return window;
}

size_t cellar__window_count(void)
{
    return __atomic_load_n(&window_count, __ATOMIC_ACQUIRE);
}

struct cellar__submap *cellar__window_get(size_t index)
{
    return &cellar__window_table[index];
}

static struct cellar__submap *window_find_locked(const void *addr)
{
    for (size_t i = 0; i < window_count; i++) {
        if (cellar__submap_contains(&cellar__window_table[i], addr)) {
            return &cellar__window_table[i];
        }
    }
    return NULL;
}

struct cellar__submap *cellar__window_find(const void *addr)
{
    cellar__lock_acquire(&cellar__window_lock);
    struct cellar__submap *window = window_find_locked(addr);
    cellar__lock_release(&cellar__window_lock);
    return window;
}

void cellar__window_release(void *base)
{
    cellar__lock_acquire(&cellar__window_lock);
    struct cellar__submap *slot = window_find_locked(base);
    CELLAR_ASSERT(slot != NULL && slot != &cellar__window_table[0] && slot->base == base);
    if (cellar__submap_release(slot) != 0) { /* only its addresses stay: the memory went before */
        window_is_spare[slot - cellar__window_table] = true;
    }
    cellar__lock_release(&cellar__window_lock);
}
