/* title: munmap fails with ENOMEM: free goes on and keeps errno, contents stay */
#include "refused.h"

int main(void)
{
    refused_survive(SYS_munmap);
    return 0;
}
