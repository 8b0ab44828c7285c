/*
 * Allocation under Cellar's own names, beside whatever malloc the program has.
 *
 *     cc allocate.c $(pkg-config --cflags --libs cellar)
 *
 * prints:
 *     100 bytes asked for, 112 usable, 112 foretold
 *     at a multiple of 4096: yes
 *     recallocarray: first word kept, new words zero
 *     refused, and the block is as it was
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cellar/malloc.h>

/* Every failure is checked: what fails ends the example. */
static void *need(void *block)
{
    if (block == NULL) {
        perror("allocate");
        exit(1);
    }
    return block;
}

static void sizes(void)
{
    char *block = need(cellar_malloc(100));
    printf("100 bytes asked for, %zu usable, %zu foretold\n", cellar_malloc_usable_size(block),
           cellar_malloc_good_size(100));
    block = need(cellar_realloc(block, 5000));
    cellar_free_sized(block, 5000);
}

static void alignment(void)
{
    void *blocks[5] = {cellar_aligned_alloc(4096, 100), cellar_memalign(4096, 100), cellar_valloc(100),
                       cellar_pvalloc(100), NULL};
    uintptr_t bits = 0;
    if (cellar_posix_memalign(&blocks[4], 4096, 100) != 0) {
        exit(1);
    }
    for (size_t i = 0; i < 5; i++) {
        bits |= (uintptr_t)need(blocks[i]) % 4096;
    }
    printf("at a multiple of 4096: %s\n", bits == 0 ? "yes" : "no");
    for (size_t i = 0; i < 4; i++) {
        cellar_free(blocks[i]);
    }
    cellar_free_aligned_sized(blocks[4], 4096, 100);
}

/* Passwords and keys: nothing of them stays behind in memory. */
static void secrets(void)
{
    uint64_t *words = need(cellar_calloc(4, sizeof *words));
    words[0] = 42;
    words = need(cellar_recallocarray(words, 4, 8, sizeof *words));
    if (words[0] == 42 && words[4] == 0 && words[7] == 0) {
        puts("recallocarray: first word kept, new words zero");
    }
    cellar_freezero(words, 8 * sizeof *words);
}

static void failure(void)
{
    char *block = need(cellar_malloc(16));
    volatile size_t absurd = SIZE_MAX / 2; /* a size the compiler would warn of */
    strcpy(block, "kept");
    errno = 0;
    if (cellar_reallocarray(block, absurd, 3) == NULL && errno == ENOMEM && strcmp(block, "kept") == 0) {
        puts("refused, and the block is as it was");
    }
    block = cellar_reallocf(block, absurd); /* frees it when it cannot grow */
    cellar_free(block);
    cellar_malloc_trim(0);
}

int main(void)
{
    sizes();
    alignment();
    secrets();
    failure();
    return 0;
}
