/* levels: api */
/* The smr alone, in a program that calls nothing else of libcellar-api: it starts what it needs, and its handlers of fork. */
#include <cellar/smr.h>

#include "test.h"

TEST(smr_starts_what_it_needs)
{
    struct cellar_smr *smr = cellar_smr_create(NULL);
    CHECK(smr != NULL);
    cellar_smr_enter(smr);
    pid_t pid = fork();
    if (pid == 0) {
        cellar_smr_exit(smr);
        _exit(cellar_smr_destroy(smr) == 0 ? 0 : 1);
    }
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
    cellar_smr_exit(smr);
    CHECK_EQ(cellar_smr_destroy(smr), 0);
}

TEST_MAIN()
