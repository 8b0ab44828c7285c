/* The voice of the subcommands: their descriptions on stdout, their errors as one line on stderr. */
#include "tool.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>

static const char *command_gap(const struct command *command)
{
    return command->synopsis[0] == '\0' ? "" : " ";
}

void cellar__command_describe(const struct command *command)
{
    printf("usage: cellar %s%s%s\n\n%s.\n", command->name, command_gap(command), command->synopsis,
           command->summary);
    if (command->detail[0] != '\0')
        printf("\n%s", command->detail);
}

int cellar__command_fail(const struct command *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "cellar %s: ", command->name);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return TOOL_FAILED;
}

int cellar__command_misuse(const struct command *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "cellar %s: ", command->name);
    vfprintf(stderr, format, args);
    fprintf(stderr, "; usage: cellar %s%s%s\n", command->name, command_gap(command), command->synopsis);
    va_end(args);
    return TOOL_USAGE;
}

int cellar__command_bad_option(const struct command *command, int code, char **argv)
{
    if (code == ':')
        return cellar__command_misuse(command, "option '%s' needs a value", argv[optind - 1]);
    /* getopt_long leaves optopt 0 for an unknown long option and sets it to the option's code for a long
       option that was given a value it does not take. A short option's letter is the only way to name it in a
       cluster. */
    if (optopt == 0)
        return cellar__command_misuse(command, "unknown option '%s'", argv[optind - 1]);
    if (argv[optind - 1][0] == '-' && argv[optind - 1][1] == '-')
        return cellar__command_misuse(command, "option '%s' takes no value", argv[optind - 1]);
    return cellar__command_misuse(command, "unknown option '-%c'", optopt);
}
