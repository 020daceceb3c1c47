/* SPDX-License-Identifier: MIT */
/* base_proc_end_test.c - a process that lives, one that was killed and not waited for yet, and one that is gone. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/proc.h"
#include "tests/tap.h"

int main(void)
{
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    ok(tb_proc_is_there(child) && !tb_proc_is_dying(child), "one that lives");
    ok(tb_proc_is_there(getpid()) && !tb_proc_is_dying(getpid()), "this one");
    kill(child, SIGSTOP);
    ok(!tb_proc_is_dying(child), "one that is stopped lives");
    kill(child, SIGKILL);
    ok(tb_proc_is_there(child) && tb_proc_is_dying(child), "one that was killed this moment");
    waitpid(child, NULL, 0);
    ok(!tb_proc_is_there(child) && !tb_proc_is_dying(child), "one that is gone");
    ok(!tb_proc_is_there(0) && !tb_proc_is_dying(0), "nobody");
    return done();
}
