/* title: alignments from 32 bytes to 1 GiB; timeout: 60 */
#include "row.h"

enum { LIVE_MAX = 64 };

struct live {
    char *block;
    size_t size;
};

static struct live live[LIVE_MAX];
static size_t nlive;

/* Up to 1 MiB it has to work; beyond it may be refused, with the right errno. */
static void aligned_keep(void *block, int error, const char *call, size_t alignment, size_t size)
{
    if (block == NULL) {
        ROW_CHECK(alignment > ROW_MIB, "%s(%zu, %zu) fails: %s", call, alignment, size,
                  strerrorname_np(error));
        ROW_CHECK(error == ENOMEM, "%s(%zu, %zu) fails with errno %d", call, alignment, size, error);
        return;
    }
    ROW_CHECK(row_aligned(block, alignment), "%s(%zu, %zu) is aligned to %zu only", call, alignment, size,
              (size_t)((uintptr_t)block & -(uintptr_t)block));
    ROW_CHECK(row_malloc_usable_size(block) >= size, "%s(%zu, %zu) gives less", call, alignment, size);
    live[nlive].block = (char *)block;
    live[nlive++].size = size;
}

static void live_check(size_t alignment)
{
    for (size_t i = 0; i < nlive; i++) {
        for (size_t k = 0; k < i; k++) {
            int apart = live[i].block + live[i].size <= live[k].block ||
                        live[k].block + live[k].size <= live[i].block;
            ROW_CHECK(apart, "two live blocks aligned to %zu overlap", alignment);
        }
        live[i].block[0] = (char)i;
        live[i].block[live[i].size - 1] = (char)i;
    }
    for (size_t i = 0; i < nlive; i++) {
        ROW_CHECK(live[i].block[0] == (char)i || live[i].size == 1, "a block aligned to %zu changes",
                  alignment);
        ROW_CHECK(live[i].block[live[i].size - 1] == (char)i, "a block aligned to %zu changes", alignment);
        row_free(live[i].block);
    }
    nlive = 0;
}

int main(void)
{
    for (size_t alignment = 32; alignment <= ROW_GIB; alignment *= 2) {
        const size_t sizes[] = {1, 100, alignment - 1, alignment, alignment + 1, 3 * alignment};
        size_t nsizes = alignment < 64 * ROW_MIB ? ROW_COUNTOF(sizes) : 2;
        for (size_t i = 0; i < 2 * nsizes; i++) {
            size_t size = sizes[i / 2];
            void *block = NULL;
            errno = 0;
            int error = row_posix_memalign(&block, alignment, size);
            ROW_CHECK((error == 0) == (block != NULL), "posix_memalign(%zu) returns %d", alignment, error);
            aligned_keep(block, error, "posix_memalign", alignment, size);
            errno = 0;
            block = row_aligned_alloc(alignment, size);
            aligned_keep(block, errno, "aligned_alloc", alignment, size);
            errno = 0;
            block = row_memalign(alignment, size);
            aligned_keep(block, errno, "memalign", alignment, size);
        }
        live_check(alignment);
    }
    return 0;
}
