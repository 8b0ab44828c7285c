/* title: malloc_info writes well-formed XML of this heap, with glibc's elements */
#include "statistics.h"

static char text[1 << 20];
static int (*info)(int, FILE *);

/* ---- is it XML? ---- */

static const char *skip_name(const char *p)
{
    return p + strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:");
}

/* The end of a tag's attributes: name="value" or name='value', each after a space. */
static const char *skip_attributes(const char *p)
{
    for (;;) {
        size_t space = strspn(p, " \t\n");
        p += space;
        if (*p == '>' || strncmp(p, "/>", 2) == 0) {
            return p;
        }
        const char *value = skip_name(p);
        ROW_CHECK(space > 0 && value > p && value[0] == '=', "an attribute at \"%.20s\" is not well-formed",
                  p);
        ROW_CHECK(value[1] == '"' || value[1] == '\'', "a value at \"%.20s\" is not quoted", p);
        const char *end = strchr(value + 2, value[1]);
        ROW_CHECK(end != NULL && memchr(value, '<', (size_t)(end - value)) == NULL, "a value does not end");
        p = end + 1;
    }
}

/* Elements are closed in the order in which they were opened, and one holds all. */
static void xml_check(const char *p)
{
    struct {
        const char *name;
        size_t length;
    } open[64];
    size_t depth = 0, nroots = 0;
    if (strncmp(p, "<?xml ", 6) == 0) {
        p = strstr(p, "?>");
        ROW_CHECK(p != NULL, "the XML declaration does not end");
        p += 2;
    }
    for (; *p != 0; p += strcspn(p, "<")) {
        if (*p != '<') {
            ROW_CHECK(depth > 0 || strspn(p, " \t\n") == strcspn(p, "<"),
                      "text outside of elements: \"%.20s\"", p);
            continue;
        }
        int closes = p[1] == '/';
        const char *name = p + 1 + closes, *end = skip_name(name);
        size_t length = (size_t)(end - name);
        ROW_CHECK(length > 0, "no name at \"%.20s\"", p);
        p = skip_attributes(end);
        if (closes) {
            ROW_CHECK(depth > 0 && open[depth - 1].length == length &&
                          memcmp(open[depth - 1].name, name, length) == 0,
                      "</%.*s> closes another element", (int)length, name);
            depth--;
        } else {
            nroots += depth == 0;
            ROW_CHECK(depth < ROW_COUNTOF(open), "too deep");
            open[depth].name = name;
            open[depth].length = length;
            depth += *p == '>';
        }
        p += *p == '/' ? 2 : 1;
    }
    ROW_CHECK(depth == 0, "<%.*s> is not closed", (int)open[0].length, open[0].name);
    ROW_CHECK(nroots == 1, "%zu elements stand at the top", nroots);
}

/* ---- does it say something of this heap? ---- */

static size_t info_write(void)
{
    FILE *file = tmpfile();
    ROW_CHECK(file != NULL, "no temporary file: %s", strerror(errno));
    ROW_CHECK(info(0, file) == 0, "malloc_info(0, file) fails");
    rewind(file);
    size_t length = fread(text, 1, sizeof(text) - 1, file);
    text[length] = 0;
    fclose(file);
    return length;
}

static size_t largest_number(void)
{
    size_t largest = 0;
    for (const char *p = text; *p != 0; p++) {
        if (*p == '"' && p[1] >= '0' && p[1] <= '9') {
            size_t number = strtoull(p + 1, NULL, 10);
            largest = number > largest ? number : largest;
        }
    }
    return largest;
}

int main(void)
{
    static const char *const elements[] = {"<malloc ", "<heap ", "<sizes", "<total ", "<system ", "<aspace "};
    info = (int (*)(int, FILE *))row_own_or_absent("malloc_info");
    struct spike spike;
    spike_begin(&spike, 64 * 1024, 1024);
    ROW_CHECK(info_write() > 0, "it writes nothing");
    ROW_CHECK(strncmp(text, "<malloc version=\"1\"", 19) == 0 || strstr(text, "?>") != NULL,
              "it begins \"%.20s\"", text);
    xml_check(text);
    for (size_t i = 0; i < ROW_COUNTOF(elements); i++) {
        ROW_CHECK(strstr(text, elements[i]) != NULL, "there is no %s...>", elements[i]);
    }
    size_t bytes = spike.count * spike.size;
    ROW_CHECK(largest_number() >= bytes, "with %zu MiB in use the largest number is %zu", bytes >> 20,
              largest_number());
    spike_end(&spike);
    errno = 0;
    int refused = info(1, stdout);
    ROW_CHECK(refused == EINVAL || (refused == -1 && errno == EINVAL), "malloc_info(1, file) returns %d",
              refused);
    return 0;
}
