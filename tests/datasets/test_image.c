/* Pictures: what comes back from a PNG, files that lie or are cut, and resizing. */
#include <math.h>

#include "tests/support/test.h"

#include "core/bytes.h"
#include "datasets/image.h"
#include "tests/support/data_files.h"

static uint8_t pixels[20 * 30 * 3];

static int fill_pixels(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * i % 251);
    return 0;
}

static bytes encode(int h, int w, int c) {
    bytes png;
    err e;
    assert_ok(image_encode_png(pixels, (shape){h, w, c}, &png, &e), e);
    return png;
}

static void png_gives_back_its_pixels(void **state) {
    (void)state;
    for (int c = 1; c <= 3; c += 2) {
        bytes png = encode(20, 30, c);
        shape s;
        uint8_t *found;
        err e;
        assert_ok(image_decode(png.data, png.size, 0, &s, &found, &e), e);
        assert_true(shape_equal(s, (shape){20, 30, c}));
        assert_memory_equal(found, pixels, shape_size(s));
        free(found);
        bytes_free(&png);
    }
}

/* A slope survives all but exactly in quality 90, and worse in 20; grey and colour, of sizes that are no multiple of its blocks. */
static void jpeg_gives_back_about_its_pixels(void **state) {
    (void)state;
    err e;
    for (int c = 1; c <= 3; c += 2) {
        uint8_t slope[13 * 21 * 3], *found;
        double errors[2] = {0};
        for (int i = 0; i < 13 * 21 * c; i++)
            slope[i] = (uint8_t)(40 + 5 * (i / c % 21) + 3 * (i / c / 21) + 20 * (i % c) + 9 * (i / c % 2));
        for (int k = 0; k < 2; k++) {
            bytes jpeg;
            shape s;
            assert_ok(image_encode_jpeg(slope, (shape){13, 21, c}, k ? 20 : 90, &jpeg, &e), e);
            assert_ok(image_decode(jpeg.data, jpeg.size, c, &s, &found, &e), e);
            assert_true(shape_equal(s, (shape){13, 21, c}));
            for (int i = 0; i < 13 * 21 * c; i++)
                errors[k] += abs(found[i] - slope[i]) / (13.0 * 21 * c);
            free(found);
            bytes_free(&jpeg);
        }
        if (!(errors[0] < 4 && errors[0] < errors[1] && errors[1] < 20))
            fail_msg("%d channels: mean error %g in quality 90, %g in 20", c, errors[0], errors[1]);
    }
    bytes none;
    uint8_t grey = 0;
    assert_int_equal(image_encode_jpeg(&grey, (shape){1, 1, 1}, 0, &none, &e), STATUS_USAGE);
    assert_int_equal(image_encode_jpeg(&grey, (shape){1, 1, 2}, 50, &none, &e), STATUS_USAGE);
}

static void channels_convert(void **state) {
    (void)state;
    bytes png = encode(2, 2, 1);
    shape s;
    uint8_t *found;
    err e;
    assert_ok(image_decode(png.data, png.size, 3, &s, &found, &e), e);
    assert_int_equal(s.c, 3);
    for (int i = 0; i < 12; i++)
        assert_int_equal(found[i], pixels[i / 3]);
    free(found);
    assert_int_equal(image_decode(png.data, png.size, 2, &s, &found, &e), STATUS_USAGE);
    bytes_free(&png);
}

static void refuse(const uint8_t *data, size_t size, const char *part) {
    shape s;
    uint8_t *found;
    err e;
    status result = image_decode(data, size, 0, &s, &found, &e);
    if (result != STATUS_BAD_FILE || !strstr(e.message, part))
        fail_msg("status %d \"%s\", expected a bad file with \"%s\"", (int)result, result ? e.message : "",
                 part);
    assert_null(found);
}

/* Writes width or height (at byte `at`) into the header and mends its checksum: a lie, not damage. */
static void lie(bytes *png, size_t at, uint32_t value) {
    for (int i = 0; i < 4; i++)
        png->data[at + (size_t)i] = (uint8_t)(value >> 8 * (3 - i));
    uint32_t crc = crc32_of(png->data + 12, 17);
    for (int i = 0; i < 4; i++)
        png->data[29 + i] = (uint8_t)(crc >> 8 * (3 - i));
}

