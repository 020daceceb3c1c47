/* SPDX-License-Identifier: MIT */
/* Commands that differ in the run alone become one; all others stay. */
#include <stdlib.h>

#include "tests/tap.h"
#include "tui/undo.h"

static void joins(const char *commands, const char *want, const char *name)
{
    char *got = tb_undo_join(commands);
    is_str(got, want, name);
    free(got);
}

int main(void)
{
    joins("tunebench tag a -x", "tunebench tag a -x", "one stays");
    joins("tunebench tag a -x\ntunebench tag b -x\ntunebench tag 'c d' -x", "tunebench tag a b 'c d' -x",
          "many are one");
    joins("tunebench tag a -x\ntunebench tag b -y\ntunebench tag c -x", "tunebench tag a c -x\ntunebench tag b -y",
          "other words are other commands");
    joins("tunebench note a x\ntunebench note b x", "tunebench note a x\ntunebench note b x", "a note is of one run");
    joins("tunebench resume a --store 's t'\ntunebench resume b --store 's t'", "tunebench resume a b --store 's t'",
          "with a store");
    joins("tunebench stop --all\ntunebench stop --all", "tunebench stop --all\ntunebench stop --all",
          "no run, no joining");
    joins("tunebench tag 'a -x\ntunebench tag b -x", "tunebench tag 'a -x\ntunebench tag b -x",
          "an open quote: as it is");
    joins("", "", "nothing");
    return done();
}
