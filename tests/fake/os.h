/*
 * A fake of os/os.h's memory and time: a test sets what the machine is and what the kernel refuses, and reads what
 * was asked. The memory itself is real, so that a touch of what is not committed faults.
 */
#ifndef CELLAR_TESTS_FAKE_OS_H
#define CELLAR_TESTS_FAKE_OS_H

#include "os/os.h"

struct fake_call {
    size_t count; /* calls, refused ones included */
    char *addr;   /* of the last call; what it returned for reserve and map */
    size_t size;
};

struct fake_os {
    struct cellar__machine machine;
    uint64_t now_ns;

    /* what is refused */
    size_t reserve_max; /* bytes; longer reservations fail */
    size_t commit_max;  /* bytes; longer commits fail */
    bool refuse_reserve;
    bool refuse_commit;
    bool refuse_purge;
    bool refuse_unmap;

    /* where the next reservations lie, NULL for where the kernel likes */
    char *reserve_at;

    struct fake_call reserve;
    struct fake_call commit;
    struct fake_call purge;
    struct fake_call unmap;
    struct fake_call name;
    void *reserve_hint;
    void *reserve_first_hint; /* of the first call */
    uint64_t signals_blocked; /* how many times over */
    const char *name_text;
};

/* A machine of 2 CPUs without limits; a test may change it before the level first asks. */
extern struct fake_os fake_os;

#endif
