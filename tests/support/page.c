#include "tests/support/page.h"

#include <ctype.h>

#include "audit/report/report.h"
#include "tests/support/cli.h"
#include "tests/support/test.h"

char *page_of(const char *title, result **results, int n) {
    json *documents[8];
    for (int i = 0; i < n; i++)
        documents[i] = result_json(results[i]);
    const char *path = temporary_path("page.html");
    err e;
    assert_ok(report_write(path, title, documents, n, &e), e);
    for (int i = 0; i < n; i++)
        result_free(results[i]);
    char *page = slurp("page.html");
    assert_non_null(page);
    return page;
}

void must_say(const char *page, const char *text) {
    if (!strstr(page, text)) fail_msg("the page does not contain: %s", text);
}

void must_not_say(const char *page, const char *text) {
    const char *found = strstr(page, text);
    if (found) fail_msg("the page contains \"%s\": ...%.120s", text, found);
}

typedef struct markup {
    const char *at;
    char open[64][16]; /* names of the elements that are open */
    int depth;
} markup;

static bool is_void(const char *name) {
    return strcmp(name, "meta") == 0 || strcmp(name, "img") == 0 || strcmp(name, "br") == 0;
}

static void read_name(markup *r, char out[16]) {
    int n = 0;
    while (isalnum((unsigned char)*r->at) && n < 15)
        out[n++] = *r->at++;
    out[n] = '\0';
    if (n == 0) fail_msg("no element name at: %.60s", r->at - 1);
}

/* Attributes up to '>'; true when the element ends at once ("/>"). */
static bool read_attributes(markup *r) {
    while (*r->at != '>') {
        if (strncmp(r->at, "/>", 2) == 0) {
            r->at += 2;
            return true;
        }
        if (*r->at != ' ' && *r->at != '\n') fail_msg("expected an attribute at: %.60s", r->at);
        r->at += 1;
        r->at += strspn(r->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");
        if (strncmp(r->at, "=\"", 2) != 0) fail_msg("attribute without quoted value at: %.60s", r->at);
        const char *end = strchr(r->at + 2, '"');
        assert_non_null(end);
        if (memchr(r->at + 2, '<', (size_t)(end - r->at - 2))) fail_msg("< in an attribute: %.60s", r->at);
        r->at = end + 1;
    }
    r->at++;
    return false;
}

static void read_tag(markup *r) {
    char name[16];
    bool closing = r->at[1] == '/';
    r->at += closing ? 2 : 1;
    read_name(r, name);
    if (closing) {
        if (r->depth == 0 || strcmp(r->open[r->depth - 1], name) != 0)
            fail_msg("</%s> closes %s", name, r->depth ? r->open[r->depth - 1] : "nothing");
        r->depth--;
        assert_int_equal(*r->at++, '>');
        return;
    }
    bool ended = read_attributes(r);
    if (ended || is_void(name)) return;
    assert_true(r->depth < 64);
    snprintf(r->open[r->depth++], sizeof r->open[0], "%s", name);
    if (strcmp(name, "style") == 0) r->at = strstr(r->at, "</style>");
    assert_non_null(r->at);
}

void assert_well_formed(const char *page) {
    markup r = {.at = page + strlen("<!DOCTYPE html>")};
    assert_int_equal(strncmp(page, "<!DOCTYPE html>", 15), 0);
    while (*r.at) {
        if (*r.at == '<')
            read_tag(&r);
        else if (*r.at == '>')
            fail_msg("stray > at: %.60s", r.at);
        else
            r.at++;
    }
    if (r.depth) fail_msg("<%s> is never closed", r.open[r.depth - 1]);
}

void assert_harmless(const char *page) {
    assert_well_formed(page);
    static const char *const never[] = {
        "<script", "javascript:", "http://", "https://", "onload=", "<link", "<iframe",
        "url(",    ">nan",        ">inf",    "\"nan\"",  " -nan",   NULL};
    for (int i = 0; never[i]; i++)
        must_not_say(page, never[i]);
    must_say(page, "Content-Security-Policy\" content=\"default-src 'none'");
    for (const char *source = strstr(page, " src=\""); source; source = strstr(source + 1, " src=\""))
        assert_int_equal(strncmp(source, " src=\"data:image/png;base64,", 28), 0);
}
