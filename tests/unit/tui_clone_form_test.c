/* SPDX-License-Identifier: MIT */
/* The dialogs of a clone and of an export as commands: only what was changed is set, what a start fixes is not; answers
 * are those to the form as it is. The verb is played by this very program, which is what children of a form run. */
#include "tui/clone_form.h"
#include "tui/export_form.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "tests/made_run.h"
#include "tests/recipes/words.h"
#include "tests/tap.h"
#include "tui/pairs.h"

/* What `clone --dry-run --json` says here: an error for a rate of 9, else facts that name the words it was given. */
static int play_clone(int argc, char **argv)
{
    struct tb_json *list = tb_json_new_list(), *facts = tb_json_new_map();
    struct tb_buf b = { 0 };
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "optim.lr=9") == 0) {
            fprintf(stderr, "tunebench: that is too much\n");
            return 2;
        }
        tb_buf_fmt(&b, "%s%s", i > 1 ? " " : "", argv[i]);
    }
    tb_json_set(facts, "text", tb_json_new_str(b.p));
    tb_json_append(list, facts);
    char *text = tb_json_text(list, TB_JSON_PRETTY);
    puts(text);
    free(text);
    tb_buf_free(&b);
    tb_json_free(list);
    return 0;
}

static struct tb_metrics metrics_of(int64_t seed)
{
    struct tb_metrics m;
    tb_metrics_init(&m);
    tb_json_set(m.facts, "config", made_config(5120, seed, "\"method.kind\":\"lora\",\"method.lora.r\":8,"
                                                           "\"data.sep\":\"a\\nb\",\"optim.lr\":0.0005"));
    return m;
}

static struct tb_run_item item_of(const char *name, enum tb_state state)
{
    struct tb_run_item item = { .sum = { .adapter_bytes = 4096 } };
    tb_str_copy(item.sum.name, sizeof item.sum.name, name);
    tb_str_copy(item.sum.method, sizeof item.sum.method, "lora");
    item.sight.state = state;
    return item;
}

/* `then`: its loss on held-out rows at step 10; 2 before its first step. */
static void open_at(struct tb_clone_form *f, enum tb_state state, const char *ended_by, double then)
{
    static const int64_t steps[] = { 10, 20 };
    struct tb_metrics m = metrics_of(3);
    struct tb_run_item item = item_of("a run", state);
    tb_str_copy(m.ended_by, sizeof m.ended_by, ended_by);
    m.n_eval = m.cap_eval = 2;
    m.eval = tb_xcalloc(m.n_eval, sizeof *m.eval);
    m.eval[0].loss = 2;
    m.eval[1].step = 10;
    m.eval[1].loss = then;
    tb_clone_form_open(f, &item, &m, "a run", steps, 2, 10, NULL);
    tb_metrics_free(&m);
}

static void open(struct tb_clone_form *f, enum tb_state state, const char *ended_by)
{
    open_at(f, state, ended_by, 1);
}

static void set(struct tb_clone_form *f, const char *name, const char *value)
{
    struct tb_entry *e = tb_form_named(&f->form, name);
    f->form.at = (size_t)(e - f->form.entry);
    tb_field_set(&e->field, "");
    for (const char *s = value; *s; s++)
        tb_clone_form_press(f, &(struct tb_press){ .key = (uint32_t)*s });
}

static void press(struct tb_clone_form *f, const char *entry, uint32_t key)
{
    f->form.at = (size_t)(tb_form_named(&f->form, entry) - f->form.entry);
    tb_clone_form_press(f, &(struct tb_press){ .key = key });
}

/* Until the answer is there; what it led to. */
static enum tb_clone_form_result settle(struct tb_clone_form *f)
{
    enum tb_clone_form_result result = TB_CLONE_FORM_STAYS;
    for (int i = 0; i < 2000 && (tb_clone_form_is_asking(f) || i == 0) && result == TB_CLONE_FORM_STAYS; i++) {
        tb_clone_form_tick(f, &result);
        tb_clock_nap(0.005);
    }
    return result;
}

