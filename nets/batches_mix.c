/* Mixtures of two images of a batch: mixup (Zhang et al. 2018) and CutMix (Yun et al. 2019), with one share and one box for the whole batch as
 * in the authors' programs. */
#include <math.h>
#include <string.h>

#include "core/parallel.h"
#include "nets/batches_internal.h"

/* A box of 1 - share of the pixels about a random place, cut at the border; the share is then that of the pixels left outside. */
static void draw_box(shape s, rng *random, mixture *m) {
    double side = sqrt(1 - m->share);
    int height = (int)(s.h * side), width = (int)(s.w * side);
    int row = (int)rng_below(random, (uint32_t)s.h), at = (int)rng_below(random, (uint32_t)s.w);
    m->boxed = true;
    m->top = row - height / 2 < 0 ? 0 : row - height / 2;
    m->bottom = row + height / 2 > s.h ? s.h : row + height / 2;
    m->left = at - width / 2 < 0 ? 0 : at - width / 2;
    m->right = at + width / 2 > s.w ? s.w : at + width / 2;
    m->share = 1 - (double)((m->bottom - m->top) * (m->right - m->left)) / ((double)s.h * s.w);
}

mixture batches_draw_mixture(const batches *b, int n, int step) {
    const train_options *o = b->options;
    rng random = rng_stream(b->run.seed, "mix", 0, 0, (uint32_t)b->epoch, (uint32_t)step);
    bool heads = rng_u32(&random) >> 31;
    bool box = o->cutmix_alpha > 0 && (heads || !(o->mixup_alpha > 0));
    double alpha = box ? o->cutmix_alpha : o->mixup_alpha;
    mixture m = {.share = rng_beta(&random, alpha, alpha)};
    if (box) draw_box(b->data->image, &random, &m);
    for (int32_t i = 0; i < n; i++)
        b->partners[i] = i;
    rng_shuffle(&random, b->partners, n);
    return m;
}

typedef struct mix_job {
    batches *b;
    mixture m;
    int n;
} mix_job;

static void average(const float *own, const float *other, size_t n, float share, float *out) {
    for (size_t i = 0; i < n; i++)
        out[i] = share * own[i] + (1 - share) * other[i];
}

static void paste(const mixture *m, shape s, const float *other, float *out) {
    size_t width = (size_t)(m->right - m->left) * (size_t)s.c;
    for (int row = m->top; row < m->bottom; row++) {
        size_t at = ((size_t)row * (size_t)s.w + (size_t)m->left) * (size_t)s.c;
        memcpy(out + at, other + at, width * sizeof *out);
    }
}

/* Each of two images keeps the weight of its own class, as in PyTorch: share * w * loss + (1 - share) * w' * loss' is one weighted loss of a
 * target in which the first has the share that is returned. */
static float weighted_share(float share, float own, float other, float *weight) {
    *weight = share * own + (1 - share) * other;
    return own == other ? share : share * own / *weight;
}

static void mix_sample(const mix_job *job, int i) {
    const batches *b = job->b;
    const batch_images *own = &b->own, *mixed = &b->mixed;
    size_t pixels = shape_size(b->data->image), classes = (size_t)b->data->classes, a = (size_t)i,
           other = (size_t)b->partners[i];
    float share = (float)job->m.share;
    if (job->m.boxed) {
        memcpy(mixed->x + a * pixels, own->x + a * pixels, pixels * sizeof(float));
        paste(&job->m, b->data->image, own->x + other * pixels, mixed->x + a * pixels);
    } else {
        average(own->x + a * pixels, own->x + other * pixels, pixels, share, mixed->x + a * pixels);
    }
    float in_target =
        weighted_share(share, own->loss_weights[a], own->loss_weights[other], &mixed->loss_weights[a]);
    average(own->targets + a * classes, own->targets + other * classes, classes, in_target,
            mixed->targets + a * classes);
    mixed->labels[a] = own->labels[share >= 0.5F ? a : other];
}

static status mix_chunk(void *context, int chunk, int worker) {
    (void)worker;
    const mix_job *job = context;
    int end = (chunk + 1) * BATCH_CHUNK < job->n ? (chunk + 1) * BATCH_CHUNK : job->n;
    for (int i = chunk * BATCH_CHUNK; i < end; i++)
        mix_sample(job, i);
    return STATUS_OK;
}

status batches_mix(batches *b, int n, int step) {
    mix_job job = {.b = b, .m = batches_draw_mixture(b, n, step), .n = n};
    return parallel_for(&b->run, (n + BATCH_CHUNK - 1) / BATCH_CHUNK, mix_chunk, &job);
}
