#include "fuzz/fuzz.h"
#include "model/user_ops.h"

enum { FUZZ_OPS = 600, FUZZ_OP_SIZE = 8 };

/* Eight bytes an operation, as for arenas: kind, a, two of b's low half, four of its high one. */
void fuzz_zone(const uint8_t *bytes, size_t size)
{
    static struct ops_op ops[FUZZ_OPS];
    static struct ops_shared shared;
    size_t nops = 0;
    for (size_t at = 0; at + FUZZ_OP_SIZE <= size && nops < FUZZ_OPS; at += FUZZ_OP_SIZE, nops++) {
        uint16_t low;
        uint32_t high;
        memcpy(&low, &bytes[at + 2], sizeof low);
        memcpy(&high, &bytes[at + 4], sizeof high);
        ops[nops] = (struct ops_op){bytes[at] % USER_OP_KINDS, bytes[at + 1], (uint64_t)high << 32 | low};
    }
    ops_shared = &shared;
    if (!zones_replay(ops, nops)) {
        TEST_FAIL("%s after %zu operations", shared.reason, shared.done);
    }
}
