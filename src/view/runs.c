/* SPDX-License-Identifier: MIT */
/* runs.c - what stands in each column of the table of runs. One table of names, one switch of
 * values; filters, sorting and every output go through both. */
#include "view/runs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

enum {
    ID,
    NAME,
    LETTER,
    STATE,
    ENDED_BY,
    METHOD,
    TRAINABLE,
    PARAMS,
    SHARE,
    SEED,
    LR,
    RATES,
    STEP,
    STEPS,
    TOKENS,
    BUDGET,
    UNIT,
    LOSS,
    FIRST_EVAL,
    EVAL,
    BEST_EVAL,
    BEST_STEP,
    FORGET,
    FORGET_BEFORE,
    FORGET_AFTER,
    TOK_S,
    PREDICTED,
    PEAK,
    ADAPTER,
    BASE,
    DATA,
    CREATED,
    AGE,
    DURATION,
    PID,
    BEAT,
    HASH,
    ARM,
    TAGS,
    NOTE,
    PROTECTED,
    ARCHIVED,
    CHANGES,
    WON,
    LOST,
    TIED,
    DAMAGE,
};

static const struct tb_run_column columns[] = {
    [ID] = { "id", "id", TB_UNIT_TEXT, "run id" },
    [NAME] = { "name", "name", TB_UNIT_TEXT, "name" },
    [LETTER] = { "letter", "", TB_UNIT_TEXT, "state as a letter: Q R P D S X=pruned F L, ! damaged" },
    [STATE] = { "state", "state", TB_UNIT_TEXT,
                "queued running paused done stopped pruned failed lost" },
    [ENDED_BY] = { "ended_by", "ended by", TB_UNIT_TEXT, "what ended it" },
    [METHOD] = { "method", "method", TB_UNIT_TEXT, "method, parts of a stack joined by +" },
    [TRAINABLE] = { "trainable", "trainable", TB_UNIT_COUNT, "trainable parameters" },
    [PARAMS] = { "params", "params", TB_UNIT_COUNT, "parameters of the base" },
    [SHARE] = { "share", "of base", TB_UNIT_SHARE, "trainable / base parameters" },
    [SEED] = { "seed", "seed", TB_UNIT_PLAIN, "seed" },
    [LR] = { "lr", "lr", TB_UNIT_RATE, "learning rate of the recipe" },
    [RATES] = { "rates", "lr of parts", TB_UNIT_TEXT, "learning rate of each part of a stack" },
    [STEP] = { "step", "step", TB_UNIT_PLAIN, "steps done" },
    [STEPS] = { "steps", "steps", TB_UNIT_PLAIN, "steps planned" },
    [TOKENS] = { "tokens", "tokens", TB_UNIT_SHORT, "tokens trained" },
    [BUDGET] = { "budget", "budget", TB_UNIT_SHORT, "budget in its own unit" },
    [UNIT] = { "budget_unit", "unit", TB_UNIT_TEXT, "tokens steps epochs minutes" },
    [LOSS] = { "loss", "loss", TB_UNIT_LOSS, "training loss of the last step" },
    [FIRST_EVAL] = { "first_eval", "eval@0", TB_UNIT_LOSS, "first evaluation loss" },
    [EVAL] = { "eval_loss", "eval", TB_UNIT_LOSS, "last evaluation loss" },
    [BEST_EVAL] = { "best_eval", "best", TB_UNIT_LOSS, "best evaluation loss" },
    [BEST_STEP] = { "best_step", "best at", TB_UNIT_PLAIN, "step of the best evaluation" },
    [FORGET] = { "forgot", "forgot", TB_UNIT_LOSS,
                 "change of the loss of the general text, after less before; above 0: it forgot" },
    [FORGET_BEFORE] = { "forget_before", "general@0", TB_UNIT_LOSS, "loss of the general text, of the base alone" },
    [FORGET_AFTER] = { "forget_after", "general", TB_UNIT_LOSS, "loss of the general text after training" },
    [TOK_S] = { "tok_s", "tok/s", TB_UNIT_PLAIN, "tokens per second of training, the mean" },
    [PREDICTED] = { "predicted", "predicted", TB_UNIT_BYTES, "peak memory as planned" },
    [PEAK] = { "peak", "peak", TB_UNIT_BYTES, "peak memory as measured" },
    [ADAPTER] = { "adapter", "adapter", TB_UNIT_BYTES, "size of the adapter" },
    [BASE] = { "base", "base", TB_UNIT_TEXT, "base model" },
    [DATA] = { "data", "data", TB_UNIT_TEXT, "data" },
    [CREATED] = { "created", "created", TB_UNIT_TEXT, "UTC" },
    [AGE] = { "age", "age", TB_UNIT_SECONDS, "since it was created" },
    [DURATION] = { "duration", "took", TB_UNIT_SECONDS, "seconds of training; waiting and pauses left out" },
    [PID] = { "pid", "pid", TB_UNIT_PLAIN, "process of the worker that has it, 0 if none" },
    [BEAT] = { "beat", "beat", TB_UNIT_SECONDS, "age of the heartbeat" },
    [HASH] = { "final_hash", "hash", TB_UNIT_TEXT, "hash of the final adapter" },
    [ARM] = { "arm", "arm", TB_UNIT_TEXT, "the same for runs that differ in nothing but their seed" },
    [TAGS] = { "tags", "tags", TB_UNIT_TEXT, "tags" },
    [NOTE] = { "note", "note", TB_UNIT_TEXT, "a person's note, else that of the last change of state" },
    [PROTECTED] = { "protected", "protected", TB_UNIT_TEXT, "yes: no automatic act ends it or removes anything of it" },
    [ARCHIVED] = { "archived", "archived", TB_UNIT_TEXT, "yes: put away, listed on request" },
    [CHANGES] = { "changes", "changed", TB_UNIT_PLAIN, "keys changed while it was under way" },
    [WON] = { "votes_won", "won", TB_UNIT_PLAIN, "votes for it against others" },
    [LOST] = { "votes_lost", "lost", TB_UNIT_PLAIN, "votes for others against it" },
    [TIED] = { "votes_tied", "tied", TB_UNIT_PLAIN, "votes for neither" },
    [DAMAGE] = { "damage", "damage", TB_UNIT_TEXT, "why the run cannot be read" },
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };

