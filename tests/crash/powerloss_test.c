/* SPDX-License-Identifier: MIT */
/* Power losses: the calls of tests/crash/story.h are recorded with their bytes, and the disk is rebuilt as a power loss
 * after one of them may leave it. What was synced is there. Of what came later each page of a file is as old as chance
 * wants, a file's size too, and each entry of a folder was changed or was not (a rename is one change); a folder counts
 * as synced only by an fsync of its own. In all recordings but the first the sync of one file fails, which drops pages
 * for good although the next sync succeeds. Everything the story was told to be safe must be there, every .h5 must
 * open, and the story must go on. TB_POWER_LOSSES: states (default 240); TB_SEED: of the first. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/crash/inject.h"
#include "tests/crash/story.h"
#include "tests/tap.h"

enum { PAGE = 4096, MAX_CALLS = 2000, FINISH_EACH = 4, RECORDINGS = 8 };

/* A call, and what had to be safe before it. */
static struct call {
    enum inject_op op;
    char *path, *to;
    int flags;
    int64_t at;
    char *p;
    size_t n;
    bool fails;
    int sure[STORY_N];
} calls[MAX_CALLS];
static int n_calls, n_syncs, bad_sync; /* of files; the one that fails, 0: none */

static char root[256], under[300];
static struct story_said said;
static char *why; /* shared with the children */

static int record(const struct inject_call *c)
{
    if (c->op == INJECT_LOCK || strncmp(c->path, root, strlen(root)) != 0)
        return INJECT_GO;
    if (n_calls + 1 >= MAX_CALLS)
        abort();
    struct call *k = &calls[n_calls++];
    *k = (struct call){ .op = c->op, .path = tb_xstrdup(c->path), .flags = c->flags, .at = c->at, .n = c->n };
    k->to = c->to ? tb_xstrdup(c->to) : NULL;
    k->p = c->n ? tb_xcalloc(c->n, 1) : NULL;
    if (c->n)
        memcpy(k->p, c->p, c->n);
    memcpy(k->sure, said.sure, sizeof k->sure);
    k->fails = c->op == INJECT_SYNC && !tb_dir_exists(c->path) && ++n_syncs == bad_sync;
    if (k->fails)
        return EIO;
    return c->op == INJECT_SYNC ? INJECT_SKIP : INJECT_GO;
}

/* ---- the disk */

struct node;
struct entry {
    char *name;
    struct node *node; /* NULL: none of that name */
};
struct table {
    struct entry *at;
    size_t n, cap;
};
struct change { /* of a folder: one name or, by a rename, two */
    struct entry set, gone;
};

struct node {
    bool is_folder;
    struct table live, safe;
    struct change *change; /* of a folder, not synced */
    char *bytes;           /* of a file, synced */
    size_t size;
    int *pending; /* calls on a file that are not synced */
    size_t n_changes, cap_changes, n_pending, cap_pending;
};

static struct node *nodes[MAX_CALLS];
static int n_nodes;

static struct node *new_node(bool is_folder)
{
    struct node *v = tb_xcalloc(1, sizeof *v);
    v->is_folder = is_folder;
    return nodes[n_nodes++] = v;
}

static struct entry *entry_of(struct table *t, const char *name)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->at[i].name, name) == 0)
            return &t->at[i];
    t->at = tb_grow(t->at, t->n, &t->cap, sizeof *t->at);
    t->at[t->n] = (struct entry){ tb_xstrdup(name), NULL };
    return &t->at[t->n++];
}

/* The folder that holds path, and the last part of path; NULL if it is not there. The first node is `root`. */
static struct node *folder_of(const char *path, char name[256])
{
    struct node *v = strlen(path) > strlen(root) ? nodes[0] : NULL;
    const char *s = v ? path + strlen(root) + 1 : "", *slash;
    for (; v && (slash = strchr(s, '/')); s = slash + 1) {
        snprintf(name, 256, "%.*s", (int)(slash - s), s);
        v = entry_of(&v->live, name)->node;
    }
    snprintf(name, 256, "%s", s);
    return v;
}

static struct node *lookup(const char *path)
{
    char name[256];
    struct node *in = folder_of(path, name);
    if (strcmp(path, root) == 0)
        return nodes[0];
    return in ? entry_of(&in->live, name)->node : NULL;
}

static void change(struct node *in, const char *set, struct node *to, const char *gone)
{
    in->change = tb_grow(in->change, in->n_changes, &in->cap_changes, sizeof *in->change);
    struct change *c = &in->change[in->n_changes++];
    *c = (struct change){ { tb_xstrdup(set), to }, { gone ? tb_xstrdup(gone) : NULL, NULL } };
    entry_of(&in->live, set)->node = to;
    if (gone)
        entry_of(&in->live, gone)->node = NULL;
}

