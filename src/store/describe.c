/* SPDX-License-Identifier: MIT */
/* describe.c - the words beside layout.c. A test reads a real run.h5 and fails if it holds what is not named here. */
#include "store/describe.h"

const struct tb_described tb_described_store[] = {
    { "runs/ID/", NULL, "One folder for each run. ID are the first 16 hexadecimal digits of a hash over what changes "
      "its numbers: keys, data, base. A run that was made again has -2, -3 and so on behind it." },
    { "recipes/SHA.lua", NULL, "Every recipe and every module of one that was ever run, word for word, by the first 12 "
      "digits of its SHA-256." },
    { "index", NULL, "A line about each run, so that a list need not open them. It is derived: deleted, it is made "
      "again." },
    { "worker/HOST-cpu.lock, .log", NULL, "Which process trains the runs of the store on that host, and what one of "
      "its own had to say; worker/bell grows whenever a run is put on the list." },
    { 0 }
};

const struct tb_described tb_described_run[] = {
    { TB_FILE_H5, NULL, "Everything the run has recorded, as HDF5. It is whole at any moment: a snapshot under another "
      "name takes its place." },
    { "journal.000001, ..", NULL, "What was recorded since, in segments of 16 MiB. While a run lives they are the "
      "truth; a run that is over has none." },
    { TB_DIR_CKPT "/000400.h5, ..", NULL, "Checkpoints by step: weights, state of the optimiser, place in the data." },
    { TB_FILE_LOCK, NULL, "Held (flock) by the process that has the run. It is never removed." },
    { TB_FILE_BEAT, NULL, "64 bytes that are written anew every 2 s: process, counter, boot and host of the worker." },
    { TB_DIR_CTL "/", NULL, "Requests to the worker, a file each: asked, taken, done. They are read between two "
      "steps." },
    { "model/", NULL, "Of a run of method full: the trained model as a Hugging Face folder." },
    { "NAME.bad", NULL, "A damaged file that was set aside." },
    { 0 }
};

const struct tb_described tb_described_attributes[] = {
    { "schema, schema_version", NULL, TB_STORE_SCHEMA " and " TB_STORE_VERSION "; another major version is refused" },
    { "run_id, name", NULL, "id and name of the run" },
    { "status", NULL, "its state, see below" },
    { "ended_by, note, changed", NULL, "of the last change of state: by what, words about it, when (UTC)" },
    { "created, serial", NULL, "when it was made (UTC; nanoseconds since 1970)" },
    { "step", NULL, "of the last row of training" },
    { "resumed_at, n_resumes", NULL, "step of the last resume (-1: never), how often it was resumed" },
    { "journal_seq", NULL, "the last journal record that is in the file" },
    { "default, NX_class", NULL, "lead viewers of NeXus files to the curve of the loss" },
    { 0 }
};

const struct tb_described tb_described_groups[] = {
    { "/config", NULL, "The keys of the run as typed attributes, every one with its value; also the datasets "
      "recipe_lua (the text of the recipe) and overrides (what --set and --grid changed)." },
    { "/plan", NULL, "n_trainable, n_params, share, n_steps, n_tokens, predicted_bytes, and the parts of it." },
    { "/base", NULL, "The frozen model: id (its content), name, path, kind of architecture and of weights." },
    { "/data", NULL, "The rows: id (their content), path, how they were read, how many were kept, dropped and held "
      "out; order_hash and eval_hash are equal where runs saw the same rows." },
    { "/env", NULL, "Program, numeric version, host, compiler, command line, working folder, git commit, batch job." },
    { "/lineage", NULL, "The run and step that it was cloned from, if it was, and how." },
    { "/scores", NULL, "Metrics of the texts that the trained run wrote behind the prompts of its held-out rows, each "
                       "with the ends of its 95 % interval (NAME_low, NAME_high)." },
    { "/forget", NULL, "What the run forgot of a general text: before (the base without its adapter), after, change "
                       "with the ends of its 95 % interval, in nats per label token; path and id of the text." },
    { "/probe", NULL, "The rates that a probe tried before the run began, and what came of them." },
    { "/result", NULL, "What it came to: final_hash of the adapter, peak memory; tags, note, votes and marks that were "
      "given." },
    { "/metrics", NULL, "The two curves as NXdata; their columns are below." },
    { "/eval", NULL, "The rows of the evaluations." },
    { "/train", NULL, "The rows of the training steps." },
    { "/events", NULL, "What happened, in order." },
    { "/samples", NULL, "Rows that were looked at with evaluations." },
    { "/adapter", NULL, "The adapter as it ended, with the PEFT library's names of tensors; attribute peft_config." },
    { "/adapter_index", NULL, "names: of these tensors, in order." },
    { "/facts_json", NULL, "The groups of facts once more, as text: what the program itself reads." },
    { 0 }
};

