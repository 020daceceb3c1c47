/* SPDX-License-Identifier: MIT */
/* live.c - progress of runs on stderr, and the table at the end on stdout. The lines of a terminal, one for each run in
 * flight, are drawn at most ten times a second; plain output tells the beginning, each evaluation, each tenth of the
 * budget and the end. */
#include "cli/live.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "cli/pick.h"
#include "cli/show_scores.h"
#include "view/compare.h"
#include "view/fmt.h"
#include "worker/bound.h"

enum { BAR = 20 };

static struct tb_lane *lane_of(struct tb_live *l, const void *key)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->lane[i].key == key)
            return &l->lane[i];
    return NULL;
}

/* Takes the lines of runs in flight away, so that words can be said where they stood. */
static void clear_lines(struct tb_live *l)
{
    if (l->n_drawn)
        fprintf(stderr, "\033[%dA\r\033[J", l->n_drawn);
    l->n_drawn = 0;
}

static void safe_name(char *dst, size_t n, const char *name)
{
    struct tb_buf b = { 0 };
    tb_utf8_safe(&b, name, strlen(name));
    tb_str_copy(dst, n, b.p ? b.p : "");
    tb_buf_free(&b);
}

void tb_live_begin(struct tb_live *l, const void *key, const struct tb_live_facts *f)
{
    char n[32], share[32], bytes[32];
    struct tb_lane *lane = lane_of(l, key);
    clear_lines(l);
    if (!lane) {
        l->lane = tb_grow(l->lane, l->n, &l->cap, sizeof *l->lane);
        lane = &l->lane[l->n++];
    }
    *lane = (struct tb_lane){ .key = key, .n_steps = f->n_steps, .seconds = f->seconds, .first_s = -1,
                              .first_step = f->from_step, .eval = NAN };
    safe_name(lane->name, sizeof lane->name, f->name);
    fprintf(stderr, "%s: %s trainable (%s of the base), %lld step%s, memory %s%s", lane->name,
            tb_fmt_count(n, sizeof n, f->n_trainable), tb_fmt_unit(share, sizeof share, TB_UNIT_SHARE, f->share),
            (long long)f->n_steps, f->n_steps == 1 ? "" : "s",
            tb_fmt_unit(bytes, sizeof bytes, TB_UNIT_BYTES, (double)f->bytes),
            strcmp(f->memory, "small") == 0 ? " (small)" : "");
    if (f->from_step)
        fprintf(stderr, "; goes on at step %lld", (long long)f->from_step);
    fputc('\n', stderr);
    if (!f->n_eval)
        fprintf(stderr, "%s: no row is held out: nothing will be compared; set eval = 0.1\n", lane->name);
}

static double share_done(const struct tb_lane *l, const struct tb_train_row *row)
{
    double share = l->seconds > 0 ? row->wall_s / l->seconds : row->step / (double)l->n_steps;
    return share < 1 ? share : 1;
}

/* Seconds of its own training that are left by the pace of this sitting, NaN at its start. */
static double left_s(struct tb_lane *l, const struct tb_train_row *row)
{
    if (l->seconds > 0)
        return fmax(0, l->seconds - row->wall_s);
    if (l->first_s < 0) {
        l->first_s = row->wall_s;
        l->first_step = (int64_t)row->step;
        return NAN;
    }
    return (row->wall_s - l->first_s) / (row->step - (double)l->first_step) * ((double)l->n_steps - row->step);
}

/* The parts of a lane's line, the most wanted first; as many as fit the terminal. */
static void draw_lane(const struct tb_lane *l, int columns)
{
    char part[5][96], bar[BAR + 1], n[32];
    int full = (int)(l->share * BAR), room = columns - (int)strlen(l->name) - 1;
    for (int i = 0; i < BAR; i++)
        bar[i] = i < full ? '#' : '.';
    bar[BAR] = '\0';
    snprintf(part[0], sizeof part[0], " %3.0f %%", 100 * l->share);
    snprintf(part[1], sizeof part[1], "  loss %.3f", l->mean_loss / l->weight);
    snprintf(part[2], sizeof part[2], "  eval %s", tb_fmt_unit(n, sizeof n, TB_UNIT_LOSS, l->eval));
    snprintf(part[3], sizeof part[3], "  %s", l->left);
    snprintf(part[4], sizeof part[4], "  %s tok/s", tb_fmt_unit(n, sizeof n, TB_UNIT_PLAIN, floor(l->tok_s)));
    fprintf(stderr, "%.*s", columns - 1, l->name);
    for (int i = 0; i < 5 && (room -= (int)strlen(part[i])) >= 0; i++)
        fputs(part[i], stderr);
    if (room >= BAR + 4)
        fprintf(stderr, "  [%s]", bar);
    fputc('\n', stderr);
}

