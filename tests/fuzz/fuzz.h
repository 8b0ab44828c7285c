/*
 * What the fuzzers run, and the replay of their corpus: each takes any bytes for operations in the language of a model test
 * and ends the process when the code and the model differ.
 */
#ifndef CELLAR_TESTS_FUZZ_FUZZ_H
#define CELLAR_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Of arenas (model/arena_ops.h). */
void fuzz_arena(const uint8_t *bytes, size_t size);

/* Of zones of programs (model/user_ops.h). */
void fuzz_zone(const uint8_t *bytes, size_t size);

#endif
