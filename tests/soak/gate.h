/*
 * gate: the coordinator lets all threads that use the library come to rest, looks, and lets them go on.
 * A thread is counted from before it starts until its last call of soak_gate_leave.
 */
#ifndef CELLAR_TESTS_SOAK_GATE_H
#define CELLAR_TESTS_SOAK_GATE_H

/* For the thread that starts another. */
void soak_gate_enter(void);

/* For the thread itself, between two operations: waits while the gate is closed. */
void soak_gate_pass(void);
void soak_gate_leave(void);

/* For the coordinator: returns when every thread waits at the gate or has left. */
void soak_gate_close(void);
void soak_gate_open(void);

#endif
