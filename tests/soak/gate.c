#include "soak/gate.h"

#include <pthread.h>
#include <stdbool.h>

static pthread_mutex_t gate_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_opened = PTHREAD_COND_INITIALIZER;
static pthread_cond_t gate_reached = PTHREAD_COND_INITIALIZER;

static bool gate_is_closed; /* written under the mutex, also read without it */
static unsigned gate_nthreads;
static unsigned gate_nwaiting;

void soak_gate_enter(void)
{
    pthread_mutex_lock(&gate_mutex);
    gate_nthreads++;
    pthread_mutex_unlock(&gate_mutex);
}

void soak_gate_pass(void)
{
    if (!__atomic_load_n(&gate_is_closed, __ATOMIC_RELAXED)) {
        return;
    }
    pthread_mutex_lock(&gate_mutex);
    gate_nwaiting++;
    pthread_cond_signal(&gate_reached);
    while (gate_is_closed) {
        pthread_cond_wait(&gate_opened, &gate_mutex);
    }
    gate_nwaiting--;
    pthread_mutex_unlock(&gate_mutex);
}

void soak_gate_leave(void)
{
    pthread_mutex_lock(&gate_mutex);
    gate_nthreads--;
    pthread_cond_signal(&gate_reached);
    pthread_mutex_unlock(&gate_mutex);
}

void soak_gate_close(void)
{
    pthread_mutex_lock(&gate_mutex);
    __atomic_store_n(&gate_is_closed, true, __ATOMIC_RELAXED);
    while (gate_nwaiting < gate_nthreads) {
        pthread_cond_wait(&gate_reached, &gate_mutex);
    }
    pthread_mutex_unlock(&gate_mutex);
}

void soak_gate_open(void)
{
    pthread_mutex_lock(&gate_mutex);
    __atomic_store_n(&gate_is_closed, false, __ATOMIC_RELAXED);
    pthread_cond_broadcast(&gate_opened);
    pthread_mutex_unlock(&gate_mutex);
}