static void is_command(const struct tb_clone_form *f, bool is_dry, const char *want, const char *name)
{
    char *got = tb_clone_form_command(f, is_dry);
    is_str(got, want, name);
    free(got);
}

static void commands(void)
{
    struct tb_clone_form f = { 0 };
    open(&f, TB_STATE_DONE, "budget");
    is_command(&f, false, "clone 'a run' --at 10 --warm --detach", "as it is");
    set(&f, "optim.lr", "1e-3");
    set(&f, "budget", "60k");
    is_command(&f, false, "clone 'a run' --at 10 --warm --set optim.lr=1e-3 --set budget=60k --detach",
               "what was changed");
    ok(tb_form_named(&f.form, "seed")->is_fixed && tb_form_named(&f.form, "method.lora.r")->is_fixed
           && !tb_form_named(&f.form, "optim.lr")->is_fixed, "a warm start fixes seed and shapes, not the rate");
    press(&f, "begins", ' ');
    press(&f, "begins", ' ');
    ok(tb_form_named(&f.form, "data.sep")->is_fixed && !tb_form_named(&f.form, "seed")->is_fixed,
       "cold: nothing is fixed but what holds more than a line");
    set(&f, "seed", "7");
    set(&f, "optim.lr", "0.0005");
    is_command(&f, true, "clone 'a run' --cold --set seed=7 --set budget=60k --dry-run --json",
               "no checkpoint, and a value typed back is not set");
    set(&f, "budget", "5120");
    set(&f, "name", "it's");
    is_command(&f, false, "clone 'a run' --cold --set seed=7 --name 'it'\\''s' --detach", "a name is quoted");
    tb_clone_form_close(&f);
}

static void without_rows(void)
{
    struct tb_clone_form f = { 0 };
    open(&f, TB_STATE_DONE, "budget");
    tb_clone_form_without(&f, "17 204");
    is_command(&f, false, "clone 'a run' --at 10 --warm --set 'data.without=17 204' --detach",
               "rows left out of a run that knows no such key, in a warm start");
    is_str(f.form.entry[f.form.at].name, "data.without", "which is where the focus is");
    tb_clone_form_without(&f, "");
    is_command(&f, false, "clone 'a run' --at 10 --warm --detach", "none");
    tb_clone_form_close(&f);
}

static void of_live_runs(void)
{
    struct tb_clone_form f = { 0 };
    open(&f, TB_STATE_RUNNING, "");
    press(&f, "from", TB_PRESS_RIGHT); /* 10 is the last choice */
    press(&f, "pauses", ' ');
    is_command(&f, false, "clone 'a run' --warm --pause-parent --detach", "now: a checkpoint is made then");
    is_command(&f, true, "clone 'a run' --at last --warm --dry-run --json", "asked about the newest, which makes none");
    tb_clone_form_close(&f);
    open(&f, TB_STATE_FAILED, "divergence");
    is_command(&f, false, "clone 'a run' --at 10 --warm --set optim.lr=5e-05 --detach",
               "diverged: a tenth of the rate");
    tb_clone_form_close(&f);
    open_at(&f, TB_STATE_FAILED, "divergence", 2.5);
    is_command(&f, false, "clone 'a run' --cold --set optim.lr=5e-05 --detach",
               "spoilt by the checkpoint already: from the beginning");
    tb_clone_form_close(&f);
    open_at(&f, TB_STATE_FAILED, "divergence", NAN);
    is_command(&f, false, "clone 'a run' --cold --set optim.lr=5e-05 --detach", "no number is no better");
    tb_clone_form_close(&f);
}