/* Asked for each time: it may change while a run lasts. */
static struct winsize size_now(void)
{
    struct winsize w;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 && w.ws_row > 0)
        return w;
    return (struct winsize){ .ws_col = 80, .ws_row = 24 };
}

static void draw_lines(struct tb_live *l)
{
    struct winsize w = size_now();
    clear_lines(l);
    for (size_t i = 0; i < l->n && l->n_drawn < w.ws_row - 2; i++)
        if (l->lane[i].weight > 0) {
            draw_lane(&l->lane[i], w.ws_col);
            l->n_drawn++;
        }
    fflush(stderr);
    l->shown_s = tb_clock_mono_s();
}

void tb_live_step(struct tb_live *l, const void *key, const struct tb_train_row *row)
{
    struct tb_lane *lane = lane_of(l, key);
    char time[32];
    if (!lane)
        return;
    double left = left_s(lane, row);
    lane->share = share_done(lane, row);
    lane->tok_s = row->tok_per_s;
    lane->mean_loss = 0.9 * lane->mean_loss + 0.1 * row->loss;
    lane->weight = 0.9 * lane->weight + 0.1;
    if (lane->share < 1)
        snprintf(lane->left, sizeof lane->left, "%s left", tb_fmt_unit(time, sizeof time, TB_UNIT_SECONDS, left));
    else
        snprintf(lane->left, sizeof lane->left, "evaluating");
    if (l->is_terminal && tb_clock_mono_s() - l->shown_s >= 0.1)
        draw_lines(l);
    if (!l->is_terminal && (int)(lane->share * 10) > lane->tenth) {
        lane->tenth = (int)(lane->share * 10);
        fprintf(stderr, "%s: %3.0f %%  step %.0f  loss %.3f  %.0f tok/s\n", lane->name, 100 * lane->share, row->step,
                lane->mean_loss / lane->weight, row->tok_per_s);
    }
}

void tb_live_eval(struct tb_live *l, const void *key, const struct tb_eval_row *row)
{
    struct tb_lane *lane = lane_of(l, key);
    char n[32];
    if (!lane)
        return;
    lane->eval = row->loss;
    if (lane->share >= 1)
        snprintf(lane->left, sizeof lane->left, "took %s", tb_fmt_unit(n, sizeof n, TB_UNIT_SECONDS, row->wall_s));
    if (!l->is_terminal)
        fprintf(stderr, "%s: eval %.4f at step %.0f\n", lane->name, row->loss, row->step);
}

void tb_live_note(struct tb_live *l, const void *key, int64_t step, const char *kind, const char *text)
{
    const struct tb_lane *lane = lane_of(l, key);
    char safe[400];
    safe_name(safe, sizeof safe, text);
    clear_lines(l);
    if (lane)
        fprintf(stderr, "%s: %s at step %lld: %s\n", lane->name, kind, (long long)step, safe);
    else
        fprintf(stderr, "%s: %s\n", kind, safe);
}

/* On a terminal its last line stays above those of the others. */
void tb_live_end(struct tb_live *l, const void *key, enum tb_state state)
{
    struct tb_lane *lane = lane_of(l, key);
    if (!lane)
        return;
    if (l->is_terminal && lane->weight > 0) {
        clear_lines(l);
        if (state != TB_STATE_DONE)
            snprintf(lane->left, sizeof lane->left, "%s", tb_state_name(state));
        draw_lane(lane, size_now().ws_col);
    }
    size_t i = (size_t)(lane - l->lane);
    memmove(lane, lane + 1, (l->n - i - 1) * sizeof *lane);
    l->n--;
    if (l->is_terminal)
        draw_lines(l);
}