static const char *const aliases[][2] = {
    { "status", "state" }, { "eval", "eval_loss" }, { "eval/loss", "eval_loss" },
    { "last eval/loss", "eval_loss" }, { "first eval/loss", "first_eval" },
    { "min eval/loss", "best_eval" }, { "best", "best_eval" }, { "min eval/loss step", "best_step" },
    { "train/loss", "loss" }, { "tag", "tags" }, { "optim.lr", "lr" }, { "method.kind", "method" },
    { "hash", "final_hash" }, { "budget.n", "budget" }, { "budget.unit", "budget_unit" },
    { "adapter_bytes", "adapter" }, { "peak_bytes", "peak" }, { "predicted_bytes", "predicted" },
    { "n_trainable", "trainable" }, { "wall_s", "duration" }, { "best_eval/loss", "best_eval" },
    { "forget/loss", "forget_after" },
};

const struct tb_run_column *tb_run_column_at(size_t i)
{
    return i < N_COLUMNS ? &columns[i] : NULL;
}

int tb_run_column_named(const char *name)
{
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strcmp(aliases[i][0], name) == 0)
            name = aliases[i][1];
    for (int i = 0; i < N_COLUMNS; i++)
        if (strcmp(columns[i].name, name) == 0)
            return i;
    return -1;
}

