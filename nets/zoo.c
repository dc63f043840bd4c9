#include "nets/zoo.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/suggest.h"
#include "nets/zoo_internal.h"

typedef struct zoo_entry {
    const char *name;
    zoo_builder *build;
} zoo_entry;

#define ZOO_ENTRY(name, what, build) {name, build},
static const zoo_entry entries[] = {ZOO_LIST(ZOO_ENTRY)};
#undef ZOO_ENTRY
enum { N_ENTRIES = sizeof entries / sizeof *entries };

/* Listed names in which other numbers make other nets. */
static const char *const families[] = {"resnet20", "plain20",        "plain20-aux",
                                       "wrn-16-2", "mobilenet-0.25", "wong-kolter-2"};

static bool in_number(char c) {
    return isdigit((unsigned char)c) || c == '.';
}

/* Whether two names differ in their numbers at most. */
static bool same_family(const char *a, const char *b) {
    while (*a && *b) {
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            a += strspn(a, "0123456789.");
            b += strspn(b, "0123456789.");
        } else if (*a++ != *b++) {
            return false;
        }
    }
    return !*a && !*b;
}

static zoo_builder *builder_named(const char *name) {
    for (int i = 0; i < N_ENTRIES; i++)
        if (!strcmp(entries[i].name, name)) return entries[i].build;
    return NULL;
}

static zoo_builder *find_builder(const char *name) {
    zoo_builder *listed = builder_named(name);
    for (size_t i = 0; i < sizeof families / sizeof *families && !listed; i++)
        if (same_family(families[i], name)) listed = builder_named(families[i]);
    return listed;
}

static void read_numbers(const char *name, double numbers[2]) {
    for (int i = 0; i < 2; i++) {
        while (*name && !isdigit((unsigned char)*name))
            name++;
        numbers[i] = *name ? strtod(name, NULL) : -1;
        while (in_number(*name))
            name++;
    }
}

status zoo_check_name(const char *name, err *e) {
    if (find_builder(name)) return STATUS_OK;
    suggestion near = suggest_for(name);
    for (int i = 0; i < N_ENTRIES; i++)
        suggest_offer(&near, entries[i].name);
    return err_set(e, STATUS_USAGE, "unknown architecture \"%.64s\"%s", name, suggest_text(&near));
}

static int add_normalise(zoo *z) {
    const zoo_options *o = z->options;
    layer_config c = {0};
    if (!o->mean && !o->std) return 0;
    for (int k = 0; k < z->input.c && k < 4; k++) {
        c.mean[k] = o->mean ? o->mean[k] : 0;
        c.std[k] = o->std ? o->std[k] : 1;
    }
    return zoo_add(z, "normalise", "normalise", &c, 0);
}

static bool has_layer(const net *n, const char *op) {
    for (int k = 1; k < n->n_nodes; k++)
        if (!strcmp(n->nodes[k].op->name, op)) return true;
    return false;
}

static bool has_zero_init(const net *n) {
    for (int k = 1; k < n->n_nodes; k++)
        if (n->nodes[k].config.zero_init) return true;
    return false;
}

/* An option that changes nothing would be reported as if it did. */
static status check_places(const net *n, const zoo_options *o, err *e) {
    const char *missing = NULL;
    if (o->norm == ZOO_NORM_BATCH && !has_layer(n, "batch_norm")) missing = "batch norm";
    if (o->norm == ZOO_NORM_GROUP && !has_layer(n, "group_norm")) missing = "group norm";
    if (o->activation && !has_layer(n, o->activation)) missing = "an activation";
    if (o->dropout > 0 && !has_layer(n, "dropout")) missing = "dropout";
    if (o->spatial_dropout > 0 && !has_layer(n, "dropout2d")) missing = "spatial dropout";
    if (o->drop_path > 0 && !has_layer(n, "drop_path")) missing = "stochastic depth";
    if (o->zero_gamma && !has_zero_init(n)) missing = "norms that begin at zero";
    return missing ? err_set(e, STATUS_USAGE, "this architecture has no place for %s", missing) : STATUS_OK;
}

static const char *const activations[] = {"relu", "leaky_relu", "relu6",   "elu",          "gelu",
                                          "silu", "hardswish",  "sigmoid", "hard_sigmoid", "tanh"};

static status check_activation(const char *name, err *e) {
    suggestion near = suggest_for(name);
    char known[160] = "";
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++) {
        if (strcmp(activations[i], name) == 0) return STATUS_OK;
        suggest_offer(&near, activations[i]);
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, " %s", activations[i]);
    }
    return err_set(e, STATUS_USAGE, "\"%.64s\" is not an activation%s; there are:%s", name,
                   suggest_text(&near), known);
}

static status check_options(const zoo_options *o, err *e) {
    status s = o->activation ? check_activation(o->activation, e) : STATUS_OK;
    if (s != STATUS_OK) return s;
    if (!(o->dropout < 1))
        return err_set(e, STATUS_USAGE, "a dropout rate of %g, expected less than 1", o->dropout);
    if (!(o->spatial_dropout >= 0 && o->spatial_dropout < 1))
        return err_set(e, STATUS_USAGE, "a spatial dropout rate of %g, expected 0 <= rate < 1",
                       o->spatial_dropout);
    if (!(o->drop_path >= 0 && o->drop_path < 1))
        return err_set(e, STATUS_USAGE, "a drop-path rate of %g, expected 0 <= rate < 1", o->drop_path);
    return STATUS_OK;
}

static status build(const char *name, zoo *z, net **out, err *e) {
    z->b = net_begin(name, z->input);
    int from = z->b ? add_normalise(z) : 0;
    read_numbers(name, z->numbers);
    if (z->b) find_builder(name)(z, from);
    if (z->refusal.message[0]) {
        net_discard(z->b);
        return err_set(e, STATUS_USAGE, "%s", z->refusal.message);
    }
    status s = net_finish(z->b, out, e);
    if (s == STATUS_OK) s = check_places(*out, z->options, e);
    return s == STATUS_BAD_FILE ? STATUS_USAGE : s; /* what does not fit here is a choice, not a file */
}

status zoo_build_with(const char *name, shape input, int classes, const zoo_options *o, net **out, err *e) {
    zoo_options defaults = zoo_options_default();
    zoo z = {.options = o ? o : &defaults,
             .input = input,
             .classes = classes,
             .own_norm = ZOO_NORM_BATCH,
             .own_activation = "relu"};
    *out = NULL;
    status s = zoo_check_name(name, e);
    if (s == STATUS_OK) s = check_options(z.options, e);
    if (s != STATUS_OK) return s;
    s = build(name, &z, out, e);
    if (s == STATUS_OK) return s;
    net_free(*out);
    *out = NULL;
    return err_prefix(e, s, "%s on %d x %d x %d images", name, input.h, input.w, input.c);
}

status zoo_build(const char *name, shape input, int classes, const float *mean, const float *std, net **out,
                 err *e) {
    zoo_options o = zoo_options_default();
    o.mean = mean;
    o.std = std;
    return zoo_build_with(name, input, classes, &o, out, e);
}

zoo_options zoo_options_default(void) {
    return (zoo_options){.dropout = -1};
}
