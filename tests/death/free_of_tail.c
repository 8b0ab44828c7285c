/* expect: cellar: invalid free of PTR in zone malloc.112: not the begin of an item */
/* status: abort */
/* conf: mode:harden */
#include <stdint.h>
#include <stdlib.h>

int main(void)
{
    /* A slab of 64 KiB holds 585 items of 112 bytes; 16 bytes are left. */
    uintptr_t slab = (uintptr_t)malloc(100) & ~(uintptr_t)0xffff;
    free((void *)(slab + 585 * 112));
    return 0;
}
