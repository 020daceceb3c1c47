/* SPDX-License-Identifier: MIT */
/* session_trainer.c - a byte-level BPE learned from text files; blank lines part their documents. */
#include <string.h>

#include "base/file.h"
#include "text/trainer.h"
#include "worker/session.h"

static bool add_file(struct tb_trainer *t, const char *path, struct tb_err *err)
{
    struct tb_map m;
    if (!tb_map_open(&m, path, err))
        return false;
    const char *text = (const char *)m.p, *end = text + m.n;
    bool good = true;
    while (good && text < end) {
        const char *stop = memmem(text, (size_t)(end - text), "\n\n", 2);
        stop = stop ? stop : end;
        good = stop == text || tb_trainer_add(t, text, (size_t)(stop - text), err);
        text = stop < end ? stop + 2 : end;
    }
    if (!good)
        tb_err_prefix(err, "%s", path);
    tb_map_close(&m);
    return good;
}

bool tb_session_train_tokenizer(const char *const *files, int n, int n_vocab, const char *dir, int *made,
                                struct tb_err *err)
{
    struct tb_trainer_spec spec = { .n_vocab = n_vocab };
    struct tb_trainer *t = tb_trainer_open(&spec, err);
    bool good = t && tb_dir_make(dir, 0777, err);
    for (int i = 0; good && i < n; i++)
        good = add_file(t, files[i], err);
    good = good && tb_trainer_write(t, dir, made, err);
    tb_trainer_close(t);
    return good;
}