enum { WIDTH_AT = 16, HEIGHT_AT = 20 };

static void png_that_lies_about_its_size_is_refused(void **state) {
    (void)state;
    static const struct {
        size_t at;
        uint32_t value;
        const char *part;
    } lies[] = {
        {WIDTH_AT, 31, "header says 31 x 20 pixels, but the pixel data"},
        {WIDTH_AT, 29, "header says 29 x 20"},
        {HEIGHT_AT, 19, "inflates to more than"},
        {HEIGHT_AT, 21, "header says 30 x 21"},
        {HEIGHT_AT, 2000000, "cannot hold"},
        {HEIGHT_AT, 3000000, "image of 30 x 3000000 pixels, expected 1 to 64000000"},
        {WIDTH_AT, 0xffffffff, "image of 4294967295"},
        {WIDTH_AT, 0, "image of 0 x 20"},
    };
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        bytes png = encode(20, 30, 3);
        lie(&png, lies[i].at, lies[i].value);
        refuse(png.data, png.size, lies[i].part);
        bytes_free(&png);
    }
}

static void damaged_png_is_refused(void **state) {
    (void)state;
    bytes png = encode(20, 30, 1);
    png.data[HEIGHT_AT + 3] ^= 1;
    refuse(png.data, png.size, "checksum");
    png.data[HEIGHT_AT + 3] ^= 1;
    png.data[60] ^= 0x10;
    refuse(png.data, png.size, "checksum");
    bytes_free(&png);
}

static void truncated_png_is_refused(void **state) {
    (void)state;
    bytes png = encode(4, 5, 1);
    for (size_t size = 0; size < png.size; size++)
        refuse(png.data, size, size < 8 ? "neither PNG nor JPEG" : "truncated");
    bytes_free(&png);
}

static void other_files_are_refused(void **state) {
    (void)state;
    shape s;
    uint8_t *found;
    err e;
    refuse((const uint8_t *)"GIF89a", 6, "neither PNG nor JPEG");
    assert_int_equal(image_read_file(temporary_folder(), 0, &s, &found, &e), STATUS_BAD_FILE);
    assert_int_equal(image_read_file("/dev/zero", 0, &s, &found, &e), STATUS_BAD_FILE);
    assert_int_equal(image_read_file(temporary_path("absent.png"), 0, &s, &found, &e), STATUS_IO);
    assert_non_null(strstr(e.message, "absent.png"));
}

static bytes corpus_file(const char *name) {
    char path[256];
    bytes file;
    err e;
    snprintf(path, sizeof path, "tests/fuzz/corpus/image/%s", name);
    assert_ok(file_read(source_path(path), 100000, &file, &e), e);
    return file;
}

static uint8_t *decode_corpus(const char *name, shape expected) {
    bytes file = corpus_file(name);
    shape s;
    uint8_t *found;
    err e;
    assert_ok(image_decode(file.data, file.size, 0, &s, &found, &e), e);
    assert_true(shape_equal(s, expected));
    bytes_free(&file);
    return found;
}

static void every_kind_of_png_is_decoded(void **state) {
    (void)state;
    static const uint8_t palette[3][3] = {{255, 0, 0}, {0, 255, 0}, {10, 20, 30}};
    const shape grey = {7, 9, 1}, colour = {7, 9, 3};
    uint8_t *interlaced = decode_corpus("interlaced.png", grey),
            *depth16 = decode_corpus("depth16.png", grey);
    uint8_t *depth1 = decode_corpus("depth1.png", grey), *indexed = decode_corpus("palette.png", colour);
    uint8_t *alpha = decode_corpus("alpha.png", colour);
    for (int i = 0; i < 63; i++) {
        int x = i % 9, y = i / 9;
        assert_int_equal(interlaced[i], x * 25 + y * 3);
        assert_int_equal(depth16[i], x * 25 + y * 3);
        assert_int_equal(depth1[i], (x + y) % 2 * 255);
        assert_memory_equal(indexed + 3 * i, palette[(x + y) % 3], 3);
        assert_memory_equal(alpha + 3 * i, palette[0], 3);
    }
    free(interlaced);
    free(depth16);
    free(depth1);
    free(indexed);
    free(alpha);
}

