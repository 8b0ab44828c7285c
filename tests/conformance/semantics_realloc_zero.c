/* title: realloc(p, 0) frees p and returns NULL, as glibc */
#include "row.h"

int main(void)
{
    static const size_t sizes[] = {0, 24, 3000, 100000, 1 << 20, 8 << 20};
    for (size_t i = 0; i < ROW_COUNTOF(sizes); i++) {
        /* 512 MiB altogether, or what a million rounds take: an allocator that frees nothing shows it. */
        size_t rounds = sizes[i] < 512 ? 1000000 : (512 << 20) / sizes[i];
        size_t before = row_rss();
        for (size_t k = 0; k < rounds; k++) {
            void *block = row_get(sizes[i]);
            memset(block, 1, sizes[i]);
            ROW_CHECK(row_realloc(block, 0) == NULL, "realloc(p, 0) returns a block");
        }
        size_t after = row_rss();
        ROW_CHECK(after < before + 24 * ROW_MIB,
                  "realloc(p, 0) does not free: %zu rounds of %zu bytes take %zu MiB", rounds, sizes[i],
                  (after - before) >> 20);
    }
    return 0;
}
