/* The bytes that a block holds: they depend on its stamp and on where in the block they are. */
#ifndef CELLAR_TESTS_SOAK_PATTERN_H
#define CELLAR_TESTS_SOAK_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct soak_block {
    unsigned char *base;
    size_t size;    /* bytes that are ours to write */
    uint64_t stamp; /* of address, size and seed when it was written */
    bool sparse; /* only the end and the head of each page are written and read: for blocks of many pages */
};

/* A stamp of the block's address and size and of `salt`, and its pattern. */
void soak_pattern_write(struct soak_block *block, uint64_t salt);

/* The offset of the first byte below `limit` that is not as written, or SIZE_MAX. */
size_t soak_pattern_check(const struct soak_block *block, size_t limit);

/* The offset of the first byte that is not 0, or SIZE_MAX; it looks where the pattern lies. */
size_t soak_pattern_check_zero(const struct soak_block *block);

/* Spoils a byte of the pattern: for plants. */
void soak_pattern_spoil(struct soak_block *block);

#endif
