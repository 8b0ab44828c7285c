/* `cellar options`: the library's own table of options, as text or as the page docs/options.md. */
#include "library.h"
#include "tool.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cellar/cellar.h>

enum {
    OPTIONS_WIDTH = 80,
    OPTIONS_INDENT = 6, /* of the documentation below its option */
};

/* A Markdown table ends a cell at a bar, also inside a code span. */
static void options_print_escaped(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '|')
            putchar('\\');
        putchar(*c);
    }
}

/* A cell in Markdown, led by its bar; `mark` stands on both sides of a text that is not empty. */
static void options_print_cell(const char *text, const char *mark)
{
    fputs("| ", stdout);
    if (text[0] == '\0')
        return;
    fputs(mark, stdout);
    options_print_escaped(text);
    fputs(mark, stdout);
    putchar(' ');
}

static void options_print_markdown(const struct cellar_option *options, size_t count)
{
    printf(
        "# Options\n\n"
        "<!-- Written by `cellar options --markdown`. -->\n\n"
        "A program takes its options from the environment variable `CELLAR_CONF`, as in\n"
        "`CELLAR_CONF=\"fit:best,stats_at_exit:text\"`. An unknown option or a bad value gets a warning on\n"
        "stderr, and the default holds.\n\n"
        "| option | type | default | range | meaning |\n"
        "|---|---|---|---|---|\n");
    for (size_t i = 0; i < count; i++) {
        options_print_cell(options[i].name, "`");
        options_print_cell(options[i].type, "");
        options_print_cell(options[i].default_value, "`");
        options_print_cell(options[i].range, "");
        options_print_cell(options[i].doc, "");
        printf("|\n");
    }
}

/* The text in lines of at most OPTIONS_WIDTH columns, broken at blanks. */
static void options_print_wrapped(const char *text)
{
    size_t column = 0;
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        if (column > 0 && column + 1 + length > OPTIONS_WIDTH) {
            putchar('\n');
            column = 0;
        }
        if (column == 0)
            column = (size_t)printf("%*s%.*s", OPTIONS_INDENT, "", (int)length, text);
        else
            column += (size_t)printf(" %.*s", (int)length, text);
        text += length;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static size_t options_width(const struct cellar_option *options, size_t count,
                            const char *(*cell)(const struct cellar_option *option))
{
    size_t width = 0;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(cell(&options[i]));
        if (length > width)
            width = length;
    }
    return width;
}

static const char *option_name(const struct cellar_option *option)
{
    return option->name;
}

static const char *option_type(const struct cellar_option *option)
{
    return option->type;
}

static const char *option_default(const struct cellar_option *option)
{
    return option->default_value;
}

static void options_print_text(const struct cellar_option *options, size_t count)
{
    int name_width = (int)options_width(options, count, option_name);
    int type_width = (int)options_width(options, count, option_type);
    int default_width = (int)options_width(options, count, option_default);
    printf("CELLAR_CONF=\"OPTION:VALUE[,OPTION:VALUE]...\"; the value in brackets is the default.\n\n");
    for (size_t i = 0; i < count; i++) {
        const struct cellar_option *option = &options[i];
        printf("  %-*s  %-*s  [%s]", name_width, option->name, type_width, option->type,
               option->default_value);
        if (option->range[0] != '\0')
            printf("%*s  %s", default_width - (int)strlen(option->default_value), "", option->range);
        putchar('\n');
        options_print_wrapped(option->doc);
    }
}

static int options_print(const struct command *command, bool markdown)
{
    struct library library;
    char error[LIBRARY_ERROR_MAX];
    if (cellar__library_open(&library, error) != 0)
        return cellar__command_fail(command, "%s", error);
    size_t count = 0;
    const struct cellar_option *options = library.options(&count);
    if (markdown)
        options_print_markdown(options, count);
    else
        options_print_text(options, count);
    return TOOL_OK;
}

static int options_main(const struct command *command, int argc, char **argv)
{
    static const struct option options[] = {
        {"markdown", no_argument, NULL, 'm'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    bool markdown = false;
    opterr = 0;
    for (int code; (code = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        if (code == 'm') {
            markdown = true;
        } else if (code == 'h') {
            cellar__command_describe(command);
            return TOOL_OK;
        } else {
            return cellar__command_bad_option(command, code, argv);
        }
    }
    if (optind < argc)
        return cellar__command_misuse(command, "unexpected argument '%s'", argv[optind]);
    return options_print(command, markdown);
}

const struct command cellar__options_command = {
    .name = "options",
    .synopsis = "[--markdown]",
    .summary = "List the options of CELLAR_CONF",
    .detail = "  --markdown  as a page in Markdown\n",
    .main = options_main,
};
