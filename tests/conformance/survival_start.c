/* title: allocation before main: from .preinit_array and from constructors */
#include "row.h"

static void *early[3];

static void allocate(size_t index)
{
    early[index] = row_get(100 << index);
    row_fill(early[index], 100 << index, index);
    row_free(row_get(300000));
}

static void from_preinit(void)
{
    allocate(0);
}
__attribute__((section(".preinit_array"), used)) static void (*const preinit)(void) = from_preinit;

__attribute__((constructor(101))) static void from_first_constructor(void)
{
    allocate(1);
}

__attribute__((constructor)) static void from_constructor(void)
{
    allocate(2);
}

int main(void)
{
    for (size_t i = 0; i < 3; i++) {
        ROW_CHECK(early[i] != NULL && row_holds(early[i], 100 << i, i), "block %zu has lost its contents", i);
        row_free(early[i]);
    }
    return 0;
}
