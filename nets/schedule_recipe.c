/* Names of schedules, ranges of their fields, and their JSON. */
#include <stddef.h>
#include <string.h>

#include "core/suggest.h"
#include "nets/recipe_fields_internal.h"
#include "nets/schedule.h"

static const char *const schedule_names[] = {
#define SCHEDULE_NAME(code, name, what) name,
    SCHEDULE_LIST(SCHEDULE_NAME)
#undef SCHEDULE_NAME
};

status schedule_parse(const char *name, schedule_kind *out, err *e) {
    suggestion near = suggest_for(name);
    for (int i = 0; i < SCHEDULE_KINDS; i++) {
        suggest_offer(&near, schedule_names[i]);
        if (strcmp(name, schedule_names[i]) != 0) continue;
        *out = (schedule_kind)i;
        return STATUS_OK;
    }
    *out = SCHEDULE_CONSTANT;
#define SCHEDULE_LISTED(code, text, what) " " text
    return err_set(e, STATUS_USAGE,
                   "schedule \"%s\" is not known%s; there are:" SCHEDULE_LIST(SCHEDULE_LISTED), name,
                   suggest_text(&near));
#undef SCHEDULE_LISTED
}

const char *schedule_name(schedule_kind k) {
    return schedule_names[k];
}

#define BIT(kind) (1u << SCHEDULE_##kind)
#define EVERY_KIND ((1u << SCHEDULE_KINDS) - 1)
#define AT(member) offsetof(schedule, member)

enum { MOST_EPOCHS = 100000, MOST_STEPS = 1000000000 };

/* Each field, and the kinds that read it. */
static const struct {
    field field;
    unsigned kinds;
} rows[] = {
    {{"lr", "learning rate", FIELD_REAL, AT(lr), 0, 1e6, true, false}, EVERY_KIND},
    {{"gamma", "schedule factor", FIELD_REAL, AT(gamma), 0, 1, true, false},
     BIT(STEP) | BIT(MULTISTEP) | BIT(EXPONENTIAL) | BIT(PLATEAU)},
    {{"every", "schedule every", FIELD_INT, AT(every), 1, MOST_EPOCHS, false, false},
     BIT(STEP) | BIT(COSINE_RESTARTS)},
    {{"power", "schedule power", FIELD_REAL, AT(power), 0, 10, true, false}, BIT(POLYNOMIAL)},
    {{"multiplier", "multiplier of restarts", FIELD_INT, AT(multiplier), 1, 1000, false, false},
     BIT(COSINE_RESTARTS)},
    {{"patience", "patience of the schedule", FIELD_INT, AT(patience), 0, MOST_EPOCHS, false, false},
     BIT(PLATEAU)},
    {{"warmup_steps", "warm-up steps", FIELD_INT, AT(warmup_steps), 0, MOST_STEPS, false, false},
     EVERY_KIND & ~BIT(ONE_CYCLE)},
    {{"peak_at", "peak of one-cycle", FIELD_REAL, AT(peak_at), 0, 1, false, false}, BIT(ONE_CYCLE)},
    {{"momentum_low", "low momentum of one-cycle", FIELD_REAL, AT(momentum_low), 0, 1, false, true},
     BIT(ONE_CYCLE)},
    {{"momentum_high", "high momentum of one-cycle", FIELD_REAL, AT(momentum_high), 0, 1, false, true},
     BIT(ONE_CYCLE)},
};

enum { FIELDS = sizeof rows / sizeof *rows };

static bool reads(schedule_kind kind, int row) {
    return rows[row].kinds >> kind & 1;
}

static status check_milestones(const schedule *s, err *e) {
    if (s->n_milestones < 0 || s->n_milestones > SCHEDULE_MOST_MILESTONES)
        return err_set(e, STATUS_USAGE, "%d milestones: expected at most %d", s->n_milestones,
                       SCHEDULE_MOST_MILESTONES);
    for (int i = 0; i < s->n_milestones; i++) {
        int before = i ? s->milestones[i - 1] : 0;
        if (s->milestones[i] <= before || s->milestones[i] > MOST_EPOCHS)
            return err_set(e, STATUS_USAGE, "milestone %d: expected epochs above %d, ascending, at most %d",
                           s->milestones[i], before, MOST_EPOCHS);
    }
    if (s->kind == SCHEDULE_MULTISTEP && s->n_milestones == 0)
        return err_set(e, STATUS_USAGE, "schedule multistep has no milestones");
    return STATUS_OK;
}

status schedule_check(const schedule *s, err *e) {
    for (int i = 0; i < FIELDS; i++) {
        status t = field_check(&rows[i].field, s, e);
        if (t != STATUS_OK) return t;
    }
    return check_milestones(s, e);
}

static json *milestones_to_json(const schedule *s) {
    json *j = json_new_array();
    for (int i = 0; j && i < s->n_milestones; i++) {
        if (json_append(j, json_new_int(s->milestones[i]))) continue;
        json_free(j);
        return NULL;
    }
    return j;
}

json *schedule_to_json(const schedule *s) {
    json *j = json_new_object();
    bool ok = j && json_set_string(j, "kind", schedule_name(s->kind));
    for (int i = 0; ok && i < FIELDS; i++)
        if (reads(s->kind, i)) ok = field_to_json(&rows[i].field, s, j);
    if (s->kind == SCHEDULE_MULTISTEP) ok = ok && json_set(j, "milestones", milestones_to_json(s));
    if (ok) return j;
    json_free(j);
    return NULL;
}
