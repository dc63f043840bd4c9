#include <math.h>

#include "audit/gate/verdict.h"
#include "core/outfile.h"

/* Text inside XML; control characters, which XML 1.0 cannot hold, become '?'. */
static void put_text(FILE *f, const char *text) {
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        switch (c) {
        case '&':
            fputs("&amp;", f);
            break;
        case '<':
            fputs("&lt;", f);
            break;
        case '>':
            fputs("&gt;", f);
            break;
        case '"':
            fputs("&quot;", f);
            break;
        default:
            fputc(c < 0x20 || c == 0x7f ? '?' : c, f);
        }
    }
}

static int count(const verdicts *v, outcome o) {
    int n = 0;
    for (int i = 0; i < v->n; i++)
        n += v->list[i].outcome == o;
    return n;
}

/* What the reader of a CI page sees: the limit, the value with its bounds, and why. */
static void put_facts(FILE *f, const verdict *v) {
    put_text(f, v->reason);
    fprintf(f, "; limit: %s %g", v->gate->at_least ? "at least" : "at most", v->gate->limit);
    if (!isnan(v->value))
        fprintf(f, "; value %.4f [%.4f, %.4f], n = %lld", v->value, v->lo, v->hi, (long long)v->n);
    if (v->n_needed) fprintf(f, "; about n = %lld would decide", (long long)v->n_needed);
}

static void put_case(FILE *f, const verdict *v) {
    static const char *const tags[] = {
        [GATE_FAIL] = "failure", [GATE_INCONCLUSIVE] = "skipped", [GATE_NOT_EVALUABLE] = "error"};
    fputs("  <testcase classname=\"audit.", f);
    put_text(f, v->gate->metric);
    fputs("\" name=\"", f);
    put_text(f, v->gate->name);
    fputs(" [", f);
    put_text(f, v->group);
    fputs("]\">", f);
    if (v->outcome != GATE_PASS) {
        fprintf(f, "<%s message=\"", tags[v->outcome]);
        put_facts(f, v);
        fputs("\"/>", f);
    }
    fputs("</testcase>\n", f);
}

status verdicts_write_junit(const verdicts *v, const char *path, err *e) {
    outfile o;
    status s = outfile_open(&o, path, e);
    if (s != STATUS_OK) return s;
    fprintf(o.file,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n <testsuite name=\"audit check\" "
            "tests=\"%d\" "
            "failures=\"%d\" errors=\"%d\" skipped=\"%d\">\n",
            v->n, count(v, GATE_FAIL), count(v, GATE_NOT_EVALUABLE), count(v, GATE_INCONCLUSIVE));
    for (int i = 0; i < v->n; i++)
        put_case(o.file, &v->list[i]);
    fputs(" </testsuite>\n</testsuites>\n", o.file);
    return outfile_commit(&o, e);
}