/* ---- the same, told by training in this process */
static void on_begin(void *arg, const struct tb_job *j, const char *dir, int64_t from_step)
{
    int64_t trained = tb_stack_trainable(j->stack);
    struct tb_live_facts f = { .name = tb_config_name(&j->config), .memory = j->spec.recompute ? "small" : "fast",
                               .n_trainable = trained,
                               .share = (double)trained / (double)j->base->model->n_params, .n_steps = j->n_steps,
                               .seconds = j->seconds, .bytes = (int64_t)tb_job_bytes(j), .n_eval = j->n_eval,
                               .from_step = from_step };
    char *excess = tb_bound_excess(j->stack);
    f.excess = excess;
    tb_live_begin(arg, j, &f);
    free(excess);
}

static void on_step(void *arg, const struct tb_job *j, const struct tb_train_row *row)
{
    tb_live_step(arg, j, row);
}

static void on_eval(void *arg, const struct tb_job *j, const struct tb_eval_row *row)
{
    tb_live_eval(arg, j, row);
}

static void on_note(void *arg, const struct tb_job *j, int64_t step, const char *kind, const char *text)
{
    tb_live_note(arg, j, step, kind, text);
}

static void on_end(void *arg, const struct tb_job *j, enum tb_state state)
{
    tb_live_end(arg, j, state);
}

static void say_trouble(const char *words)
{
    struct tb_buf safe = { 0 };
    if (words)
        tb_utf8_safe(&safe, words, strlen(words));
    if (words)
        fprintf(stderr, "%s; tried again every 10 s, nothing is lost\n", safe.p ? safe.p : "");
    else
        fputs("writing works again; training goes on\n", stderr);
    tb_buf_free(&safe);
}

/* On the store thread, while another may draw its lines: says it on a line of its own. */
static void on_trouble(void *arg, const char *words)
{
    (void)arg;
    say_trouble(words);
}

void tb_live_trouble(struct tb_live *l, const char *words)
{
    clear_lines(l);
    say_trouble(words);
}

void tb_live_put_back(void *arg, const char *id, const char *name, const char *words)
{
    char safe[96], safe_words[300];
    safe_name(safe, sizeof safe, *name ? name : id);
    safe_name(safe_words, sizeof safe_words, words);
    clear_lines(arg);
    fprintf(stderr, "%s: %s\n", safe, safe_words);
}

void tb_live_skipped(void *arg, const char *id, const char *name, enum tb_state state)
{
    char safe[96];
    safe_name(safe, sizeof safe, *name ? name : id);
    clear_lines(arg);
    if (tb_state_is_over(state))
        fprintf(stderr, "%s: is in the store already (%s), not trained again%s%.8s\n", safe, tb_state_name(state),
                state == TB_STATE_DONE ? "" : "; to try it once more: tunebench resume ",
                state == TB_STATE_DONE ? "" : id);
    else
        fprintf(stderr, "%s: another process trains it; waiting\n", safe);
}

bool tb_live_open(struct tb_live *live, struct tb_worker_spec *spec, const struct tb_args *a, struct tb_err *err)
{
    static const char *const modes[] = { "auto", "fast", "small", NULL };
    const char *term = getenv("TERM"), *memory;
    long threads, in_flight;
    if (!tb_args_int(a, "threads", 1, 4096, 0, &threads, err)
        || !tb_args_choice(a, "memory", modes, NULL, &memory, err)
        || !tb_args_int(a, "in-flight", 1, TB_WORKER_MOST_IN_FLIGHT, 0, &in_flight, err))
        return false;
    *spec = (struct tb_worker_spec){ .store = tb_args_get(a, "store"), .again = tb_args_has(a, "again"),
                                     .threads = (int)threads, .memory = memory, .in_flight = (int)in_flight,
                                     .argv = a->argv };
    *live = (struct tb_live){ .is_terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0 };
    spec->view = (struct tb_train_view){
        .arg = live, .begin = on_begin, .step = on_step, .eval = on_eval, .note = on_note, .end = on_end,
        .trouble = on_trouble
    };
    spec->skipped = tb_live_skipped;
    spec->put_back = tb_live_put_back;
    return true;
}

void tb_live_close(struct tb_live *live)
{
    free(live->lane);
    live->lane = NULL;
    live->n = live->cap = 0;
}

static volatile sig_atomic_t interrupts, yields;

