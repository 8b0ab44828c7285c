/* expect: cellar: double free of PTR in zone malloc.112: the item is free already */
/* status: abort */
#include <stdlib.h>

/* Not in a row: a bucket cannot tell, the slab can when the bucket is given back to it. */
int main(void)
{
    void *keeps_the_slab = malloc(100);
    void *first = malloc(100);
    void *second = malloc(100);
    free(first);
    free(second);
    free(first);
    extern int malloc_trim(size_t);
    malloc_trim(0);
    return keeps_the_slab == NULL;
}
