/* title: calloc: a product that overflows is NULL with ENOMEM */
#include "products.h"
#include "row.h"

int main(void)
{
    for (size_t i = 0; i < ROW_COUNTOF(products); i++) {
        for (size_t k = 0; k < 2; k++) {
            size_t count = products[i][k], size = products[i][1 - k];
            errno = ROW_ODD_ERRNO;
            ROW_CHECK(row_calloc(count, size) == NULL, "calloc(%#zx, %#zx) succeeds", count, size);
            ROW_CHECK(errno == ENOMEM, "calloc(%#zx, %#zx) fails with errno %d", count, size, errno);
        }
    }
    return 0;
}
