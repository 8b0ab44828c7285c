/* levels: base os submap meta arena slab keg bucket smr zone; with: fuzz/zone.c */
/* Replays what the fuzzer of zones has found worth keeping: tests/fuzz/corpus/zone. */
#include "fuzz/corpus.h"
#include "fuzz/fuzz.h"

TEST(corpus_of_zones)
{
    corpus_replay(__FILE__, "zone", fuzz_zone);
}

TEST_MAIN()
