#include "audit/tint.h"

#include <math.h>

static const colour unknown = {128, 128, 128};

static uint8_t mix_level(uint8_t a, uint8_t b, double share) {
    return (uint8_t)lrint(a + share * (b - a));
}

colour tint_mix(colour a, colour b, double share) {
    return (colour){mix_level(a.red, b.red, share), mix_level(a.green, b.green, share),
                    mix_level(a.blue, b.blue, share)};
}

/* Along a row of colours at equal distances. */
static colour along(const colour *stops, int n, double share) {
    if (isnan(share)) return unknown;
    double place = fmin(fmax(share, 0), 1) * (n - 1);
    int below = place >= n - 1 ? n - 2 : (int)place;
    return tint_mix(stops[below], stops[below + 1], place - below);
}

colour tint_height(double share) {
    static const colour stops[] = {{68, 1, 84},    {70, 50, 127},  {54, 92, 141},  {39, 127, 142},
                                   {31, 161, 135}, {74, 194, 109}, {159, 218, 58}, {253, 231, 37}};
    return along(stops, sizeof stops / sizeof *stops, share);
}

colour tint_heat(double share) {
    static const colour stops[] = {{0, 0, 4},      {31, 12, 72},   {85, 15, 109},
                                   {136, 34, 106}, {186, 54, 85},  {227, 89, 51},
                                   {249, 140, 10}, {249, 201, 50}, {252, 255, 164}};
    return along(stops, sizeof stops / sizeof *stops, share);
}

colour tint_signed(double share) {
    static const colour stops[] = {{33, 102, 172},  {103, 169, 207}, {209, 229, 240}, {250, 250, 250},
                                   {253, 219, 199}, {239, 138, 98},  {178, 24, 43}};
    return along(stops, sizeof stops / sizeof *stops, (share + 1) / 2);
}
