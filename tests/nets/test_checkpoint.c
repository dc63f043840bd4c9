/* A training that is killed and goes on from its checkpoint ends with the same bytes as one that is not. Trainings that are to be killed
 * run in children; the parent starts no threads before the last of them. */
#include "tests/support/test.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/rng.h"
#include "tests/support/toy_training.h"

/* Trains in a child, from `checkpoint` where it is there; the weights go to `out` if it comes to its end. */
static pid_t start_child(int recipe, const char *checkpoint, const char *out, long kill_at, int threads) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0) return child;
    err e;
    toy *b = toy_begin(recipe);
    b->kill_at = kill_at;
    b->r.threads = threads;
    if (checkpoint) {
        b->o.checkpoint = checkpoint;
        b->o.checkpoint_every = 4;
        if (access(checkpoint, R_OK) == 0) b->o.resume = checkpoint;
    }
    status s = toy_fit(b, &e);
    if (s != STATUS_OK) {
        fprintf(stderr, "%s\n", e.message);
        _exit(1);
    }
    write_all(out, b->w.data, b->w.n * sizeof *b->w.data);
    _exit(0);
}

/* 0: ended well; SIGKILL: was killed. */
static int wait_for(pid_t child) {
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    if (WIFEXITED(how)) assert_int_equal(WEXITSTATUS(how), 0);
    return WIFSIGNALED(how) ? WTERMSIG(how) : 0;
}

static void assert_same_file(const char *one, const char *other, const char *what) {
    bytes a = read_all(one), b = read_all(other);
    assert_int_equal(a.size, b.size);
    if (memcmp(a.data, b.data, a.size) != 0) fail_msg("%s: the weights differ", what);
    bytes_free(&a);
    bytes_free(&b);
}

/* Killed at seeded steps, each time going on with another number of threads, until it is through. */
static void test_killed_at_any_step_ends_with_the_same_bytes(void **state) {
    (void)state;
    rng steps = rng_stream(2026, "kill", 0, 0, 0, 0);
    for (int recipe = 0; recipe < TOY_RECIPES; recipe++) {
        const char *whole = temporary_path("whole"), *parts = temporary_path("parts"),
                   *checkpoint = temporary_path("checkpoint.safetensors");
        unlink(checkpoint);
        assert_int_equal(wait_for(start_child(recipe, NULL, whole, -1, 2)), 0);
        long at = 0;
        int kills = 0;
        do {
            at += 1 + (long)rng_below(&steps, 9);
        } while (wait_for(start_child(recipe, checkpoint, parts, at, 1 + kills % 3)) && ++kills < 100);
        print_message("%s: killed %d times\n", toy_recipes[recipe], kills);
        assert_in_range(kills, 2, 20);
        assert_same_file(whole, parts, toy_recipes[recipe]);
    }
}

/* Killed from outside at any moment, in the middle of writing too. */
static void test_killed_at_any_moment_ends_with_the_same_bytes(void **state) {
    (void)state;
    rng moments = rng_stream(2026, "moment", 0, 0, 0, 0);
    const char *whole = temporary_path("whole"), *parts = temporary_path("parts"),
               *checkpoint = temporary_path("checkpoint.safetensors");
    int kills = 0;
    assert_int_equal(wait_for(start_child(0, NULL, whole, -1, 2)), 0);
    unlink(checkpoint);
    for (;; kills++) {
        pid_t child = start_child(0, checkpoint, parts, -1, 2);
        /* Longer each time, to come to an end. */
        long moment = 1000000L * (1 + (long)rng_below(&moments, 20) + 4L * kills);
        nanosleep(&(struct timespec){.tv_nsec = moment < 900000000L ? moment : 900000000L}, NULL);
        kill(child, SIGKILL);
        if (!wait_for(child)) break;
    }
    assert_same_file(whole, parts, "killed from outside");
    print_message("killed %d times from outside\n", kills);
    assert_true(kills > 0);
}

static void test_cancelled_goes_on(void **state) {
    (void)state;
    err e;
    const char *checkpoint = temporary_path("cancelled.safetensors");
    toy *whole = toy_begin(0);
    assert_ok(toy_fit(whole, &e), e);
    toy *b = toy_begin(0);
    b->o.checkpoint = checkpoint;
    b->cancel_at = 2 * TOY_STEPS + 2;
    assert_int_equal(toy_fit(b, &e), STATUS_CANCELLED);
    assert_int_equal(b->epochs_told, 2);
    toy_end(b);
    b = toy_begin(0);
    b->o.checkpoint = b->o.resume = checkpoint;
    assert_ok(toy_fit(b, &e), e);
    assert_int_equal(b->epochs_told, TOY_EPOCHS - 2);
    assert_memory_equal(b->w.data, whole->w.data, b->w.n * sizeof(float));
    toy_end(b);
    b = toy_begin(0); /* a training that is over gives its weights again */
    b->o.resume = checkpoint;
    assert_ok(toy_fit(b, &e), e);
    assert_int_equal(b->epochs_told, 0);
    assert_memory_equal(b->w.data, whole->w.data, b->w.n * sizeof(float));
    toy_end(b);
    toy_end(whole);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_at_any_step_ends_with_the_same_bytes),
        cmocka_unit_test(test_killed_at_any_moment_ends_with_the_same_bytes),
        cmocka_unit_test(test_cancelled_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
