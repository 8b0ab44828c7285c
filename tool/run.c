/* `cellar run`: a program on Cellar, and an account of it at the end. */
#define _GNU_SOURCE /* asprintf */

#include "launch.h"
#include "library.h"
#include "record.h"
#include "show.h"
#include "spool.h"
#include "tool.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As a shell says that a program was not found, or is there and cannot be run. */
enum { RUN_NOT_FOUND = 127, RUN_NOT_RUNNABLE = 126 };

struct run {
    const struct command *command;
    char *conf;         /* the user's settings, "K:V,K:V", owned; NULL when there are none */
    const char *output; /* where the account goes, NULL for stderr */
    bool json;
    struct show_choice choice;
    char **program;
};

/* "first,second" in a new string, or just one of them when the other is NULL or empty; NULL without memory.
 */
static char *run_join(const char *first, char separator, const char *second)
{
    if (first == NULL || first[0] == '\0')
        return strdup(second);
    char *joined;
    return asprintf(&joined, "%s%c%s", first, separator, second) < 0 ? NULL : joined;
}

/* Whether "KEY:VALUE" is there and not one of the settings this command makes itself; else what is wrong. */
static const char *run_setting_fault(const char *setting, size_t length)
{
    const char *colon = memchr(setting, ':', length);
    if (colon == NULL || colon == setting || colon + 1 == setting + length)
        return "should be KEY:VALUE";
    size_t key_length = (size_t)(colon - setting);
    static const char *const taken[] = {"stats_at_exit", "stats_file"};
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        if (strlen(taken[i]) == key_length && memcmp(taken[i], setting, key_length) == 0)
            return "is set by the command itself; --json and --output serve instead";
    }
    return NULL;
}

static int run_add_settings(struct run *run, const char *settings)
{
    for (const char *setting = settings;; setting++) {
        size_t length = strcspn(setting, ",");
        const char *fault = run_setting_fault(setting, length);
        if (fault != NULL)
            return cellar__command_misuse(run->command, "--conf: '%.*s' %s", (int)length, setting, fault);
        setting += length;
        if (*setting == '\0')
            break;
    }
    char *joined = run_join(run->conf, ',', settings);
    if (joined == NULL)
        return cellar__command_fail(run->command, "out of memory");
    free(run->conf);
    run->conf = joined;
    return TOOL_OK;
}

static int run_add_fit(struct run *run, const char *fit)
{
    if (fit[0] == '\0' || strpbrk(fit, ",:") != NULL)
        return cellar__command_misuse(run->command, "--fit: '%s' is not the name of a fit", fit);
    char setting[64];
    if ((size_t)snprintf(setting, sizeof(setting), "fit:%s", fit) >= sizeof(setting))
        return cellar__command_misuse(run->command, "--fit: '%s' is not the name of a fit", fit);
    return run_add_settings(run, setting);
}

/* Takes in one option; TOOL_OK or an error's status. */
static int run_take_option(struct run *run, int code, char **argv)
{
    switch (code) {
    case 'c':
        return run_add_settings(run, optarg);
    case 'f':
        return run_add_fit(run, optarg);
    case 'o':
        run->output = optarg;
        return TOOL_OK;
    case 'j':
        run->json = true;
        return TOOL_OK;
    case 'a':
        run->choice.all = true;
        return TOOL_OK;
    case 'F':
        run->choice.full = true;
        return TOOL_OK;
    default:
        return cellar__command_bad_option(run->command, code, argv);
    }
}

