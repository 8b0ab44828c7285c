/* title: the table of mappings is full (max_map_count): allocation goes on or fails with ENOMEM; timeout: 120 */
#include "threads.h"

#include <sys/mman.h>

/* Every second page of one long mapping gets another protection, until the kernel has no entry left. */
static void fill_table(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t pages = 140000;
    char *base = mmap(NULL, pages * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ROW_CHECK(base != MAP_FAILED, "no addresses");
    for (size_t i = 1; i < pages; i += 2) {
        if (mprotect(base + i * page, page, PROT_NONE) != 0) {
            return;
        }
    }
    row_not_applicable("the kernel allows more than 140,000 mappings");
}

int main(void)
{
    void *blocks[NOISE_BLOCKS] = {NULL};
    size_t sizes[NOISE_BLOCKS] = {0};
    uint64_t state = 1;
    for (int i = 0; i < 1000; i++) {
        noise_step(blocks, sizes, &state);
    }
    void *large[20];
    for (size_t i = 0; i < ROW_COUNTOF(large); i++) {
        large[i] = row_get(3 * ROW_MIB);
        memset(large[i], (int)i, 3 * ROW_MIB);
    }
    fill_table();
    for (size_t i = 0; i < ROW_COUNTOF(large); i += 2) {
        row_free(large[i]);
    }
    for (int i = 0; i < 100000; i++) {
        size_t k = row_random(&state) % NOISE_BLOCKS;
        ROW_CHECK(blocks[k] == NULL || row_holds(blocks[k], sizes[k], k), "a block has lost its contents");
        row_free(blocks[k]);
        sizes[k] = noise_size(&state);
        blocks[k] = row_malloc(sizes[k]);
        ROW_CHECK(blocks[k] != NULL || errno == ENOMEM, "malloc fails with errno %d", errno);
        if (blocks[k] != NULL) {
            row_fill(blocks[k], sizes[k], k);
        }
    }
    for (size_t i = 1; i < ROW_COUNTOF(large); i += 2) {
        ROW_CHECK(row_all(large[i], 3 * ROW_MIB, (int)i), "a large block has lost its contents");
        row_free(large[i]);
    }
    return 0;
}
