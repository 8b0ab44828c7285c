/* title: a core dump holds no empty reservation: what is mapped without memory is marked or small */
#include "row.h"

static char text[4 * 1024 * 1024];

int main(void)
{
    for (size_t i = 0; i < 1000; i++) {
        memset(row_get(1000), 1, 1000);
    }
    row_read("/proc/self/smaps", text, sizeof(text));
    unsigned long begin = 0, end = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
            begin = from;
            end = to;
        }
        if (strncmp(line, "VmFlags:", 8) == 0 && end - begin > ROW_GIB) {
            ROW_CHECK(strstr(line, " dd") != NULL, "%lu GiB are not marked", (end - begin) >> 30);
        }
    }
    return 0;
}