static void answers(void)
{
    struct tb_clone_form f = { 0 };
    open(&f, TB_STATE_DONE, "budget");
    settle(&f);
    is_str(tb_json_str(tb_json_get(f.facts, "text"), ""), "clone a run --at 10 --warm --dry-run --json", "the answer");
    set(&f, "optim.lr", "9");
    settle(&f);
    ok(!f.facts && f.error && strcmp(f.error, "that is too much") == 0, "an error without the program's name");
    ok(tb_clone_form_press(&f, &(struct tb_press){ .key = '\n' }) == TB_CLONE_FORM_WRONG, "which cannot be started");
    set(&f, "optim.lr", "x");
    ok(!f.error && !tb_clone_form_is_asking(&f) && !tb_form_is_valid(&f.form), "nobody is asked about nonsense");
    set(&f, "optim.lr", "2");
    ok(tb_clone_form_press(&f, &(struct tb_press){ .key = '\n' }) == TB_CLONE_FORM_STAYS, "Enter before the answer");
    ok(settle(&f) == TB_CLONE_FORM_STARTS, "starts when it is there");
    ok(tb_clone_form_press(&f, &(struct tb_press){ .key = TB_PRESS_ESC }) == TB_CLONE_FORM_LEFT, "Esc leaves");
    tb_clone_form_close(&f);
}

static void exports(void)
{
    static const int64_t steps[] = { 10, 20 };
    struct tb_export_form f = { 0 };
    struct tb_metrics m = metrics_of(0);
    struct tb_run_item item = item_of("a/run", TB_STATE_DONE);
    tb_export_form_open(&f, &item, &m, "a", steps, 2);
    char *command = tb_export_form_command(&f);
    is_str(command, "export a --as peft -o a_run-peft", "an adapter, into a place that is no path elsewhere");
    free(command);
    f.form.at = 1;
    tb_export_form_press(&f, &(struct tb_press){ .key = ' ' });
    command = tb_export_form_command(&f);
    is_str(command, "export a:best --as peft -o a_run-peft", "from a checkpoint");
    free(command);
    f.form.at = 0;
    tb_export_form_press(&f, &(struct tb_press){ .key = ' ' });
    f.form.at = (size_t)(tb_form_named(&f.form, "bf16") - f.form.entry);
    tb_export_form_press(&f, &(struct tb_press){ .key = ' ' });
    command = tb_export_form_command(&f);
    is_str(command, "export a:best --as merged -o a_run-merged --bf16", "a model, of 16 bits a weight");
    free(command);
    f.form.at = 0;
    for (int i = 0; i < 2; i++)
        tb_export_form_press(&f, &(struct tb_press){ .key = ' ' });
    command = tb_export_form_command(&f);
    is_str(command, "export a --as csv --table eval -o a_run-eval.csv", "a table: the place follows, no checkpoint");
    free(command);
    tb_export_form_close(&f);
    tb_metrics_free(&m);
}

static void pairs(void)
{
    struct tb_pairs p = { 0 };
    tb_pairs_add(&p, 0, "HEAD", NULL);
    tb_pairs_add(&p, 0, "name", "one two three four");
    tb_pairs_add(&p, 0, "", "five");
    is_int(tb_pairs_rows(&p, 40), 3, "a row each where it is wide");
    is_int(tb_pairs_rows(&p, 15), 5, "more where texts are broken: 'one two', 'three', 'four' behind the name");
    ok(tb_pairs_find(&p, 15, "FIVE", 1) && p.first == 4, "found in any case, put to the top");
    ok(!tb_pairs_find(&p, 15, NULL, 1) && !tb_pairs_find(&p, 15, "six", 1), "no further match, no match");
    tb_pairs_press(&p, 15, 3, &(struct tb_press){ .key = TB_PRESS_END });
    is_int(p.first, 2, "the end is a page before the last row");
    tb_pairs_press(&p, 15, 30, &(struct tb_press){ .key = TB_PRESS_DOWN });
    is_int(p.first, 0, "all of it is seen: nothing to scroll");
    tb_pairs_free(&p);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "clone") == 0)
        return play_clone(argc, argv);
    words_add();
    commands();
    without_rows();
    of_live_runs();
    answers();
    exports();
    pairs();
    return done();
}
