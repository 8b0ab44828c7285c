/* A memory barrier in every thread of the process, so that the side that is passed more often needs none of its own. */
#include <linux/membarrier.h>

#include <errno.h>

#include "os/fault.h"
#include "os/linux_call.h"
#include "os/os.h"

int cellar__os_barrier_register(void)
{
    if (cellar__fault_hits(CELLAR_FAULT_BARRIER)) {
        return -ENOSYS;
    }
    return (int)CELLAR_CALL2(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0);
}

int cellar__os_barrier(void)
{
    if (cellar__fault_hits(CELLAR_FAULT_BARRIER)) {
        return -EPERM;
    }
    return (int)CELLAR_CALL2(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0);
}
