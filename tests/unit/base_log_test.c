/* SPDX-License-Identifier: MIT */
/* base_log_test.c - layout of a line, least level, and that no line can steer a terminal. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/tap.h"

static char said[4096];

/* What has been logged since the last call. */
static const char *heard(int fd)
{
    ssize_t n = read(fd, said, sizeof said - 1);
    said[n > 0 ? n : 0] = '\0';
    return said;
}

int main(void)
{
    int ends[2];
    char longer[3000];
    if (pipe(ends) != 0) {
        skip("log", "no pipe");
        return done();
    }
    setenv("TUNEBENCH_NOW", "2026-11-23T21:14:07Z", 1);
    tb_log_to(ends[1], TB_LOG_INFO);
    tb_log(TB_LOG_DEBUG, "dropped");
    tb_log(TB_LOG_WARN, "run %s: loss is NaN at step %d", "7f3a", 212);
    is_str(heard(ends[0]), "2026-11-23T21:14:07Z warn run 7f3a: loss is NaN at step 212\n", "line");
    tb_log(TB_LOG_INFO, "a\nb\x1b[2J\xc2\x9b\xc3\xa9");
    is_str(heard(ends[0]), "2026-11-23T21:14:07Z info a b [2J  \xc3\xa9\n", "controls");
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    errno = ENOENT;
    tb_log(TB_LOG_ERROR, "%s", longer);
    heard(ends[0]);
    ok(strlen(said) < 1100 && said[strlen(said) - 1] == '\n', "a long line is cut");
    is_int(errno, ENOENT, "errno is kept");
    tb_log_to(-1, TB_LOG_DEBUG);
    tb_log(TB_LOG_ERROR, "nowhere");
    tb_log_to(ends[1], TB_LOG_DEBUG);
    tb_log(TB_LOG_DEBUG, "%s", "");
    is_str(heard(ends[0]), "2026-11-23T21:14:07Z debug \n", "nothing went nowhere");
    return done();
}
