/* SPDX-License-Identifier: MIT */
/* Walks of random keys, pastes, mouse and sizes over all screens there are: nothing crashes, every frame holds only
 * what may be sent, and what was kept can be read again. TB_SEED begins elsewhere, TB_KEYS walks farther (make
 * check-keys); under a sanitizer it finds more. */
#include "tests/tui/rig.h"

static uint64_t state;

static uint32_t below(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % n;
}

static const char *const pastes[] = {
    "name:lora", "a\nb\tc", "\033[2J\033[?1049l", "\xff\xc3\x28\xe2\x80\xae", "\xe6\xbc\xa2\xe5\xad\x97 wide",
    "e\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86\xcc\x87", "%s%n{run}{runs}{text}{n}", "-1", "1e999", "'\"\\",
};
enum { PASTES = sizeof pastes / sizeof *pastes };

/* Keys of the tables more often than others, and ways out of what is open. */
static uint32_t any_key(const struct tb_tui *t)
{
    const struct tb_bind *b = tb_route_screen(&t->desk)->class->binds;
    uint32_t n = 0;
    switch (below(12)) {
    case 0: return TB_PRESS_ESC;
    case 1: return '\n';
    case 2: return TB_PRESS_UP + below(TB_PRESS_BACKTAB - TB_PRESS_UP + 1);
    case 3: return below(2) ? '\t' : ' ';
    case 4: return '0' + below(8);
    case 5: return ' ' + below(0x7f - ' ');
    case 6: return 1 + below(31);
    case 7: return below(2) ? 0xa0 + below(0x3000) : 0x1f300 + below(0x300);
    default:
        while (b && b[n].key)
            n++;
        return n ? b[below(n)].key : 'j';
    }
}

static void press(struct tb_tui *t)
{
    struct tb_press p = { 0 };
    char *large = NULL;
    uint32_t kind = below(40);
    if (kind == 0) {
        tb_tui_resize(t, 1 + (int)below(below(4) ? 160 : 400), 1 + (int)below(below(4) ? 60 : 120));
        return;
    }
    p.key = any_key(t);
    if (kind < 4) {
        p.key = TB_PRESS_CLICK + below(TB_PRESS_WHEEL_DOWN - TB_PRESS_CLICK + 1);
        p.x = (int)below((uint32_t)t->sheet.width + 4) - 2;
        p.y = (int)below((uint32_t)t->sheet.height + 4) - 2;
    } else if (kind == 4) {
        p.key = TB_PRESS_PASTE;
        p.text = pastes[below(PASTES)];
        p.n = strlen(p.text);
    } else if (kind == 5 && below(8) == 0) {
        p.key = TB_PRESS_PASTE;
        p.n = 100000;
        p.text = large = tb_xcalloc(p.n, 1);
        memset(large, "a\033\xe2 "[below(4)], p.n);
    }
    tb_tui_press(t, &p);
    free(large);
}

/* Leaving and what asks for a terminal are passed over. */
static void go_on(struct tb_tui *t)
{
    struct tb_desk *d = &t->desk;
    d->wants_leave = d->wants_suspend = d->wants_redraw = d->leaves_after_acts = false;
    if (below(3) == 0)
        tb_tui_work(t);
    if (below(200) == 0)
        tb_tui_settle(t);
}

static void walk(uint64_t seed, long keys)
{
    const char *wrong = NULL;
    state = seed * 0x9e3779b97f4a7c15u + 1;
    struct tb_tui *t = rig_start(80, 24);
    t->desk.glyphs = (enum tb_glyphs)below(3);
    long i = 0;
    for (; i < keys && !wrong; i++) {
        press(t);
        go_on(t);
        tb_tui_draw(t);
        wrong = rig_wrong(&t->sheet);
    }
    const char *screen = tb_route_screen(&t->desk)->class->name;
    ok(!wrong, "seed %llu: %ld keys, every frame harmless", (unsigned long long)seed, keys);
    if (wrong)
        printf("# TB_SEED=%llu, key %ld, screen %s: %s\n", (unsigned long long)seed, i, screen, wrong);
    tb_tui_close(t);
}

static long asked(const char *name, long otherwise)
{
    return getenv(name) ? atol(getenv(name)) : otherwise;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return rig_verb(argc, argv);
    long keys = asked("TB_KEYS", 4000), seed = asked("TB_SEED", 1);
    if (!rig_open()) {
        skip("walks of keys", "tests/bin/make_store is not built");
    } else {
        for (int i = 0; i < 4; i++)
            walk((uint64_t)(seed + i), keys / 4);
    }
    rig_close();
    return done();
}
