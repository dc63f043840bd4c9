/* Hostile files and unwritable outputs through the whole program: one line that names the file, exit 2, and nothing left behind. */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/cli.h"
#include "tests/support/test.h"

static const char good_idx[] = "\0\0\x08\x03\0\0\0\x02\0\0\0\x02\0\0\0\x02"
                               "abcdefgh";
static const char good_labels[] = "\0\0\x08\x01\0\0\0\x02\0\x01";

static void put(const char *name, const void *data, size_t size) {
    FILE *file = fopen(temporary_path(name), "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0) fail_msg("cannot write %s", name);
}

/* Fails unless standard error is one line, but for a hint. */
static void refused(const char *message, const char *words) {
    cli c = cli_run(2, message, "%s", words);
    const char *end = strchr(c.err, '\n');
    if (!end || (end[1] && strncmp(end + 1, "hint: ", 6) != 0))
        fail_msg("audit %s: more than one line: %s", words, c.err);
    cli_free(&c);
    assert_no_file_like(".tmp");
    assert_no_file_like("never");
}

static int make_model(void **state) {
    (void)state;
    if (!getenv("AUDIT_BINARY") || !*getenv("AUDIT_BINARY")) return 0;
    cli_expect(0, NULL, "train --data synth:shapes -n 60 --arch linear --epochs 1 -o model.bin");
    return mkdir(temporary_path("idx"), 0777) || mkdir(temporary_path("folder.bin"), 0777) ||
           mkfifo(temporary_path("pipe"), 0666);
}

static void idx_with(const void *images, size_t size, const char *message) {
    put("idx/train-images-idx3-ubyte", images, size);
    put("idx/train-labels-idx1-ubyte", good_labels, sizeof good_labels - 1);
    refused(message, "train --data idx:idx --arch linear --epochs 1 -o never.bin --json never.json");
}

static void idx_files(void **state) {
    (void)state;
    char bytes[sizeof good_idx - 1];
    refused("nowhere: cannot open", "train --data idx:nowhere -o never.bin");
    idx_with(good_idx, sizeof bytes - 1, "idx/train-images-idx3-ubyte: 23 bytes, expected 24");
    idx_with(good_idx, 10, "idx/train-images-idx3-ubyte: 10 bytes, expected a header of 16");
    memcpy(bytes, good_idx, sizeof bytes);
    bytes[2] = 0x0d;
    idx_with(bytes, sizeof bytes, "begins with 00000d03, expected the IDX magic");
    memcpy(bytes, good_idx, sizeof bytes);
    memset(bytes + 4, 0xff, 4);
    idx_with(bytes, sizeof bytes, "size 0 is 4294967295, expected 1..2147483647");
    memcpy(bytes, good_idx, sizeof bytes);
    bytes[4] = 0x7f;
    idx_with(bytes, sizeof bytes, "bytes, expected 8522825752 by its header");
    memcpy(bytes, good_idx, sizeof bytes);
    bytes[7] = 1;
    idx_with(bytes, 20, "2 labels, expected 1, one for each image");
}

/* The text of the model file with `from` replaced by `to` of the same length. */
static void model_with(const char *from, const char *to, const char *message) {
    FILE *file = fopen(temporary_path("model.bin"), "rb");
    static char bytes[1 << 20];
    size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0, n = strlen(from);
    assert_true(file && size > 8 && size < sizeof bytes && n == strlen(to));
    fclose(file);
    size_t at = 8;
    while (at + n <= size && memcmp(bytes + at, from, n) != 0)
        at++;
    if (at + n > size) fail_msg("the model file does not hold %s", from);
    memcpy(bytes + at, to, n);
    put("bad.bin", bytes, size);
    refused(message, "eval bad.bin --data synth:shapes");
    refused("bad.bin: ", "inspect bad.bin");
}

static void model_files(void **state) {
    (void)state;
    char *whole = slurp("model.bin");
    assert_non_null(whole);
    uint8_t header[64];
    memcpy(header, whole, sizeof header);
    put("bad.bin", header, sizeof header);
    refused("bad.bin: safetensors: header of", "eval bad.bin --data synth:shapes");
    memcpy(header, "\0\0\0\0\1\0\0\0", 8);
    put("bad.bin", header, sizeof header);
    refused("bad.bin: safetensors: header of 4294967296 bytes", "eval bad.bin --data synth:shapes");
    free(whole);
    model_with("\\\"inputs\\\":[\\\"normalise\\\"]", "\\\"inputs\\\":[\\\"flattenzz\\\"]",
               "not a node before it");
    model_with("\\\"inputs\\\":[\\\"input\\\"]", "\\\"inputs\\\":[\\\"outpu\\\"]", "not a node before it");
    model_with("\\\"inputs\\\":[\\\"normalise\\\"]", "\\\"inputs\\\":[\\\"flatten\\\"  ]", "a cycle");
    model_with("\"data_offsets\":[0,", "\"data_offsets\":[4,", "bad.bin: safetensors: ");
    refused("folder.bin: is a folder", "eval folder.bin --data synth:shapes");
    refused("/dev/zero: is a pipe or device", "eval /dev/zero --data synth:shapes");
    refused("pipe: is a pipe or device", "eval pipe --data synth:shapes");
    refused("pipe: is a pipe or device", "inspect pipe"); /* a pipe without a writer must not be waited for */
    refused("folder.bin: is a folder", "inspect folder.bin");
}

/* An output that cannot be written is refused before the work. Each work here would take minutes. */
static void outputs(void **state) {
    (void)state;
    static const char *const jobs[] = {
        "train --data synth:shapes --epochs 10000 -o",
        "train --data synth:shapes --epochs 10000 -o never.bin --json",
        "attack model.bin --data synth:shapes --eps 1e-9 --steps 100000 --sheet",
        "attack model.bin --data synth:shapes --eps 1e-9 --steps 100000 --save",
        "attack model.bin --data synth:shapes --eps 1e-9 --steps 100000 --json",
        "poison --data synth:shapes --epochs 10000 --manifest",
    };
    char words[200];
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        snprintf(words, sizeof words, "%s no/such/folder", jobs[i]);
        refused("no/such/folder: cannot create: No such file", words);
        snprintf(words, sizeof words, "%s folder.bin", jobs[i]);
        refused("folder.bin: cannot create: Is a directory", words);
    }
    refused("/dev/full: cannot write", "attack model.bin --data synth:shapes -n 10 --sheet /dev/full");
    refused("/dev/full: cannot write", "attack model.bin --data synth:shapes -n 10 --save /dev/full");
    refused("/dev/full: cannot write", "predict model.bin --data synth:shapes -n 10 -o /dev/full");
}

