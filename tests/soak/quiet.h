/*
 * quiet: what has to hold while no thread is inside the library.
 * The janitor may be, and have a bucket or a run in its hands: what is missing is looked for again.
 *
 * In any process: the invariants of the heap arena (A1 to A6) and of each keg (K1 to K3, and those of its slabs).
 *
 * In the soaked process itself, where every block is either in the table or one of the few of libc:
 *   each class   items out of its keg, or runs out of its source = in the table + in buckets + in its depot + libc's few
 *   huge         live mappings and their bytes = those in the table
 *   heap arena   bytes out = slabs + runs + dirty runs
 *   budget       bytes held = bytes out of the arena + huge mappings, live and cached
 */
#ifndef CELLAR_TESTS_SOAK_QUIET_H
#define CELLAR_TESTS_SOAK_QUIET_H

/* The invariants of this process's heap. */
void soak_quiet_check_structure(void);

/* The same, the accounts, and the content of every block of the table. */
void soak_quiet_check(void);

/* After all blocks were freed: what is left once the heap was trimmed. */
void soak_quiet_check_end(void);

#endif
