/* SPDX-License-Identifier: MIT */
/* Forms out of key tables: what may be typed, what is refused, and moving about. */
#include "tests/tap.h"
#include "tui/form.h"

static const struct tb_key keys[] = {
    TB_INT_KEY("r", "8", 1, 4096, "rank of the update"),
    TB_REAL_KEY("lr", "0.001", 0, 10, "learning rate"),
    { .name = "init", .type = TB_KEY_CHOICE, .choices = "vocab|text|random", .def = "\"vocab\"", .help = "start" },
    { .name = "bias", .type = TB_KEY_BOOL, .def = "false", .help = "bias" },
    TB_END_KEY
};

static void fill(struct tb_form *f)
{
    tb_form_label(f, "LoRA");
    for (const struct tb_key *k = keys; k->type; k++)
        tb_form_key(f, k->name, k, NULL);
    tb_form_button(f, "go", "start");
}

static enum tb_form_result press(struct tb_form *f, uint32_t key)
{
    return tb_form_press(f, &(struct tb_press){ .key = key });
}

static void test_defaults(void)
{
    struct tb_form f = { 0 };
    fill(&f);
    is_str(tb_form_value(&f, "r"), "8", "a number's default");
    is_str(tb_form_value(&f, "init"), "vocab", "a choice's, without quotes");
    is_str(tb_form_value(&f, "bias"), "false", "a tick's");
    is_str(tb_form_value(&f, "none"), "", "of nothing");
    ok(tb_form_is_valid(&f), "all fine");
    is_int(f.at, 1, "a label does not get the focus");
    tb_form_free(&f);
}

static void test_typing(void)
{
    struct tb_form f = { 0 };
    fill(&f);
    is_int(press(&f, '0'), TB_FORM_CHANGED, "typing changes");
    is_str(tb_form_value(&f, "r"), "80", "the text");
    press(&f, '0');
    press(&f, '0');
    ok(!tb_form_is_valid(&f), "8000 is more than 4096");
    ok(strstr(tb_form_named(&f, "r")->err.text, "4096") != NULL, "and the words name the range");
    press(&f, TB_CTRL('u'));
    ok(tb_form_is_valid(&f), "empty: the default");
    press(&f, 'x');
    ok(!tb_form_is_valid(&f), "no number");
    tb_form_free(&f);
}

static void test_moving(void)
{
    struct tb_form f = { 0 };
    fill(&f);
    is_int(press(&f, TB_PRESS_UP), TB_FORM_NOTHING, "nothing above");
    press(&f, TB_PRESS_DOWN);
    press(&f, '\t');
    is_str(f.entry[f.at].name, "init", "down, tab");
    press(&f, ' ');
    is_str(tb_form_value(&f, "init"), "text", "the next choice");
    press(&f, TB_PRESS_LEFT);
    press(&f, TB_PRESS_LEFT);
    is_str(tb_form_value(&f, "init"), "random", "round to the last");
    press(&f, TB_PRESS_DOWN);
    press(&f, ' ');
    is_str(tb_form_value(&f, "bias"), "true", "ticked");
    press(&f, TB_PRESS_DOWN);
    is_int(press(&f, '\n'), TB_FORM_PRESSED, "a button");
    is_int(press(&f, '\t'), TB_FORM_NOTHING, "the end is the end");
    f.entry[4].is_fixed = true;
    press(&f, TB_PRESS_BACKTAB);
    is_str(f.entry[f.at].name, "init", "what is fixed is passed over");
    tb_form_free(&f);
}

int main(void)
{
    test_defaults();
    test_typing();
    test_moving();
    return done();
}
