/* title: it works with an environment that is cleared, and that changes */
#include "row.h"

int main(void)
{
    clearenv();
    row_free(row_get(100));
    for (int i = 0; i < 1000; i++) {
        char name[32];
        snprintf(name, sizeof(name), "NAME%d", i);
        ROW_CHECK(setenv(name, "value", 1) == 0, "setenv fails");
    }
    clearenv();
    row_free(row_get(3 * ROW_MIB));
    ROW_CHECK(system("exit 0") == 0, "system fails");
    return 0;
}
