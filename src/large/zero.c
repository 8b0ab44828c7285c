#include "large/zero.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/bits.h"
#include "os/os.h"

/* From here on clearing costs much more than asking: 25 us and 2 us for 512 KiB, 6 us and 1.5 us for 256 KiB. */
#define ZERO_ASK_MIN ((size_t)512 << 10)
#define ZERO_FEW 32 /* one page in so many is few: a fault for it, and the others need no care */

/* Pages that hold nothing that anyone wants to keep. */
static void zero_purge(char *addr, size_t size)
{
    if (cellar__os_purge(addr, size) != 0) {
        memset(addr, 0, size);
    }
}

static size_t zero_count(const bool *pages, size_t npages)
{
    size_t count = 0;
    for (size_t i = 0; i < npages; i++) {
        count += pages[i];
    }
    return count;
}

static void zero_chunk(char *chunk, size_t npages, size_t page_size)
{
    bool pages[CELLAR_OS_RESIDENT_MAX];
    if (cellar__os_resident(chunk, npages * page_size, pages) != 0) {
        memset(chunk, 0, npages * page_size);
        return;
    }
    if (zero_count(pages, npages) <= npages / ZERO_FEW) {
        size_t first = pages[0] ? page_size : 0; /* a block's own first page is written soon */
        memset(chunk, 0, first);
        zero_purge(chunk + first, npages * page_size - first);
        return;
    }
    for (size_t begin = 0, end; begin < npages; begin = end) {
        for (end = begin + 1; end < npages && pages[end] == pages[begin]; end++) {
        }
        if (pages[begin]) {
            memset(chunk + begin * page_size, 0, (end - begin) * page_size);
        } else {
            zero_purge(chunk + begin * page_size, (end - begin) * page_size);
        }
    }
}

void *cellar__zero_fill(void *block, size_t size)
{
    if (size < ZERO_ASK_MIN) {
        return memset(block, 0, size);
    }
    size_t page_size = cellar__os_machine()->page_size;
    size_t before = (uintptr_t)block % page_size;
    char *begin = (char *)block - before;
    size_t npages = (before + size + page_size - 1) / page_size;
    for (size_t at = 0; at < npages; at += CELLAR_OS_RESIDENT_MAX) {
        zero_chunk(begin + at * page_size, cellar__min(npages - at, CELLAR_OS_RESIDENT_MAX), page_size);
    }
    return block;
}
