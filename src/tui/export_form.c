/* SPDX-License-Identifier: MIT */
/* export_form.c - one table of the forms there are. What a form writes is said before, what was compared afterwards is
 * said by the verb. */
#include "tui/export_form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "tui/acts.h"
#include "view/fmt.h"

enum { REST = 6 };

static const char as[] = "as", from[] = "from", to[] = "to", bf16[] = "bf16";

static const struct kind {
    const char *name, *flags, *ending; /* ending: of the place where it is put */
    bool is_adapter;
    const char *what;
    const char *load; /* before where it is */
} kinds[] = {
    { "peft", "--as peft", "-peft", true,
      "a folder that the PEFT library loads, with names and layout of its own; read back, and its logits compared with "
      "the run's", "PeftModel.from_pretrained(base, " },
    { "merged model", "--as merged", "-merged", true,
      "a model folder with the adapter folded into the base, which needs no adapter library; not of prompt and prefix; "
      "read back, and its logits compared", "AutoModelForCausalLM.from_pretrained(" },
    { "csv of steps", "--as csv --table train", "-train.csv", false,
      "a line a step: tokens, seconds, loss, rate, norm of the gradient, speed, memory; exact numbers",
      "pandas.read_csv(" },
    { "csv of evaluations", "--as csv --table eval", "-eval.csv", false,
      "a line an evaluation: tokens, seconds, loss, label tokens", "pandas.read_csv(" },
    { "csv of rows", "--as csv --table rows", "-rows.csv", false,
      "a line for each held-out row of each evaluation: its loss and its tokens", "pandas.read_csv(" },
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static const struct kind *kind_of(const struct tb_export_form *f)
{
    for (int i = 0; i < N_KINDS; i++)
        if (strcmp(tb_form_value(&f->form, as), kinds[i].name) == 0)
            return &kinds[i];
    return &kinds[0];
}

/* All weights are written, not an adapter alone. */
static bool is_model(const struct tb_export_form *f)
{
    return strstr(kind_of(f)->flags, "merged") || (f->is_full && kind_of(f)->is_adapter);
}

/* The name of the run without what a path may not hold, and the ending of the form. */
static char *place_for(const struct tb_export_form *f)
{
    char *path = tb_xasprintf("%s%s", *f->name ? f->name : "run", kind_of(f)->ending);
    for (char *c = path; *c; c++)
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f || strchr("/\\'\"*?", *c))
            *c = '_';
    return path;
}

void tb_export_form_close(struct tb_export_form *f)
{
    tb_form_free(&f->form);
    free(f->ref);
    *f = (struct tb_export_form){ 0 };
}

static char *step_choices(const int64_t *steps, size_t n)
{
    struct tb_buf b = { 0 };
    tb_buf_str(&b, "as it ended|best");
    for (size_t i = n; i-- > 0;)
        tb_buf_fmt(&b, "|%lld", (long long)steps[i]);
    return tb_buf_take(&b);
}

static char *kind_choices(void)
{
    struct tb_buf b = { 0 };
    for (int i = 0; i < N_KINDS; i++)
        tb_buf_fmt(&b, "%s%s", i ? "|" : "", kinds[i].name);
    return tb_buf_take(&b);
}

/* What can be chosen depends on the form. */
static void fix(struct tb_export_form *f)
{
    tb_form_named(&f->form, from)->is_fixed = !kind_of(f)->is_adapter;
    tb_form_named(&f->form, bf16)->is_fixed = !is_model(f);
}

void tb_export_form_open(struct tb_export_form *f, const struct tb_run_item *item, const struct tb_metrics *m,
                         const char *ref, const int64_t *steps, size_t n)
{
    char *forms = kind_choices(), *from_steps = step_choices(steps, n), *place;
    tb_export_form_close(f);
    *f = (struct tb_export_form){ .is_open = true, .ref = tb_xstrdup(ref), .n_train = m->n_train, .n_eval = m->n_eval,
                                  .n_rows = m->n_rows, .adapter_bytes = item->sum.adapter_bytes,
                                  .n_weights = tb_json_int(tb_metrics_fact(m, "base", "n_params"), -1),
                                  .is_full = strcmp(item->sum.method, "full") == 0 };
    tb_str_copy(f->name, sizeof f->name, item->sum.name);
    tb_form_choice(&f->form, as, "as", forms, NULL);
    tb_form_choice(&f->form, from, "from", from_steps, NULL);
    place = place_for(f);
    tb_form_field(&f->form, to, "into", place);
    tb_form_tick(&f->form, bf16, "16 bits a weight", false);
    fix(f);
    free(place);
    free(from_steps);
    free(forms);
}

