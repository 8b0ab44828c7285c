/* A machine that a test describes; the rest of the os level is the real one. */
#ifndef CELLAR_TESTS_FAKE_MACHINE_H
#define CELLAR_TESTS_FAKE_MACHINE_H

#include "os/os.h"

/* Small windows and a small region of metadata, unless the test changes it before the levels first ask. */
extern struct cellar__machine fake_machine;

#endif
