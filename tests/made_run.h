/* SPDX-License-Identifier: MIT */
/* made_run.h - runs put into a store without training, for programs that make stores. What fails ends the program. */
#ifndef TB_TESTS_MADE_RUN_H
#define TB_TESTS_MADE_RUN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "plan/plan.h"
#include "store/store.h"

static inline void must(bool good, const struct tb_err *err)
{
    char text[800];
    if (good)
        return;
    fprintf(stderr, "cannot make a store: %s\n", tb_err_string(err, text, sizeof text));
    exit(1);
}

static inline struct tb_json *parse(const char *text)
{
    struct tb_err err = { 0 };
    struct tb_json *j = tb_json_parse(text, strlen(text), "a made run", &err);
    must(j != NULL, &err);
    return j;
}

/* A config of a budget of `budget` tokens; `more`: keys as JSON, with the method. */
static inline struct tb_json *made_config(int budget, int64_t seed, const char *more)
{
    struct tb_err err = { 0 };
    char *text = tb_xasprintf("{\"base\":\"tiny\",\"data.kind\":\"pairs\",\"data.path\":[\"data/places.txt\"],"
                              "\"budget.unit\":\"tokens\",\"budget.n\":%d,\"seed\":%lld,%s}", budget, (long long)seed,
                              more);
    struct tb_json *draft = parse(text), *config = tb_config_complete(draft, &err);
    must(config != NULL, &err);
    tb_json_free(draft);
    free(text);
    return config;
}

/* The same on every machine. */
static inline struct tb_json *made_env(char *const *argv)
{
    static const char *const fixed[][2] = { { "host", "n017" }, { "os", "Linux 6.1 x86_64" }, { "compiler", "gcc 12" },
                                            { "cwd", "/home/user/work" }, { "hdf5", "1.10.8" }, { "device", "cpu" },
                                            { "isa", "avx2" } };
    struct tb_json *env = tb_run_env(argv, "0.1.0", 1);
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        tb_json_set(env, fixed[i][0], tb_json_new_str(fixed[i][1]));
    tb_json_set(env, "threads", tb_json_new_int(2));
    tb_json_del(env, "git");
    return env;
}

/* Takes the config over; `predicted` and `data_more` go into the facts of the plan and of the data, "" for nothing. */
static inline void made_run(struct tb_store *s, const char *id, const char *name, struct tb_json *config,
                            const char *predicted, const char *data_more)
{
    struct tb_err err = { 0 };
    char *argv[] = { (char *)"tunebench", (char *)"run", NULL };
    char *plan_text = tb_xasprintf("{\"n_trainable\":12288,\"n_params\":2000000,\"share\":0.006144,\"n_steps\":20,"
                                   "\"predicted_bytes\":73400320%s}", predicted),
         *data_text = tb_xasprintf("{\"id\":\"da7a\",\"path\":\"data/places.txt\",\"order_hash\":\"0rde\"%s}",
                                   data_more);
    struct tb_json *env = made_env(argv), *plan = parse(plan_text), *data = parse(data_text),
                   *base = parse("{\"id\":\"ba5e\",\"name\":\"tiny\",\"path\":\"data/tiny\"}");
    struct tb_run_new run = { .id = id, .name = name, .config = config, .recipe = "return 1\n", .n_recipe = 9,
                              .plan = plan, .base = base, .data = data, .env = env };
    must(tb_run_create(tb_store_runs_dir(s), &run, &err), &err);
    tb_json_free(data);
    tb_json_free(base);
    tb_json_free(plan);
    tb_json_free(env);
    tb_json_free(config);
    free(plan_text);
    free(data_text);
}

#endif