/* Every kind of output on a disk that is full in the middle of it. */
static void full_disk(void **state) {
    (void)state;
    static const char *const jobs[] = {"attack model.bin --data synth:shapes -n 30 --save never",
                                       "attack model.bin --data synth:shapes -n 30 --sheet never",
                                       "predict model.bin --data synth:shapes -n 300 -o never",
                                       "predict model.bin --data synth:shapes -n 300 --csv never",
                                       "eval model.bin --data synth:shapes --json never"};
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        cli c = cli_start_limited(1000, "%s --quiet", jobs[i]);
        cli_wait(&c);
        if (c.exit_code != 2 || !strstr(c.err, "never: cannot write"))
            fail_msg("audit %s: exit %d: %s", jobs[i], c.exit_code, c.err);
        cli_free(&c);
        assert_no_file_like("never");
    }
}

/* A reader that has gone is an error, not a death by a signal. */
static void closed_pipe(void **state) {
    (void)state;
    int ends[2], out = dup(STDOUT_FILENO);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    char line[4200];
    snprintf(line, sizeof line, "\"$AUDIT_BINARY\" eval \"%s\" --data synth:shapes 2>/dev/null",
             temporary_path("model.bin"));
    if (!getenv("AUDIT_BINARY") || !*getenv("AUDIT_BINARY")) skip();
    signal(SIGPIPE, SIG_DFL);
    dup2(ends[1], STDOUT_FILENO);
    int code = system(line);
    dup2(out, STDOUT_FILENO);
    close(out);
    close(ends[1]);
    if (code != 2 << 8) fail_msg("wait status %d, expected exit 2", code);
}

