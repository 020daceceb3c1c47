/* SPDX-License-Identifier: MIT */
/* cli.h - the command line: `tunebench VERB ...`. */
#ifndef TB_CLI_CLI_H
#define TB_CLI_CLI_H

/* Runs the verb argv[1]; the exit code of the program. */
int tb_cli_main(int argc, char **argv);

#endif
