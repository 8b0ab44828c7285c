#include "submap/window.h"

#include <errno.h>

#include "base/bits.h"
#include "os/os.h"
#include "submap/page_map.h"

#define WINDOW_GIB ((size_t)1 << 30)
#define WINDOW_MIB ((size_t)1 << 20)

struct cellar__lock cellar__window_lock = CELLAR_LOCK_INIT(CELLAR_RANK_SUBMAP);

static struct cellar__submap window_table[CELLAR_WINDOW_MAX];
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
    } else if (machine->overcommit == 2) {
        *ret_first = WINDOW_GIB;
        *ret_cover = 256 * WINDOW_GIB;
    } else {
        *ret_first = 1024 * WINDOW_GIB;
        *ret_cover = 1024 * WINDOW_GIB;
    }
}

int cellar__window_init(void)
{
    size_t first;
    size_t cover;
    struct cellar__submap window;
    window_plan(&first, &cover);
    int status =
        cellar__submap_reserve(&window, "cellar heap", first, 4 * WINDOW_MIB, CELLAR_WINDOW_ALIGN, NULL);
    if (status != 0) {
        return status;
    }
    uintptr_t end = (uintptr_t)window.base + window.size;
    if (window.size < first) { /* the kernel refused; a narrow cover for what later windows may add */
        cover = cellar__min(cover, 64 * window.size);
    }
    cover = cellar__min(cellar__max(cover, window.size), end);
    status = cellar__page_map_init(end - cover, cover);
    if (status != 0) {
        cellar__submap_release(&window);
        return status;
    }
    window_table[0] = window;
    window_size = window.size;
    __atomic_store_n(&window_count, 1, __ATOMIC_RELEASE);
    return 0;
}

static void *window_lowest(void)
{
    char *lowest = window_table[0].base;
    for (size_t i = 1; i < window_count; i++) {
        lowest = window_table[i].base < lowest ? window_table[i].base : lowest;
    }
    return lowest;
}

/* Under the lock: adding a window is rare, and a second thread in need waits for this one rather than for memory. */
static struct cellar__submap *window_add_locked(size_t min_size)
{
    struct cellar__submap window;
    size_t size = cellar__max(window_size, min_size);
    if (window_count == CELLAR_WINDOW_MAX) {
        return NULL;
    }
    char *hint = (char *)((uintptr_t)window_lowest() - size); /* only a wish: may wrap */
    if (cellar__submap_reserve(&window, "cellar heap", size, min_size, CELLAR_WINDOW_ALIGN, hint) != 0) {
        return NULL;
    }
    if (!cellar__page_map_covers(window.base) || !cellar__page_map_covers(window.base + window.size - 1)) {
        cellar__submap_release(&window);
        return NULL;
    }
    if (cellar__os_machine()->address_limit == SIZE_MAX) {
        window_size = cellar__min(2 * window_size, 64 * WINDOW_GIB);
    }
    window_table[window_count] = window;
    __atomic_store_n(&window_count, window_count + 1, __ATOMIC_RELEASE);
    return &window_table[window_count - 1];
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
    return &window_table[index];
}

struct cellar__submap *cellar__window_find(const void *addr)
{
    size_t count = cellar__window_count();
    for (size_t i = 0; i < count; i++) {
        if (cellar__submap_contains(&window_table[i], addr)) {
            return &window_table[i];
        }
    }
    return NULL;
}
