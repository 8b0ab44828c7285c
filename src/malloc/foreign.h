/* foreign: addresses that are not Cellar's, treated by the option foreign_free. */
#ifndef CELLAR_MALLOC_FOREIGN_H
#define CELLAR_MALLOC_FOREIGN_H

#include <stddef.h>

void cellar__foreign_free(void *block);

/* NULL when libc cannot serve, or the option is not libc. */
void *cellar__foreign_realloc(void *block, size_t size);

#endif
