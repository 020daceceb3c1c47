/* SPDX-License-Identifier: MIT */
/* base/usage on this very process: its time grows with what it does, its age with the clock. */
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/usage.h"
#include "tests/tap.h"

int main(void)
{
    struct tb_usage a, b = { 0 };
    volatile double sum = 0;
    ok(tb_usage_read((uint32_t)getpid(), &a), "this process is there");
    ok(a.cpu_s >= 0 && a.age_s >= 0 && a.age_s < 3600, "it is young");
    ok(a.rss_bytes > 100000 && a.rss_bytes <= tb_mem_peak_bytes() + (1 << 20), "its memory");
    double from = tb_clock_mono_s();
    for (bool good = true; good && b.cpu_s < a.cpu_s + 0.05 && tb_clock_mono_s() - from < 60;) {
        for (int i = 0; i < 1000000; i++)
            sum = sum + i;
        good = tb_usage_read((uint32_t)getpid(), &b);
    }
    ok(b.cpu_s >= a.cpu_s + 0.05, "work takes time");
    ok(b.age_s > a.age_s, "it grows older");
    ok(!tb_usage_read(0x7ffffffe, &b), "no such process");
    return done();
}
