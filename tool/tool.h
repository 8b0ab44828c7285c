/* What every subcommand of the cellar command shares: its description, its exit statuses, its errors. */
#ifndef CELLAR_TOOL_TOOL_H
#define CELLAR_TOOL_TOOL_H

#include <stddef.h>

enum {
    TOOL_OK = 0,
    TOOL_FAILED = 1, /* the work could not be done */
    TOOL_USAGE = 2,  /* the command line was wrong; nothing was done */
};

/* A subcommand. All strings are constant. */
struct command {
    const char *name;
    const char *synopsis; /* what follows the name on the usage line, "" when nothing does */
    const char *summary;  /* one line for `cellar help` */
    const char *detail;   /* lines for `cellar help NAME`, each ended by a newline */
    int (*main)(const struct command *command, int argc,
                char **argv); /* argv[0] is the name; returns the exit status */
};

extern const struct command cellar__run_command;
extern const struct command cellar__report_command;
extern const struct command cellar__options_command;
extern const struct command cellar__version_command;
extern const struct command cellar__help_command;

/* The dispatch table, in the order `cellar help` lists it. */
const struct command *const *cellar__command_table(size_t *ret_count);

/* The command of that name, or NULL. */
const struct command *cellar__command_find(const char *name);

/* Prints the usage line, the detail and nothing else on stdout. */
void cellar__command_describe(const struct command *command);

/* One line on stderr, "cellar NAME: MESSAGE", and TOOL_FAILED. */
int cellar__command_fail(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* One line on stderr, "cellar NAME: MESSAGE; usage: ...", and TOOL_USAGE. */
int cellar__command_misuse(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Reports what getopt_long refused. `code` is its answer, '?' or ':' (the option string begins with "+:" or
 * ":"), `argv` the arguments it walked. Returns TOOL_USAGE.
 */
int cellar__command_bad_option(const struct command *command, int code, char **argv);

#endif
