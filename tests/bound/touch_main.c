/* levels: base os submap meta arena; with: bound/touch.c */
/* Prints node touches for a policy and a number of free segments: "median max" for each comb. For scripts/bench-arena. */
#include "bound/touch.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    const struct cellar__fit *fit = argc == 3 ? cellar__fit_find(argv[1]) : NULL;
    if (fit == NULL) {
        fputs("usage: touch FIT NSEGMENTS\n", stderr);
        return 2;
    }
    struct touch_count worst = {0};
    for (enum touch_comb comb = 0; comb < TOUCH_COMBS; comb++) {
        struct touch_count count = touch_measure(fit, strtoul(argv[2], NULL, 10), comb);
        worst.median = count.median > worst.median ? count.median : worst.median;
        worst.max = count.max > worst.max ? count.max : worst.max;
    }
    printf("%ju %ju\n", (uintmax_t)worst.median, (uintmax_t)worst.max);
    return 0;
}
