/* title: thread_local objects of C++ allocate in their destructors */
#include "threads.h"

#include <string>
#include <vector>

struct Late {
    std::vector<std::string> words;
    ~Late()
    {
        for (int i = 0; i < 50; i++) {
            words.push_back(std::string(100 + i, 'x'));
        }
        ROW_CHECK(words.back() == std::string(149, 'x'), "a string has lost its contents");
    }
};

static thread_local Late late;

static void *thread_run(void *argument)
{
    late.words.push_back("begun");
    return argument;
}

int main()
{
    for (int i = 0; i < 500; i++) {
        pthread_join(thread_start(thread_run, NULL), NULL);
    }
    late.words.push_back("main");
    return 0;
}
