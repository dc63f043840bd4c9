#include "tests/support/test.h"

#include <limits.h>
#include <stdatomic.h>

#include "core/cgroup_internal.h"
#include "core/parallel.h"
#include "core/rng.h"

enum { CHUNKS = 57, WORKERS = 8 };

static const int thread_counts[] = {1, 2, 8};

typedef struct job {
    float partial[CHUNKS];
    atomic_int runs[CHUNKS];
    atomic_int inside[WORKERS]; /* calls of this worker now running */
    atomic_bool collision;
    int failing[2];
    status failures[2];
    volatile sig_atomic_t *cancel;
    int cancel_at;
} job;

static status work(void *context, int chunk, int worker) {
    job *j = context;
    if (worker < 0 || worker >= WORKERS || atomic_fetch_add(&j->inside[worker], 1) != 0)
        atomic_store(&j->collision, true);
    atomic_fetch_add(&j->runs[chunk], 1);
    rng r = rng_stream(1, "test", 0, (uint32_t)chunk, 0, 0);
    float sum = 0;
    for (int i = 0; i < 1000; i++)
        sum += rng_normal(&r);
    j->partial[chunk] = sum;
    if (j->cancel && chunk == j->cancel_at) *j->cancel = 1;
    atomic_fetch_sub(&j->inside[worker], 1);
    for (int i = 0; i < 2; i++)
        if (j->failures[i] && chunk == j->failing[i]) return j->failures[i];
    return STATUS_OK;
}

static run threads_run(int threads) {
    run r = run_default();
    r.threads = threads;
    return r;
}

static void reductions_do_not_depend_on_threads(void **state) {
    (void)state;
    float sums[3];
    for (int t = 0; t < 3; t++) {
        job j = {0};
        run r = threads_run(thread_counts[t]);
        assert_int_equal(parallel_for(&r, CHUNKS, work, &j), STATUS_OK);
        sums[t] = 0;
        for (int i = 0; i < CHUNKS; i++) {
            assert_int_equal(j.runs[i], 1);
            sums[t] += j.partial[i];
        }
        assert_false(j.collision);
    }
    assert_memory_equal(&sums[0], &sums[1], sizeof *sums);
    assert_memory_equal(&sums[0], &sums[2], sizeof *sums);
}

static void the_lowest_failing_chunk_decides(void **state) {
    (void)state;
    for (int t = 0; t < 3; t++)
        for (int repeat = 0; repeat < 50; repeat++) {
            job j = {.failing = {20, 21}, .failures = {STATUS_IO, STATUS_BAD_FILE}};
            run r = threads_run(thread_counts[t]);
            assert_int_equal(parallel_for(&r, CHUNKS, work, &j), STATUS_IO);
            for (int i = 0; i < 20; i++)
                assert_int_equal(j.runs[i], 1);
            assert_false(j.runs[CHUNKS - 1] && thread_counts[t] == 1);
        }
}

/* The message of the lowest chunk, whichever came first; a status alone where none left one. */
static void the_first_failure_tells(void **state) {
    (void)state;
    first_failure f = {0};
    err e, told;
    assert_int_equal(failure_note(&f, 3, STATUS_OK, NULL), STATUS_OK);
    assert_int_equal(failure_report(&f, STATUS_NO_MEMORY, "work", &told), STATUS_NO_MEMORY);
    assert_string_equal(told.message, "work: out of memory");
    assert_int_equal(failure_note(&f, 5, err_set(&e, STATUS_USAGE, "five"), &e), STATUS_USAGE);
    assert_int_equal(failure_note(&f, 0, err_set(&e, STATUS_IO, "zero"), &e), STATUS_IO);
    assert_int_equal(failure_note(&f, 2, err_set(&e, STATUS_USAGE, "two"), &e), STATUS_USAGE);
    assert_int_equal(failure_report(&f, STATUS_IO, "work", &told), STATUS_IO);
    assert_string_equal(told.message, "zero");
    assert_int_equal(failure_report(&f, STATUS_CANCELLED, "work", &told), STATUS_CANCELLED);
    assert_string_equal(told.message, "work: cancelled");
    assert_int_equal(failure_report(&f, STATUS_OK, "work", NULL), STATUS_OK);
}

static void a_cancelled_run_stops(void **state) {
    (void)state;
    for (int t = 0; t < 3; t++) {
        volatile sig_atomic_t cancel = 0;
        job j = {.cancel = &cancel, .cancel_at = 3};
        run r = threads_run(thread_counts[t]);
        r.cancel = &cancel;
        assert_int_equal(parallel_for(&r, CHUNKS, work, &j), STATUS_CANCELLED);
        int runs = 0;
        for (int i = 0; i < CHUNKS; i++)
            runs += j.runs[i];
        if (thread_counts[t] == 1) assert_int_equal(runs, 4);
        assert_int_equal(parallel_for(&r, CHUNKS, work, &j), STATUS_CANCELLED); /* before any chunk */
    }
}

static void no_chunks_is_done(void **state) {
    (void)state;
    run r = threads_run(8);
    assert_int_equal(parallel_for(&r, 0, NULL, NULL), STATUS_OK);
}

static void put(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int quota(const char *text) {
    put(temporary_path("cpu.max"), text);
    put(temporary_path("cgroup"),
        "1:cpu:/elsewhere\n0::/absent/group\n"); /* the limit stands two levels up */
    return cgroup_cpus(temporary_path("cgroup"), temporary_folder());
}

static void quotas_are_read(void **state) {
    (void)state;
    assert_int_equal(quota("max 100000\n"), INT_MAX);
    assert_int_equal(quota("200000 100000\n"), 2);
    assert_int_equal(quota("150000 100000\n"), 2);
    assert_int_equal(quota("1000 100000\n"), 1);
    assert_int_equal(quota("0 100000\n"), INT_MAX);
    assert_int_equal(quota("100000 0\n"), INT_MAX);
    assert_int_equal(quota("nonsense"), INT_MAX);
    assert_int_equal(quota(""), INT_MAX);
    put(temporary_path("cgroup"), "4:cpu:/only/version/one\n");
    assert_int_equal(cgroup_cpus(temporary_path("cgroup"), temporary_folder()), INT_MAX);
    assert_int_equal(cgroup_cpus(temporary_path("missing"), temporary_folder()), INT_MAX);
    assert_true(parallel_cpus() >= 1);
}

static void kernels_have_names(void **state) {
    (void)state;
    err e;
    for (kernel_choice k = KERNEL_AUTO; k <= KERNEL_AVX512; k++) {
        kernel_choice parsed;
        assert_ok(kernel_choice_parse(kernel_choice_name(k), &parsed, &e), e);
        assert_int_equal(parsed, k);
    }
    kernel_choice parsed;
    assert_int_equal(kernel_choice_parse("fast", &parsed, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "fast"));
    assert_non_null(strstr(e.message, "portable"));
    assert_int_equal(kernel_choice_parse("fast", &parsed, NULL), STATUS_USAGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reductions_do_not_depend_on_threads),
        cmocka_unit_test(the_lowest_failing_chunk_decides),
        cmocka_unit_test(the_first_failure_tells),
        cmocka_unit_test(a_cancelled_run_stops),
        cmocka_unit_test(no_chunks_is_done),
        cmocka_unit_test(quotas_are_read),
        cmocka_unit_test(kernels_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
