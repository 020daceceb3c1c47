/* SPDX-License-Identifier: MIT */
/* Start and Recipe with children that this program plays: what is shown, what is asked for, what is written, and what
 * happens when children answer nonsense or die. */
#include <signal.h>
#include <stdio.h>

#include "sweep/search.h"
#include "tests/recipes/words.h"
#include "tests/tui/shot.h"
#include "tui/recipe_priv.h"
#include "tui/start_priv.h"

/* ---- the children */

static const char found[] =
    "{\"models\": [{\"path\": \"m/small.gguf\", \"name\": \"small\", \"is_shipped\": false, \"arch\":"
    " \"llama\", \"type\": \"q4_1\","
    " \"parameters\": 135000000, \"bytes\": 94000000, \"ok\": true},"
    " {\"path\": \"m/cut.gguf\", \"name\": \"m/cut.gguf\", \"ok\": false, \"why\": \"the file is cut short\"},"
    " {\"path\": \"/usr/share/tiny\", \"name\": \"tiny\", \"is_shipped\": true, \"arch\": \"llama\", \"type\":"
    " \"bf16\","
    " \"parameters\": 2361408, \"bytes\": 4727040, \"ok\": true}],"
    " \"data\": [{\"path\": \"rows\\u0007-\\u6570\\u636e.txt\", \"name\": \"rows\\u0007-\\u6570\\u636e.txt\","
    " \"kind\": \"pairs\","
    " \"sep\": \"||\", \"rows\": 4672, \"rows_are_exact\": true, \"bytes\": 700000, \"prompt\": \"name[Zizzi]\","
    " \"completion\": \"Zizzi is a \\u001b[2Jpub.\", \"data\": \"pairs:rows.txt,sep=||\", \"ok\": true,"
    " \"is_shipped\": false},"
    " {\"path\": \"a,b.txt\", \"kind\": \"pairs\", \"ok\": false, \"why\": \"--data ends its name at the comma\"},"
    " {\"path\": \"/usr/share/places.txt\", \"name\": \"data/places.txt\", \"kind\": \"pairs\", \"sep\":"
    " \"||\", \"rows\": 5250,"
    " \"rows_are_exact\": true, \"bytes\": 1200000, \"prompt\": \"name : A\", \"completion\": \"A is a pub.\","
    " \"data\": \"pairs:data/places.txt,sep=||\", \"ok\": true, \"is_shipped\": true}],"
    " \"recipes\": [{\"path\": \"r.lua\", \"title\": \"what is it good for?\", \"ok\": true}]}";

static void put_run(int i, const char *method, const char *state)
{
    printf("%s{\"id\": \"%016d\", \"name\": \"%.20s-s%d\", \"method\": \"%.20s\", \"state\": \"%s\","
           " \"memory\": \"fast\", \"lr\": 0.01,"
           " \"n_trainable\": %d, \"n_steps\": 100, \"n_tokens\": 100000, \"share\": 0.0%d, \"est_s\": %d,"
           " \"est_is_measured\": true,"
           " \"predicted_bytes\": %d, \"free_bytes\": 20000000000, \"predicted\": {\"weights\": 90000000,"
           " \"fixed\": 20000000,"
           " \"activations\": %d}, \"data\": {\"path\": \"/d/rows.txt\", \"n_train\": 4205, \"n_eval\": 66}}",
           i ? ", " : "", i, method, i, method, state, 460800 / (i + 1), i + 1, 60 * (i + 1), 300000000 + 10000000 * i,
           190000000 + 10000000 * i);
}

/* A recipe says in its first line what is to be answered. */
static void answer_recipe(const char *path)
{
    char *text = tb_file_read(path, 1 << 20, NULL, NULL);
    const char *line = text ? text : "";
    if (strstr(line, "-- die"))
        raise(SIGKILL);
    if (strstr(line, "-- noise"))
        printf("no JSON at all\n");
    else if (strstr(line, "-- wrong"))
        printf("{\"error\": {\"kind\": \"recipe\", \"text\": \"t.lora has no 'aplha'; did you mean 'alpha'?\","
               " \"where\": \"%s\", \"line\": 4}}\n",
               path);
    else {
        printf("{\"n_same\": 1, \"runs\": [");
        put_run(0, "lora", "done");
        put_run(1, "prefix", "new");
        printf("], \"sweep\": {\"search\": {\"kind\": \"random\", \"trials\": 9}, \"prune\": {\"kind\":"
               " \"asha\", \"min\": 6000},"
               " \"arms\": [{}, {}], \"seeds\": [0, 1, 2], \"finalists\": 1}}\n");
    }
    free(text);
}