static void numbers(void **state) {
    (void)state;
    static const char *const eps[] = {"-1", "nan", "inf", "abc", "1/0", "8/255/2", "1e999", ".1,,.2"};
    char words[200];
    for (size_t i = 0; i < sizeof eps / sizeof *eps; i++) {
        snprintf(words, sizeof words, "attack model.bin --data synth:shapes --eps=%s", eps[i]);
        refused("--eps: ", words);
    }
    refused("--steps: 0 is below 1", "attack model.bin --data synth:shapes --steps 0");
    refused("--restarts: 0 is below 1", "attack model.bin --data synth:shapes --restarts 0");
    refused("--step-size: 0 is below", "attack model.bin --data synth:shapes --step-size 0");
    refused("--lr: 0 is below", "train --data synth:shapes --lr 0 -o never.bin");
    put("rows.csv", "group\na\nb\n", 10);
    refused("rows.csv: 2 rows, expected 50",
            "fairness model.bin --data synth:shapes -n 50 --groups rows.csv");
}

/* Two outputs in one file, or one over an input, would destroy something silently. */
static void test_outputs_apart(void **state) {
    (void)state;
    cli_expect(0, NULL, "train --data synth:shapes -n 40 --arch linear --epochs 1 -o base.bin");
    cli_expect(2, "--output and --curves would both write same.bin",
               "train --data synth:shapes -n 40 --arch linear -o same.bin --curves same.bin");
    cli_expect(2, "would both write standard output",
               "predict base.bin --data synth:shapes -n 4 --csv - --json -");
    cli_expect(2, "would write over base.bin", "transfer base.bin --data synth:arrows -o base.bin");
    cli_expect(2, "would write over base.bin", "export base.bin -o ./base.bin");
    cli_expect(0, NULL,
               "train --data synth:shapes -n 40 --arch linear --epochs 1 -o a.bin --json /dev/null --curves "
               "/dev/null");
    cli c = cli_run(0, NULL, "train --data synth:shapes -n 40 --arch linear --epochs 1 -o a.bin --curves -");
    assert_int_equal(strncmp(c.out, "<svg", 4), 0);
    cli_free(&c);
}

/* The net is worth more than its log. */
static void test_lost_log(void **state) {
    (void)state;
    cli_expect(2, "kept.bin was written",
               "train --data synth:shapes -n 40 --arch linear --epochs 1 -o kept.bin --log /dev/full");
    cli_expect(0, NULL, "inspect kept.bin");
}

static void test_other_files(void **state) {
    (void)state;
    cli_expect(0, NULL, "train --data synth:shapes -n 40 --arch linear --epochs 1 -o b.bin --json b.json");
    cli_expect(2, "neither a model.bin nor an ONNX file", "eval b.json --data synth:shapes");
    cli_expect(2, "\"circle\" twice", "export b.bin --classes circle,circle,c,d,e -o c.bin");
    cli_expect(2, "there are: relu", "train --data synth:shapes -n 40 --arch small --activation clip");
    cli_expect(2, "unknown option", "eval b.bin --data synth:shapes --budget 3");
    cli_expect(2, "at its input", "transfer b.bin --data synth:arrows --cut input -o d.bin");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_outputs_apart),
                                       cmocka_unit_test(test_lost_log),
                                       cmocka_unit_test(test_other_files),
                                       cmocka_unit_test(idx_files),
                                       cmocka_unit_test(model_files),
                                       cmocka_unit_test(outputs),
                                       cmocka_unit_test(full_disk),
                                       cmocka_unit_test(closed_pipe),
                                       cmocka_unit_test(numbers)};
    return cmocka_run_group_tests(tests, make_model, NULL);
}
