/*
 * faults: time is divided into spans in which system calls of the library are made to fail, and spans without.
 *
 * The number of the span, odd while faults are armed, is what a request that failed is judged by: read before the request,
 * it tells afterwards whether faults were armed at any moment in between.
 */
#ifndef CELLAR_TESTS_SOAK_FAULTS_H
#define CELLAR_TESTS_SOAK_FAULTS_H

#include "test.h"

/* The number of the present span. */
uint32_t soak_faults_span(void);

/* Whether faults were armed at some moment since `span` was read. */
bool soak_faults_since(uint32_t span);

/* Arms one to three kinds of faults at random, and disarms all. One thread at a time may call these. */
void soak_faults_open(struct test_random *random);
void soak_faults_close(void);

/* In a forked child, whatever the parent's thread was doing: nothing is armed. */
void soak_faults_forget(void);

/* Before the heap starts: some reservations are refused, so that it consists of small windows. Until close. */
void soak_faults_at_start(struct test_random *random);

#endif