static void answer(const char *line)
{
    struct tb_json *words = tb_json_parse(line, strlen(line), "line", NULL);
    const char *first = tb_json_str(tb_json_at(words, 0), "");
    int n = 0;
    if (*first != '-') {
        answer_recipe(first);
    } else {
        printf("{\"n_same\": 0, \"runs\": [");
        for (size_t i = 0; i + 1 < tb_json_len(words); i++)
            if (strcmp(tb_json_str(tb_json_at(words, i), ""), "--method") == 0) {
                put_run(n, tb_json_str(tb_json_at(words, i + 1), ""), n == 1 ? "done" : "new");
                n++;
            }
        printf("]}\n");
    }
    fflush(stdout);
    tb_json_free(words);
}

static int play(int argc, char **argv)
{
    static char line[1 << 16];
    if (strcmp(argv[1], "scan") == 0)
        puts(argc > 3 && strcmp(argv[3], ".") != 0 ? "{\"models\": [], \"data\": []}" : found);
    while (strcmp(argv[1], "plan") == 0 && fgets(line, sizeof line, stdin))
        answer(line);
    if (strcmp(argv[1], "run") == 0)
        printf("1 run on the list; look: tunebench watch; undo: tunebench stop 0\n");
    return 0;
}

/* ---- Start */

static struct start *st;

static void proposals(void)
{
    st->n_cpus = 2;
    shot("start/looking", 80, 24);
    shot_wait();
    is_str(st->setup.base, "small", "somebody's own model before the shipped one");
    is_str(st->setup.data, "pairs:rows.txt,sep=||", "and their own data");
    is_str(st->setup.budget, "500k", "a budget that half an hour bears");
    shot("start/planned", 80, 24);
    shot("start/planned", 100, 30);
    shot("start/planned", 60, 15);
    shot("start/planned", 160, 50);
}

static void choices(void)
{
    shot_press("down");
    is_str(st->setup.base, "small", "what cannot be used is looked at, not taken");
    shot("start/unusable", 100, 30);
    shot_press("down tab tab down space");
    shot_wait();
    is_str(st->setup.base, "tiny", "the model under the cursor");
    is_str(st->setup.budget, "100k", "with its budget");
    is_int(tb_setup_n_on(&st->setup), 2, "an arm less");
    shot_press("home e down ^u '5.5 enter");
    is_str(st->setup.arm[0].text, "lora:alpha=5.5", "a key of the arm");
    shot_wait();
    shot_press("e down 'x enter");
    ok(st->is_editing, "a wrong value is not taken");
    shot("start/editing", 100, 30);
    shot_press("esc + down down ^u '0.5 up up ^u '4 enter");
    is_int(st->setup.n_arms, 6, "another arm");
    shot_press("S");
    is_int(st->setup.n_arms, 7, "and a stack");
    shot_wait();
    shot("start/arms", 100, 30);
    shot_press("- up -");
    is_int(st->setup.n_arms, 5, "both go again");
    shot_press("home space down space down space");
    shot_wait();
    shot_press("space");
    ok(st->wrong.kind != TB_ERR_NONE || st->command, "something or nothing");
}

/* At a row of a list, in the coordinates of the terminal. */
static void click(struct tb_rect list, int x, int row, uint32_t key)
{
    int top = tb_frame_area(shot_tui.sheet.width, shot_tui.sheet.height).y;
    tb_tui_press(&shot_tui, &(struct tb_press){ .key = key, .x = list.x + x, .y = top + list.y + row });
}

static void mouse(void)
{
    struct tb_screen *s = tb_route_screen(&shot_tui.desk);
    struct start_layout l = start_layout_of(st, s->width, s->height);
    bool was_on = st->setup.arm[1].is_on;
    click(l.data, 5, 2, TB_PRESS_CLICK);
    is_str(st->setup.data, "pairs:data/places.txt,sep=||", "a click chooses data");
    click(l.data, 5, 0, TB_PRESS_CLICK);
    is_str(st->setup.data, "pairs:rows.txt,sep=||", "and the others again");
    click(l.methods, 2, 1, TB_PRESS_CLICK);
    ok(st->pane == START_METHODS && st->setup.arm[1].is_on != was_on, "a click on a box ticks it");
    click(l.methods, 20, 1, TB_PRESS_CLICK);
    ok(st->setup.arm[1].is_on != was_on, "beside it it only moves there");
    click(l.methods, 2, 1, TB_PRESS_CLICK);
    click(l.methods, 2, 1, TB_PRESS_WHEEL_DOWN);
    is_int(st->at[START_METHODS], 2, "the wheel moves");
    shot_wait();
}

