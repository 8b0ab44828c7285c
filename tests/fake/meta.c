#include "fake/meta.h"

#include <string.h>

#include "base/assert.h"
#include "base/bits.h"

enum { FAKE_UNIT = 64, FAKE_UNITS = 1 << 19 };

struct fake_meta fake_meta;

static char fake_region[FAKE_UNITS * (size_t)FAKE_UNIT] __attribute__((aligned(FAKE_UNIT)));
static size_t fake_sizes[FAKE_UNITS]; /* of the block that begins at a unit, plus 1; 0 when none is out */
static size_t fake_next;              /* units */

struct cellar__lock cellar__meta_lock = CELLAR_LOCK_INIT(CELLAR_RANK_META);
char *cellar__meta_base = fake_region - FAKE_UNIT;

int cellar__meta_init(void)
{
    return 0;
}

void *cellar__meta_alloc(size_t size)
{
    uint32_t call = fake_meta.calls++;
    size_t units = cellar__div_ceil(size + 1, FAKE_UNIT);
    if (call >= fake_meta.fail_from && call < fake_meta.fail_to) {
        return NULL;
    }
    CELLAR_REQUIRE(fake_next + units <= FAKE_UNITS);
    void *block = fake_region + fake_next * FAKE_UNIT;
    fake_sizes[fake_next] = size + 1;
    fake_next += units;
    fake_meta.used += size;
    fake_meta.nblocks++;
    return block;
}

void cellar__meta_free(void *block, size_t size)
{
    if (block == NULL) {
        return;
    }
    size_t unit = (size_t)((char *)block - fake_region) / FAKE_UNIT;
    CELLAR_REQUIRE(unit < FAKE_UNITS && fake_region + unit * FAKE_UNIT == (char *)block);
    CELLAR_REQUIRE(fake_sizes[unit] == size + 1);
    fake_sizes[unit] = 0;
    fake_meta.used -= size;
    fake_meta.nblocks--;
    memset(block, 0xdd, size);
}
