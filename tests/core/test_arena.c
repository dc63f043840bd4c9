#include "tests/support/test.h"

#include "core/arena.h"

static void memory_is_zeroed_aligned_and_apart(void **state) {
    (void)state;
    enum { PIECES = 300 };
    arena a = {0};
    unsigned char *pieces[PIECES];
    size_t sizes[PIECES];
    for (int i = 0; i < PIECES; i++) { /* from nothing to beyond a block */
        sizes[i] = (size_t)i * (size_t)i * (i % 7 == 0 ? 3 : 1);
        pieces[i] = arena_alloc(&a, sizes[i]);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 64, 0);
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(pieces[i][j], 0);
        memset(pieces[i], i & 255, sizes[i]);
    }
    for (int i = 0; i < PIECES; i++)
        for (size_t j = 0; j < sizes[i]; j++)
            if (pieces[i][j] != (i & 255)) fail_msg("piece %d overwritten at byte %zu", i, j);
    arena_free(&a);
    assert_null(a.blocks);
    assert_non_null(arena_alloc(&a, 10)); /* usable again */
    arena_free(&a);
}

static void empty_pieces_are_unique(void **state) {
    (void)state;
    arena a = {0};
    void *first = arena_alloc(&a, 0), *second = arena_array(&a, 0, 8);
    assert_non_null(first);
    assert_non_null(second);
    assert_ptr_not_equal(first, second);
    arena_free(&a);
}

static void sizes_that_overflow_give_null(void **state) {
    (void)state;
    arena a = {0};
    assert_null(arena_array(&a, SIZE_MAX / 2, 3));
    assert_null(arena_array(&a, SIZE_MAX, 1));
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_null(arena_alloc(&a, SIZE_MAX - 63));
    assert_null(arena_strndup(&a, "x", SIZE_MAX));
    assert_null(alloc_aligned(SIZE_MAX));
    assert_null(alloc_aligned(SIZE_MAX - 63));
    arena_free(&a);
}

static void texts_are_copied(void **state) {
    (void)state;
    arena a = {0};
    char text[] = "group";
    char *copy = arena_strdup(&a, text), *part = arena_strndup(&a, text, 2),
         *none = arena_strndup(&a, text, 0);
    char *printed = arena_printf(&a, "%s=%d", text, 42);
    text[0] = 'X';
    assert_string_equal(copy, "group");
    assert_string_equal(part, "gr");
    assert_string_equal(none, "");
    assert_string_equal(printed, "group=42");
    char *wide = arena_printf(&a, "%0*d", 200000, 7); /* longer than a block */
    assert_int_equal(strlen(wide), 200000);
    assert_int_equal(wide[199999], '7');
    assert_string_equal(printed, "group=42");
    arena_free(&a);
}

static void products_are_checked(void **state) {
    (void)state;
    size_t product = 1;
    assert_true(size_multiply(0, SIZE_MAX, &product));
    assert_int_equal(product, 0);
    assert_true(size_multiply(SIZE_MAX, 0, &product));
    assert_true(size_multiply(SIZE_MAX / 3, 3, &product));
    assert_true(product == SIZE_MAX / 3 * 3);
    assert_false(size_multiply((size_t)1 << 32, (size_t)1 << 32, &product));
    assert_int_equal(product, 0);
    assert_false(size_multiply(SIZE_MAX / 3 + 1, 3, &product));
}

static void aligned_memory_is_aligned(void **state) {
    (void)state;
    for (size_t size = 0; size < 200; size += 13) {
        char *memory = alloc_aligned(size);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % 64, 0);
        memset(memory, 1, size);
        free(memory);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(empty_pieces_are_unique),
        cmocka_unit_test(sizes_that_overflow_give_null),
        cmocka_unit_test(texts_are_copied),
        cmocka_unit_test(products_are_checked),
        cmocka_unit_test(aligned_memory_is_aligned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