static void settings(void)
{
    shot_press("tab ^u '60k tab ^u '3 tab '10k tab '0.2 tab right");
    shot_wait();
    is_str(st->setup.budget, "60k", "budget");
    is_int(st->setup.n_seeds, 3, "seeds");
    is_str(st->setup.every, "10k", "evaluations");
    is_str(st->setup.held_out, "0.2", "held out");
    is_int(st->setup.rates, TB_RATES_DEFAULT, "rates");
    ok(st->command && strstr(st->command, "--seed 0,1,2 --set eval.every=10000tokens"), "the command says it: %s",
       st->command ? st->command : st->wrong.text);
    shot_press("S-tab S-tab S-tab ^u '0");
    shot("start/wrong", 80, 24);
    struct tb_buf b = { 0 };
    for (int i = 0; i < 100000; i++)
        tb_buf_char(&b, "7x\n\x1b"[i % 4]);
    tb_tui_press(&shot_tui, &(struct tb_press){ .key = TB_PRESS_PASTE, .text = b.p, .n = b.n });
    tb_buf_free(&b);
    ok(!st->command, "100 kB pasted into a field are no seeds");
    shot("start/pasted", 80, 24);
    shot_press("^u '1 tab tab ^u tab left S-tab S-tab ^u");
    shot_wait();
    ok(st->command != NULL, "and all is well again: %s", st->wrong.text);
}

/* Enter and Esc end the typing, and nothing else; what was said of a wrong value goes with it. */
static void leaving(void)
{
    struct tb_screen *s = tb_route_screen(&shot_tui.desk);
    const struct tb_desk *d = &shot_tui.desk;
    shot_press("esc");
    ok(st->pane == START_METHODS && !s->class->is_typing(s) && tb_route_screen(d) == s, "esc leaves the field alone");
    shot_press("tab 'x");
    ok(st->settings.at == 0 && s->class->is_typing(s) && !st->command, "a wrong budget");
    shot_press("enter");
    ok(st->pane == START_METHODS && !*d->message, "enter leaves it too, and starts nothing");
    shot_press("enter");
    ok(strstr(d->message, "no amount"), "there it would start, and says why not: %s", d->message);
    shot_press("tab backspace");
    shot_wait();
    ok(st->command && !*d->message, "corrected, nothing is said any more: %s", d->message);
    shot_press("'5 esc");
    ok(strcmp(st->setup.budget, "60k5") == 0 && tb_route_screen(d) == s, "digits are typed there");
    shot_press("tab backspace esc");
    shot_wait();
    shot_press("tab tab");
}

static void paths_added(void)
{
    shot_press("S-tab S-tab S-tab a 'nowh_ere enter");
    shot_wait();
    ok(st->scan_err.kind != TB_ERR_NONE && strstr(st->scan_err.text, "nowh"), "a path with nothing: %s",
       st->scan_err.text);
    shot_press("a 're tab");
    shot("start/adding", 80, 24);
    shot_press("esc");
}

static void saved(void)
{
    struct tb_err err = { 0 };
    shot_press("w");
    ok(tb_file_exists("recipes/rows-1.lua") || tb_file_exists("recipes/places-1.lua"), "a recipe is saved");
    const char *path = start_save(st, &err);
    ok(path && strstr(path, "-1.lua"), "once, while it stays the same: %s", path ? path : err.text);
    shot_press("w");
    st->setup.n_seeds = 2;
    start_update(tb_route_screen(&shot_tui.desk));
    path = start_save(st, &err);
    ok(path && strstr(path, "-2.lua"), "and under a new name when it does not: %s", path ? path : err.text);
    shot_wait();
}

/* What is kept is what comes back, and nonsense in its place is passed over. */
static void kept(void)
{
    struct tb_screen *s = tb_route_screen(&shot_tui.desk);
    static const char nonsense[] = "[3, {\"method\": \"nothing\"}, {\"method\": 7}]";
    struct tb_json *map = tb_json_new_map(), *again = tb_json_new_map();
    size_t n = st->setup.n_arms;
    s->class->save(s, map);
    while (st->setup.n_arms > 1)
        tb_setup_remove(&st->setup, 0);
    s->class->restore(s, map);
    s->class->save(s, again);
    is_int(st->setup.n_arms, n, "all arms come back");
    ok(tb_json_equal(tb_json_get(map, "arms"), tb_json_get(again, "arms")), "as they were");
    tb_json_free(again);
    tb_json_set(map, "arms", tb_json_parse(nonsense, strlen(nonsense), "test", NULL));
    s->class->restore(s, map);
    is_int(st->setup.n_arms, n, "nonsense changes nothing");
    tb_json_free(map);
}