/* Reads the command line. Returns whether there is a program to run; if not, *ret_status is how to end. */
static bool run_parse(struct run *run, int argc, char **argv, int *ret_status)
{
    static const struct option options[] = {
        {"conf", required_argument, NULL, 'c'},   {"fit", required_argument, NULL, 'f'},
        {"output", required_argument, NULL, 'o'}, {"json", no_argument, NULL, 'j'},
        {"all", no_argument, NULL, 'a'},          {"full", no_argument, NULL, 'F'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    opterr = 0;
    for (int code; (code = getopt_long(argc, argv, "+:o:h", options, NULL)) != -1;) {
        if (code == 'h') {
            cellar__command_describe(run->command);
            *ret_status = TOOL_OK;
            return false;
        }
        *ret_status = run_take_option(run, code, argv);
        if (*ret_status != TOOL_OK)
            return false;
    }
    if (optind == argc) {
        *ret_status = cellar__command_misuse(run->command, "no program given");
        return false;
    }
    run->program = argv + optind;
    return true;
}

/* Adds the library to LD_PRELOAD. */
static int run_set_preload(const struct run *run)
{
    char path[PATH_MAX];
    char error[LIBRARY_ERROR_MAX];
    if (cellar__library_find(path, error) != 0)
        return cellar__command_fail(run->command, "%s", error);
    if (strpbrk(path, " :") != NULL)
        return cellar__command_fail(
            run->command,
            "LD_PRELOAD cannot carry a path with a blank or a colon: '%s'; set CELLAR_LIB to a copy", path);
    char *preload = run_join(getenv("LD_PRELOAD"), ':', path);
    int rc = preload == NULL ? -1 : setenv("LD_PRELOAD", preload, 1);
    free(preload);
    return rc == 0 ? TOOL_OK : cellar__command_fail(run->command, "out of memory");
}

/* CELLAR_CONF: what the environment says, then the command line, then where the statistics go. */
static int run_set_conf(const struct run *run, const struct spool *spool)
{
    char statistics[PATH_MAX + 64];
    snprintf(statistics, sizeof(statistics), "stats_at_exit:json,stats_file:%s", spool->path);
    char *own = run_join(run->conf, ',', statistics);
    char *conf = own == NULL ? NULL : run_join(getenv("CELLAR_CONF"), ',', own);
    int rc = conf == NULL ? -1 : setenv("CELLAR_CONF", conf, 1);
    free(own);
    free(conf);
    return rc == 0 ? TOOL_OK : cellar__command_fail(run->command, "out of memory");
}

/* Why nobody reported, as far as the end of the program tells. Records that were refused have had their error. */
static void run_explain_silence(FILE *out, const struct outcome *outcome, const struct record_set *set)
{
    if (set->size > 0)
        return;
    if (outcome->signal != 0)
        fprintf(out, "  no statistics: signal %d (%s) ended the program before it could report\n",
                outcome->signal, strsignal(outcome->signal));
    else
        fprintf(out, "  no statistics: the program is static or set-user-ID, or left by _exit\n");
}

static void run_print(const struct run *run, FILE *out, const struct outcome *outcome,
                      const struct record_set *set)
{
    if (run->json) {
        if (set->size > 0 && fwrite(set->text, 1, set->size, out) != set->size)
            return;
        if (set->count == 0)
            run_explain_silence(stderr, outcome, set);
        return;
    }
    cellar__show_outcome(out, run->program, outcome);
    if (set->count == 0)
        run_explain_silence(out, outcome, set);
    else
        cellar__show_records(out, set, &run->choice);
}

/* The account of the run, to stderr or the file asked for. It cannot change the status, which is the
 * program's. */
static void run_report(const struct run *run, struct spool *spool, const struct outcome *outcome, FILE *out)
{
    struct record_set set;
    char error[RECORD_ERROR_MAX];
    if (cellar__spool_read(spool, &set, error) != 0)
        cellar__command_fail(run->command, "%s", error);
    run_print(run, out, outcome, &set);
    cellar__record_set_fini(&set);
    if (fflush(out) != 0 || ferror(out))
        cellar__command_fail(run->command, "writing to %s failed: %s",
                             run->output != NULL ? run->output : "stderr", strerror(errno));
}

static int run_start_failure(const struct run *run, int number)
{
    cellar__command_fail(run->command, "cannot run '%s': %s", run->program[0], strerror(number));
    return number == ENOENT ? RUN_NOT_FOUND : RUN_NOT_RUNNABLE;
}

/* From the spool to the account; the spool's files are gone before anything is printed. */
static int run_program(const struct run *run, const struct launch_signals *signals, FILE *out)
{
    struct spool spool;
    char error[RECORD_ERROR_MAX];
    if (cellar__spool_create(&spool, error) != 0)
        return cellar__command_fail(run->command, "%s", error);
    int status = run_set_conf(run, &spool);
    struct outcome outcome;
    int rc = status == TOOL_OK ? cellar__launch(run->program, signals, &outcome) : 0;
    cellar__spool_unlink(&spool);
    if (rc != 0) {
        status = run_start_failure(run, -rc);
    } else if (status == TOOL_OK) {
        run_report(run, &spool, &outcome, out);
        status = outcome.exit_status;
    }
    cellar__spool_close(&spool);
    return status;
}

/* Opened before the program runs: a name that cannot be written to is better known at once. */
static int run_with_output(const struct run *run)
{
    struct launch_signals signals;
    int status = run_set_preload(run);
    if (status != TOOL_OK)
        return status;
    FILE *out = stderr;
    if (run->output != NULL) {
        out = fopen(run->output, "we");
        if (out == NULL)
            return cellar__command_fail(run->command, "cannot write to '%s': %s", run->output,
                                        strerror(errno));
    }
    int rc = cellar__launch_prepare(&signals);
    if (rc != 0)
        status = cellar__command_fail(run->command, "cannot block signals: %s", strerror(-rc));
    else
        status = run_program(run, &signals, out);
    if (out != stderr)
        fclose(out);
    return status;
}

static int run_main(const struct command *command, int argc, char **argv)
{
    struct run run = {.command = command};
    int status = TOOL_OK;
    if (run_parse(&run, argc, argv, &status))
        status = run_with_output(&run);
    free(run.conf);
    return status;
}

const struct command cellar__run_command = {
    .name = "run",
    .synopsis = "[--conf K:V[,K:V]] [--fit F] [--json] [--all] [--full] [-o FILE] -- PROG [ARGS]",
    .summary = "Run a program on Cellar, with a summary at the end",
    .detail = "The summary is written to stderr; the exit status is the program's.\n\n"
              "  --conf K:V[,K:V]    options for the program, as 'cellar options' lists them\n"
              "  --fit F             short for --conf fit:F\n"
              "  --json              the statistics records as they are, a line for each process\n"
              "  --all               every process, not just the one with the largest peak RSS\n"
              "  --full              all zones, arenas and submaps, and a picture of the levels\n"
              "  -o, --output FILE   write to FILE instead of stderr\n",
    .main = run_main,
};