static void pend(struct node *v, int call)
{
    if (!v)
        return;
    v->pending = tb_grow(v->pending, v->n_pending, &v->cap_pending, sizeof *v->pending);
    v->pending[v->n_pending++] = call;
}

static void take_change(struct table *t, const struct change *c)
{
    entry_of(t, c->set.name)->node = c->set.node;
    if (c->gone.name)
        entry_of(t, c->gone.name)->node = NULL;
}

static void free_change(struct change *c)
{
    free(c->set.name);
    free(c->gone.name);
}

/* ---- chance */

static uint64_t dice;

static uint64_t mixed(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

static uint64_t roll(uint64_t n)
{
    return mixed(dice += 0x9e3779b97f4a7c15) % n;
}

/* How many of n pending changes got to the disk: none, all, or some. */
static size_t some(size_t n)
{
    uint64_t how = roll(4);
    return how == 0 ? 0 : how == 1 ? n : roll(n + 1);
}

/* ---- bytes of a file */

static void resize(struct node *v, size_t size)
{
    if (size > v->size) {
        v->bytes = tb_xrealloc(v->bytes, size, 1);
        memset(v->bytes + v->size, 0, size - v->size);
    }
    v->size = size;
}

static size_t size_after(const struct node *v, size_t n)
{
    size_t size = v->size;
    for (size_t i = 0; i < n; i++) {
        const struct call *c = &calls[v->pending[i]];
        size_t end = (size_t)c->at + c->n;
        size = c->op != INJECT_WRITE ? (size_t)c->at : end > size ? end : size;
    }
    return size;
}

/* Writes among the first n pending, as far as they fall into one page. */
static void take_page(struct node *v, size_t page, size_t n)
{
    size_t first = page * PAGE, last = first + PAGE < v->size ? first + PAGE : v->size;
    for (size_t i = 0; i < n; i++) {
        const struct call *c = &calls[v->pending[i]];
        size_t from = (size_t)c->at > first ? (size_t)c->at : first, to = (size_t)c->at + c->n;
        to = to < last ? to : last;
        if (c->op == INJECT_WRITE && from < to)
            memcpy(v->bytes + from, c->p + (from - (size_t)c->at), to - from);
    }
}

static void settle(struct node *v, bool all)
{
    resize(v, size_after(v, all ? v->n_pending : some(v->n_pending)));
    for (size_t page = 0; v->n_pending && page * PAGE < v->size; page++)
        take_page(v, page, all ? v->n_pending : some(v->n_pending));
    v->n_pending = 0;
}

/* A sync that fails: the size is kept, pages are or are not, and nobody will write them again. */
static void spoil(struct node *v)
{
    resize(v, size_after(v, v->n_pending));
    for (size_t page = 0; v->n_pending && page * PAGE < v->size; page++)
        take_page(v, page, some(v->n_pending));
    v->n_pending = 0;
}

/* ---- calls */

static void play_open(const struct call *c, int i)
{
    char name[256];
    struct node *in = folder_of(c->path, name), *v = in ? entry_of(&in->live, name)->node : NULL;
    if (in && !v && (c->flags & O_CREAT))
        change(in, name, new_node(false), NULL);
    else if (v && (c->flags & O_TRUNC))
        pend(v, i); /* at 0 */
}

static void sync_node(struct node *v, bool fails)
{
    if (v && fails)
        spoil(v);
    if (!v || fails)
        return;
    for (size_t i = 0; i < v->n_changes; i++) {
        take_change(&v->safe, &v->change[i]);
        free_change(&v->change[i]);
    }
    v->n_changes = 0;
    if (!v->is_folder)
        settle(v, true);
}

static void play_rename(const struct call *c)
{
    char from[256], to[256];
    struct node *in = folder_of(c->path, from), *other = folder_of(c->to, to);
    if (in != other)
        abort(); /* would be two changes */
    change(in, to, entry_of(&in->live, from)->node, from);
}

static void play(const struct call *c, int i)
{
    char name[256];
    struct node *in = folder_of(c->path, name), *v;
    switch (c->op) {
    case INJECT_OPEN: play_open(c, i); break;
    case INJECT_WRITE:
    case INJECT_TRUNCATE: pend(lookup(c->path), i); break;
    case INJECT_SYNC: sync_node(lookup(c->path), c->fails); break;
    case INJECT_RENAME: play_rename(c); break;
    case INJECT_UNLINK:
        v = in ? entry_of(&in->live, name)->node : NULL;
        if (v && v->is_folder == ((c->flags & AT_REMOVEDIR) != 0))
            change(in, name, NULL, NULL);
        break;
    case INJECT_MKDIR:
        if (!entry_of(&in->live, name)->node)
            change(in, name, new_node(true), NULL);
        break;
    default: break;
    }
}

/* ---- the power loss */

static void lose(struct node *v)
{
    bool in_order = roll(2) == 0;
    size_t kept = some(v->n_changes);
    for (size_t i = 0; i < v->n_changes; i++)
        if (in_order ? i < kept : roll(2) == 0)
            take_change(&v->safe, &v->change[i]);
    if (!v->is_folder)
        settle(v, false);
}

/* What is left, as files. */
static void lay_out(struct node *v, const char *path)
{
    if (v->is_folder) {
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            abort();
        for (size_t i = 0; i < v->safe.n; i++) {
            char *sub = tb_path_join(path, v->safe.at[i].name);
            if (v->safe.at[i].node)
                lay_out(v->safe.at[i].node, sub);
            free(sub);
        }
        return;
    }
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(v->size ? v->bytes : "", 1, v->size, f) != v->size || fclose(f) != 0)
        abort();
}

