#define _GNU_SOURCE
#include "malloc/foreign.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdbool.h>

#include "base/attr.h"
#include "large/huge.h"
#include "malloc/heap.h"
#include "malloc/options.h"
#include "os/os.h"
#include "os/panic.h"
#include "submap/window.h"

#pragma weak dlsym /* a static program has no second allocator to look for, and no dynamic linker */

/* libc's own allocator. Written once, before the program's first constructor; NULL where there is none. */
static struct {
    void (*free)(void *block);
    void *(*realloc)(void *block, size_t size);
    size_t (*usable_size)(void *block);
    struct mallinfo2 (*mallinfo2)(void);
} foreign_libc;

void cellar__foreign_attach(void)
{
    if (dlsym == NULL) {
        return;
    }
    *(void **)&foreign_libc.realloc = dlsym(RTLD_NEXT, "__libc_realloc");
    *(void **)&foreign_libc.usable_size = dlsym(RTLD_NEXT, "malloc_usable_size");
    *(void **)&foreign_libc.mallinfo2 = dlsym(RTLD_NEXT, "mallinfo2");
    *(void **)&foreign_libc.free = dlsym(RTLD_NEXT, "__libc_free");
}

/* An address inside the heap is no other allocator's, whatever the option says: its block is gone, or never was. */
static void foreign_refuse_heap(const void *block, const char *call)
{
    cellar__heap_start(); /* this may be the first call of the process: the options are read now */
    uint64_t mask = cellar__os_signals_block();
    bool is_ours = cellar__window_find(block) != NULL || cellar__huge_contains(block);
    cellar__os_signals_restore(mask);
    if (is_ours) {
        cellar__panic("invalid %s of %p: no live block lies there", call, block);
    }
}

/* Whether libc's allocator may own a block at all: it never gave one out as long as it holds no memory. */
static bool foreign_libc_owns_memory(void)
{
    static bool known;
    if (__atomic_load_n(&known, __ATOMIC_RELAXED)) {
        return true;
    }
    if (foreign_libc.free == NULL || foreign_libc.mallinfo2 == NULL) {
        return foreign_libc.free != NULL;
    }
    struct mallinfo2 info = foreign_libc.mallinfo2();
    bool owns = info.arena != 0 || info.hblkhd != 0;
    __atomic_store_n(&known, owns, __ATOMIC_RELAXED);
    return owns;
}

static bool foreign_is_libcs(void)
{
    return cellar__options_get()->foreign_free == CELLAR_FOREIGN_LIBC && foreign_libc_owns_memory();
}

void cellar__foreign_free(void *block)
{
    foreign_refuse_heap(block, "free");
    if (foreign_is_libcs()) {
        foreign_libc.free(block);
        return;
    }
    switch (cellar__options_get()->foreign_free) {
    case CELLAR_FOREIGN_IGNORE:
        return;
    case CELLAR_FOREIGN_REPORT:
        cellar__message("invalid free of %p: not an address of Cellar's; ignored", block);
        return;
    default:
        cellar__panic("invalid free of %p: not an address of Cellar's", block);
    }
}

void *cellar__foreign_realloc(void *block, size_t size)
{
    foreign_refuse_heap(block, "realloc");
    if (foreign_is_libcs() && foreign_libc.realloc != NULL) {
        return foreign_libc.realloc(block, size);
    }
    cellar__panic("invalid realloc of %p: not an address of Cellar's", block);
}

size_t cellar__foreign_usable(const void *block)
{
    foreign_refuse_heap(block, "malloc_usable_size");
    bool has_size = foreign_is_libcs() && foreign_libc.usable_size != NULL;
    return has_size ? foreign_libc.usable_size((void *)block) : 0;
}
