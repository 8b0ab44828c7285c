/* Pairs whose product does not fit a size_t: some wrap to nothing, some to a size that could be served. */
#ifndef CONFORMANCE_PRODUCTS_H
#define CONFORMANCE_PRODUCTS_H

#include <stddef.h>
#include <stdint.h>

static const size_t products[][2] = {
    {SIZE_MAX, 2},
    {SIZE_MAX / 2 + 1, 2},
    {SIZE_MAX / 2 + 9, 2},
    {(size_t)1 << 32, (size_t)1 << 32},
    {((size_t)1 << 32) + 1, (size_t)1 << 32},
    {SIZE_MAX / 3 + 2, 3},
    {SIZE_MAX / 16 + 2, 16},
    {SIZE_MAX / 4096 + 2, 4096},
    {SIZE_MAX, SIZE_MAX},
};

#endif
