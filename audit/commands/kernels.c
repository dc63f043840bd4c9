/* audit kernels [IMAGE] */
#include <stdlib.h>

#include "audit/classic_kernels.h"
#include "audit/panel_sheet.h"
#include "audit/show.h"
#include "datasets/image.h"

enum { LONGEST = 256 };

typedef struct kernels_settings {
    const char *output;
    int64_t row;
} kernels_settings;

#define FIELD(name) offsetof(kernels_settings, name)

static const option options[] = {{.name = "output",
                                  .letter = 'o',
                                  .kind = OPTION_OUTPUT,
                                  .offset = FIELD(output),
                                  .metavar = "FILE.png",
                                  .fallback = "kernels.png",
                                  .what = "the picture to write"},
                                 {.name = "row",
                                  .kind = OPTION_INTEGER,
                                  .offset = FIELD(row),
                                  .metavar = "N",
                                  .fallback = "0",
                                  .hi = 1e9,
                                  .what = "which image of --data"},
                                 {0}};

/* An image as floats in [0, 1], malloc'ed; large ones are made smaller. */
static status read_image(const char *path, shape *s, float **out, err *e) {
    uint8_t *pixels = NULL, *small;
    shape from;
    *out = NULL;
    status ok = image_read_file(path, 0, &from, &pixels, e);
    if (ok != STATUS_OK) return ok;
    int longest = from.h > from.w ? from.h : from.w;
    *s = from;
    if (longest > LONGEST) {
        s->h = from.h * LONGEST / longest > 0 ? from.h * LONGEST / longest : 1;
        s->w = from.w * LONGEST / longest > 0 ? from.w * LONGEST / longest : 1;
    }
    small = malloc(shape_size(*s));
    *out = malloc(shape_size(*s) * sizeof **out);
    if (small && *out) {
        image_resize(pixels, from, small, *s);
        for (size_t i = 0; i < shape_size(*s); i++)
            (*out)[i] = (float)small[i] / 255;
    } else {
        ok = err_set(e, STATUS_NO_MEMORY, "out of memory");
    }
    free(small);
    free(pixels);
    return ok;
}

static status take_image(const dataset *d, int64_t row, shape *s, float **out, err *e) {
    if (row >= d->n)
        return err_set(e, STATUS_USAGE, "--row %lld: %s has %d images", (long long)row, d->name, d->n);
    *s = d->image;
    *out = malloc(shape_size(d->image) * sizeof **out);
    if (!*out) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    dataset_image(d, (int)row, *out);
    return STATUS_OK;
}

static status draw(context *c, const kernels_settings *o, const dataset *d, const float *image, shape s,
                   err *e) {
    picture sheet;
    status ok = classic_kernels_sheet(image, s, &c->run, &sheet, e);
    if (ok != STATUS_OK) return ok;
    result *x = result_new("kernels", &c->run);
    if (d->n > 0) {
        result_data(x, d);
        result_setting_number(x, "row", (double)o->row);
    }
    json *kernels = classic_kernels_json();
    int n = (int)json_count(kernels);
    result_extra(x, "kernels", kernels);
    ok = sheet_finish(x, &sheet, o->output, "there is nothing to draw", e);
    if (ok == STATUS_OK)
        say(c, "wrote %s: an image of %d x %d and what %d kernels and the Harris detector make of it\n",
            o->output, s.w, s.h, n);
    if (ok == STATUS_OK) ok = context_finish(c, x, STATUS_OK, e);
    result_free(x);
    return ok;
}

static status run_kernels(context *c, const void *settings, err *e) {
    const kernels_settings *o = settings;
    dataset d = {0};
    float *image = NULL;
    shape s = {0};
    status ok = STATUS_OK;
    if (c->n_arguments == 1 && c->data.data)
        return err_set(e, STATUS_USAGE, "an image file or --data, not both");
    if (c->n_arguments == 1) {
        ok = read_image(c->arguments[0], &s, &image, e);
    } else {
        ok = context_open_data(c, "test", 0, NULL, &d, e);
        if (ok == STATUS_OK) ok = take_image(&d, o->row, &s, &image, e);
    }
    if (ok == STATUS_OK) ok = draw(c, o, &d, image, s, e);
    free(image);
    dataset_free(&d);
    return ok;
}

const command command_kernels = {
    .name = "kernels",
    .arguments = "[IMAGE]",
    .most = 1,
    .what = "what classic convolution kernels make of an image, as a picture",
    .about = "Applies the kernels of image processing (blur, sharpen, Sobel, Laplacian, "
             "emboss, corners) to a PNG or JPEG image, or to one of --data, with the same "
             "convolution layer that nets are made of, and draws each answer above its "
             "kernel. First layers of trained nets often hold kernels like these: compare "
             "`audit explain MODEL --methods filters`.",
    .reads_data = true,
    .options = options,
    .settings_size = sizeof(kernels_settings),
    .run = run_kernels};