/* ---- Recipe */

static void write_recipe(const char *head)
{
    char *text = tb_xasprintf("%s\nlocal t = require \"tunebench\"\nreturn t.sweep {\n\tmethod = t.lora { r ="
                              " 4, aplha = 16 },\n}\n",
                              head);
    tb_file_replace("r.lua", text, strlen(text), NULL);
    free(text);
    shot_wait();
}

static void recipes(void)
{
    struct recipe *r;
    shot_press("4");
    r = tb_route_screen(&shot_tui.desk)->state;
    shot("recipe/draft", 100, 30);
    write_recipe("-- good \xe6\x95\xb0\xe6\x8d\xae \x1b[2J");
    shot_press("L");
    shot_wait();
    shot("recipe/list", 80, 24);
    shot_press("enter");
    shot_wait();
    is_str(r->path, "r.lua", "a recipe is opened");
    shot("recipe/good", 100, 30);
    shot("recipe/good", 80, 24);
    shot("recipe/good", 60, 15);
    shot_press("tab");
    shot("recipe/plan", 80, 24);
    shot("recipe/plan", 60, 15);
    shot_press("end up");
    ok(r->is_at_plan && r->plan_first > 0, "the plan is scrolled");
    shot("recipe/plan-above", 60, 15);
    shot_press("tab");
    shot_press("down");
    is_int(r->line, 1, "and left again");
    shot_press("up");
    write_recipe("-- wrong");
    shot("recipe/wrong", 100, 30);
    shot("recipe/wrong", 80, 24);
    is_int(r->line, 3, "the cursor goes to the error");
    shot_press("down down i down enter");
    shot_wait();
    ok(strstr(r->source.text, "\n}\nt.prefix {},\n"), "a method is inserted");
    shot_press("u");
    shot_wait();
    ok(!strstr(r->source.text, "t.prefix"), "and taken back");
    shot_press("i '/pref");
    ok(r->n_shown > 0 && r->n_shown < (int)r->n_choices, "letters narrow the list, %d of %zu", r->n_shown,
       r->n_choices);
    shot_press("'zzz enter");
    is_int(r->n_shown, 0, "nothing has that");
    shot_press("backspace backspace backspace enter");
    shot_wait();
    ok(strstr(r->source.text, "t.prefix {},"), "the first of those that are left");
    shot_press("u");
    shot_wait();
    write_recipe("-- noise");
    ok(!r->planning.is_good && r->planning.is_there, "an answer that is none: %s", r->planning.err.text);
    write_recipe("-- die");
    ok(!r->planning.is_good && strstr(r->planning.err.text, "signal 9"), "a child that dies twice: %s",
       r->planning.err.text);
    shot("recipe/died", 80, 24);
    write_recipe("-- good");
    ok(r->planning.is_good, "the next one answers");
    unlink("r.lua");
    shot_wait();
    ok(r->is_gone && r->source.n, "a file that vanishes leaves its text");
    shot("recipe/gone", 80, 24);
    write_recipe("-- good");
    ok(!r->is_gone, "until it comes back");
    shot_press("o 'optim.lr=1 enter o 'seed=3 enter o 'optim.lr=2 enter");
    char *words = recipe_words(r);
    is_str(words, "r.lua --set seed=3 --set optim.lr=2", "overrides, one a key");
    free(words);
    shot_press("o 'nonsense enter");
    is_int(tb_json_len(r->overrides), 2, "no key, no value: nothing");
    shot_press("o enter");
    is_int(tb_json_len(r->overrides), 0, "nothing typed: none");
    shot_press("w enter");
    is_str(r->path, "recipes/r-1.lua", "saved under a new name");
    shot_press("enter");
    shot_wait();
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return play(argc, argv);
    words_add();
    tb_search_register();
    if (shot_open("start")) {
        st = start_of(&shot_tui.desk);
        proposals();
        choices();
        mouse();
        settings();
        leaving();
        paths_added();
        saved();
        kept();
        recipes();
    }
    shot_close();
    return done();
}
