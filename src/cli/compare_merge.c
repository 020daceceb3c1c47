/* SPDX-License-Identifier: MIT */
/* compare_merge.c - the first run of each arm, folded into its base in a folder that is gone afterwards: also where
 * somebody ends it meanwhile, since a signal waits until the arm at hand is done. What cannot be merged is an answer,
 * no failure. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/compare.h"
#include "worker/session.h"

static const char *ref_of(const struct tb_compare *x, const struct tb_arm *a, char *ref, size_t n)
{
    for (size_t i = 0; i < x->n; i++)
        if (&x->run[i].item == a->item[0])
            tb_compare_ref(&x->run[i], ref, n);
    return ref;
}

static char *words_of(const struct tb_compare *x, const struct tb_arm *a, const char *dir)
{
    struct tb_err err = { 0 };
    char ref[64], *to = tb_path_join(dir, "model"), *words;
    struct tb_json *j = tb_session_export_merged(tb_store_path(x->store), ref_of(x, a, ref, sizeof ref), to, false, 0,
                                                 &err);
    if (j)
        words = tb_xasprintf("%s: logits differ by at most %.2g, the largest is %.3g", a->name,
                             tb_json_real(tb_json_get(j, "max_logit_difference"), NAN),
                             tb_json_real(tb_json_get(j, "largest_logit"), NAN));
    else
        words = tb_xasprintf("%s: %s", a->name, err.text);
    tb_dir_remove(to, NULL);
    tb_json_free(j);
    free(to);
    return words;
}

static bool is_ended(void)
{
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM) || sigismember(&pending, SIGHUP);
}

bool tb_compare_merge(struct tb_compare *x, struct tb_err *err)
{
    const char *temp = getenv("TMPDIR");
    char *dir = tb_xasprintf("%s/tunebench-merge-XXXXXX", temp && *temp ? temp : "/tmp");
    sigset_t ends, before;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    sigprocmask(SIG_BLOCK, &ends, &before);
    bool good = mkdtemp(dir) || tb_fail_errno(err, "cannot make the folder %s", dir);
    if (good)
        x->report.merged = tb_xcalloc(x->arms.n + 1, sizeof *x->report.merged);
    for (size_t i = 0; good && i < x->arms.n; i++)
        x->report.merged[i] = is_ended() ? tb_xstrdup("not looked at: ended by a signal")
                                         : words_of(x, &x->arms.arm[i], dir);
    if (good)
        rmdir(dir);
    sigprocmask(SIG_SETMASK, &before, NULL);
    free(dir);
    return good;
}
