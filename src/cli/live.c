/* SPDX-License-Identifier: MIT */
/* live.c - progress of runs on stderr, and the table at the end on stdout. The terminal line is drawn at most ten
 * times a second; plain output tells the beginning, each evaluation, each tenth of the budget and the end. */
#include "cli/live.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/utf8.h"
#include "cli/pick.h"
#include "view/compare.h"
#include "view/fmt.h"

enum { BAR = 20 };

static void clear_line(struct tb_live *l)
{
    if (l->has_line)
        fputs("\r\033[K", stderr);
    l->has_line = false;
}

static void safe_name(char *dst, size_t n, const char *name)
{
    struct tb_buf b = { 0 };
    tb_utf8_safe(&b, name, strlen(name));
    tb_str_copy(dst, n, b.p ? b.p : "");
    tb_buf_free(&b);
}

static void on_begin(void *arg, const struct tb_job *j, const char *dir, int64_t from_step)
{
    struct tb_live *l = arg;
    char n[32], share[32], bytes[32];
    int64_t trained = tb_stack_trainable(j->stack);
    safe_name(l->name, sizeof l->name, tb_config_name(&j->config));
    l->n_steps = j->n_steps;
    l->n_tokens = j->n_tokens;
    l->first_step = from_step;
    l->first_s = -1;
    l->mean_loss = l->weight = 0;
    l->eval = NAN;
    l->tenth = 0;
    l->shown_s = 0;
    fprintf(stderr, "%s: %s trainable (%s of the base), %lld step%s, memory %s", l->name,
            tb_fmt_count(n, sizeof n, trained),
            tb_fmt_unit(share, sizeof share, TB_UNIT_SHARE, (double)trained / (double)j->base->model->n_params),
            (long long)j->n_steps, j->n_steps == 1 ? "" : "s",
            tb_fmt_unit(bytes, sizeof bytes, TB_UNIT_BYTES, (double)tb_job_bytes(j)));
    if (from_step)
        fprintf(stderr, "; goes on at step %lld", (long long)from_step);
    fputc('\n', stderr);
    if (!j->n_eval)
        fprintf(stderr, "%s: no row is held out: nothing will be compared; set eval = 0.1\n", l->name);
}

static double share_done(const struct tb_live *l, const struct tb_job *j, const struct tb_train_row *row)
{
    double share = j->seconds > 0 ? row->wall_s / j->seconds : row->step / (double)l->n_steps;
    return share < 1 ? share : 1;
}

/* Seconds left by the pace of this sitting, NaN at its start. */
static double left_s(struct tb_live *l, const struct tb_job *j, const struct tb_train_row *row)
{
    if (j->seconds > 0)
        return fmax(0, j->seconds - row->wall_s);
    if (l->first_s < 0) {
        l->first_s = row->wall_s;
        l->first_step = (int64_t)row->step;
        return NAN;
    }
    return (row->wall_s - l->first_s) / (row->step - (double)l->first_step) * ((double)l->n_steps - row->step);
}

/* The parts of the line, the most wanted first; as many as fit the terminal. */
static void draw(struct tb_live *l, const char *left)
{
    char part[5][96], bar[BAR + 1], n[32];
    int full = (int)(l->share * BAR), room = l->columns - (int)strlen(l->name) - 1;
    for (int i = 0; i < BAR; i++)
        bar[i] = i < full ? '#' : '.';
    bar[BAR] = '\0';
    snprintf(part[0], sizeof part[0], " %3.0f %%", 100 * l->share);
    snprintf(part[1], sizeof part[1], "  loss %.3f", l->mean_loss / l->weight);
    snprintf(part[2], sizeof part[2], "  eval %s", tb_fmt_unit(n, sizeof n, TB_UNIT_LOSS, l->eval));
    snprintf(part[3], sizeof part[3], "  %s", left);
    snprintf(part[4], sizeof part[4], "  %s tok/s", tb_fmt_unit(n, sizeof n, TB_UNIT_PLAIN, floor(l->tok_s)));
    fprintf(stderr, "\r\033[K%.*s", l->columns - 1, l->name);
    for (int i = 0; i < 5 && (room -= (int)strlen(part[i])) >= 0; i++)
        fputs(part[i], stderr);
    if (room >= BAR + 4)
        fprintf(stderr, "  [%s]", bar);
    fflush(stderr);
    l->has_line = true;
}

/* The width is asked for each time: it may change while a run lasts. */
static int terminal_width(void)
{
    struct winsize w;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : 80;
}

