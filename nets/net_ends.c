/* Where a net ends: its logits and those of auxiliary heads; every node must lead there. */
#include "nets/net_internal.h"

bool net_is_aux(const net *n, int node) {
    for (int i = 0; i < n->n_aux; i++)
        if (n->aux[i] == node) return true;
    return false;
}

static status check_last(const net *n, bool map, err *e) {
    const net_node *last = &n->nodes[n->n_nodes - 1];
    if (n->n_nodes < 2) return err_set(e, STATUS_BAD_FILE, "the net has no layers");
    if (!map && (last->out.h != 1 || last->out.w != 1 || last->out.c > NET_MOST_CLASSES))
        return err_set(e, STATUS_BAD_FILE,
                       "the last node '%s' gives %d x %d x %d, expected a vector of at most %d logits",
                       last->name, last->out.h, last->out.w, last->out.c, (int)NET_MOST_CLASSES);
    if (net_is_aux(n, n->n_nodes - 1))
        return err_set(e, STATUS_BAD_FILE, "the last node '%s' cannot be an auxiliary head", last->name);
    return STATUS_OK;
}

static status check_aux(const net *n, err *e) {
    for (int i = 0; i < n->n_aux; i++) {
        const net_node *head = &n->nodes[n->aux[i]];
        if (!shape_equal(head->out, (shape){1, 1, n->classes}))
            return err_set(e, STATUS_BAD_FILE,
                           "the auxiliary head '%s' gives %d x %d x %d, expected %d logits as the last node",
                           head->name, head->out.h, head->out.w, head->out.c, n->classes);
    }
    return STATUS_OK;
}

typedef enum lead { LEADS_NOWHERE, LEADS_TO_AUX, LEADS_TO_END } lead;

/* Of node k, when those behind it are settled. */
static lead lead_of(const net *n, int k) {
    lead best = k == n->n_nodes - 1 ? LEADS_TO_END : net_is_aux(n, k) ? LEADS_TO_AUX : LEADS_NOWHERE;
    for (int user = k + 1; user < n->n_nodes && best != LEADS_TO_END; user++)
        for (int i = 0; i < n->nodes[user].n_inputs; i++) {
            lead through = n->nodes[user].aux_only ? LEADS_TO_AUX : LEADS_TO_END;
            if (n->nodes[user].inputs[i] == k && through > best) best = through;
        }
    return best;
}

status net_check_ends(net *n, bool map, err *e) {
    status s = check_last(n, map, e);
    if (s != STATUS_OK) return s;
    n->classes = (int)shape_size(n->nodes[n->n_nodes - 1].out); /* net_add bounds it */
    s = check_aux(n, e);
    for (int k = n->n_nodes - 1; k >= 0 && s == STATUS_OK; k--) {
        lead to = lead_of(n, k);
        if (to == LEADS_NOWHERE) s = err_set(e, STATUS_BAD_FILE, "node '%s' leads nowhere", n->nodes[k].name);
        n->nodes[k].aux_only = to == LEADS_TO_AUX;
    }
    return s;
}
