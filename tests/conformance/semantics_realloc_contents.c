/* title: realloc keeps the contents, 1 byte to 300 MB and back; timeout: 60 */
#include "row.h"

struct chain {
    char *block;
    size_t size;
};

static void chain_resize(struct chain *chain, size_t size, uint64_t seed)
{
    size_t kept = (chain->size < size ? chain->size : size) & ~(size_t)7;
    chain->block = (char *)row_realloc(chain->block, size);
    ROW_CHECK(chain->block != NULL, "realloc from %zu to %zu bytes fails", chain->size, size);
    ROW_CHECK(row_holds(chain->block, kept, seed), "realloc from %zu to %zu bytes loses contents",
              chain->size, size);
    row_fill(chain->block, size, seed);
    chain->size = size;
}

/* Several at once: where one block lies behind another, it cannot grow in place. */
static void chains_resize(size_t nchains, size_t largest)
{
    struct chain chains[3] = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    size_t size;
    for (size = 1; size < largest; size += 1 + size / 2) {
        for (size_t i = 0; i < nchains; i++) {
            chain_resize(&chains[i], size + i, i);
        }
    }
    for (; size > 0; size /= 2) {
        for (size_t i = 0; i < nchains; i++) {
            chain_resize(&chains[i], size, i);
        }
    }
    for (size_t i = 0; i < nchains; i++) {
        row_free(chains[i].block);
    }
}

int main(void)
{
    chains_resize(3, 20 * ROW_MIB);
    chains_resize(1, 300 * 1000 * 1000);
    return 0;
}
