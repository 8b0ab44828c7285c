#include "os/panic.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/fmt.h"
#include "os/os.h"

static void panic_write(const char *format, va_list args) CELLAR_PRINTF(1, 0);

static void panic_write(const char *format, va_list args)
{
    char line[1024];
    struct cellar__fmt fmt;
    cellar__fmt_init(&fmt, line, sizeof line);
    cellar__fmt_print(&fmt, "cellar: ");
    cellar__fmt_vprint(&fmt, format, args);
    if (fmt.length + 1 == fmt.size) {
        fmt.length--;
    }
    line[fmt.length++] = '\n';
    cellar__os_write(STDERR_FILENO, line, fmt.length);
}

void cellar__message(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    panic_write(format, args);
    va_end(args);
}

void cellar__panic(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    panic_write(format, args);
    va_end(args);
    abort();
}

void cellar__assert_fail(const char *expr, const char *file, int line)
{
    cellar__panic("assertion failed: %s (%s:%d)", expr, file, line);
}
