/*
 * worker: threads that come and go. Each has a number, and with it a stretch of the table; it lives for 100 to a million
 * operations, and its successor inherits its blocks. A last block is freed by a destructor of thread-specific data.
 */
#ifndef CELLAR_TESTS_SOAK_WORKER_H
#define CELLAR_TESTS_SOAK_WORKER_H

#include <stdbool.h>

enum { SOAK_WORKERS_MAX = 64 };

/* For the coordinator. */
void soak_worker_start_all(void);
/* Joins those that have ended. */
void soak_worker_join_ended(void);
/* Starts a successor for each that was joined. */
void soak_worker_restart(void);
/* Waits for all; the soak has to be over. */
void soak_worker_join_all(void);

/* The thread that opens and closes spans of faults. */
void soak_fault_thread_start(void);
void soak_fault_thread_join(void);

#endif
