/* What a batch is made of. */
#include "audit/training_options/tables_internal.h"

const option data_options[] = {
    {.name = "augment",
     .kind = OPTION_TEXT,
     .offset = FIELD(augment),
     .metavar = "LIST",
     .what =
         "changes of the training images, such as trivial or flip,shift=2,cutout=8: flip vflip shift crop "
         "rotate shear affine cutout erase erase-mean noise brightness contrast saturation hue jitter "
         "sharpness invert posterize solarize autocontrast equalize trivial randaugment flip-target; none "
         "for no change"},
    {.name = "mixup",
     .kind = OPTION_NUMBER,
     .offset = FIELD(mixup),
     .metavar = "ALPHA",
     .fallback = "0",
     .hi = 100,
     .what = "mix pairs of images and their labels, with a share drawn from Beta(ALPHA, ALPHA); usual is "
             "0.2; 0 is off"},
    {.name = "cutmix",
     .kind = OPTION_NUMBER,
     .offset = FIELD(cutmix),
     .metavar = "ALPHA",
     .fallback = "0",
     .hi = 100,
     .what = "paste a box of another image, labels mixed by area; usual is 1; with --mixup a coin decides "
             "for each "
             "batch; 0 is off"},
    {.name = "balanced-sampler",
     .kind = OPTION_FLAG,
     .offset = FIELD(balanced_sampler),
     .what = "draw images with replacement so that every class comes equally often"},
    {0}};