static void on_step(void *arg, const struct tb_job *j, const struct tb_train_row *row)
{
    struct tb_live *l = arg;
    double share = share_done(l, j, row), now = tb_clock_mono_s(), left = left_s(l, j, row);
    char time[32], text[48];
    l->mean_loss = 0.9 * l->mean_loss + 0.1 * row->loss;
    l->weight = 0.9 * l->weight + 0.1;
    if (l->is_terminal && (now - l->shown_s >= 0.1 || share >= 1)) {
        l->shown_s = now;
        l->share = share;
        l->tok_s = row->tok_per_s;
        l->columns = terminal_width();
        snprintf(text, sizeof text, "%s left", tb_fmt_unit(time, sizeof time, TB_UNIT_SECONDS, left));
        draw(l, share < 1 ? text : "evaluating");
    }
    if (!l->is_terminal && (int)(share * 10) > l->tenth) {
        l->tenth = (int)(share * 10);
        fprintf(stderr, "%s: %3.0f %%  step %.0f  loss %.3f  %.0f tok/s\n", l->name, 100 * share, row->step,
                l->mean_loss / l->weight, row->tok_per_s);
    }
}

static void on_eval(void *arg, const struct tb_job *j, const struct tb_eval_row *row)
{
    struct tb_live *l = arg;
    l->eval = row->loss;
    bool is_last = l->n_steps > 0 && (int64_t)row->step >= l->n_steps;
    char took[48], n[32];
    if (!l->is_terminal) {
        fprintf(stderr, "%s: eval %.4f at step %.0f\n", l->name, row->loss, row->step);
    } else if (is_last && l->has_line) {
        snprintf(took, sizeof took, "took %s", tb_fmt_unit(n, sizeof n, TB_UNIT_SECONDS, row->wall_s));
        draw(l, took);
        fputc('\n', stderr);
        l->has_line = false;
    }
}

static void on_note(void *arg, const struct tb_job *j, int64_t step, const char *kind, const char *text)
{
    struct tb_live *l = arg;
    clear_line(l);
    fprintf(stderr, "%s: %s at step %lld: %s\n", l->name, kind, (long long)step, text);
}

/* On the store thread, while another may draw its line: says it on a line of its own. */
static void on_trouble(void *arg, const char *words)
{
    const struct tb_live *l = arg;
    const char *before = l->is_terminal ? "\n" : "";
    struct tb_buf safe = { 0 };
    if (words)
        tb_utf8_safe(&safe, words, strlen(words));
    if (words)
        fprintf(stderr, "%s%s; tried again every 10 s, nothing is lost\n", before, safe.p ? safe.p : "");
    else
        fprintf(stderr, "%swriting works again; training goes on\n", before);
    tb_buf_free(&safe);
}

static void on_skipped(void *arg, const char *id, const char *name, enum tb_state state)
{
    char safe[96];
    safe_name(safe, sizeof safe, *name ? name : id);
    if (state == TB_STATE_RUNNING)
        fprintf(stderr, "%s: another process trains it; %s\n", safe,
                tb_train_wished() == TB_WISH_NONE ? "waiting" : "left to it");
    else if (tb_state_is_over(state))
        fprintf(stderr, "%s: is in the store already (%s), not trained again\n", safe, tb_state_name(state));
    else
        fprintf(stderr, "%s: left %s\n", safe, tb_state_name(state));
}

bool tb_live_open(struct tb_live *live, struct tb_worker_spec *spec, const struct tb_args *a, struct tb_err *err)
{
    const char *term = getenv("TERM");
    long threads;
    if (!tb_args_int(a, "threads", 1, 4096, 0, &threads, err))
        return false;
    *spec = (struct tb_worker_spec){ .store = tb_args_get(a, "store"), .again = tb_args_has(a, "again"),
                                     .threads = (int)threads, .argv = a->argv };
    *live = (struct tb_live){ .is_terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0 };
    spec->view = (struct tb_train_view){
        .arg = live, .begin = on_begin, .step = on_step, .eval = on_eval, .note = on_note, .trouble = on_trouble
    };
    spec->skipped = on_skipped;
    return true;
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

void tb_live_signals(void)
{
    struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    sigemptyset(&sa.sa_mask);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    sigaction(SIGUSR1, &sa, NULL);
    sa.sa_handler = SIG_IGN;
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
                                            "wall_s",          NULL };

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
        print_note(o, &note, r);
    tb_compare_note_free(&note);
    tb_table_free(&t);
    tb_store_close(s);
    free(ids);
    return good;
}
