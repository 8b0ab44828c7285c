/* process: the soaked process, from its first call of malloc to its last free. */
#ifndef CELLAR_TESTS_SOAK_PROCESS_H
#define CELLAR_TESTS_SOAK_PROCESS_H

/* Runs until soak_is_over; errors are in soak_shared. */
void soak_process_run(void);

#endif
