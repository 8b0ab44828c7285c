/*
 * A small program that works on text, as a reader of what people write would: chapters of up to 20,000 words are
 * read line by line, each word is copied and counted in a hash table, whose nodes and strings are blocks of their
 * own; at the end of a chapter the words are sorted by frequency, a report of all of them is put together, and
 * everything is freed. The words are made up: few are frequent, many are rare, as in a language.
 *
 *   buckets -> [node: next, count, text -> "kolamu"] -> [node ...] -> NULL
 *
 * An operation is a word. Reading one takes a malloc, and a free if it is known already; a new one takes two mallocs.
 */
#define _GNU_SOURCE /* asprintf */
#include "bench.h"
#include "check.h"
#include "result.h"

#include <inttypes.h>
#include <string.h>

enum {
    TEXT_CHAPTER_WORDS = 20000,
    TEXT_LINE_WORDS = 12,
    TEXT_WORD_MAX = 16, /* bytes of the longest word, with the end */
    TEXT_VOCABULARY = 30000,
    TEXT_BUCKETS_MIN = 64, /* a power of two */
    TEXT_REPORT_MIN = 64,  /* bytes */
};

static const char TEXT_USAGE[] = "text OPERATIONS";

struct text_word {
    struct text_word *next; /* in its bucket */
    char *text;
    uint64_t count;
    uint32_t hash;
};

struct text_table {
    struct text_word **buckets;
    size_t nbuckets; /* a power of two */
    size_t nwords;
};

struct text_report {
    char *text;
    size_t size;     /* bytes used */
    size_t capacity; /* bytes */
};

static void *text_alloc(void *block)
{
    if (block == NULL) {
        perror("text: malloc");
        exit(1);
    }
    return block;
}

/* Spells the word of a rank in syllables, the frequent ones shorter; returns where it ends. */
static char *text_word_spell(char *text, size_t rank)
{
    static const char first[] = "bdfghjklmnprstvz";
    static const char second[] = "aeiouy";
    do {
        *text++ = first[rank % 16];
        rank /= 16;
        *text++ = second[rank % 6];
        rank /= 6;
    } while (rank > 0);
    return text;
}

/* A line of nwords words with a space behind each, to be freed by the caller. */
static char *text_line_read(uint64_t *random, size_t nwords)
{
    char line[TEXT_LINE_WORDS * TEXT_WORD_MAX + 1];
    char *end = line;
    for (size_t i = 0; i < nwords; i++) {
        size_t limit = 1 + bench_random_below(bench_random(random), TEXT_VOCABULARY);
        end = text_word_spell(end, bench_random_below(bench_random(random), limit));
        *end++ = ' ';
    }
    *end = '\0';
    return text_alloc(strdup(line));
}

static uint32_t text_hash(const char *text)
{
    uint32_t hash = 0;
    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * 0x9e3779b1u;
    return hash ^ hash >> 15;
}

static void text_table_grow(struct text_table *table)
{
    size_t nbuckets = table->nbuckets == 0 ? TEXT_BUCKETS_MIN : 2 * table->nbuckets;
    struct text_word **buckets = text_alloc(calloc(nbuckets, sizeof(struct text_word *)));
    for (size_t i = 0; i < table->nbuckets; i++) {
        struct text_word *next;
        for (struct text_word *word = table->buckets[i]; word != NULL; word = next) {
            next = word->next;
            word->next = buckets[word->hash & (nbuckets - 1)];
            buckets[word->hash & (nbuckets - 1)] = word;
        }
    }
    free(table->buckets);
    table->buckets = buckets;
    table->nbuckets = nbuckets;
}