static void free_table(struct table *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->at[i].name);
    free(t->at);
}

static void free_nodes(void)
{
    while (n_nodes > 0) {
        struct node *v = nodes[--n_nodes];
        for (size_t i = 0; i < v->n_changes; i++)
            free_change(&v->change[i]);
        free_table(&v->live);
        free_table(&v->safe);
        free(v->change);
        free(v->bytes);
        free(v->pending);
        free(v);
    }
}

static int skip_syncs(const struct inject_call *c)
{
    return c->op == INJECT_SYNC ? INJECT_SKIP : INJECT_GO;
}

static int check(const int *sure, bool finishes)
{
    return story_check(under, sure, why) && (!finishes || story_finish(under, why)) ? 0 : 1;
}

/* The power goes after the first n calls. */
static bool state(uint64_t seed, int n, bool finishes)
{
    int status;
    dice = mixed(seed);
    new_node(true);
    for (int i = 0; i < n; i++)
        play(&calls[i], i);
    for (int i = 0; i < n_nodes; i++)
        lose(nodes[i]);
    lay_out(nodes[0], root);
    free_nodes();
    why[0] = '\0';
    pid_t pid = fork();
    if (pid == 0)
        _exit(check(n < n_calls ? calls[n].sure : said.sure, finishes));
    waitpid(pid, &status, 0);
    bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!good)
        printf("# seed %llu, after call %d (%s): %s\n", (unsigned long long)seed, n, n ? calls[n - 1].path : "", why);
    if (!good && getenv("TB_KEEP"))
        exit(1);
    tb_dir_remove(under, NULL);
    return good;
}

static long number(const char *name, long otherwise)
{
    const char *s = getenv(name);
    return s && *s ? atol(s) : otherwise;
}

static void forget_calls(void)
{
    while (n_calls > 0) {
        struct call *c = &calls[--n_calls];
        free(c->path);
        free(c->to);
        free(c->p);
    }
}

/* The story, recorded. */
static bool tell(int fails)
{
    forget_calls();
    said = (struct story_said){ 0 };
    n_syncs = 0;
    bad_sync = fails;
    story_may_damage = fails > 0;
    inject_hook = record;
    bool told = story_tell(&(struct story){ .root = under, .tries = 2, .said = &said });
    inject_hook = skip_syncs;
    tb_dir_remove(under, NULL);
    return ok(told && said.sure[STORY_SEALED], "%d calls recorded, %d syncs of files, failing: %d %s", n_calls, n_syncs,
              fails, said.complaint);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    int n_states = (int)number("TB_POWER_LOSSES", 240) / RECORDINGS, fails = 0, n_files = 0;
    uint64_t seed = (uint64_t)number("TB_SEED", 1);
    snprintf(root, sizeof root, "%s/tb-power-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    why = mmap(NULL, 600, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!mkdtemp(root) || why == MAP_FAILED)
        abort();
    snprintf(under, sizeof under, "%s/store", root);
    for (int r = 0; r < RECORDINGS && tell(fails); r++) {
        int n_bad = 0;
        for (int i = 0; i < n_states; i++) {
            dice = mixed(++seed);
            int n = (int)roll((uint64_t)n_calls + 1);
            n_bad += !state(seed, n, n_states > 100 || i % FINISH_EACH == 0);
        }
        ok(n_bad == 0, "%d of %d states lost something", n_bad, n_states);
        n_files = r == 0 ? n_syncs : n_files;
        dice = mixed(seed);
        fails = 1 + (int)roll((uint64_t)n_files);
    }
    ok(tb_dir_remove(root, NULL), "cleaned up");
    return done();
}
