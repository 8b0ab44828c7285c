/* Each function that returns a block, called for a number of bytes. */
#ifndef CONFORMANCE_CALLS_H
#define CONFORMANCE_CALLS_H

#include "row.h"

struct call {
    const char *name;
    void *(*run)(size_t size);
};

static void *call_malloc(size_t size)
{
    return row_malloc(size);
}
static void *call_calloc(size_t size)
{
    return row_calloc(1, size);
}
static void *call_calloc_count(size_t size)
{
    return row_calloc(size, 1);
}
static void *call_realloc(size_t size)
{
    return row_realloc(NULL, size);
}
static void *call_reallocarray(size_t size)
{
    return row_reallocarray(NULL, 1, size);
}
static void *call_aligned_alloc(size_t size)
{
    return row_aligned_alloc(64, size);
}
static void *call_memalign(size_t size)
{
    return row_memalign(64, size);
}
static void *call_memalign_page(size_t size)
{
    return row_memalign(65536, size);
}
static void *call_valloc(size_t size)
{
    return row_valloc(size);
}
static void *call_pvalloc(size_t size)
{
    return row_pvalloc(size);
}

/* As the other calls report: NULL and errno. */
static void *call_posix_memalign(size_t size)
{
    void *block = NULL;
    int error = row_posix_memalign(&block, 64, size);
    if (error != 0) {
        errno = error;
        return NULL;
    }
    return block;
}

/* realloc of a live block; a refusal gives that back first. */
static void *call_realloc_live(size_t size)
{
    void *block = row_get(100);
    void *resized = row_realloc(block, size);
    if (resized == NULL) {
        int error = errno;
        row_free(block);
        errno = error;
    }
    return resized;
}

static const struct call calls[] = {
    {"malloc(n)", call_malloc},
    {"calloc(1, n)", call_calloc},
    {"calloc(n, 1)", call_calloc_count},
    {"realloc(NULL, n)", call_realloc},
    {"realloc(p, n)", call_realloc_live},
    {"reallocarray(NULL, 1, n)", call_reallocarray},
    {"aligned_alloc(64, n)", call_aligned_alloc},
    {"memalign(64, n)", call_memalign},
    {"memalign(65536, n)", call_memalign_page},
    {"posix_memalign(64, n)", call_posix_memalign},
    {"valloc(n)", call_valloc},
    {"pvalloc(n)", call_pvalloc},
};

#endif
