/* model.bin: written, read back, written again; and files that lie. */
#include "tests/support/test.h"

#include <math.h>

#include "core/bytes.h"
#include "core/rng.h"
#include "nets/model_file.h"
#include "nets/zoo.h"

static const char *const names[] = {"zero", "one", "two \"quoted\"", "drei ä"};

static net *make_net(const char *arch, weights *w) {
    err e;
    net *n;
    const float mean[4] = {.1F}, std[4] = {.3F};
    assert_ok(zoo_build(arch, (shape){12, 12, 1}, 4, mean, std, &n, &e), e);
    assert_ok(weights_new(n, w, &e), e);
    weights_init(n, w, 3);
    rng r = rng_stream(9, "test", 0, 0, 0, 0);
    for (size_t i = n->n_trainable; i < n->n_floats; i++)
        w->data[i] = rng_range(&r, .1F, 2);
    return n;
}

static bytes slurp(const char *path) {
    err e;
    bytes b;
    assert_ok(file_read(path, 1 << 26, &b, &e), e);
    return b;
}

static void assert_same_file(const char *a, const char *b) {
    bytes x = slurp(a), y = slurp(b);
    assert_int_equal(x.size, y.size);
    assert_memory_equal(x.data, y.data, x.size);
    bytes_free(&x);
    bytes_free(&y);
}

static void round_trip(const char *arch) {
    err e;
    weights w;
    net *n = make_net(arch, &w);
    json *recipe = json_new_object();
    assert_true(json_set_int(recipe, "seed", 5));
    const char *first = temporary_path("first.bin"), *second = temporary_path("second.bin");
    assert_ok(model_file_write(first, n, &w, names, recipe, &e), e);
    model_file m;
    assert_ok(model_file_read(first, &m, &e), e);
    assert_string_equal(m.net->arch, arch);
    assert_int_equal(m.net->n_nodes, n->n_nodes);
    assert_int_equal(m.net->n_trainable, n->n_trainable);
    assert_memory_equal(m.weights.data, w.data, n->n_floats * sizeof(float));
    for (int k = 0; k < 4; k++)
        assert_string_equal(m.class_names[k], names[k]);
    assert_int_equal(json_as_int(json_get(m.recipe, "seed"), -1), 5);
    assert_ok(model_file_write(second, m.net, &m.weights, (const char *const *)m.class_names, m.recipe, &e),
              e);
    assert_same_file(first, second);
    model_file_free(&m);
    json_free(recipe);
    weights_free(&w);
    net_free(n);
}

static void test_round_trip(void **state) {
    (void)state;
#define ROUND_TRIP(name, what, builder) round_trip(name);
    ZOO_LIST(ROUND_TRIP)
#undef ROUND_TRIP
}

/* The layouts of PyTorch: OIHW, and linear inputs in C,H,W order behind a flatten. */
static void test_layouts(void **state) {
    (void)state;
    err e;
    net_builder *b = net_begin("tiny", (shape){2, 3, 2});
    int at = net_add(b, "c", "conv2d", &(layer_config){.out = 2, .kernel = {1, 2}, .pad = {0, 0, 0, 1}}, 1,
                     (int[]){0});
    at = net_add(b, "f", "flatten", NULL, 1, &at);
    at = net_add(b, "r", "relu", NULL, 1, &at);
    net_add(b, "l", "linear", &(layer_config){.out = 2}, 1, &at);
    net *n;
    assert_ok(net_finish(b, &n, &e), e);
    assert_int_equal(n->n_params, 2);
    float from[24], to[24], back[24];
    for (int i = 0; i < 24; i++)
        from[i] = (float)i;
    param_from_pytorch(n, &n->params[0], from, to); /* [o][i][kw] = 4 o + 2 i + kw -> [kw][i][o] */
    const float conv[] = {0, 4, 2, 6, 1, 5, 3, 7};
    assert_memory_equal(to, conv, sizeof conv);
    param_from_pytorch(n, &n->params[1], from, to); /* [o][c][pixel] -> [o][pixel][c] */
    const float linear[] = {0,  6,  1,  7,  2,  8,  3,  9,  4,  10, 5,  11,
                            12, 18, 13, 19, 14, 20, 15, 21, 16, 22, 17, 23};
    assert_memory_equal(to, linear, sizeof linear);
    param_to_pytorch(n, &n->params[1], to, back);
    assert_memory_equal(back, from, sizeof from);
    net_free(n);
}

/* A file whose tensors and metadata a test may spoil before it is written. */
typedef struct forgery {
    net *net;
    weights w;
    safetensors good;
    st_entry entries[64];
    float *values[64];
    int n;
    json *metadata;
} forgery;

static void forge(forgery *f, const char *arch) {
    err e;
    *f = (forgery){0};
    f->net = make_net(arch, &f->w);
    const char *path = temporary_path("good.bin");
    assert_ok(model_file_write(path, f->net, &f->w, names, NULL, &e), e);
    assert_ok(safetensors_read_file(path, &f->good, &e), e);
    for (int i = 0; i < f->good.n; i++) {
        const st_tensor *t = &f->good.tensors[i];
        if (strcmp(t->dtype, "F32")) continue;
        st_entry *entry = &f->entries[f->n];
        f->values[f->n] = malloc((size_t)t->count * sizeof(float));
        assert_ok(st_tensor_floats(t, f->values[f->n], &e), e);
        *entry = (st_entry){.name = t->name, .rank = t->rank, .data = f->values[f->n]};
        memcpy(entry->dims, t->dims, sizeof entry->dims);
        f->n++;
    }
    f->metadata = json_new_object();
    const char *const keys[] = {"format", "graph", "class_names", "recipe"};
    for (size_t k = 0; k < 4; k++)
        assert_true(json_set_string(f->metadata, keys[k], safetensors_metadata(&f->good, keys[k])));
}