const struct tb_described tb_described_columns[] = {
    { "/eval/rows/step", "1", "step of the evaluation" },
    { "/eval/rows/row_id", "1", "number of the row" },
    { "/eval/rows/prompt_id", "1", "equal for rows with equal prompts: the row_id of the first of them" },
    { "/eval/rows/n_tok", "1", "label tokens of the row" },
    { "/eval/rows/loss", "nat", "mean loss per label token of the row" },
    { "/eval/measures/step", "1", "step of a measure: a metric of texts, or forget/loss (at step 0 that of the base)" },
    { "/eval/measures/name", NULL, "its name; /metrics/eval/NAME has its values once more, one for each evaluation" },
    { "/eval/measures/value", NULL, "its value; of forget/loss nats per label token of the general text" },
    { "/eval/measures/low", NULL, "the lower end of its 95 % interval" },
    { "/eval/measures/high", NULL, "the upper end" },
    { "/eval/measures/n_rows", "1", "its lines in /eval/measure_rows, where those of all measures follow each other" },
    { "/eval/measure_rows/row_id", "1", "number of the row, of the general text for forget/loss" },
    { "/eval/measure_rows/prompt_id", "1", "equal for rows with equal prompts" },
    { "/eval/measure_rows/n_tok", "1", "label tokens of the row" },
    { "/eval/measure_rows/value", NULL, "what the measure is of this row alone; NaN: the row does not count" },
    { "/train/rows/step", "1", "step of training whose rows' losses were recorded" },
    { "/train/rows/first", "1", "place in /train/rows/loss of its first row; they end where those of the next begin" },
    { "/train/rows/loss", "nat", "mean loss per label token of a row, before the update of its step, in the order in "
      "which the step took them (show RUN --batch STEP tells which they are); float32. A run keeps at most 16777216, "
      "and none of a step of more than 65536 rows." },
    { "/events/wall_s", "s", "seconds of training before it" },
    { "/events/step", "1", "step at which it happened" },
    { "/events/kind", NULL, "one word: checkpoint, divergence, recovered, request, set, probe, scores, memory, disk, "
      "error, .." },
    { "/events/text", NULL, "the words about it" },
    { "/events/at", NULL, "when, UTC" },
    { "/samples/step", "1", "step of the evaluation" },
    { "/samples/row_id", "1", "number of the row" },
    { "/samples/prompt", NULL, "its prompt" },
    { "/samples/output", NULL, "what followed it" },
    { 0 }
};

const struct tb_described tb_described_checkpoint[] = {
    { "schema, schema_version", NULL, "attributes: " TB_CKPT_SCHEMA " and " TB_STORE_VERSION },
    { "step, journal_seq", NULL, "attributes: the step it stands behind, the last journal record before it" },
    { "/state_json", NULL, "the place in schedule and data, the best evaluation so far, the numeric version" },
    { "/names, /tensors/", NULL, "weights, and moments of the optimiser behind @m and @v; in a stack behind the "
      "part's name" },
    { 0 }
};

const struct tb_described tb_described_records[] = {
    { "1 schema", NULL, "the names of the columns of kinds 2 and 3" },
    { "2 train", NULL, "a row of /metrics/train: the columns in their order as 64-bit reals" },
    { "3 eval", NULL, "a row of /metrics/eval, likewise" },
    { "4 rows", NULL, "the losses of the rows of an evaluation" },
    { "5 event", NULL, "something that happened" },
    { "6 sample", NULL, "a text made by the model" },
    { "7 state", NULL, "a change of state, or of facts" },
    { "8 resume", NULL, "the run goes on behind this step: later rows take the place of earlier ones" },
    { "9 measure", NULL, "a metric of an evaluation beside its loss, with the results of its rows" },
    { "10 losses", NULL, "those of the rows of a training step: its number (64 bits), then a 32-bit real for each" },
    { 0 }
};

const char *tb_state_text(enum tb_state s)
{
    static const char *const texts[TB_N_STATES] = {
        [TB_STATE_QUEUED] = "Nobody has begun with it, or it was given back behind a checkpoint.",
        [TB_STATE_RUNNING] = "A process trains it.",
        [TB_STATE_PAUSED] = "A process has it and holds still.",
        [TB_STATE_DONE] = "Its budget is used; nothing changes it any more.",
        [TB_STATE_STOPPED] = "Somebody stopped it behind a checkpoint; it can go on.",
        [TB_STATE_PRUNED] = "A sweep ended it for not being good enough; it can go on.",
        [TB_STATE_FAILED] = "It diverged or could not go on; ended_by says which.",
        [TB_STATE_LOST] = "Its process is gone; it goes on from the last checkpoint. Only readers say so.",
        [TB_STATE_STALLED] = "Its process cannot write, as a rule since the disk is full; it tries again every 10 s "
                             "and loses nothing. Only readers say so.",
    };
    return (unsigned)s < TB_N_STATES ? texts[s] : "";
}
