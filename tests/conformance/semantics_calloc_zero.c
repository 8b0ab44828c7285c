/* title: calloc clears, also memory that was used before; timeout: 60 */
#include "row.h"

enum { LIVE_MAX = 64 };

static void dirty_round(size_t size, size_t count)
{
    void *blocks[LIVE_MAX];
    for (size_t i = 0; i < count; i++) {
        blocks[i] = row_get(size);
        memset(blocks[i], 0xA5, row_malloc_usable_size(blocks[i]));
    }
    for (size_t i = 0; i < count; i++) {
        row_free(blocks[i]);
    }
}

static void clear_round(size_t size, size_t count)
{
    void *blocks[LIVE_MAX];
    for (size_t i = 0; i < count; i++) {
        blocks[i] = i % 2 == 0 ? row_calloc(1, size) : row_calloc(size, 1);
        ROW_CHECK(blocks[i] != NULL, "calloc of %zu bytes fails", size);
        ROW_CHECK(row_all(blocks[i], size, 0), "calloc of %zu bytes is not all zero", size);
        memset(blocks[i], 0x5A, row_malloc_usable_size(blocks[i]));
    }
    for (size_t i = 0; i < count; i++) {
        row_free(blocks[i]);
    }
}

int main(void)
{
    for (size_t size = 1; size < 100 * ROW_MIB; size += 1 + size / 4) {
        size_t count = 128 * ROW_MIB / size;
        count = count > LIVE_MAX ? LIVE_MAX : count;
        dirty_round(size, count);
        clear_round(size, count);
        clear_round(size + size / 16, count); /* what a neighbour of the class left */
        clear_round(size, count);
    }
    return 0;
}
