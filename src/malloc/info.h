/* info: this heap in the terms of glibc's <malloc.h>, for programs that ask in them. */
#ifndef CELLAR_MALLOC_INFO_H
#define CELLAR_MALLOC_INFO_H

#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * arena     bytes in runs, those of huge blocks excluded
 * ordblks   free pieces: items in slabs, free ranges of the arena
 * smblks    items in buckets and depots, fsmblks their bytes
 * hblks     huge blocks, hblkhd their bytes
 * uordblks  bytes of live blocks that are not huge
 * fordblks  the rest of arena
 * keepcost  bytes that malloc_trim would give back at once: dirty runs, cached mappings
 */
struct mallinfo2 cellar__info_mallinfo(void);

/* Writes the XML of malloc_info with glibc's elements. 0, or -1 with errno set by the stream. */
int cellar__info_print_xml(FILE *stream);

/* Whether mallopt's parameter is one of <malloc.h>. */
bool cellar__info_knows_parameter(int parameter);

#endif