static void jpeg_is_decoded_whole_or_not_at_all(void **state) {
    (void)state;
    uint8_t *found = decode_corpus("red_blue.jpg", (shape){8, 16, 3}); /* left half red, right half blue */
    assert_true(found[0] > 240 && found[1] < 15 && found[2] < 15);
    assert_true(found[45] < 15 && found[46] < 15 && found[47] > 240);
    free(found);
    free(decode_corpus("progressive.jpg", (shape){7, 9, 3}));
    static const char *const names[] = {"red_blue.jpg", "progressive.jpg"};
    for (int k = 0; k < 2; k++) {
        bytes file = corpus_file(names[k]);
        for (size_t size = 3; size < file.size; size++)
            refuse(file.data, size, "JPEG");
        bytes_free(&file);
    }
}

static void jpeg_that_lies_about_its_size_is_refused(void **state) {
    (void)state;
    bytes file = corpus_file("red_blue.jpg");
    size_t frame = 0;
    while (!(file.data[frame] == 0xff && file.data[frame + 1] == 0xc0))
        frame++;
    file.data[frame + 5] = file.data[frame + 7] = 0x1f;
    refuse(file.data, file.size, "cannot hold");
    file.data[frame + 5] = file.data[frame + 7] = 0xff;
    refuse(file.data, file.size, "expected 1 to 64000000 pixels");
    bytes_free(&file);
}

/* Offset of the first segment of this kind. */
static size_t find_marker(const bytes *file, int marker) {
    size_t at = 0;
    while (!(file->data[at] == 0xff && file->data[at + 1] == marker))
        at++;
    return at;
}

/* Counts that sum to more than a decoder's table holds, a DC symbol of too many bits, two headers, no header. */
static void jpeg_with_bad_tables_is_refused(void **state) {
    (void)state;
    enum { HUFFMAN = 0xc4, FRAME = 0xc0, COMMENT = 0xfe, COUNTS_AT = 5, SYMBOLS_AT = 21 };
    bytes file = corpus_file("huffman_overflow.jpg");
    refuse(file.data, file.size, "Huffman table");
    bytes_free(&file);
    file = corpus_file("red_blue.jpg");
    size_t table = find_marker(&file, HUFFMAN), frame = find_marker(&file, FRAME);
    file.data[table + SYMBOLS_AT] += 16;
    refuse(file.data, file.size, "Huffman table");
    file.data[table + SYMBOLS_AT] -= 16;
    file.data[table + COUNTS_AT]++;
    refuse(file.data, file.size, "Huffman table");
    file.data[table + COUNTS_AT]--;
    file.data[frame + 1] = COMMENT;
    refuse(file.data, file.size, "expected one header before the image");
    file.data[frame + 1] = FRAME;
    size_t quantization = find_marker(&file, 0xdb);
    file.data[quantization + 1] = FRAME;
    refuse(file.data, file.size, "JPEG");
    bytes_free(&file);
}

static void resize_averages_and_interpolates(void **state) {
    (void)state;
    const uint8_t square[16] = {0, 2, 10, 20, 4, 6, 30, 40, 100, 100, 7, 7, 100, 100, 7, 7};
    uint8_t out[64];
    image_resize(square, (shape){4, 4, 1}, out, (shape){2, 2, 1});
    assert_memory_equal(out, ((const uint8_t[]){3, 25, 100, 7}), 4);
    image_resize(square, (shape){4, 4, 1}, out, (shape){4, 4, 1});
    assert_memory_equal(out, square, 16);
    const uint8_t line[3] = {0, 90, 30};
    image_resize(line, (shape){1, 3, 1}, out, (shape){1, 2, 1});
    assert_memory_equal(out, ((const uint8_t[]){30, 50}), 2); /* (0 + 90/2) / 1.5, (90/2 + 30) / 1.5 */
    const uint8_t pair[2] = {0, 100};
    image_resize(pair, (shape){1, 2, 1}, out, (shape){1, 4, 1});
    assert_memory_equal(out, ((const uint8_t[]){0, 25, 75, 100}), 4);
    const uint8_t colours[6] = {10, 20, 30, 30, 40, 50};
    image_resize(colours, (shape){2, 1, 3}, out, (shape){1, 1, 3});
    assert_memory_equal(out, ((const uint8_t[]){20, 30, 40}), 3);
    image_resize(pair, (shape){1, 1, 1}, out, (shape){3, 3, 1});
    assert_memory_equal(out, ((const uint8_t[9]){0}), 9);
}

