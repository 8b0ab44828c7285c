#include "fuzz/fuzz.h"
#include "model/arena_ops.h"

enum { FUZZ_OPS = 800 };

void fuzz_arena(const uint8_t *bytes, size_t size)
{
    static struct arena_op ops[FUZZ_OPS];
    struct arena_setting setting;
    size_t nops = arena_ops_decode(bytes, size, &setting, ops, FUZZ_OPS);
    if (nops != 0) {
        arena_ops_run(&setting, ops, nops);
    }
}
