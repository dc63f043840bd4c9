/* Robust training. */
#include "audit/training_options/tables_internal.h"

#include "attacks/robust.h"

/* Entry 0 is none, the others are those of robust.def. */
static const char *robust_choice(int i, const char **what) {
    const robust_method *m = robust_at(i - 1);
    if (what) *what = i == 0 ? "train on the images as they are" : m ? m->title : NULL;
    return i == 0 ? "none" : m ? m->name : NULL;
}

const option robust_train_options[] = {
    {.name = "robust",
     .kind = OPTION_CHOICE,
     .offset = FIELD(robust),
     .fallback = "none",
     .choice = robust_choice,
     .what = "train on images changed against the net, within the Linf norm"},
    {.name = "robust-eps",
     .kind = OPTION_NUMBER,
     .offset = FIELD(robust_eps),
     .metavar = "EPS",
     .lo = 1e-6,
     .hi = 1,
     .what = "how far each pixel may move, in units of the range from 0 to 1 (default: 0.1 for grey images, "
             "8/255 "
             "for colour; MNIST is usually trained with 0.3)"},
    {.name = "robust-steps",
     .kind = OPTION_INTEGER,
     .offset = FIELD(robust_steps),
     .metavar = "N",
     .lo = 1,
     .hi = 1000,
     .what = "gradient steps of the attack on every batch, of pgd, trades, mart (default: 7) and fast (1)"},
    {.name = "robust-step-size",
     .kind = OPTION_NUMBER,
     .offset = FIELD(robust_step_size),
     .metavar = "SHARE",
     .lo = 1e-6,
     .hi = 10,
     .what = "length of a step, as a share of eps (default: 0.35, fast 1.25, free 1)"},
    {.name = "robust-warmup",
     .kind = OPTION_NUMBER,
     .offset = FIELD(robust_warmup),
     .metavar = "SHARE",
     .fallback = "-1",
     .lo = -1,
     .hi = 1,
     .what = "share of the training over which eps rises from 0 (default: the method's own); 0 is off"},
    {.name = "robust-replays",
     .kind = OPTION_INTEGER,
     .offset = FIELD(robust_replays),
     .metavar = "N",
     .lo = 1,
     .hi = 100,
     .what = "free: steps made on each batch; an epoch costs as much as so many (default: 4)"},
    {.name = "robust-beta",
     .kind = OPTION_NUMBER,
     .offset = FIELD(robust_beta),
     .metavar = "WEIGHT",
     .lo = 1e-6,
     .hi = 1000,
     .what = "what the distance between the two answers counts, of trades (default: 6) and mart (5)"},
    {.name = "robust-sigma",
     .kind = OPTION_NUMBER,
     .offset = FIELD(robust_sigma),
     .metavar = "DEVIATION",
     .lo = 1e-6,
     .hi = 1000,
     .what = "noise: its standard deviation (default: 0.25)"},
    {.name = "robust-kappa",
     .kind = OPTION_NUMBER,
     .offset = FIELD(robust_kappa),
     .metavar = "SHARE",
     .lo = 1e-6,
     .hi = 1,
     .what =
         "ibp: what the loss of the unchanged image counts after the warm-up, the bounds' loss counting the "
         "rest (default: 0.5)"},
    {0}};
