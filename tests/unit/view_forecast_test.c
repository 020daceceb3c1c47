/* SPDX-License-Identifier: MIT */
/* Answers of plan --json: sums over runs, what is in the store already, errors, answers that make no sense. */
#include "view/forecast.h"

#include "tests/tap.h"

static struct tb_err err;

static bool read(struct tb_forecast *f, const char *text)
{
    err = (struct tb_err){ 0 };
    return tb_forecast_read(f, tb_json_parse(text, strlen(text), "test", NULL), &err);
}

#define RUN(id, method, state, est, peak) \
    "{\"id\": \"" id "\", \"name\": \"" id "-s0\", \"method\": \"" method "\", \"state\": \"" state "\"," \
    " \"memory\": \"fast\"," \
    " \"lr\": 0.01, \"n_trainable\": 1000, \"n_steps\": 10, \"n_tokens\": 5000, \"share\": 0.01, \"est_s\": " est "," \
    " \"est_is_measured\": true, \"predicted_bytes\": " peak ", \"free_bytes\": 1000," \
    " \"predicted\": {\"weights\": 100, \"fixed\": 50, \"activations\": 400}, \"data\": {\"n_rows\": 7}}"

static void sums(void)
{
    struct tb_forecast f;
    struct tb_forecast_part part[8];
    bool good = read(&f, "{\"n_same\": 1, \"runs\": [" RUN("a", "lora", "new", "10", "600")
                         ", " RUN("b", "lora", "done", "20", "900")
                         ", " RUN("c", "prompt", "running", "30.5", "500") "]}");
    ok(good, "an answer is read: %s", err.text);
    is_int(f.n, 3, "three runs");
    is_int(f.n_new, 2, "one of them is over; one that runs is not");
    is_int(f.n_there, 1, "it is there");
    is_int(f.n_same, 1, "one was written twice");
    near(f.est_s, 40.5, 1e-12, "time of those that are left");
    is_int(f.n_tokens, 10000, "and their tokens");
    is_int(f.peak_bytes, 900, "memory of the largest");
    is_int(f.together_bytes, 150 + 450 + 350, "together: the base and the process once");
    is_int(f.disk_bytes, 2 * 1000 * 4 * 7, "checkpoints of two runs");
    is_int(f.n_arms, 2, "two methods");
    ok(f.arm[0].n == 2 && f.arm[0].n_new == 1 && f.arm[1].first == 2, "LoRA has two runs, one of them new");
    ok(f.is_measured && f.run[0].fits && !f.run[1].is_new, "measured; the process is there already");
    is_str(f.run[0].lr, "0.01", "its rate");
    is_int(tb_forecast_parts(&f, 0, part, 8), 3, "three components");
    ok(strcmp(part[0].name, "activations") == 0 && part[0].bytes == 400 && part[2].bytes == 50, "largest first");
    is_int(tb_json_int(tb_json_get(f.data, "n_rows"), 0), 7, "facts of the data");
    tb_forecast_free(&f);
}

static void oddities(void)
{
    struct tb_forecast f;
    ok(read(&f, "{\"runs\": []}") && f.n == 0 && f.together_bytes == 0, "no runs");
    tb_forecast_free(&f);
    ok(read(&f, "{\"runs\": [3, {\"est_s\": null, \"lrs\": [0.1, 0.01], \"state\": \"stopped\"}]}") && f.n == 2,
       "runs that say nothing");
    is_str(f.run[1].lr, "0.1+0.01", "rates of a stack");
    ok(f.n_new == 1 && f.est_s == 0, "stopped is over, a time that is not known counts nothing");
    tb_forecast_free(&f);
    ok(read(&f, "{\"runs\": [{\"lr\": 0.1, \"probe_tokens\": 300}]}") && strcmp(f.run[0].lr, "probed") == 0, "a probe");
    tb_forecast_free(&f);
    ok(!read(&f, "{}") && err.kind == TB_ERR_FORMAT && !f.json, "no plan at all");
    ok(!read(&f, "[1]") && err.kind == TB_ERR_FORMAT, "a list");
    ok(!read(&f, "{\"error\": {\"kind\": \"recipe\", \"text\": \"t.lora has no 'x'\", \"where\": \"r.lua\","
                 " \"line\": 3}}")
           && err.kind == TB_ERR_RECIPE && err.line == 3 && strcmp(err.where, "r.lua") == 0,
       "an error keeps its kind and place: %s", err.text);
    ok(!read(&f, "{\"error\": {\"kind\": \"strange\", \"text\": \"x %s\", \"where\": null, \"line\": null}}")
           && err.kind == TB_ERR_IO && err.line == 0 && strcmp(err.text, "x %s") == 0,
       "an error of no known kind, its text as it is");
}

int main(void)
{
    sums();
    oddities();
    return done();
}
