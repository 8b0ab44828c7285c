/*
 * What a program can ask the library about itself: version, configuration keys, statistics.
 *
 *     cc describe.c $(pkg-config --cflags --libs cellar)
 *
 * prints:
 *     version of header and library agree
 *     key fit: default instant
 *     this program chose fit:best
 *     a statistics record of one line
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cellar/cellar.h>

/* Read before the first allocation; CELLAR_CONF in the environment would win. */
const char *cellar_conf = "fit:best";

static void version(void)
{
    if (strcmp(cellar_version(), CELLAR_VERSION) == 0) {
        puts("version of header and library agree");
    }
}

static void keys(void)
{
    size_t count;
    const struct cellar_option *options = cellar_options(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(options[i].name, "fit") == 0) {
            printf("key fit: default %s\n", options[i].default_value);
        }
    }
}

static void statistics(void)
{
    static char text[65536];
    int ends[2];
    if (pipe(ends) != 0 || cellar_stats_print(ends[1], CELLAR_STATS_JSON) != 0) {
        exit(1);
    }
    close(ends[1]);
    size_t length = 0;
    for (ssize_t got; (got = read(ends[0], text + length, sizeof text - 1 - length)) > 0;) {
        length += (size_t)got;
    }
    if (strstr(text, "\"fit\":\"best\"") != NULL) {
        puts("this program chose fit:best");
    }
    if (length > 0 && strchr(text, '\n') == text + length - 1) {
        puts("a statistics record of one line");
    }
}

int main(void)
{
    free(malloc(100));
    version();
    keys();
    statistics();
    return 0;
}