int tb_run_column_find(const char *name, const char *what, struct tb_err *err)
{
    const char *names[N_COLUMNS + 1] = { NULL };
    int column = tb_run_column_named(name);
    if (column >= 0)
        return column;
    for (int i = 0; i < N_COLUMNS; i++)
        names[i] = columns[i].name;
    const char *near = tb_str_nearest(name, names);
    tb_fail(err, TB_ERR_USAGE, "%sno column '%.80s'%s%s%s; `tunebench ls --cols help` lists them", what, name,
            near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
    return -1;
}

static time_t time_of(const char *iso)
{
    struct tm tm = { 0 };
    const char *end = strptime(iso, "%Y-%m-%dT%H:%M:%S", &tm);
    return end && strcmp(end, "Z") == 0 ? timegm(&tm) : -1;
}

static double age_s(const struct tb_run_item *item)
{
    time_t from = time_of(item->sum.created);
    double age = (double)(tb_clock_wall_ns() / 1000000000) - (double)from;
    return from < 0 || age < 0 ? NAN : age;
}

double tb_run_duration_s(const struct tb_run_item *item)
{
    return item->sum.wall_s > 0 ? item->sum.wall_s : NAN;
}

double tb_run_tok_s(const struct tb_run_item *item)
{
    return item->sum.wall_s > 0 ? floor((double)item->sum.tokens / item->sum.wall_s + 0.5) : NAN;
}

double tb_run_left_s(const struct tb_run_summary *s)
{
    bool is_known = s->n_steps > 0 && s->step > 0 && s->wall_s > 0 && s->step <= s->n_steps;
    return is_known ? s->wall_s / (double)s->step * (double)(s->n_steps - s->step) : NAN;
}

static struct tb_cell text(const char *s)
{
    return (struct tb_cell){ .type = *s ? TB_CELL_TEXT : TB_CELL_NONE, .s = (char *)s };
}

static struct tb_cell integer(int64_t v)
{
    return (struct tb_cell){ .type = v < 0 ? TB_CELL_NONE : TB_CELL_INT, .i = v };
}

static struct tb_cell real(double v)
{
    return (struct tb_cell){ .type = TB_CELL_REAL, .r = v };
}

static const char *letter(const struct tb_run_item *item)
{
    return item->sum.damage[0] ? "!" : tb_state_letter(item->sight.state);
}

static struct tb_cell text_column(const struct tb_run_item *item, int column)
{
    const struct tb_run_summary *s = &item->sum;
    struct tb_cell c;
    switch (column) {
    case ID: return text(s->id);
    case NAME: return text(s->name);
    case LETTER: return text(letter(item));
    case STATE: return text(s->damage[0] ? "damaged" : tb_state_name(item->sight.state));
    case ENDED_BY: return text(s->ended_by);
    case METHOD: return text(s->method);
    case BASE: return text(s->base);
    case DATA: return text(s->data);
    case UNIT: return text(s->budget_unit);
    case CREATED: return text(s->created);
    case HASH: return text(s->final_hash);
    case ARM: return text(s->arm);
    case NOTE: return text(s->note);
    case PROTECTED: return text(s->is_protected ? "yes" : "no");
    case ARCHIVED: return text(s->is_archived ? "yes" : "no");
    case DAMAGE: return text(s->damage);
    default:
        c = text(column == RATES ? s->rates : s->tags);
        c.type = TB_CELL_LIST;
        return c;
    }
}

static bool has_votes(const struct tb_run_summary *s)
{
    return s->votes_won || s->votes_lost || s->votes_tied;
}

struct tb_cell tb_run_cell(const struct tb_run_item *item, int column)
{
    const struct tb_run_summary *s = &item->sum;
    if (columns[column].unit == TB_UNIT_TEXT)
        return text_column(item, column);
    if (s->damage[0])
        return (struct tb_cell){ .type = TB_CELL_NONE };
    switch (column) {
    case TRAINABLE: return integer(s->n_trainable);
    case PARAMS: return integer(s->n_params);
    case SHARE: return real(s->share);
    case SEED: return integer(s->seed);
    case LR: return (struct tb_cell){ .type = TB_CELL_REAL, .r = s->lr, .s = *s->rates ? (char *)s->rates : NULL };
    case STEP: return integer(s->step);
    case STEPS: return integer(s->n_steps);
    case TOKENS: return integer(s->tokens);
    case BUDGET: return integer(s->budget);
    case LOSS: return real(s->loss);
    case FIRST_EVAL: return real(s->first_eval);
    case EVAL: return real(s->last_eval);
    case BEST_EVAL: return real(s->best_eval);
    case BEST_STEP: return integer(s->best_step);
    case FORGET: return real(s->forget_after - s->forget_before);
    case FORGET_BEFORE: return real(s->forget_before);
    case FORGET_AFTER: return real(s->forget_after);
    case TOK_S: return real(tb_run_tok_s(item));
    case PREDICTED: return integer(s->predicted_bytes);
    case PEAK: return integer(s->peak_bytes);
    case ADAPTER: return integer(s->adapter_bytes);
    case AGE: return real(age_s(item));
    case DURATION: return real(tb_run_duration_s(item));
    case CHANGES: return integer(s->n_changes ? s->n_changes : -1);
    case WON: return integer(has_votes(s) ? s->votes_won : -1);
    case LOST: return integer(has_votes(s) ? s->votes_lost : -1);
    case TIED: return integer(has_votes(s) ? s->votes_tied : -1);
    case PID: return integer(item->sight.pid);
    default: return real(item->sight.beat_s < 0 ? NAN : item->sight.beat_s);
    }
}

const char tb_runs_usual[] = "id,name,state,method,trainable,share,step,steps,loss,eval_loss,"
                             "best_eval,age";

enum { MAX_CHOSEN = 64 };

/* One of "eval_loss", "min eval/loss as best"; the text stays in the column's name. */
static bool choose_one(char *word, struct tb_table_column *head, int *column, struct tb_err *err)
{
    char *as = strstr(word, " as ");
    word += strspn(word, " ");
    for (size_t n = strlen(word); n && word[n - 1] == ' '; n--)
        word[n - 1] = '\0';
    if (as)
        *as = '\0';
    *column = tb_run_column_find(word, "", err);
    if (*column < 0)
        return false;
    const struct tb_run_column *c = &columns[*column];
    *head = (struct tb_table_column){ as ? as + 4 : c->name, as ? as + 4 : c->title, c->unit, false };
    return true;
}

/* "a,b,c", which is cut into words, as column numbers and heads; their count, 0 on failure. */
static size_t choose(char *names, int *chosen, struct tb_table_column *head, struct tb_err *err)
{
    size_t n = 0;
    for (char *word; (word = strsep(&names, ","));) {
        if (n == MAX_CHOSEN)
            return tb_fail(err, TB_ERR_USAGE, "more than %d columns", MAX_CHOSEN);
        if (!choose_one(word, &head[n], &chosen[n], err))
            return 0;
        n++;
    }
    return n;
}

bool tb_runs_table(struct tb_table *t, const struct tb_run_item *items, const size_t *order,
                   size_t n, const char *names, struct tb_err *err)
{
    int chosen[MAX_CHOSEN];
    struct tb_table_column head[MAX_CHOSEN];
    char *copy = tb_xstrdup(names ? names : tb_runs_usual);
    size_t n_columns = choose(copy, chosen, head, err);
    tb_table_init(t, head, n_columns);
    t->names = copy;
    for (size_t i = 0; n_columns && i < n * n_columns; i++) {
        size_t row = i / n_columns;
        struct tb_cell cell = tb_run_cell(&items[order ? order[row] : row], chosen[i % n_columns]);
        tb_table_cell(t, &cell);
    }
    return n_columns > 0;
}
