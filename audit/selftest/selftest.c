#include "audit/selftest/selftest_internal.h"

#include <stddef.h>

static const selftest_check checks[] = {
#define X(name, what) {#name, what, selftest_##name},
#include "audit/selftest/checks.def"
#undef X
};

const selftest_check *selftest_at(int i) {
    return i >= 0 && (size_t)i < sizeof checks / sizeof *checks ? &checks[i] : NULL;
}
