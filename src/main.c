/* SPDX-License-Identifier: MIT */
/* main.c - the program: fills the tables, then does what the first word says. It is the only file that knows
 * all tables. The locale stays C: numbers are written with a point, and bytes of other alphabets are left
 * alone. */
#include <string.h>

#include "base/file.h"
#include "cli/cli.h"
#include "dataset/dataset.h"
#include "method/method.h"
#include "recipe/recipe.h"

int main(int argc, char **argv)
{
    tb_map_guard_sigbus();
    tb_method_register();
    tb_dataset_register();
    if (argc > 1 && strcmp(argv[1], TB_RECIPE_CHILD) == 0)
        return tb_recipe_child(argc, argv);
    return tb_cli_main(argc, argv);
}
