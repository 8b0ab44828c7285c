/* levels: lib; sanitize: no */
/* What the library's own variables cost a process that allocates little: few pages, and none that is shared is written. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

enum { LINE_SIZE = 512, KIB = 1024 };

struct mapping {
    unsigned long begin;
    unsigned long end;
    bool is_library; /* the library's file, or what follows it: variables that begin as zeros */
    bool is_named;
};

static bool own_pages_begin(const char *line, struct mapping *mapping)
{
    struct mapping next;
    char path[LINE_SIZE] = "";
    if (sscanf(line, "%lx-%lx %*s %*s %*s %*s %511s", &next.begin, &next.end, path) < 2) {
        return false;
    }
    next.is_named = strstr(path, "libcellar.so") != NULL;
    bool follows = path[0] == '\0' && mapping->is_named && mapping->end == next.begin;
    next.is_library = next.is_named || follows;
    *mapping = next;
    return true;
}

/* KiB of private pages in the library's mappings. */
static size_t own_pages(void)
{
    char line[LINE_SIZE];
    struct mapping mapping = {0};
    size_t sum = 0;
    FILE *smaps = fopen("/proc/self/smaps", "r");
    CHECK(smaps != NULL);
    while (fgets(line, sizeof line, smaps) != NULL) {
        size_t size;
        if (!own_pages_begin(line, &mapping) && mapping.is_library &&
            sscanf(line, "Anonymous: %zu", &size) == 1) {
            sum += size;
        }
    }
    CHECK_EQ(fclose(smaps), 0);
    return sum;
}

/*
 * Two pages that the linker has put addresses in, two of variables, one for each eight classes in use; what the dynamic
 * linker may have of its own behind them, two more.
 */
TEST(a_small_process_has_few_pages_of_the_library)
{
    size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
    if (page_size != 4 * KIB) {
        return;
    }
    for (size_t size = 16; size <= 20000; size += 4000) {
        free(malloc(size));
    }
    size_t pages = own_pages() / 4;
    CHECK_GE(pages, 4);
    CHECK_LE(pages, 10);
}

TEST_MAIN()
