/* SPDX-License-Identifier: MIT */
/* main.c - the program: fills the tables, then does what the first word says. It is the only file that knows
 * all tables. The locale stays C: numbers are written with a point, and bytes of other alphabets are left
 * alone. */
#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/cli.h"
#include "cli/man.h"
#include "dataset/dataset.h"
#include "method/method.h"
#include "recipe/recipe.h"
#include "sweep/search.h"
#include "tui/tui.h"

/* A program started with one of the three closed would get a journal under that number and write its words into it.
 * Each is opened the wrong way round, so that using it fails as it would have. */
static void keep_standard_fds(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            _exit(1);
}

/* Large blocks are mapped one by one and given back when they are freed. By itself glibc moves that limit up to 32
 * MB, and what one run of a sweep has freed would count as memory of the next. */
static void keep_heap_small(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 256 << 10);
    mallopt(M_TRIM_THRESHOLD, 1 << 20);
#endif
}

int main(int argc, char **argv)
{
    keep_heap_small();
    keep_standard_fds();
    tb_map_guard_sigbus();
    tb_method_register();
    tb_dataset_register();
    tb_search_register();
    tb_man_set_keys(tb_tui_key_at);
    if (argc > 1 && strcmp(argv[1], TB_RECIPE_CHILD) == 0)
        return tb_recipe_child(argc, argv);
    if (tb_tui_is_meant(argc, argv))
        return tb_tui_main(argc, argv);
    return tb_cli_main(argc, argv);
}
