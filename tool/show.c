/* Lines that every account shares: the run, the processes that reported, the head of one process. */
#include "show.h"
#include "text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The program and its arguments in one line of at most SHOW_WIDTH columns. */
static void show_command_line(FILE *out, char *const *argv)
{
    char line[4 * SHOW_WIDTH] = "";
    size_t length = 0;
    for (size_t i = 0; argv[i] != NULL && length < sizeof(line) - 1; i++) {
        int added = snprintf(line + length, sizeof(line) - length, "%s%s", i > 0 ? " " : "",
                             i > 0 ? argv[i] : cellar__text_program_name(argv[i]));
        length += added > 0 ? (size_t)added : 0;
    }
    char clean[SHOW_WIDTH - 8 + 1];
    fprintf(out, "cellar: %s\n", cellar__text_clean(clean, sizeof(clean), line));
}

void cellar__show_outcome(FILE *out, char *const *argv, const struct outcome *outcome)
{
    struct text wall, user, sys, rss;
    show_command_line(out, argv);
    if (outcome->signal != 0)
        fprintf(out, "  signal %d", outcome->signal);
    else
        fprintf(out, "  exit %d", outcome->exit_status);
    fprintf(out, ", wall %s, user %s, sys %s, peak RSS %s\n", cellar__text_time(&wall, outcome->wall_ns),
            cellar__text_time(&user, outcome->user_ns), cellar__text_time(&sys, outcome->sys_ns),
            cellar__text_bytes(&rss, outcome->peak_rss));
}

/* Processes of one program. */
struct show_group {
    const char *name;
    size_t count;
    uint64_t peak_rss; /* of the largest */
};

static int show_group_compare(const void *a, const void *b)
{
    const struct show_group *first = a;
    const struct show_group *second = b;
    if (first->peak_rss != second->peak_rss)
        return first->peak_rss < second->peak_rss ? 1 : -1;
    return strcmp(first->name, second->name);
}

/* Groups the records by program, the largest first. The array has a place for each record. */
static size_t show_groups_fill(struct show_group *groups, const struct record_set *set)
{
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++) {
        const char *name = cellar__text_program_name(set->records[i].exe);
        size_t place = 0;
        while (place < count && strcmp(groups[place].name, name) != 0)
            place++;
        if (place == count)
            groups[count++] = (struct show_group){.name = name};
        groups[place].count++;
        if (set->records[i].peak_rss > groups[place].peak_rss)
            groups[place].peak_rss = set->records[i].peak_rss;
    }
    qsort(groups, count, sizeof(groups[0]), show_group_compare);
    return count;
}

static int show_group_format(char *entry, size_t size, const struct show_group *group)
{
    char name[24];
    struct text rss, times = {""};
    if (group->count > 1)
        snprintf(times.text, sizeof(times.text), " x%zu", group->count);
    return snprintf(entry, size, "%s%s %s", cellar__text_clean(name, sizeof(name), group->name), times.text,
                    cellar__text_bytes(&rss, group->peak_rss));
}

void cellar__show_processes(FILE *out, const struct record_set *set)
{
    struct show_group *groups = calloc(set->count, sizeof(*groups));
    int column = fprintf(out, "  %zu process%s reported", set->count, set->count > 1 ? "es" : "");
    size_t count = groups != NULL ? show_groups_fill(groups, set) : 0;
    for (size_t i = 0; i < count; i++) {
        char entry[SHOW_WIDTH];
        int length = show_group_format(entry, sizeof(entry), &groups[i]);
        /* ", ..." must still fit behind an entry that is not the last. */
        int reserve = i + 1 < count ? 5 : 0;
        if (column + 2 + length + reserve > SHOW_WIDTH) {
            fputs(", ...", out);
            break;
        }
        column += fprintf(out, "%s%s", i == 0 ? ": " : ", ", entry);
    }
    fputc('\n', out);
    free(groups);
}

void cellar__show_process(FILE *out, const struct record *record)
{
    char name[16 + 1];
    struct text rss, threads, faults;
    fprintf(out, "%s, pid %" PRIu64 ": peak RSS %s, %s thread%s, %s faults\n",
            cellar__text_clean(name, sizeof(name), cellar__text_program_name(record->exe)), record->pid,
            cellar__text_bytes(&rss, record->peak_rss), cellar__text_short_count(&threads, record->threads),
            record->threads == 1 ? "" : "s", cellar__text_short_count(&faults, record->minor_faults));
}

static void show_record(FILE *out, const struct record *record, bool full)
{
    fputc('\n', out);
    if (full)
        cellar__show_detail(out, record);
    else
        cellar__show_summary(out, record);
}

void cellar__show_records(FILE *out, const struct record_set *set, const struct show_choice *choice)
{
    cellar__show_processes(out, set);
    if (!choice->all) {
        show_record(out, cellar__record_set_largest(set), choice->full);
        return;
    }
    for (size_t i = 0; i < set->count; i++)
        show_record(out, &set->records[i], choice->full);
}
