/*
 * The C allocation functions as libcellar provides them. They have the names and contracts of ISO C and POSIX;
 * <stdlib.h> declares most of them too, and the declarations agree.
 *
 * Every function may be called by any thread at any time, also before main and after it. Every block is aligned
 * to 16 bytes at least. Failure is NULL with errno ENOMEM, or EINVAL where stated. free leaves errno alone.
 */
#ifndef CELLAR_MALLOC_H
#define CELLAR_MALLOC_H

#include <malloc.h>
#include <stdlib.h>

#include <cellar/cellar.h>

/*
 * From the system's <malloc.h> and <stdlib.h>, with what is particular here:
 *
 * malloc_usable_size(block)        the bytes of the live block that may be used, all of them writable; 0 for NULL.
 * reallocarray(block, count, size) realloc of the product; ENOMEM, with the block as it was, when it wraps.
 * valloc(size), pvalloc(size)      aligned to a page; pvalloc rounds the size up to pages, and fails when that wraps.
 * malloc_trim(pad)                 gives back to the kernel what is free in the calling thread's buckets, the depots,
 *                                  the dirty runs and the cached mappings; pad is ignored. 1 when anything went.
 */

#endif