/* Counts a word. The text is the table's from here on. */
static void text_table_insert(struct text_table *table, char *text)
{
    if (table->nwords == table->nbuckets)
        text_table_grow(table);
    uint32_t hash = text_hash(text);
    struct text_word **bucket = &table->buckets[hash & (table->nbuckets - 1)];
    for (struct text_word *word = *bucket; word != NULL; word = word->next) {
        if (word->hash == hash && strcmp(word->text, text) == 0) {
            word->count++;
            free(text);
            return;
        }
    }
    struct text_word *word = text_alloc(malloc(sizeof(*word)));
    *word = (struct text_word){.next = *bucket, .text = text, .count = 1, .hash = hash};
    *bucket = word;
    table->nwords++;
}

static void text_line_count(struct text_table *table, const char *line)
{
    for (const char *end = strchr(line, ' '); end != NULL; end = strchr(line, ' ')) {
        text_table_insert(table, text_alloc(strndup(line, (size_t)(end - line))));
        line = end + 1;
    }
}

/* The frequent words first, those of one frequency by the alphabet. */
static int text_word_compare(const void *a, const void *b)
{
    const struct text_word *left = *(struct text_word *const *)a;
    const struct text_word *right = *(struct text_word *const *)b;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return strcmp(left->text, right->text);
}

static void text_report_append(struct text_report *report, const char *text)
{
    size_t size = strlen(text);
    while (report->size + size + 1 > report->capacity) {
        report->capacity = report->capacity == 0 ? TEXT_REPORT_MIN : 2 * report->capacity;
        report->text = text_alloc(realloc(report->text, report->capacity));
    }
    memcpy(report->text + report->size, text, size + 1);
    report->size += size;
}

/* The words out of the table, which is freed, in an array of their order. */
static struct text_word **text_table_sort(struct text_table *table)
{
    struct text_word **words = text_alloc(malloc((table->nwords + 1) * sizeof(struct text_word *)));
    size_t nwords = 0;
    for (size_t i = 0; i < table->nbuckets; i++)
        for (struct text_word *word = table->buckets[i]; word != NULL; word = word->next)
            words[nwords++] = word;
    free(table->buckets);
    qsort(words, nwords, sizeof(struct text_word *), text_word_compare);
    return words;
}

/* Puts the report together, frees the words, and returns how many the counts in the report say there were. */
static uint64_t text_report_run(struct text_word **words, size_t nwords)
{
    struct text_report report = {0};
    for (size_t i = 0; i < nwords; i++) {
        char *line;
        if (asprintf(&line, "%s %" PRIu64 "\n", words[i]->text, words[i]->count) < 0)
            text_alloc(NULL);
        text_report_append(&report, line);
        free(line);
        free(words[i]->text);
        free(words[i]);
    }
    uint64_t total = 0;
    for (const char *space = strchr(report.text, ' '); space != NULL; space = strchr(space + 1, ' '))
        total += strtoull(space + 1, NULL, 10);
    free(report.text);
    return total;
}

static void text_chapter_run(uint64_t *random, size_t nwords)
{
    struct text_table table = {0};
    for (size_t done = 0; done < nwords;) {
        size_t nline = nwords - done < TEXT_LINE_WORDS ? nwords - done : TEXT_LINE_WORDS;
        char *line = text_line_read(random, nline);
        text_line_count(&table, line);
        free(line);
        done += nline;
    }
    struct text_word **words = text_table_sort(&table);
    if (text_report_run(words, table.nwords) != nwords)
        bench_content_fail(words);
    free(words);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s\n", TEXT_USAGE);
        return 2;
    }
    size_t noperations = bench_number_get(argv[1], 1, SIZE_MAX / 2, TEXT_USAGE);

    uint64_t random = BENCH_SEED;
    uint64_t start_ns = bench_clock_ns();
    for (size_t left = noperations; left > 0;) {
        size_t nwords = left < TEXT_CHAPTER_WORDS ? left : TEXT_CHAPTER_WORDS;
        text_chapter_run(&random, nwords);
        left -= nwords;
    }
    uint64_t end_ns = bench_clock_ns();
    bench_result_print((double)(end_ns - start_ns) / (double)noperations, noperations);
    return 0;
}
