/* SHA-256 against the vectors of FIPS 180-2, appendix B, and of NIST's CAVP (SHA256ShortMsg). */
#include "tests/support/test.h"

#include "core/outfile.h"
#include "core/sha256.h"

static const struct {
    const char *message, *hash;
} vectors[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrs"
     "tnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    {"\xd3", "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"},
};

static const char million_a[] = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

static void test_published(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        char hex[SHA256_HEX];
        sha256_of(vectors[i].message, strlen(vectors[i].message), hex);
        assert_string_equal(hex, vectors[i].hash);
    }
}

/* A message hashed in pieces of any length has the hash of the whole. */
static void test_pieces(void **state) {
    (void)state;
    for (size_t step = 1; step < 200; step += 7) {
        sha256 s;
        sha256_init(&s);
        char as[200], hex[SHA256_HEX];
        memset(as, 'a', sizeof as);
        for (size_t done = 0; done < 1000000; done += step)
            sha256_update(&s, as, step < 1000000 - done ? step : 1000000 - done);
        sha256_hex(&s, hex);
        assert_string_equal(hex, million_a);
    }
}

static void test_file(void **state) {
    (void)state;
    err e;
    char hex[SHA256_HEX], *as = malloc(1000000);
    memset(as, 'a', 1000000);
    assert_ok(outfile_write(temporary_path("as"), as, 1000000, &e), e);
    free(as);
    assert_ok(sha256_file(temporary_path("as"), hex, &e), e);
    assert_string_equal(hex, million_a);
    assert_int_equal(sha256_file(temporary_path("absent"), hex, &e), STATUS_IO);
    assert_string_equal(hex, "");
    assert_int_equal(sha256_file("/dev/zero", hex, &e), STATUS_BAD_FILE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
