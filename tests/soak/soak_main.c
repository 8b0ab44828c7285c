/* levels: all; with: soak */
/* The soak as a command: make soak. Ends with status 0 when there was no error. */
#include <getopt.h>
#include <time.h>

#include "soak/soak.h"
#include "test.h"

static const char usage[] = "usage: soak [--seconds N | --minutes N] [--seed N] [--threads N] [--memory MIB] "
                            "[--patience SECONDS] [--plant DEFECT]\n";

static const struct option long_options[] = {
    {"seconds", required_argument, NULL, 's'}, {"minutes", required_argument, NULL, 'm'},
    {"seed", required_argument, NULL, 'r'},    {"threads", required_argument, NULL, 't'},
    {"memory", required_argument, NULL, 'b'},  {"patience", required_argument, NULL, 'p'},
    {"plant", required_argument, NULL, 'd'},   {NULL, 0, NULL, 0},
};

static void on_interrupt(int signo)
{
    (void)signo;
    soak_stop();
}

/* A number from `least` to `most`; anything else ends the program. */
static uint64_t number_parse(const char *text, uint64_t least, uint64_t most)
{
    char *end;
    errno = 0;
    uint64_t number = strtoull(text, &end, 0);
    if (errno != 0 || end == text || *end != '\0' || *text == '-' || number < least || number > most) {
        test_print(2, "soak: %s: not a number from %" PRIu64 " to %" PRIu64 "\n", text, least, most);
        exit(2);
    }
    return number;
}

static void option_apply(struct soak_options *options, int letter, const char *value)
{
    switch (letter) {
    case 's':
        options->seconds = (unsigned)number_parse(value, 1, 1000000);
        break;
    case 'm':
        options->seconds = 60 * (unsigned)number_parse(value, 1, 10000);
        break;
    case 'r':
        options->seed = number_parse(value, 0, UINT64_MAX);
        break;
    case 't':
        options->nthreads = (unsigned)number_parse(value, 2, 64);
        break;
    case 'b':
        options->memory = (size_t)number_parse(value, 16, 65536) << 20;
        break;
    case 'p':
        options->patience = (unsigned)number_parse(value, 1, 10000);
        break;
    case 'd':
        options->plant = soak_plant_find(value);
        break;
    default:
        break;
    }
    if (letter == '?' || options->plant == SOAK_PLANT_COUNT) {
        test_print(2, "%s", usage);
        exit(2);
    }
}

/* A number with a comma before every three digits. */
static const char *number_print(uint64_t number, char *text, size_t size)
{
    char *at = text + size;
    *--at = '\0';
    for (unsigned digits = 0; digits == 0 || number != 0; digits++, number /= 10) {
        if (digits != 0 && digits % 3 == 0) {
            *--at = ',';
        }
        *--at = (char)('0' + number % 10);
    }
    return at;
}

#define NUMBER(number) number_print(number, (char[32]){0}, 32)

static uint64_t seed_make(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_nsec ^ (uint64_t)getpid() << 10;
}

int main(int argc, char **argv)
{
    struct soak_options options = soak_options_default();
    struct soak_result result;
    options.seed = seed_make();
    options.report = isatty(1) ? 3 : 60;
    for (int letter; (letter = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        option_apply(&options, letter, optarg);
    }
    signal(SIGINT, on_interrupt);
    signal(SIGTERM, on_interrupt);
    test_print(1, "soak: seed %" PRIu64 ", %u s, %u threads, %zu MiB\n", options.seed, options.seconds,
               options.nthreads, options.memory >> 20);
    soak_run(&options, &result);
    if (result.counts.nerrors != 0) {
        test_print(1, "soak: error: %s\n", result.error);
    }
    test_print(1, "soak: %s operations, %s forks, %s threads, %s faults injected, %s error%s\n",
               NUMBER(result.counts.noperations), NUMBER(result.counts.nforks),
               NUMBER(result.counts.nthreads), NUMBER(result.counts.nfaults), NUMBER(result.counts.nerrors),
               result.counts.nerrors == 1 ? "" : "s");
    return result.counts.nerrors == 0 ? 0 : 1;
}
