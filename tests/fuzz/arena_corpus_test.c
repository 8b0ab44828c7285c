/* levels: base os submap meta arena; with: model/arena_model.c model/arena_ops.c fuzz/arena.c */
/* Replays what the fuzzer of arenas has found worth keeping: tests/fuzz/corpus/arena. */
#include "fuzz/corpus.h"
#include "fuzz/fuzz.h"

TEST(corpus_of_arenas)
{
    corpus_replay(__FILE__, "arena", fuzz_arena);
}

TEST_MAIN()
