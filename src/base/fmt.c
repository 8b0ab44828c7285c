#include "base/fmt.h"

struct fmt_spec {
    unsigned width;
    unsigned precision;
    char fill;
    bool left;
    unsigned nlong; /* 0: int, 1: long or size_t, 2: long long */
};

void cellar__fmt_init(struct cellar__fmt *fmt, char *buffer, size_t size)
{
    *fmt = (struct cellar__fmt){.buffer = buffer, .size = size};
    buffer[0] = '\0';
}

static void fmt_char(struct cellar__fmt *fmt, char c)
{
    if (fmt->length + 1 >= fmt->size) {
        fmt->truncated = true;
        return;
    }
    fmt->buffer[fmt->length++] = c;
    fmt->buffer[fmt->length] = '\0';
}

static void fmt_padded(struct cellar__fmt *fmt, const struct fmt_spec *spec, const char *text, size_t length)
{
    size_t padding = spec->width > length ? spec->width - length : 0;
    if (spec->fill == '0' && !spec->left && length > 0 && *text == '-') { /* zeros go behind the sign */
        fmt_char(fmt, *text++);
        length--;
    }
    for (size_t i = 0; !spec->left && i < padding; i++) {
        fmt_char(fmt, spec->fill);
    }
    for (size_t i = 0; i < length; i++) {
        fmt_char(fmt, text[i]);
    }
    for (size_t i = 0; spec->left && i < padding; i++) {
        fmt_char(fmt, ' ');
    }
}

/* Writes the digits backwards from the end of the 24-byte buffer and returns where they begin. */
static char *fmt_digits(char *end, uint64_t value, unsigned base)
{
    do {
        *--end = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    return end;
}

void cellar__fmt_text(struct cellar__fmt *fmt, const char *text)
{
    for (; *text != '\0'; text++) {
        fmt_char(fmt, *text);
    }
}

void cellar__fmt_number(struct cellar__fmt *fmt, uint64_t number)
{
    char digits[32];
    char *end = digits + sizeof digits - 1;
    *end = '\0';
    cellar__fmt_text(fmt, fmt_digits(end, number, 10));
}

static void fmt_unsigned(struct cellar__fmt *fmt, const struct fmt_spec *spec, uint64_t value, unsigned base,
                         const char *prefix)
{
    char digits[32];
    char *end = digits + sizeof digits;
    char *begin = fmt_digits(end, value, base);
    cellar__fmt_text(fmt, prefix);
    fmt_padded(fmt, spec, begin, (size_t)(end - begin));
}

static void fmt_signed(struct cellar__fmt *fmt, const struct fmt_spec *spec, int64_t value)
{
    char digits[32];
    char *end = digits + sizeof digits;
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    char *begin = fmt_digits(end, magnitude, 10);
    if (value < 0) {
        *--begin = '-';
    }
    fmt_padded(fmt, spec, begin, (size_t)(end - begin));
}

/* Fixed point with rounding; values are figures of a report, far inside the range of 64 bits. */
static void fmt_double(struct cellar__fmt *fmt, const struct fmt_spec *spec, double value)
{
    char digits[48];
    char *end = digits + sizeof digits;
    uint64_t scale = 1;
    for (unsigned i = 0; i < spec->precision; i++) {
        scale *= 10;
    }
    double magnitude = value < 0 ? -value : value;
    uint64_t scaled = (uint64_t)(magnitude * (double)scale + 0.5);
    char *begin = end;
    if (spec->precision > 0) {
        begin = fmt_digits(end, scaled % scale, 10);
        while ((size_t)(end - begin) < spec->precision) {
            *--begin = '0';
        }
        *--begin = '.';
    }
    begin = fmt_digits(begin, scaled / scale, 10);
    if (value < 0 && scaled != 0) {
        *--begin = '-';
    }
    fmt_padded(fmt, spec, begin, (size_t)(end - begin));
}

static const char *fmt_parse(const char *format, struct fmt_spec *spec)
{
    *spec = (struct fmt_spec){.precision = 6, .fill = ' '};
    for (;; format++) {
        if (*format == '-') {
            spec->left = true;
        } else if (*format == '0') {
            spec->fill = '0';
        } else {
            break;
        }
    }
    for (; *format >= '0' && *format <= '9'; format++) {
        spec->width = spec->width * 10 + (unsigned)(*format - '0');
    }
    if (*format == '.') {
        spec->precision = 0;
        for (format++; *format >= '0' && *format <= '9'; format++) {
            spec->precision = spec->precision * 10 + (unsigned)(*format - '0');
        }
    }
    for (; *format == 'l' || *format == 'z'; format++) {
        spec->nlong++;
    }
    return format;
}

static void fmt_string(struct cellar__fmt *fmt, const struct fmt_spec *spec, const char *text)
{
    size_t length = 0;
    if (text == NULL) {
        text = "(null)";
    }
    while (text[length] != '\0') {
        length++;
    }
    fmt_padded(fmt, spec, text, length);
}

void cellar__fmt_vprint(struct cellar__fmt *fmt, const char *format, va_list args)
{
    for (; *format != '\0'; format++) {
        struct fmt_spec spec;
        if (*format != '%') {
            fmt_char(fmt, *format);
            continue;
        }
        format = fmt_parse(format + 1, &spec);
        switch (*format) {
        case 's':
            fmt_string(fmt, &spec, va_arg(args, const char *));
            break;
        case 'c':
            fmt_padded(fmt, &spec, &(char){(char)va_arg(args, int)}, 1);
            break;
        case 'd':
            fmt_signed(fmt, &spec, spec.nlong > 0 ? va_arg(args, long) : va_arg(args, int));
            break;
        case 'u':
        case 'x':
            fmt_unsigned(fmt, &spec, spec.nlong > 0 ? va_arg(args, unsigned long) : va_arg(args, unsigned),
                         *format == 'u' ? 10 : 16, "");
            break;
        case 'p':
            fmt_unsigned(fmt, &spec, (uintptr_t)va_arg(args, void *), 16, "0x");
            break;
        case 'f':
            fmt_double(fmt, &spec, va_arg(args, double));
            break;
        case '\0':
            return;
        default:
            fmt_char(fmt, *format);
            break;
        }
    }
}

void cellar__fmt_print(struct cellar__fmt *fmt, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    cellar__fmt_vprint(fmt, format, args);
    va_end(args);
}
