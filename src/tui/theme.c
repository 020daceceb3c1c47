/* SPDX-License-Identifier: MIT */
/* theme.c - one table. Tints are those of Okabe and Ito's palette, which colour-blind readers can tell apart; the other
 * names keep to colours that can be read on light and on dark backgrounds. */
#include "tui/theme.h"

#include <string.h>

#include "base/hash.h"

enum { OWN = -1 };

static const struct look {
    int32_t rgb;
    int16_t of256, of16;
    unsigned bits, mono; /* with colours, and without */
} looks[TB_N_STYLES] = {
    [TB_STYLE_PLAIN] = { OWN, OWN, OWN, 0, 0 },
    [TB_STYLE_DIM] = { 0x808080, 244, 8, 0, 0 },
    [TB_STYLE_STRONG] = { OWN, OWN, OWN, TB_STYLE_BOLD, TB_STYLE_BOLD },
    [TB_STYLE_HEAD] = { OWN, OWN, OWN, TB_STYLE_BOLD, TB_STYLE_BOLD },
    [TB_STYLE_RULE] = { 0x808080, 244, 8, 0, 0 },
    [TB_STYLE_TAB] = { OWN, OWN, OWN, 0, 0 },
    [TB_STYLE_TAB_ON] = { 0x3aa0d8, 74, 6, TB_STYLE_BOLD, TB_STYLE_BOLD },
    [TB_STYLE_KEY] = { 0x3aa0d8, 74, 6, 0, TB_STYLE_BOLD },
    [TB_STYLE_HINT] = { OWN, OWN, OWN, 0, 0 },
    [TB_STYLE_MESSAGE] = { OWN, OWN, OWN, 0, 0 },
    [TB_STYLE_GOOD] = { 0x2fa84f, 35, 2, 0, 0 },
    [TB_STYLE_WARN] = { 0xd79921, 172, 3, 0, TB_STYLE_UNDERLINE },
    [TB_STYLE_BAD] = { 0xd9534f, 167, 1, TB_STYLE_BOLD, TB_STYLE_BOLD },
    [TB_STYLE_LIVE] = { 0x2fa84f, 35, 2, 0, 0 },
    [TB_STYLE_MARK] = { 0xd79921, 172, 3, TB_STYLE_BOLD, TB_STYLE_BOLD },
    [TB_STYLE_FIELD] = { OWN, OWN, OWN, TB_STYLE_UNDERLINE, TB_STYLE_UNDERLINE },
    [TB_STYLE_MATCH] = { 0xd79921, 172, 3, TB_STYLE_BOLD, TB_STYLE_UNDERLINE },
    [TB_STYLE_SERIES + 0] = { 0x56b4e9, 74, 6, 0, 0 },
    [TB_STYLE_SERIES + 1] = { 0xe69f00, 214, 3, 0, 0 },
    [TB_STYLE_SERIES + 2] = { 0x009e73, 36, 2, 0, 0 },
    [TB_STYLE_SERIES + 3] = { 0xcc79a7, 175, 5, 0, 0 },
    [TB_STYLE_SERIES + 4] = { 0xd55e00, 166, 1, 0, 0 },
    [TB_STYLE_SERIES + 5] = { 0x0072b2, 33, 4, 0, 0 },
    [TB_STYLE_SERIES + 6] = { 0xf0e442, 185, 11, 0, 0 },
    [TB_STYLE_SERIES + 7] = { 0x999999, 246, 7, 0, 0 },
};

unsigned tb_tint_of(const char *run_id)
{
    uint32_t h = tb_fnv1a32(run_id, strlen(run_id));
    return (h ^ h >> 11 ^ h >> 22) % TB_TINTS; /* the low bits alone tell little */
}

struct tb_ink tb_theme_ink(enum tb_depth depth, unsigned style)
{
    unsigned name = style & TB_STYLE_NAME, bits = style & ~(unsigned)TB_STYLE_NAME;
    const struct look *l = &looks[name < TB_N_STYLES ? name : TB_STYLE_PLAIN];
    struct tb_ink ink = { OWN, OWN, bits | (depth == TB_DEPTH_MONO ? l->mono : l->bits) };
    if (depth == TB_DEPTH_TRUE)
        ink.fg = l->rgb;
    else if (depth != TB_DEPTH_MONO)
        ink.fg = depth == TB_DEPTH_256 ? l->of256 : l->of16;
    return ink;
}

bool tb_ink_is(struct tb_ink a, struct tb_ink b)
{
    return a.fg == b.fg && a.bg == b.bg && a.bits == b.bits;
}

bool tb_depth_named(const char *name, enum tb_depth *depth, struct tb_err *err)
{
    static const char *const names[] = { "mono", "16", "256", "true" };
    for (int i = 0; i < 4; i++)
        if (strcmp(name, names[i]) == 0) {
            *depth = (enum tb_depth)i;
            return true;
        }
    return tb_fail(err, TB_ERR_USAGE, "color '%.40s': expected mono, 16, 256 or true", name);
}

bool tb_glyphs_named(const char *name, enum tb_glyphs *glyphs, struct tb_err *err)
{
    return tb_glyphs_find(name, glyphs)
        || tb_fail(err, TB_ERR_USAGE, "glyphs '%.40s': expected braille, block or ascii", name);
}
