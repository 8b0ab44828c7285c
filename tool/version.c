/* `cellar version`: the versions of the command and of the library it would run programs on. */
#include "library.h"
#include "tool.h"

#include <getopt.h>
#include <stdio.h>

#include <cellar/cellar.h>

static int version_main(const struct command *command, int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    opterr = 0;
    for (int code; (code = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        if (code != 'h')
            return cellar__command_bad_option(command, code, argv);
        cellar__command_describe(command);
        return TOOL_OK;
    }
    if (optind < argc)
        return cellar__command_misuse(command, "unexpected argument '%s'", argv[optind]);
    printf("cellar %s\n", CELLAR_VERSION);
    struct library library;
    char error[LIBRARY_ERROR_MAX];
    if (cellar__library_open(&library, error) != 0)
        return cellar__command_fail(command, "%s", error);
    printf("library %s, %s\n", library.version(), library.path);
    return TOOL_OK;
}

const struct command cellar__version_command = {
    .name = "version",
    .synopsis = "",
    .summary = "Print the versions of the command and the library",
    .detail = "",
    .main = version_main,
};
