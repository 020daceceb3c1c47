/* SPDX-License-Identifier: MIT */
/* log.c - one line per event, formatted on the stack and handed over by one write(), so that lines
 * of several threads and processes do not mix and nothing is allocated (it must work when memory is
 * gone). Control characters become blanks: text from files cannot steer a terminal. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

static _Atomic int log_fd = STDERR_FILENO;
static _Atomic int log_least = TB_LOG_WARN;

void tb_log_to(int fd, enum tb_log_level least)
{
    atomic_store(&log_fd, fd);
    atomic_store(&log_least, (int)least);
}

/* Blanks a control character, which of C1 takes two bytes. */
static void blank(char *line)
{
    unsigned char *s = (unsigned char *)line;
    if (*s == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0)
        s[0] = s[1] = ' ';
    else if (*s < ' ' || *s == 0x7f)
        s[0] = ' ';
}

size_t tb_log_line(char line[TB_LOG_LINE], enum tb_log_level level, const char *text)
{
    static const char *const names[] = { "debug", "info", "warn", "error" };
    char when[32];
    tb_clock_iso(when, sizeof when, tb_clock_wall_ns());
    size_t at = (size_t)snprintf(line, TB_LOG_LINE, "%s %s ", when, names[level]);
    snprintf(line + at, TB_LOG_LINE - at - 1, "%s", text);
    for (; line[at]; at++)
        blank(line + at);
    line[at++] = '\n';
    return at;
}

void tb_log(enum tb_log_level level, const char *fmt, ...)
{
    char line[TB_LOG_LINE], text[TB_LOG_LINE];
    int fd = atomic_load(&log_fd), saved = errno;
    va_list ap;
    if (fd < 0 || (int)level < atomic_load(&log_least))
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    tb_write_all(fd, line, tb_log_line(line, level, text));
    errno = saved;
}