static void resize_keeps_a_flat_image_flat(void **state) {
    (void)state;
    uint8_t flat[17 * 13], out[40 * 40];
    memset(flat, 200, sizeof flat);
    for (int h = 1; h < 40; h += 3)
        for (int w = 1; w < 40; w += 2) {
            image_resize(flat, (shape){17, 13, 1}, out, (shape){h, w, 1});
            for (int i = 0; i < h * w; i++)
                assert_int_equal(out[i], 200);
        }
}

static void floats_go_to_the_nearest_byte(void **state) {
    (void)state;
    for (int i = 0; i <= 255; i++)
        assert_int_equal(image_byte((float)i / 255), i);
    static const float values[] = {-INFINITY,    -1, 0.4f / 255, 0.6f / 255, 0.5f,
                                   254.6f / 255, 2,  INFINITY,   NAN};
    static const uint8_t expected[] = {0, 0, 0, 1, 128, 255, 255, 255, 0};
    uint8_t found[sizeof expected];
    image_bytes(values, sizeof found, found);
    assert_memory_equal(found, expected, sizeof found);
}

/* As bytes go through a JPEG, in place too; what JPEG has no form for is refused. */
static void jpeg_of_floats_is_that_of_their_bytes(void **state) {
    (void)state;
    enum { N = 13 * 21 * 3 };
    shape s = {13, 21, 3};
    float image[N];
    uint8_t levels[N], *expected;
    for (int i = 0; i < N; i++) {
        levels[i] = (uint8_t)(i * 255 / N);
        image[i] = (float)levels[i] / 255;
    }
    bytes jpeg;
    err e;
    shape found;
    assert_ok(image_encode_jpeg(levels, s, 40, &jpeg, &e), e);
    assert_ok(image_decode(jpeg.data, jpeg.size, 3, &found, &expected, &e), e);
    assert_ok(image_through_jpeg(image, s, 40, image, &e), e);
    for (int i = 0; i < N; i++)
        assert_true(image[i] == (float)expected[i] / 255);
    free(expected);
    bytes_free(&jpeg);
    assert_int_equal(image_through_jpeg(image, s, 101, image, &e), STATUS_USAGE);
    assert_int_equal(image_through_jpeg(image, (shape){2, 2, 2}, 40, image, &e), STATUS_USAGE);
}

static void writing_refuses_bad_shapes(void **state) {
    (void)state;
    bytes png;
    err e;
    assert_int_equal(image_encode_png(pixels, (shape){0, 4, 1}, &png, &e), STATUS_USAGE);
    assert_int_equal(image_encode_png(pixels, (shape){2, 2, 4}, &png, &e), STATUS_USAGE);
    assert_int_equal(image_encode_png(pixels, (shape){1 << 20, 1 << 20, 1}, &png, &e), STATUS_USAGE);
    assert_null(png.data);
    assert_int_equal(image_write_png(temporary_path("no/such.png"), pixels, (shape){2, 2, 1}, &e), STATUS_IO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(png_gives_back_its_pixels),
        cmocka_unit_test(jpeg_gives_back_about_its_pixels),
        cmocka_unit_test(channels_convert),
        cmocka_unit_test(png_that_lies_about_its_size_is_refused),
        cmocka_unit_test(damaged_png_is_refused),
        cmocka_unit_test(truncated_png_is_refused),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(every_kind_of_png_is_decoded),
        cmocka_unit_test(jpeg_is_decoded_whole_or_not_at_all),
        cmocka_unit_test(jpeg_that_lies_about_its_size_is_refused),
        cmocka_unit_test(jpeg_with_bad_tables_is_refused),
        cmocka_unit_test(resize_averages_and_interpolates),
        cmocka_unit_test(resize_keeps_a_flat_image_flat),
        cmocka_unit_test(floats_go_to_the_nearest_byte),
        cmocka_unit_test(jpeg_of_floats_is_that_of_their_bytes),
        cmocka_unit_test(writing_refuses_bad_shapes),
    };
    return cmocka_run_group_tests(tests, fill_pixels, NULL);
}
