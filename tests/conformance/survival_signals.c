/* title: signals that come all the time, with handlers that return, in threads */
#include "threads.h"

#include <sys/time.h>

static volatile sig_atomic_t count;

static void on_alarm(int number)
{
    (void)number;
    count++;
}

int main(void)
{
    struct itimerval often = {{0, 200}, {0, 200}};
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    pthread_t threads[3];
    for (uintptr_t i = 0; i < 3; i++) {
        threads[i] = thread_start(noise_run, (void *)i);
    }
    while (count < 3000) {
        pause();
    }
    noise_over = 1;
    for (size_t i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    return 0;
}
