#include "malloc/foreign.h"

#include "large/huge.h"
#include "malloc/heap.h"
#include "malloc/options.h"
#include "os/panic.h"
#include "submap/window.h"

/* glibc's own allocator under the names that no replacement takes; absent elsewhere. */
extern void foreign_libc_free(void *block) __asm__("__libc_free") __attribute__((weak));
extern void *foreign_libc_realloc(void *block, size_t size) __asm__("__libc_realloc") __attribute__((weak));

/* An address inside the heap is no other allocator's, whatever the option says: its block is gone, or never was. */
static void foreign_refuse_heap(const void *block, const char *call)
{
    cellar__heap_start(); /* this may be the first call of the process: the options are read now */
    if (cellar__window_find(block) != NULL || cellar__huge_contains(block)) {
        cellar__panic("invalid %s of %p: no live block lies there", call, block);
    }
}

void cellar__foreign_free(void *block)
{
    foreign_refuse_heap(block, "free");
    switch (cellar__options_get()->foreign_free) {
    case CELLAR_FOREIGN_LIBC:
        if (foreign_libc_free != NULL) {
            foreign_libc_free(block);
            return;
        }
        cellar__panic("invalid free of %p: not an address of Cellar's", block);
    case CELLAR_FOREIGN_ABORT:
        cellar__panic("invalid free of %p: not an address of Cellar's", block);
    case CELLAR_FOREIGN_REPORT:
        cellar__message("invalid free of %p: not an address of Cellar's; ignored", block);
        return;
    default:
        return;
    }
}

void *cellar__foreign_realloc(void *block, size_t size)
{
    foreign_refuse_heap(block, "realloc");
    if (cellar__options_get()->foreign_free == CELLAR_FOREIGN_LIBC && foreign_libc_realloc != NULL) {
        return foreign_libc_realloc(block, size);
    }
    cellar__panic("invalid realloc of %p: not an address of Cellar's", block);
}
