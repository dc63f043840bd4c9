#include <string.h>

#include "attacks/evasion/blackbox_internal.h"

typedef struct search {
    int queries;   /* answered */
    double margin; /* at the best image */
    float best[];  /* d */
} search;

int search_stage(int query, int queries) {
    static const int begins[SEARCH_STAGES - 1] = {10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000};
    int64_t place = (int64_t)query * 10000 / queries;
    int stage = 0;
    while (stage < SEARCH_STAGES - 1 && place > begins[stage])
        stage++;
    return stage;
}

size_t search_state_bytes(const attack_sample *s) {
    return sizeof(search) + s->d * sizeof(float);
}

static rng stream(const attack_sample *s, const search_rules *rules, int query) {
    return rng_stream(s->seed, rules->purpose, 0, (uint32_t)s->id, (uint32_t)s->restart, (uint32_t)query);
}

ask search_start(const attack_sample *s, const search_rules *rules, void *state, float *x) {
    search *q = state;
    rng g = stream(s, rules, 0);
    q->queries = 0;
    rules->begin(s, &g, x);
    return ASK_FORWARD;
}

static void propose(const attack_sample *s, const search_rules *rules, const search *q, int query, float *x) {
    memcpy(x, q->best, s->d * sizeof *x);
    rng g = stream(s, rules, query);
    rules->propose(s, search_stage(query, s->options->steps), q->best, &g, x);
}

ask search_step(const attack_sample *s, const search_rules *rules, void *state, const attack_answer *a,
                float *x) {
    search *q = state;
    int queries = s->options->steps;
    double margin = attack_margin(s, a->logits);
    bool better = q->queries == 0 || margin < q->margin;
    if (q->queries == queries) return ASK_DONE;
    q->queries++;
    if (better) {
        q->margin = margin;
        memcpy(q->best, x, s->d * sizeof *x);
    }
    if (better && q->queries == queries) return ASK_DONE;
    if (q->queries < queries)
        propose(s, rules, q, q->queries, x);
    else
        memcpy(x, q->best, s->d * sizeof *x);
    return ASK_FORWARD;
}

bool search_ahead(const attack_sample *s, const search_rules *rules, const void *state, int later, float *x) {
    const search *q = state;
    bool proposed = q->queries > 0 && later < s->options->steps - q->queries;
    if (proposed) propose(s, rules, q, q->queries + later, x);
    return proposed;
}