static bool is_half(const struct tb_export_form *f)
{
    return is_model(f) && strcmp(tb_form_value(&f->form, bf16), "true") == 0;
}

char *tb_export_form_command(const struct tb_export_form *f)
{
    const struct kind *k = kind_of(f);
    const char *step = tb_form_value(&f->form, from);
    struct tb_buf b = { 0 };
    bool has_step = k->is_adapter && strcmp(step, "as it ended") != 0;
    char *ref = tb_xasprintf("%s%s%s", f->ref, has_step ? ":" : "", has_step ? step : "");
    tb_buf_str(&b, "export ");
    tb_shell_quote(&b, ref);
    tb_buf_fmt(&b, " %s -o ", k->flags);
    tb_shell_quote(&b, tb_form_value(&f->form, to));
    if (is_half(f))
        tb_buf_str(&b, " --bf16");
    free(ref);
    return tb_buf_take(&b);
}

/* A place that nobody typed follows the form. */
static void follow_place(struct tb_export_form *f, const char *before)
{
    if (strcmp(tb_form_value(&f->form, to), before) != 0)
        return;
    char *place = place_for(f);
    tb_field_set(&tb_form_named(&f->form, to)->field, place);
    free(place);
}

enum tb_export_form_result tb_export_form_press(struct tb_export_form *f, const struct tb_press *p)
{
    if (p->key == TB_PRESS_ESC)
        return TB_EXPORT_FORM_LEFT;
    char *before = place_for(f);
    bool is_on_as = strcmp(f->form.entry[f->form.at].name, as) == 0;
    enum tb_form_result done = tb_form_press(&f->form, p);
    if (done == TB_FORM_CHANGED && is_on_as)
        follow_place(f, before);
    free(before);
    fix(f);
    bool starts = done == TB_FORM_NOTHING && p->key == '\n' && *tb_form_value(&f->form, to);
    return starts ? TB_EXPORT_FORM_STARTS : TB_EXPORT_FORM_STAYS;
}

/* ---- drawing */

static char *size_of(const struct tb_export_form *f)
{
    const struct kind *k = kind_of(f);
    char size[32];
    if (is_model(f) && f->n_weights < 0)
        return tb_xstrdup("as large as the base with all its weights in full");
    if (k->is_adapter) {
        int64_t bytes = is_model(f) ? f->n_weights * (is_half(f) ? 2 : 4) : f->adapter_bytes;
        return tb_xasprintf("about %s", tb_fmt_unit(size, sizeof size, TB_UNIT_BYTES, (double)bytes));
    }
    size_t n = strstr(k->flags, "train") ? f->n_train : strstr(k->flags, "eval") ? f->n_eval : f->n_rows;
    return tb_xasprintf("%s lines", tb_fmt_count(size, sizeof size, (int64_t)n));
}

static int say(struct tb_canvas *c, int y, unsigned style, char *text)
{
    y = tb_canvas_wrap(c, y, style, text);
    free(text);
    return y;
}

void tb_export_form_draw(const struct tb_export_form *f, struct tb_canvas *c)
{
    const struct kind *k = kind_of(f);
    struct tb_rect rest = tb_canvas_rect(c), head = tb_rect_cut(&rest, 2),
                   at = tb_rect_cut(&rest, (int)f->form.n + 1);
    struct tb_canvas title = tb_canvas_part(c, head), form = tb_canvas_part(c, at), words;
    int x = tb_canvas_text(&title, 0, 0, TB_STYLE_HEAD, "EXPORT  ");
    tb_canvas_field(&title, x, 0, c->width - x, TB_STYLE_STRONG, f->name);
    tb_form_draw(&f->form, &form, true);
    tb_rect_cut(&rest, rest.height > REST ? 1 : 0);
    struct tb_canvas keys = tb_canvas_part(c, tb_rect_cut(&rest, -1));
    words = tb_canvas_part(c, rest);
    int y = tb_canvas_wrap(&words, 0, TB_STYLE_PLAIN, k->what);
    y = say(&words, y, TB_STYLE_PLAIN, size_of(f));
    y = say(&words, y, TB_STYLE_DIM, tb_xasprintf("loaded with: %s\"%s\")", k->load, tb_form_value(&f->form, to)));
    say(&words, y, TB_STYLE_DIM, tb_export_form_command(f));
    x = tb_canvas_text(&keys, 0, 0, TB_STYLE_KEY, "[enter]");
    x = tb_canvas_text(&keys, x, 0, TB_STYLE_HINT, " export   ");
    x = tb_canvas_text(&keys, x, 0, TB_STYLE_KEY, "[esc]");
    tb_canvas_text(&keys, x, 0, TB_STYLE_HINT, " back");
}