/* Writes the forgery and expects it to be refused with a message that contains `words`; spoils nothing else. */
static void refuse(forgery *f, const char *words) {
    err e;
    model_file m;
    const char *path = temporary_path("forged.bin");
    assert_ok(safetensors_write_file(path, f->entries, f->n, f->metadata, &e), e);
    status s = model_file_read(path, &m, &e);
    if (s == STATUS_OK) fail_msg("accepted; expected: %s", words);
    assert_true(s == STATUS_BAD_FILE || s == STATUS_UNSUPPORTED);
    if (!strstr(e.message, words) || !strstr(e.message, "forged.bin"))
        fail_msg("'%s' lacks '%s'", e.message, words);
    assert_null(m.net);
    assert_null(m.weights.data);
    for (int i = 0; i < f->n; i++)
        free(f->values[i]);
    safetensors_free(&f->good);
    json_free(f->metadata);
    weights_free(&f->w);
    net_free(f->net);
}

static int entry_of(const forgery *f, const char *name) {
    for (int i = 0; i < f->n; i++)
        if (!strcmp(f->entries[i].name, name)) return i;
    fail_msg("no entry %s", name);
    return -1;
}

static void test_bad_tensors(void **state) {
    (void)state;
    forgery f;
    forge(&f, "small");
    f.values[entry_of(&f, "fc2.weight")][7] = NAN;
    refuse(&f, "'fc2.weight' holds NaN at 7");
    forge(&f, "small");
    f.values[entry_of(&f, "conv1.weight")][0] = INFINITY;
    refuse(&f, "'conv1.weight' holds an infinity at 0");
    forge(&f, "small");
    f.values[entry_of(&f, "bn1.running_var")][2] = -1;
    refuse(&f, "a variance of -1");
    forge(&f, "small");
    st_entry *last = &f.entries[entry_of(&f, "fc2.weight")];
    last->dims[0] = 64;
    last->dims[1] = 4;
    refuse(&f, "shape [64, 4], expected [4, 64]");
    forge(&f, "small");
    f.entries[entry_of(&f, "fc1.bias")].name = "fc9.bias";
    refuse(&f, "'fc1.bias' is missing");
    forge(&f, "small");
    f.entries[f.n] = (st_entry){.name = "extra", .rank = 1, .dims = {4}, .data = f.values[0]};
    f.values[f.n++] = NULL;
    refuse(&f, "'extra' belongs to no layer");
}

static void spoil_metadata(const char *key, const char *text, const char *words) {
    forgery f;
    forge(&f, "linear");
    assert_true(json_set_string(f.metadata, key, text));
    refuse(&f, words);
}

static void test_bad_metadata(void **state) {
    (void)state;
    spoil_metadata("format", "something", "format is 'something'");
    spoil_metadata("graph", "{", "'graph' in its metadata");
    spoil_metadata("graph", "[]", "not a JSON object");
    spoil_metadata("class_names", "[\"a\"]", "1 class names for 4 classes");
    spoil_metadata("class_names", "[1, 2, 3, 4]", "class name 0 is not a text");
    spoil_metadata("recipe", "[]", "is not an object");
    spoil_metadata("graph",
                   "{\"arch\": \"x\", \"input\": [12, 12, 1], \"nodes\": [{\"name\": \"f\", \"op\": "
                   "\"flatten\", \"inputs\": "
                   "[\"input\"]}, {\"name\": \"l\", \"op\": \"linear\", \"inputs\": [\"f\"], \"out\": "
                   "65536}, {\"name\": \"m\", "
                   "\"op\": \"linear\", \"inputs\": [\"l\"], \"out\": 4}]}",
                   "more than the file can hold");
}

static void test_missing_or_truncated(void **state) {
    (void)state;
    err e;
    weights w;
    model_file m;
    net *n = make_net("linear", &w);
    const char *path = temporary_path("whole.bin"), *cut = temporary_path("cut.bin");
    assert_ok(model_file_write(path, n, &w, names, NULL, &e), e);
    bytes whole = slurp(path);
    for (size_t size = 0; size < whole.size; size += 97) {
        FILE *file = fopen(cut, "wb");
        assert_int_equal(fwrite(whole.data, 1, size, file), size);
        fclose(file);
        assert_int_not_equal(model_file_read(cut, &m, &e), STATUS_OK);
        assert_null(m.net);
    }
    assert_int_not_equal(model_file_read(temporary_path("absent.bin"), &m, &e), STATUS_OK);
    bytes_free(&whole);
    weights_free(&w);
    net_free(n);
}

static void test_unwritable(void **state) {
    (void)state;
    err e;
    weights w;
    net *n = make_net("linear", &w);
    assert_int_not_equal(model_file_write("/nonexistent-folder/model.bin", n, &w, names, NULL, &e),
                         STATUS_OK);
    weights_free(&w);
    net_free(n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),           cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_bad_tensors),          cmocka_unit_test(test_bad_metadata),
        cmocka_unit_test(test_missing_or_truncated), cmocka_unit_test(test_unwritable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
