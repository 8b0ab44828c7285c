/* title: blocks of a plugin opened with RTLD_DEEPBIND, whose malloc is libc's, are resized and freed; loads: plugin */
#include "row.h"

static void *(*volatile plugin_malloc)(size_t size);
static char *(*volatile plugin_copy)(const char *text);
static char *(*volatile plugin_print)(int number);

/* The plugin lies beside the program. */
static void *plugin_open(void)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 64);
    ROW_CHECK(length > 0, "cannot tell where this program is");
    path[length] = 0;
    strcpy(strrchr(path, '/') + 1, "libplugin.so");
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    ROW_CHECK(handle != NULL, "%s", dlerror());
    return handle;
}

int main(void)
{
    void *plugin = plugin_open();
    *(void **)&plugin_malloc = dlsym(plugin, "plugin_malloc");
    *(void **)&plugin_copy = dlsym(plugin, "plugin_copy");
    *(void **)&plugin_print = dlsym(plugin, "plugin_print");
    for (size_t size = 1; size < 2 * ROW_MIB; size = size * 2 + 1) {
        unsigned char *block = plugin_malloc(size);
        ROW_CHECK(block != NULL && row_malloc_usable_size(block) >= size,
                  "usable size of a block of %zu bytes", size);
        block = row_realloc(block, size + 1000);
        ROW_CHECK(block != NULL && row_all(block, size, 0x5a), "realloc of a block of %zu bytes", size);
        row_free(block);
        row_free(plugin_malloc(size));
    }
    for (int i = 0; i < 1000; i++) {
        row_free(plugin_copy("a text of the plugin"));
        row_free(plugin_print(i));
    }
    return 0;
}
