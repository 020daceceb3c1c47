/* SPDX-License-Identifier: MIT */
/* hidden.h - words in place of a verb that no person types: shells ask for completions, fsck starts itself again, the
 * build makes manual pages. Each gets what stands behind the word, and gives the exit code. */
#ifndef TB_CLI_HIDDEN_H
#define TB_CLI_HIDDEN_H

#define TB_HIDDEN_COMPLETE "--complete" /* WORDS.., the last one being typed: lines "candidate TAB what it is" */
#define TB_HIDDEN_FSCK "--fsck-run"     /* STORE ID check|repair|shallow, or STORE . index: lines of JSON */
#define TB_HIDDEN_MAN "--man"           /* tunebench|recipe|store: the page as source for man(1) */

int tb_hidden_complete(int argc, char **argv);
int tb_hidden_fsck(int argc, char **argv);
int tb_hidden_man(int argc, char **argv);

#endif
