/* The same command writes the same bytes for any number of threads and images in flight, on deep nets with dropout, batch norm and
 * augmentation; with the portable kernel also on any CPU. */
#include <stdlib.h>

#include "tests/support/cli.h"
#include "tests/support/test.h"

#define TRAIN "train --data synth:shapes -n 64 --epochs 1 --batch 32 --augment flip,shift=2,noise,cutout=4 "

enum { NETS = 2, WAYS = 3 };

static const char *const nets[NETS] = {"resnet8", "vgg-small"};
static const char *const ways[WAYS] = {"--threads 1 --batch 128", "--threads 2 --batch 32",
                                       "--threads 8 --batch 1"};

static const char *name_of(char room[64], const char *stem, int net, int way, const char *end) {
    snprintf(room, 64, "%s-%d-%d.%s", stem, net, way, end);
    return room;
}

static void assert_same_files(const char *stem, int net, int way, const char *end) {
    char a[64], b[64];
    assert_same_file(name_of(a, stem, net, 0, end), name_of(b, stem, net, way, end));
}

static void assert_same_bodies(const char *stem, int net, int way) {
    char a[64], b[64];
    assert_same_body(name_of(a, stem, net, 0, "json"), name_of(b, stem, net, way, "json"));
}

static void training(void **state) {
    (void)state;
    static const int threads[] = {1, 2, 8};
    for (int net = 0; net < NETS; net++)
        for (int way = 0; way < 3; way++) {
            cli_expect(0, NULL, TRAIN "--arch %s --threads %d -o net-%d-%d.bin --json net-%d-%d.json",
                       nets[net], threads[way], net, way, net, way);
            assert_same_files("net", net, way, "bin");
            assert_same_bodies("net", net, way);
        }
}

static void attacks(void **state) {
    (void)state;
    for (int net = 0; net < NETS; net++)
        for (int way = 0; way < WAYS; way++) {
            cli_expect(
                0, NULL,
                "attack net-%d-0.bin --data synth:shapes -n 24 --attack fgsm,pgd --eps .01,.05 --steps "
                "3 --restarts 2 %s --json attack-%d-%d.json --save attack-%d-%d.npz --sheet "
                "attack-%d-%d.png",
                net, ways[way], net, way, net, way, net, way);
            cli_expect(0, NULL,
                       "attack net-%d-0.bin --data synth:shapes -n 24 --attack pgd --norm l2 --eps .5 "
                       "--steps 3 --targeted next --no-drop %s --json l2-%d-%d.json",
                       net, ways[way], net, way);
            assert_same_bodies("attack", net, way);
            assert_same_bodies("l2", net, way);
            assert_same_files("attack", net, way, "npz");
        }
}

static void groups_and_logits(void **state) {
    (void)state;
    for (int net = 0; net < NETS; net++)
        for (int way = 0; way < WAYS; way++) {
            cli_expect(0, NULL,
                       "fairness net-%d-0.bin --data synth:shapes -n 32 --attack fgsm --eps .02 --minimum 5 "
                       "%s --json groups-%d-%d.json",
                       net, ways[way], net, way);
            cli_expect(0, NULL,
                       "predict net-%d-0.bin --data synth:shapes -n 32 %s -o logits-%d-%d.npy --csv "
                       "logits-%d-%d.csv --json logits-%d-%d.json",
                       net, ways[way], net, way, net, way, net, way);
            assert_same_bodies("groups", net, way);
            assert_same_bodies("logits", net, way);
            assert_same_files("logits", net, way, "npy");
            assert_same_files("logits", net, way, "csv");
        }
}

static void poisoned_nets(void **state) {
    (void)state;
    static const int threads[] = {1, 2, 8};
    for (int way = 0; way < 3; way++) {
        cli_expect(
            0, NULL,
            "poison --data synth:shapes --arch resnet8 --train-n 32 -n 24 --epochs 1 --seeds 2 --doses "
            ".1 --augment flip,noise --threads %d --json poison-0-%d.json --manifest list-0-%d.json",
            threads[way], way, way);
        assert_same_bodies("poison", 0, way);
        assert_same_files("list", 0, way, "json");
    }
}

/* OpenBLAS chooses its code by this variable; a core that this CPU cannot run is replaced by one it can. */
static void portable_on_every_core(void **state) {
    (void)state;
    static const char *const cores[] = {"Prescott", "Haswell", "Zen", "SkylakeX"};
    const char *set = getenv("OPENBLAS_CORETYPE");
    char *before = set ? strdup(set) : NULL;
    for (int way = 0; way < 4; way++) {
        setenv("OPENBLAS_CORETYPE", cores[way], 1);
        cli_expect(0, NULL, TRAIN "--arch lenet5 --kernel portable -o port-0-%d.bin --json port-0-%d.json",
                   way, way);
        cli_expect(0, NULL,
                   "attack port-0-%d.bin --data synth:shapes -n 24 --attack pgd --eps .05 --steps 3 --kernel "
                   "portable --json hit-0-%d.json --save hit-0-%d.npz",
                   way, way, way);
        assert_same_files("port", 0, way, "bin");
        assert_same_bodies("port", 0, way);
        assert_same_bodies("hit", 0, way);
        assert_same_files("hit", 0, way, "npz");
    }
    if (before)
        setenv("OPENBLAS_CORETYPE", before, 1);
    else
        unsetenv("OPENBLAS_CORETYPE");
    free(before);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(training), cmocka_unit_test(attacks),
                                       cmocka_unit_test(groups_and_logits), cmocka_unit_test(poisoned_nets),
                                       cmocka_unit_test(portable_on_every_core)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
