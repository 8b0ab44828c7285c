#include "submap/window.h"

#include <errno.h>

#include "base/assert.h"
#include "base/bits.h"
#include "base/hash.h"
#include "os/os.h"
#include "submap/page_map.h"

#define WINDOW_GIB ((size_t)1 << 30)
#define WINDOW_MIB ((size_t)1 << 20)

struct cellar__lock cellar__window_lock = CELLAR_LOCK_INIT(CELLAR_RANK_SUBMAP);

CELLAR_APART struct cellar__submap cellar__window_table[CELLAR_WINDOW_MAX];
static size_t window_count; /* atomic; published after the entry is complete */
static size_t window_size;  /* wish for the next window, bytes */

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
    window_size = window.size;
    __atomic_store_n(&window_count, 1, __ATOMIC_RELEASE);
    return 0;
}

static char *window_lowest(void)
{
    char *lowest = cellar__window_table[0].base;
    for (size_t i = 1; i < window_count; i++) {
        bool is_lower = cellar__window_table[i].size != 0 && cellar__window_table[i].base < lowest;
        lowest = is_lower ? cellar__window_table[i].base : lowest;
    }
    return lowest;
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

/* Twice as much the next time, or no more than the kernel gave. With limited addresses the first window is the measure. */
static void window_adapt(size_t wish, size_t size)
{
    bool limited = cellar__os_machine()->address_limit != SIZE_MAX;
    size_t most = limited ? cellar__window_table[0].size : 64 * WINDOW_GIB;
    window_size = size < wish ? size : cellar__clamp(2 * window_size, window_size, most);
}

/* Under the lock: adding a window is rare, and a second thread in need waits for this one rather than for memory. */
static struct cellar__submap *window_add_locked(size_t min_size)
{
    struct cellar__submap window;
    struct cellar__submap *slot = window_slot();
    size_t size = cellar__max(window_size, min_size);
    if (slot == NULL || cellar__submap_reserve(&window, "cellar heap", size, min_size, CELLAR_WINDOW_ALIGN,
                                               window_lowest()) != 0) {
        return NULL;
    }
    if (!cellar__page_map_covers(window.base) || !cellar__page_map_covers(window.base + window.size - 1)) {
        cellar__submap_release(&window);
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

/* Addresses that the kernel does not take back are lost, and nothing else: their memory went before. */
void cellar__window_release(void *base)
{
    cellar__lock_acquire(&cellar__window_lock);
    struct cellar__submap *slot = window_find_locked(base);
    CELLAR_ASSERT(slot != NULL && slot != &cellar__window_table[0] && slot->base == base);
    cellar__submap_release(slot);
    cellar__lock_release(&cellar__window_lock);
}
