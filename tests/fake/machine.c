#include "fake/machine.h"

#include <unistd.h>

struct cellar__machine fake_machine = {.page_size = 4096, .ncpus = 2, .address_limit = (size_t)256 << 20};

__attribute__((constructor)) static void fake_machine_start(void)
{
    fake_machine.page_size = (size_t)sysconf(_SC_PAGESIZE);
}

const struct cellar__machine *cellar__os_machine(void)
{
    return &fake_machine;
}

unsigned cellar__os_cpu_end(void)
{
    return fake_machine.ncpus;
}
