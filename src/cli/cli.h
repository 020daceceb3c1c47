/* SPDX-License-Identifier: MIT */
/* cli.h - the command line: `tunebench VERB ...`. */
#ifndef TB_CLI_CLI_H
#define TB_CLI_CLI_H

/* Runs the verb argv[1]; the exit code of the program. */
int tb_cli_main(int argc, char **argv);

/* Writes words, which begin in column `at`, broken where the terminal ends (80 columns where there is none); further
 * lines are indented. Newlines count as blanks; ends with one. */
void tb_cli_wrap(int at, int indent, const char *text);

#endif
