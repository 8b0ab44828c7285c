/* Prints the file that malloc comes from, and "same" when free comes from there too: scripts/conformance asks this once
   for each library, for one that cannot be preloaded would be judged as libc, without a word. */
#include "row.h"

int main(void)
{
    Dl_info info;
    void *address = dlsym(RTLD_DEFAULT, "malloc");
    if (address == NULL || dladdr(address, &info) == 0) {
        return 1;
    }
    printf("%s %s\n", info.dli_fname, row_own("free") != NULL ? "same" : "other");
    return 0;
}
