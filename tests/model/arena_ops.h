/*
 * The language of operations on arenas that the model test and the fuzzer share: a setting, and a list of operations
 * that mean something whatever came before them. The run keeps a naive arena beside the real one; after each operation
 * both must show the same ranges and the arena's own check must find nothing.
 */
#ifndef CELLAR_TESTS_MODEL_ARENA_OPS_H
#define CELLAR_TESTS_MODEL_ARENA_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena/arena.h"

enum arena_op_kind {
    ARENA_OP_ALLOC,
    ARENA_OP_XALLOC, /* with constraints that follow from its numbers */
    ARENA_OP_FREE,
    ARENA_OP_RESIZE,
    ARENA_OP_SPLIT,
    ARENA_OP_ADD,
    ARENA_OP_REFUSE, /* the next import fails */
    ARENA_OP_BAD,    /* requests that make no sense */
    ARENA_OP_KINDS
};

/* k names the (k mod n)-th of the n ranges that are out; sizes are in bytes. */
struct arena_op {
    enum arena_op_kind kind;
    uint32_t k;
    uint64_t size;
    uint64_t align;
};

struct arena_setting {
    const struct cellar__fit *fit;
    const char *policy; /* what the model judges by */
    enum cellar__sizing sizing;
    uint64_t quantum;
    bool imports;
    bool releases;
    bool is_unlocked;
};

/* At the end everything is freed, which must leave the spans that were added, and meta as it was. */
void arena_ops_run(const struct arena_setting *setting, const struct arena_op *ops, size_t nops);

const char *arena_op_name(enum arena_op_kind kind);

/* Setting and operations from any bytes: for the fuzzer. The number of operations, at most capacity. */
size_t arena_ops_decode(const uint8_t *bytes, size_t size, struct arena_setting *ret_setting,
                        struct arena_op *ops, size_t capacity);

#endif
