/* title: malloc_usable_size: what it says may be written; timeout: 30 */
#include "row.h"

enum { LIVE_MAX = 3000 };

static void *live[LIVE_MAX];

static void *usable_alloc(size_t i, size_t size)
{
    switch (i % 4) {
    case 0:
        return row_malloc(size);
    case 1:
        return row_calloc(1, size);
    case 2:
        return row_memalign((size_t)32 << i % 10, size);
    default:
        return row_realloc(row_get(1), size == 0 ? 1 : size);
    }
}

/* All live blocks are written to their last usable byte, then compared. */
static void usable_round(size_t count, size_t first, size_t step)
{
    for (size_t i = 0; i < count; i++) {
        size_t size = first + i * step;
        live[i] = usable_alloc(i, size);
        ROW_CHECK(live[i] != NULL, "%zu bytes are refused", size);
        size_t usable = row_malloc_usable_size(live[i]);
        ROW_CHECK(usable >= size, "malloc_usable_size is %zu for a block of %zu bytes", usable, size);
        row_fill(live[i], usable, i);
    }
    for (size_t i = 0; i < count; i++) {
        size_t usable = row_malloc_usable_size(live[i]);
        ROW_CHECK(row_holds(live[i], usable, i), "a block of %zu bytes is damaged when others are filled",
                  first + i * step);
    }
    for (size_t i = 0; i < count; i++) {
        row_free(live[i]);
    }
}

int main(void)
{
    ROW_CHECK(row_malloc_usable_size(NULL) == 0, "malloc_usable_size(NULL) is not 0");
    usable_round(LIVE_MAX, 0, 1);
    usable_round(1000, 3000, 37);
    usable_round(100, 30000, 20011);
    usable_round(12, 1 << 20, 3100019);
    return 0;
}
