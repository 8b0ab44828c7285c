/* title: reallocarray: a product that overflows leaves the block */
#include "products.h"
#include "row.h"

int main(void)
{
    static const size_t sizes[] = {24, 5000, 300000, 5 << 20};
    for (size_t i = 0; i < ROW_COUNTOF(sizes); i++) {
        void *block = row_get(sizes[i]);
        row_fill(block, sizes[i], i);
        for (size_t k = 0; k < ROW_COUNTOF(products); k++) {
            errno = ROW_ODD_ERRNO;
            void *resized = row_reallocarray(block, products[k][0], products[k][1]);
            ROW_CHECK(resized == NULL, "reallocarray(p, %#zx, %#zx) succeeds", products[k][0],
                      products[k][1]);
            ROW_CHECK(errno == ENOMEM, "it fails with errno %d", errno);
            ROW_CHECK(row_holds(block, sizes[i], i), "the block of %zu bytes has changed", sizes[i]);
        }
        row_free(block);
    }
    return 0;
}