static void on_signal(int sig)
{
    static const char words[] = "\nstopping after this step (the run keeps a checkpoint); once more to leave at once\n";
    if (sig != SIGINT) {
        yields = 1;
        tb_train_wish(TB_WISH_YIELD);
        return;
    }
    if (interrupts++)
        _exit(130);
    tb_train_wish(TB_WISH_STOP);
    ssize_t n = write(STDERR_FILENO, words, sizeof words - 1);
    (void)n;
}

void tb_live_signals(bool is_worker)
{
    struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    sigemptyset(&sa.sa_mask);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    sigaction(SIGUSR1, &sa, NULL);
    sa.sa_handler = SIG_IGN;
    if (is_worker) /* a client that only looks on goes with its terminal */
        sigaction(SIGHUP, &sa, NULL);
    sigaction(SIGPIPE, &sa, NULL);
    sigaction(SIGXFSZ, &sa, NULL); /* a limit on file sizes is a full disk */
}

int tb_live_exit(const struct tb_worker_result *r)
{
    if (interrupts)
        return 130;
    if (yields)
        return 75;
    if (r->n_failed || r->n_unfinished)
        return 5;
    return r->n_busy ? 75 : 0;
}

/* Columns that a narrow terminal does without, the first ones first. */
static const char *const missed_least[] = { "predicted_bytes", "best_eval", "adapter_bytes", "first_eval",
                                            "spark",           "peak_bytes", "share",        "tok_s",
                                            "tokens",          "wall_s",     NULL };

static void print_verdict(const struct tb_out *o, const struct tb_verdict *v)
{
    const char *const words[][2] = { { "verdict", v->result }, { "cost", v->cost }, { "but", v->but },
                                     { "doubt", v->doubt }, { "settle", v->settle } };
    if (v->result && *v->result)
        fputc('\n', stdout);
    for (int i = 0; i < 5 && v->result && *v->result; i++)
        if (*words[i][1])
            tb_out_words(o, 7, words[i][0], words[i][1]);
}

/* What the last column but a few means, what follows from it, and what is left to do. */
static void print_note(const struct tb_out *o, const struct tb_compare_note *n, const struct tb_worker_result *r)
{
    const char *seeds = n->n_seeds > 1 ? n->is_by_seed ? " and seeds (seed against seed, widened for so few)"
                                                       : " and seeds (of each arm, widened for so few)" : "";
    if (n->n_rows)
        printf("\neval: nats per label token of held-out rows%s. Differences of the last evaluations on the same "
               "%zu rows of %zu prompts,\n"
               "with the 95 %% interval of resampled prompts%s; below 0 is better than the reference%s.\n",
               n->n_seeds > 1 ? ", means over seeds, +- their deviation" : "", n->n_rows, n->n_prompts, seeds,
               !n->n_seeds && n->n_references > 1 ? " (the first run of the same seed)" : "");
    print_verdict(o, &n->verdict);
    if (r->n_unfinished)
        printf("\n%zu of %zu runs are unfinished; go on with: tunebench resume --all\n", r->n_unfinished, r->n);
}

bool tb_live_compare(const struct tb_out *o, const struct tb_args *a, const struct tb_worker_result *r,
                     struct tb_err *err)
{
    const char **ids = calloc(r->n + 1, sizeof *ids);
    struct tb_store *s = ids ? tb_pick_store(a, err) : NULL;
    struct tb_compare_note note = { 0 };
    struct tb_compare_spec spec = { .how = o->form, .is_ascii = o->is_ascii, .has_runs = tb_args_has(a, "runs") };
    struct tb_table t = { 0 };
    bool is_text = o->form == TB_EMIT_TEXT;
    for (size_t i = 0; s && i < r->n; i++)
        ids[i] = r->run[i].id;
    bool good = s && tb_arms_by_named(tb_args_get(a, "group"), &spec.by, err);
    if (spec.by == TB_ARMS_AUTO && !is_text)
        spec.by = TB_ARMS_SINGLE; /* a line a run, whatever the seeds: a program that wants means asks */
    good = good && tb_compare_table(&t, s, ids, r->n, &spec, &note, err);
    if (good) {
        fputs(is_text ? "\n" : "", stdout);
        tb_out_table_fit(o, &t, missed_least);
    }
    if (good && is_text)
        tb_scores_print(o, s, ids, r->n);
    if (good && is_text)
        print_note(o, &note, r);
    tb_compare_note_free(&note);
    tb_table_free(&t);
    tb_store_close(s);
    free(ids);
    return good;
}
