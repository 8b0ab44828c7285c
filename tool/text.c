/* Figures as people read them. */
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const byte_units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

const char *cellar__text_bytes(struct text *text, uint64_t bytes)
{
    if (bytes < 1024) {
        snprintf(text->text, sizeof(text->text), "%" PRIu64 " B", bytes);
        return text->text;
    }
    double value = (double)bytes;
    size_t unit = 0;
    /* 1023.5 would print as 1024 of a unit. */
    while (value >= 1023.5 && unit + 1 < sizeof(byte_units) / sizeof(byte_units[0])) {
        value /= 1024;
        unit++;
    }
    snprintf(text->text, sizeof(text->text), "%.*f %s", value < 999.95 ? 1 : 0, value, byte_units[unit]);
    return text->text;
}

const char *cellar__text_size(struct text *text, uint64_t bytes)
{
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1024 && unit + 1 < sizeof(byte_units) / sizeof(byte_units[0])) {
        value /= 1024;
        unit++;
    }
    snprintf(text->text, sizeof(text->text), "%.4g %s", value, byte_units[unit]);
    return text->text;
}

const char *cellar__text_count(struct text *text, uint64_t count)
{
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);
    char *out = text->text;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *out++ = ',';
        *out++ = digits[i];
    }
    *out = '\0';
    return text->text;
}

const char *cellar__text_short_count(struct text *text, uint64_t count)
{
    static const char units[] = "kMGTPE";
    if (count < 100000) {
        snprintf(text->text, sizeof(text->text), "%" PRIu64, count);
        return text->text;
    }
    double value = (double)count / 1000;
    size_t unit = 0;
    while (value >= 999.5 && unit + 2 < sizeof(units)) {
        value /= 1000;
        unit++;
    }
    int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    snprintf(text->text, sizeof(text->text), "%.*f%c", decimals, value, units[unit]);
    return text->text;
}

const char *cellar__text_time(struct text *text, uint64_t ns)
{
    double value = (double)ns;
    if (value < 1e6)
        snprintf(text->text, sizeof(text->text), "%.0f us", value / 1e3);
    else if (value < 100e6)
        snprintf(text->text, sizeof(text->text), "%.1f ms", value / 1e6);
    else
        snprintf(text->text, sizeof(text->text), "%.2f s", value / 1e9);
    return text->text;
}

const char *cellar__text_percent(struct text *text, double fraction)
{
    snprintf(text->text, sizeof(text->text), "%.*f %%", fraction < 0.9995 ? 1 : 0, 100 * fraction);
    return text->text;
}

const char *cellar__text_clean(char *text, size_t size, const char *source)
{
    size_t length = strlen(source);
    size_t kept = length < size ? length : size - 1;
    for (size_t i = 0; i < kept; i++)
        text[i] = (unsigned char)source[i] < 0x20 || source[i] == 0x7f ? '?' : source[i];
    text[kept] = '\0';
    if (kept < length && kept >= 3)
        memcpy(text + kept - 3, "...", 3);
    return text;
}

const char *cellar__text_program_name(const char *path)
{
    static const char target[] = "-linux-gnu-";
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL && slash[1] != '\0' ? slash + 1 : path;
    const char *found = strstr(name, target);
    const char *behind = found != NULL ? found + sizeof(target) - 1 : name;
    return *behind != '\0' ? behind : name;
}
