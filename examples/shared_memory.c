/*
 * Shared memory between two processes: the parent owns an arena of offsets, the child asks it for ranges through a
 * socket, and each finds a range at its own address of the memory. All that the arena knows lies in the parent, so a
 * child that writes where it should not cannot confuse it.
 *
 *     cc shared_memory.c $(pkg-config --cflags --libs cellar)
 *
 * prints:
 *     the child was given 100 ranges
 *     the parent reads in all of them what the child wrote
 *     a range that the child frees twice is refused
 *     the arena is empty again
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cellar/arena.h>

enum { NRANGES = 100, REGION = 1 << 20 };

/* A size asks for a range; a size of 0 frees the one at offset. The answer has the offset, or a status below 0. */
struct message {
    int64_t offset;
    uint64_t size;
};

static void check(int good, const char *what)
{
    if (!good) {
        fprintf(stderr, "shared_memory: %s failed\n", what);
        exit(1);
    }
}

static int64_t ask(int socket, int64_t offset, uint64_t size)
{
    struct message message = {offset, size};
    check(send(socket, &message, sizeof message, 0) == sizeof message, "send");
    check(recv(socket, &message, sizeof message, 0) == sizeof message, "recv");
    return message.offset;
}

static void child(int socket, int fd)
{
    char *memory = mmap(NULL, REGION, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    int64_t offsets[NRANGES];
    check(memory != MAP_FAILED, "mmap");
    for (int i = 0; i < NRANGES; i++) {
        offsets[i] = ask(socket, 0, 64);
        check(offsets[i] >= 0, "a range");
        snprintf(memory + offsets[i], 64, "range %d", i);
    }
    ask(socket, -1, 0); /* the parent looks */
    for (int i = 0; i < NRANGES; i++) {
        check(ask(socket, offsets[i], 0) == 0, "free");
    }
    check(ask(socket, offsets[7], 0) < 0, "a second free");
    exit(0);
}

/* Serves the child until it ends; where its ranges lie. */
static int serve(int socket, struct cellar_arena *offsets, const char *memory)
{
    int refused = 0;
    int given = 0;
    uint64_t ranges[NRANGES];
    struct message message;
    while (recv(socket, &message, sizeof message, 0) == sizeof message) {
        if (message.size != 0) {
            uint64_t base;
            int status = cellar_arena_alloc(offsets, message.size, &base);
            message.offset = status == 0 ? (int64_t)base : status;
            ranges[given++ % NRANGES] = base;
        } else if (message.offset < 0) {
            int good = 0;
            for (int i = 0; i < NRANGES; i++) {
                char text[16];
                snprintf(text, sizeof text, "range %d", i);
                good += strcmp(memory + ranges[i], text) == 0;
            }
            printf("the child was given %d ranges\n", given);
            if (good == NRANGES) {
                puts("the parent reads in all of them what the child wrote");
            }
        } else {
            message.offset = cellar_arena_free(offsets, (uint64_t)message.offset, 64);
            refused += message.offset < 0;
        }
        check(send(socket, &message, sizeof message, 0) == sizeof message, "send");
    }
    return refused;
}

int main(void)
{
    struct cellar_arena_attr attr = {.version = CELLAR_ARENA_VERSION, .name = "shared memory", .quantum = 64};
    struct cellar_arena *offsets;
    int sockets[2];
    char path[] = "/tmp/cellar-example-XXXXXX";
    int fd = mkstemp(path);
    check(fd >= 0 && unlink(path) == 0 && ftruncate(fd, REGION) == 0, "mkstemp");
    check(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets) == 0, "socketpair");
    pid_t pid = fork();
    check(pid >= 0, "fork");
    if (pid == 0) {
        close(sockets[0]);
        child(sockets[1], fd);
    }
    close(sockets[1]);
    const char *memory = mmap(NULL, REGION, PROT_READ, MAP_SHARED, fd, 0);
    check(memory != MAP_FAILED, "mmap");
    check(cellar_arena_create(&attr, &offsets) == 0 && cellar_arena_add(offsets, 0, REGION) == 0, "create");
    if (serve(sockets[0], offsets, memory) == 1) {
        puts("a range that the child frees twice is refused");
    }
    int status;
    check(waitpid(pid, &status, 0) == pid && status == 0, "the child");
    if (cellar_arena_destroy(offsets, NULL, NULL) == 0) {
        puts("the arena is empty again");
    }
    return 0;
}
