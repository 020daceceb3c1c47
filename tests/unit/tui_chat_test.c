/* SPDX-License-Identifier: MIT */
/* Chat at all sizes: its parts lie apart and fill the screen, the conversation and the prompt are always there, columns
 * are never too narrow to be read. */
#include "tests/tap.h"
#include "tui/chat_priv.h"

static bool holds(int width, int height, int notice)
{
    struct chat_layout l = tb_chatbox_layout(width, height, notice);
    const struct tb_rect part[] = { l.head, l.facts, l.talk, l.notice, l.tally, l.prompt };
    int used = (l.rule[0] >= 0) + (l.rule[1] >= 0);
    for (int i = 0; i < 6; i++) {
        used += part[i].height;
        if (part[i].y < 0 || part[i].y + part[i].height > height || (part[i].height && part[i].width != width))
            return false;
        for (int k = 0; k < i; k++)
            if (part[i].height && part[k].height && part[i].y < part[k].y + part[k].height
                && part[k].y < part[i].y + part[i].height)
                return false;
        if (part[i].height && (tb_rect_has(part[i], 0, l.rule[0]) || tb_rect_has(part[i], 0, l.rule[1])))
            return false;
    }
    return used == height && l.talk.height >= 3 && l.prompt.height == 1 && l.notice.height <= 3;
}

static void test_layout(void)
{
    int wrong = 0;
    for (int width = 60; width <= 400; width += 17)
        for (int height = 11; height <= 116; height++)
            for (int notice = 0; notice <= 9; notice++)
                wrong += !holds(width, height, notice);
    is_int(wrong, 0, "parts lie apart and fill the screen from 60x11 to 400x116");
}

static void test_columns(void)
{
    struct chat_state st = { .third = CHAT_BASE };
    int narrow = 0, lost = 0;
    tb_talk_seat(&st.talk, 0, "1111", "lora");
    tb_talk_seat(&st.talk, 1, "2222", "prefix");
    tb_talk_seat(&st.talk, 2, NULL, "base");
    for (int width = 60; width <= 400; width++) {
        unsigned seen = 0;
        for (st.column = 0; st.column < 6; st.column++) {
            struct chat_columns k = tb_chatbox_columns(&st, width);
            for (int i = 0; i < k.n_seen; i++) {
                narrow += k.at[i].width < 30 || k.at[i].x + k.at[i].width > width;
                seen |= 1u << tb_chatbox_side_at(&k, NULL, i);
            }
        }
        lost += seen != 7;
    }
    is_int(narrow, 0, "columns are 30 wide at least");
    is_int(lost, 0, "tab leads to each of three");
    is_int(tb_chatbox_columns(&st, 60).n_seen, 1, "60 columns: one at a time");
    is_int(tb_chatbox_columns(&st, 80).n_seen, 2, "80: two");
    is_int(tb_chatbox_columns(&st, 100).n_seen, 3, "100: three");
    st.third = CHAT_NOBODY;
    st.column = 0;
    is_int(tb_chatbox_columns(&st, 200).n, 2, "without the base there are two");
    struct tb_talk_turn swapped = { .is_swapped = true };
    struct chat_columns k = tb_chatbox_columns(&st, 80);
    ok(tb_chatbox_side_at(&k, &swapped, 0) == 1 && tb_chatbox_side_at(&k, &swapped, 1) == 0, "sides that are swapped");
}

int main(void)
{
    test_layout();
    test_columns();
    return done();
}
