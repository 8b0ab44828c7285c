/* title: reservations above 64 MiB are refused: 500 MB in small blocks all the same; timeout: 120 */
#include "fault.h"

enum { BLOCK = 1000, BLOCKS = 500000 };

static void *blocks[BLOCKS];

int main(int argc, char **argv)
{
    (void)argv;
    if (argc == 1) {
        fault_refuse_larger(64 * ROW_MIB);
        row_again("refused");
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = row_malloc(BLOCK);
        ROW_CHECK(blocks[i] != NULL, "malloc fails after %zu MB", i * BLOCK / 1000000);
        memset(blocks[i], (int)i, 16);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        ROW_CHECK(row_all(blocks[i], 16, (unsigned char)i), "a block has lost its contents");
        row_free(blocks[i]);
    }
    void *large = row_malloc(50 * ROW_MIB);
    ROW_CHECK(large != NULL, "50 MiB fail");
    row_free(large);
    return 0;
}
