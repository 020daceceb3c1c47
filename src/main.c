/* SPDX-License-Identifier: MIT */
/* main.c - the program: fills the tables, then does what the first word says. It is the only file that knows
 * all tables. The locale stays C: numbers are written with a point, and bytes of other alphabets are left
 * alone. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/cli.h"
#include "dataset/dataset.h"
#include "method/method.h"
#include "recipe/recipe.h"

/* A program started with one of the three closed would get a journal under that number and write its words into it.
 * Each is opened the wrong way round, so that using it fails as it would have. */
static void keep_standard_fds(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            _exit(1);
}

int main(int argc, char **argv)
{
    keep_standard_fds();
    tb_map_guard_sigbus();
    tb_method_register();
    tb_dataset_register();
    if (argc > 1 && strcmp(argv[1], TB_RECIPE_CHILD) == 0)
        return tb_recipe_child(argc, argv);
    return tb_cli_main(argc, argv);
}
