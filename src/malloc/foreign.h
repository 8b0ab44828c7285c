/*
 * foreign: addresses that are not Cellar's, treated by the option foreign_free.
 *
 * They are real where another allocator lives in the process: blocks from before a dlopen of the library, or from a
 * plugin that was opened with RTLD_DEEPBIND and so has libc's malloc.
 */
#ifndef CELLAR_MALLOC_FOREIGN_H
#define CELLAR_MALLOC_FOREIGN_H

#include <stddef.h>

/* Finds libc's allocator behind this one. Once, when the library is loaded; it may allocate. */
void cellar__foreign_attach(void);

void cellar__foreign_free(void *block);

/* NULL when libc cannot serve, or the option is not libc. */
void *cellar__foreign_realloc(void *block, size_t size);

/* Bytes of libc's block; 0 when the option is not libc or libc has no heap. */
size_t cellar__foreign_usable(const void *block);

#endif
