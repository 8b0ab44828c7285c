/* What people see of statistics records. Every function writes to `out` and leaves its errors to ferror(out).
 */
#ifndef CELLAR_TOOL_SHOW_H
#define CELLAR_TOOL_SHOW_H

#include <stdbool.h>
#include <stdio.h>

#include "launch.h"
#include "record.h"

enum { SHOW_WIDTH = 80 }; /* the columns of a screen; its lines are 24 */

/* The program, how it ended, its times and peak RSS: 2 lines. */
void cellar__show_outcome(FILE *out, char *const *argv, const struct outcome *outcome);

/* How many processes reported, and which: 1 line. The set is not empty. */
void cellar__show_processes(FILE *out, const struct record_set *set);

/* One process in at most 19 lines, so that a screen holds it together with the lines above. */
void cellar__show_summary(FILE *out, const struct record *record);

/* One process in full: zones, arenas, submaps, fragmentation with its formulas, picture of the levels. */
void cellar__show_detail(FILE *out, const struct record *record);

/* The levels from the program down to the kernel, with the record's figures. */
void cellar__show_picture(FILE *out, const struct record *record);

/* The line that opens a process: name, pid, peak RSS, threads, page faults. */
void cellar__show_process(FILE *out, const struct record *record);

/* What to show of a set: the process with the largest peak RSS or all of them, each short or in full. */
struct show_choice {
    bool all;
    bool full;
};

void cellar__show_records(FILE *out, const struct record_set *set, const struct show_choice *choice);

#endif
