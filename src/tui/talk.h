/* SPDX-License-Identifier: MIT */
/* talk.h - a conversation as a screen keeps it: what was asked, and what `chat --serve` answered (CONVERSATIONS in
 * man/tunebench.txt), turn by turn. JSON in, data out: no process and no cells are known here. Texts of answers are
 * made safe on the way in, so that a place in them is a place on the screen; newlines stay. */
#ifndef TB_TUI_TALK_H
#define TB_TUI_TALK_H

#include "base/buf.h"
#include "base/json.h"
#include "store/run.h"

enum { TB_TALK_SIDES = 3, TB_TALK_TURNS = 400, TB_TALK_TOP = 6 };

/* Who talks: runs are A and B; behind them is the bare base, "base", or both adapters as one stack, "mix". */
struct tb_talk_side {
    char letter[8], run[TB_RUN_ID], name[96], method[64];
    int64_t step, newer; /* of the loaded checkpoint, of a newer one; -1: none */
};

struct tb_talk_token {
    char text[64]; /* safe; "<end>" of the one that ends a text */
    double p, p_other; /* by the side that wrote it, by the other one; NaN: not known */
};

/* What one side said in a turn. */
struct tb_talk_text {
    bool is_asked, has_ended;
    struct tb_buf text;
    char stop[16]; /* eos, stop, max, context, cancelled */
    int64_t tokens;
    double seconds, tok_per_s, logprob, scale, perplexity; /* the last on the reference; NaN: not known */
    int64_t n_right, n_slots; /* n_slots 0: the prompt asks for no values */
    char *missing;            /* of these, "a, b"; NULL: none */
    struct tb_talk_token top[TB_TALK_TOP]; /* what could have stood at `at` of the turn's fork */
    int n_top;
};

enum tb_talk_vote { TB_VOTE_NONE, TB_VOTE_ASKED, TB_VOTE_KEPT };

struct tb_talk_turn {
    int64_t id, row; /* row -1: a prompt that was typed */
    char *prompt, *reference, *trouble; /* NULL: none */
    char run[2][TB_RUN_ID];             /* of the first two sides; "": the bare base */
    char who[TB_TALK_SIDES][128];       /* "lora-r8-s0 at step 400" */
    struct tb_talk_text text[TB_TALK_SIDES]; /* by side */
    bool has_begun, is_done, is_compared, is_identical;
    bool is_blind, is_swapped; /* it is not shown who is who; side B stands on the left */
    int64_t common, fork;      /* tokens; -1: they do not part */
    struct tb_talk_token token[2], base; /* at the fork; base: what it would say there, "" if not known */
    double kl;
    enum tb_talk_vote vote;
    char winner; /* 'a', 'b' or 't' */
};

struct tb_talk_row {
    int64_t id;
    char *prompt;
};

struct tb_talk {
    struct tb_talk_side side[TB_TALK_SIDES];
    int n_sides;
    char base[96];
    struct tb_talk_turn *turn;
    size_t n, cap;
    int64_t last_id;
    struct tb_talk_row *row; /* those held out */
    size_t n_rows;
    int n_open; /* questions that were not answered to their end */
};

/* What an answer was about: bits. */
enum { TB_TALK_SAID = 1, TB_TALK_READY = 2, TB_TALK_ROWS = 4, TB_TALK_DONE = 8, TB_TALK_TROUBLE = 16 };

void tb_talk_free(struct tb_talk *t);
void tb_talk_drop_rows(struct tb_talk *t); /* until they are asked for again */
/* Side i is the run, or with run NULL what `name` says, "base" or "mix"; as it is told before anybody answers. */
void tb_talk_seat(struct tb_talk *t, int i, const char *run, const char *name);
bool tb_talk_is_mix(const struct tb_talk_side *s);
/* A new turn, `sides` the bits of those asked; lent until the next. Beyond TB_TALK_TURNS the oldest goes. */
struct tb_talk_turn *tb_talk_add(struct tb_talk *t, const char *prompt, int64_t row, unsigned sides);
/* Takes an answer: bits of what it was. TROUBLE with *err: what was asked beside the turns cannot be answered. */
unsigned tb_talk_take(struct tb_talk *t, const struct tb_json *answer, struct tb_err *err);
/* Nobody answers any more: turns without an end say why. */
void tb_talk_break(struct tb_talk *t, const char *why);

/* Index of a side, -1 if there is none. */
int tb_talk_side(const struct tb_talk *t, const char *letter);
bool tb_talk_can_vote(const struct tb_talk_turn *t);  /* both first sides have said all they had to say */
bool tb_talk_is_pair(const struct tb_talk *t, const struct tb_talk_turn *turn); /* by those who talk now */
bool tb_talk_is_hidden(const struct tb_talk_turn *t); /* who is who, until it was voted */
/* Votes between the first two sides as the store counts them now and did before: turns that asked for one have it,
 * the last ones lose it again when there are fewer. */
void tb_talk_count(struct tb_talk *t, int64_t before, int64_t now);
/* From row `at` (an index; -1: before the first) `step` on, round about, to the next one that has another prompt than
 * `at` and on whose prompt those who talk now were voted on least often: a vote asked for twice is not blind. Its
 * index, -1 if there are no rows; *n_votes: how often that was (NULL: not asked). */
int64_t tb_talk_next_row(const struct tb_talk *t, int64_t at, int step, size_t *n_votes);
/* The byte where the token at the fork begins in the text of side 0 or 1; SIZE_MAX if there is no fork. */
size_t tb_talk_fork_byte(const struct tb_talk_turn *t, int side);

#endif
