/* SPDX-License-Identifier: MIT */
/* What was chosen is there again the next time; a file that is damaged, strange, or cannot be written costs no more
 * than that. */
#include "tests/tui/rig.h"

static void type(struct tb_tui *t, const char *keys)
{
    for (; *keys; keys++)
        tb_tui_press(t, &(struct tb_press){ .key = (uint32_t)*keys });
}

static void test_kept(void)
{
    struct tb_tui *t = rig_start(80, 24);
    ok(t->desk.is_new, "the first time");
    type(t, "1jj j /name:lora\n");
    type(t, ":set glyphs block\n");
    char run[TB_RUN_ID];
    strcpy(run, t->desk.run);
    tb_tui_close(t);

    t = rig_start(80, 24);
    ok(!t->desk.is_new, "the second");
    is_str(t->desk.filter, "name:lora", "the filter");
    is_int(t->desk.n_marks, 2, "the marks");
    is_str(t->desk.run, run, "the cursor");
    is_int(t->desk.kept_glyphs, TB_GLYPHS_BLOCK + 1, "the glyphs");
    is_str(tb_route_screen(&t->desk)->class->name, "runs", "the screen");
    type(t, "/");
    tb_tui_press(t, &(struct tb_press){ .key = TB_PRESS_UP });
    is_str(tb_field_text(&t->desk.overlay->field), "name:lora", "a line that was typed");
    tb_tui_close(t);
}

/* The first time in a folder: the store is made while the workbench runs. */
static void test_made_meanwhile(void)
{
    static struct tb_tui t;
    struct tb_tui_flags f = { 0 };
    rename("tunebench.d", "away.d");
    ok(tb_tui_open(&t, &f, NULL) && !t.desk.view_file, "no store yet");
    rename("away.d", "tunebench.d");
    tb_desk_refresh(&t.desk);
    tb_desk_mark(&t.desk, t.desk.item[1].sum.id, true);
    tb_tui_close(&t);
    ok(tb_tui_open(&t, &f, NULL) && !t.desk.is_new && t.desk.n_marks == 1, "what was chosen there is kept");
    tb_tui_close(&t);
    f.resets_view = true;
    ok(tb_tui_open(&t, &f, NULL) && t.desk.is_new, "and dropped when that is asked for");
    remove(t.desk.view_file);
    t.desk.is_script = true;
    free((char *)t.desk.view_file);
    t.desk.view_file = NULL;
    tb_tui_close(&t);
}

static char *view_file(void)
{
    struct tb_tui *t = rig_start(80, 24);
    char *path = tb_xstrdup(t->desk.view_file);
    tb_tui_close(t);
    return path;
}

static void test_strange(const char *path)
{
    static const char *const texts[] = {
        "", "{", "[]", "7",
        "{\"filter\":7,\"marks\":{},\"run\":[],\"used\":[],\"history\":7,\"seen\":[],\"glyphs\":\"x\"}",
        "{\"filter\":\"((\",\"sort\":\"\\u001b\",\"screen\":\"nowhere\",\"marks\":[\"x\",7],\"seen\":{\"runs\":7}}",
        "{\"glyphs\":99999999999,\"seen\":{\"at\":-1,\"runs\":{\"1111111111111111\":[\"running\",-5]}}}",
        "{\"runs\":{\"columns\":[0,0,99,-1,\"x\"]},\"charts\":7,\"start\":{\"method\":{}},"
        "\"chat\":[],\"inspect\":{\"tab\":99}}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        tb_file_replace(path, texts[i], strlen(texts[i]), NULL);
        struct tb_tui *t = rig_start(80, 24);
        tb_tui_draw(t);
        ok(rig_wrong(&t->sheet) == NULL && t->desk.n_marks == 0, "a strange file: %s", texts[i]);
        tb_tui_close(t);
    }
}

static void test_unwritable(const char *path)
{
    remove(path);
    tb_dir_make(path, 0700, NULL);
    struct tb_tui *t = rig_start(80, 24);
    type(t, "1 ");
    tb_tui_close(t);
    t = rig_start(80, 24);
    ok(t->desk.n_marks == 0 && t->desk.n > 0, "a view that cannot be written is lost, and nothing else");
    tb_tui_close(t);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return rig_verb(argc, argv);
    if (!rig_open()) {
        skip("what is kept", "tests/bin/make_store is not built");
    } else {
        test_made_meanwhile();
        test_kept();
        char *path = view_file();
        test_strange(path);
        test_unwritable(path);
        free(path);
    }
    rig_close();
    return done();
}
