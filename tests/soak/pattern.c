#include "soak/pattern.h"

#include <string.h>

#define PATTERN_PAGE 4096
#define PATTERN_HEAD 64
#define PATTERN_END 256
#define PATTERN_STEP UINT64_C(0x9e3779b97f4a7c15) /* odd, with no pattern of its own in any byte */

/* Bytes [from, to) of a block; from is a multiple of 8. */
struct range {
    size_t from;
    size_t to;
};

/* The range that follows *range, clipped to limit; false after the last. {0, 0} is before the first. */
static bool range_next(const struct soak_block *block, size_t limit, struct range *range)
{
    size_t end = block->size <= PATTERN_END ? 0 : (block->size - PATTERN_END) & ~(size_t)7;
    if (range->to >= limit) {
        return false;
    }
    if (!block->sparse) {
        *range = (struct range){0, limit};
        return true;
    }
    size_t page = range->to == 0 ? 0 : range->from - range->from % PATTERN_PAGE + PATTERN_PAGE;
    if (page < end) {
        *range = (struct range){page, page + PATTERN_HEAD};
    } else if (range->from < end || range->to == 0) {
        *range = (struct range){end, block->size};
    } else {
        return false;
    }
    range->to = range->to < limit ? range->to : limit;
    return range->from < limit;
}

static uint64_t range_word(uint64_t stamp, size_t at)
{
    return stamp + at / 8 * PATTERN_STEP;
}

static void range_write(const struct soak_block *block, struct range range)
{
    size_t at = range.from;
    for (; at + 8 <= range.to; at += 8) {
        uint64_t word = range_word(block->stamp, at);
        memcpy(block->base + at, &word, 8);
    }
    uint64_t word = range_word(block->stamp, at);
    memcpy(block->base + at, &word, range.to - at);
}

static size_t range_first_difference(const unsigned char *bytes, uint64_t word, size_t size)
{
    unsigned char wanted[8];
    memcpy(wanted, &word, 8);
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != wanted[i]) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* The words of the range have to be stamp + at / 8 * step: with both 0, zero. */
static size_t range_check(const unsigned char *base, struct range range, uint64_t stamp, uint64_t step)
{
    size_t at = range.from;
    for (; at + 8 <= range.to; at += 8) {
        uint64_t word;
        memcpy(&word, base + at, 8);
        if (word != stamp + at / 8 * step) {
            break;
        }
    }
    size_t rest = range.to - at < 8 ? range.to - at : 8;
    size_t different = range_first_difference(base + at, stamp + at / 8 * step, rest);
    return different == SIZE_MAX ? SIZE_MAX : at + different;
}

static size_t pattern_check(const struct soak_block *block, size_t limit, uint64_t stamp, uint64_t step)
{
    struct range range = {0, 0};
    while (range_next(block, limit, &range)) {
        size_t bad = range_check(block->base, range, stamp, step);
        if (bad != SIZE_MAX) {
            return bad;
        }
    }
    return SIZE_MAX;
}

static uint64_t pattern_mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void soak_pattern_write(struct soak_block *block, uint64_t salt)
{
    block->stamp = pattern_mix(pattern_mix((uintptr_t)block->base) + block->size + salt);
    struct range range = {0, 0};
    while (range_next(block, block->size, &range)) {
        range_write(block, range);
    }
}

size_t soak_pattern_check(const struct soak_block *block, size_t limit)
{
    return pattern_check(block, limit, block->stamp, PATTERN_STEP);
}

size_t soak_pattern_check_zero(const struct soak_block *block)
{
    return pattern_check(block, block->size, 0, 0);
}

void soak_pattern_spoil(struct soak_block *block)
{
    if (block->size > 0) {
        block->base[block->size - 1] ^= 0x10;
    }
}
