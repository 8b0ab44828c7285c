/* `cellar report`: a statistics record that was kept in a file, shown as `cellar run` shows one. */
#include "record.h"
#include "show.h"
#include "tool.h"

#include <getopt.h>

static int report_print(const struct command *command, const char *path, const struct show_choice *choice)
{
    struct record_set set;
    char error[RECORD_ERROR_MAX];
    int status = TOOL_OK;
    if (cellar__record_set_load(&set, path, error) != 0)
        status = cellar__command_fail(command, "%s", error);
    else if (set.count == 0)
        status = cellar__command_fail(command, "%s: no statistics record in it", path);
    else
        cellar__show_records(stdout, &set, choice);
    cellar__record_set_fini(&set);
    return status;
}

static int report_main(const struct command *command, int argc, char **argv)
{
    static const struct option options[] = {{"all", no_argument, NULL, 'a'},
                                            {"full", no_argument, NULL, 'f'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    struct show_choice choice = {false, false};
    opterr = 0;
    for (int code; (code = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        if (code == 'a')
            choice.all = true;
        else if (code == 'f')
            choice.full = true;
        else if (code == 'h') {
            cellar__command_describe(command);
            return TOOL_OK;
        } else
            return cellar__command_bad_option(command, code, argv);
    }
    if (optind == argc)
        return cellar__command_misuse(command, "no file given");
    if (argc - optind > 1)
        return cellar__command_misuse(command, "too many files: '%s'", argv[optind + 1]);
    return report_print(command, argv[optind], &choice);
}

const struct command cellar__report_command = {
    .name = "report",
    .synopsis = "[--all] [--full] FILE",
    .summary = "Show the statistics records in a file",
    .detail = "The records are those of stats_at_exit:json, a line for each process.\n\n"
              "  --all    every process, not just the one with the largest peak RSS\n"
              "  --full   all zones, arenas and submaps, and a picture of the levels\n",
    .main = report_main,
};
