/* levels: api */
/* libcellar-api: the allocator under its own names, beside libc's malloc. */
#define _GNU_SOURCE
#include <dlfcn.h>

#include <cellar/malloc.h>

#include "test.h"

TEST(malloc_stays_libcs)
{
    Dl_info info;
    CHECK(dladdr(dlsym(RTLD_DEFAULT, "malloc"), &info) != 0);
    CHECK(strstr(info.dli_fname, "libc.so") != NULL);
    CHECK(dlsym(RTLD_DEFAULT, "cellar_malloc") != NULL);
}

TEST(blocks_are_cellars)
{
    char *block = cellar_malloc(100);
    CHECK_EQ(cellar_malloc_usable_size(block), cellar_malloc_good_size(100));
    block = cellar_realloc(block, 100000);
    CHECK(block != NULL);
    memset(block, 1, 100000);
    cellar_free(block);
    unsigned char *zero = cellar_calloc(300, 300);
    CHECK(zero != NULL && zero[0] == 0 && zero[89999] == 0);
    cellar_freezero(zero, 90000);
    void *aligned = NULL;
    CHECK_EQ(cellar_posix_memalign(&aligned, 4096, 10), 0);
    CHECK_EQ((uintptr_t)aligned % 4096, 0);
    cellar_free(aligned);
}

/* Option foreign_free:libc, the default. */
TEST(libcs_blocks_go_back_to_libc)
{
    char *block = malloc(100);
    CHECK_EQ(cellar_malloc_usable_size(block), malloc_usable_size(block));
    strcpy(block, "kept");
    block = cellar_realloc(block, 5000);
    CHECK_STR(block, "kept");
    cellar_free(block);
}

TEST_MAIN()
