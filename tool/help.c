/* `cellar help`: the list of commands, or one command in full. */
#include "tool.h"

#include <getopt.h>
#include <stdio.h>

static void help_list(void)
{
    size_t count;
    const struct command *const *table = cellar__command_table(&count);
    printf("usage: cellar COMMAND [ARGS]\n\n");
    for (size_t i = 0; i < count; i++)
        printf("  %-9s %s\n", table[i]->name, table[i]->summary);
    printf("\n'cellar help COMMAND' tells more about one.\n");
}

static int help_main(const struct command *command, int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    opterr = 0;
    for (int code; (code = getopt_long(argc, argv, "+:h", options, NULL)) != -1;) {
        if (code != 'h')
            return cellar__command_bad_option(command, code, argv);
        cellar__command_describe(command);
        return TOOL_OK;
    }
    if (argc - optind > 1)
        return cellar__command_misuse(command, "too many arguments: '%s'", argv[optind + 1]);
    if (argc == optind) {
        help_list();
        return TOOL_OK;
    }
    const struct command *subject = cellar__command_find(argv[optind]);
    if (subject == NULL)
        return cellar__command_misuse(command, "unknown command '%s'", argv[optind]);
    cellar__command_describe(subject);
    return TOOL_OK;
}

const struct command cellar__help_command = {
    .name = "help",
    .synopsis = "[COMMAND]",
    .summary = "List the commands, or tell more about one",
    .detail = "",
    .main = help_main,
};
