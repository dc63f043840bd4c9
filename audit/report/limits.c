/* What this audit cannot say. */
#include "audit/report/sections_internal.h"

static void item(html *h, const char *head, const char *text) {
    html_put(h, "<li><b>%s</b> %s</li>\n", head, text);
}

/* Attacks other than those of one ball around each image. */
static bool attacked_otherwise(const facts *f) {
    static const kind kinds[] = {KIND_TRANSFERABILITY, KIND_SPATIAL, KIND_PATCH, KIND_UNIVERSAL};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (f->documents[kinds[i]]) return true;
    return false;
}

static void absent(html *h, const facts *f) {
    if (!f->attack && !attacked_otherwise(f) && !certified_attacked(f->certified, f->certified_small))
        item(h, "Nothing was attacked.",
             "No figure here says how the model behaves when somebody wants it to fail.");
    if (!f->fairness)
        item(h, "No groups were compared.",
             "A good average may hide a group for which the model does not work.");
    if (!f->corrupted)
        item(h, "No images were corrupted.",
             "How far the model depends on images as clean as these is not known.");
    if (!f->poison)
        item(h, "No training data were poisoned.",
             "How far the model depends on the honesty of its data is not known.");
}

void limits_put(html *h, const facts *f) {
    html_put(h, "<ul>\n");
    absent(h, f);
    item(h, "Intervals cover sampling only.",
         "They say how far figures would move with other test images of the same kind: not with another "
         "training run, wrong labels, or images of another source, time or camera.");
    if ((f->attack || attacked_otherwise(f)) && !f->certified)
        item(h, "Nothing is certified.",
             "Attacks show what breaks, never that nothing does. A stronger attack, more steps or "
             "restarts may break more.");
    if (f->attack && !attacked_otherwise(f))
        item(h, "One sort of change was tried by attackers.",
             "Small changes of pixels within a ball. Turned or occluded images, patches and objects in the "
             "scene are another matter.");
    if (f->certified)
        item(h, "Certificates are for these images and this size of change.",
             "An image that is not certified may still be safe: bounds are loose. One that is certified may "
             "fall to a larger change, or to one of another sort.");
    if (f->corrupted)
        item(h, "Corruptions are models of damage.",
             "Real cameras, weather and file formats damage images in more ways, and several at a time. "
             "Nobody "
             "chose these to mislead: an attacker does worse.");
    if (f->fairness) {
        item(h, "Groups are those that were given.",
             "Others, and combinations that were not asked for, may fare worse. A group too small to be "
             "judged is unknown, not well. Groups made of properties of the image are no groups of people.");
        item(h, "The worst group was chosen for being worst.",
             "Intervals are for one group at a time: among many groups some stand out by chance. Look at "
             "it again on new images.");
        item(h, "A gap is no cause.",
             "It may come from the images, the labels, their number in training or the model; and equal "
             "errors do not make a use fair or lawful.");
    }
    if (f->poison)
        item(h, "Poison was tried in one way.",
             "Other triggers, cleaner labels, other nets or training recipes may need less. That the data "
             "of the model above are clean is not shown.");
    html_put(h, "</ul>\n");
}
