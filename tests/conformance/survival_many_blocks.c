/* title: 2,000,000 live blocks keep their contents; timeout: 120 */
#include "row.h"

enum { BLOCKS = 2000000 };

static uint64_t *blocks[BLOCKS];

int main(void)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = row_get(16 + i % 48);
        blocks[i][0] = i;
        blocks[i][1] = ~i;
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        ROW_CHECK(blocks[i][0] == i && blocks[i][1] == ~i, "a block has lost its contents");
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        row_free(blocks[(i * 7919) % BLOCKS]); /* 7919 is prime to the number: each once */
    }
    return 0;
}
