/* title: cfree */
#include "row.h"

int main(void)
{
    void (*cfree_own)(void *) = (void (*)(void *))row_own_or_absent("cfree");
    static const size_t sizes[] = {0, 100, 50000, 1 << 20, 5 << 20};
    size_t before = row_rss();
    cfree_own(NULL);
    for (size_t i = 0; i < ROW_COUNTOF(sizes); i++) {
        for (size_t k = 0; k < 1000; k++) {
            void *block = row_calloc(1, sizes[i]);
            ROW_CHECK(block != NULL, "%zu bytes are refused", sizes[i]);
            memset(block, 1, sizes[i]);
            cfree_own(block);
        }
    }
    ROW_CHECK(row_rss() < before + 100 * ROW_MIB, "cfree does not free");
    return 0;
}
