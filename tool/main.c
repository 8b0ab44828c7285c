/* The cellar command: finds the subcommand, runs it, and makes sure that what it printed has arrived. */
#include "tool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct command *const command_table[] = {
    &cellar__run_command,     &cellar__report_command, &cellar__options_command,
    &cellar__version_command, &cellar__help_command,
};

const struct command *const *cellar__command_table(size_t *ret_count)
{
    *ret_count = sizeof(command_table) / sizeof(command_table[0]);
    return command_table;
}

const struct command *cellar__command_find(const char *name)
{
    for (size_t i = 0; i < sizeof(command_table) / sizeof(command_table[0]); i++) {
        if (strcmp(command_table[i]->name, name) == 0)
            return command_table[i];
    }
    return NULL;
}

/* `cellar --help` and `cellar --version` mean the commands of those names. */
static const char *main_command_name(const char *argument)
{
    if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0)
        return "help";
    if (strcmp(argument, "--version") == 0 || strcmp(argument, "-V") == 0)
        return "version";
    return argument;
}

/* A full disk or a closed pipe shows only when the buffer is written: a status of 0 must mean that it was. */
static int main_flush(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "cellar: writing the output failed: %s\n", strerror(errno));
    return status == TOOL_OK ? TOOL_FAILED : status;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr,
                "cellar: no command given; usage: cellar COMMAND [ARGS], 'cellar help' lists the commands\n");
        return TOOL_USAGE;
    }
    const struct command *command = cellar__command_find(main_command_name(argv[1]));
    if (command == NULL) {
        fprintf(stderr, "cellar: unknown %s '%s'; 'cellar help' lists the commands\n",
                argv[1][0] == '-' ? "option" : "command", argv[1]);
        return TOOL_USAGE;
    }
    return main_flush(command->main(command, argc - 1, argv + 1));
}
