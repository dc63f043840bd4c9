/* The colours that sheets are drawn in. */
#ifndef AUDIT_SHEET_COLOURS_H
#define AUDIT_SHEET_COLOURS_H

#include "audit/picture.h"

static const colour paper = {255, 255, 255}, ink = {34, 34, 34}, faint = {110, 110, 110}, rule = {210, 210, 210}, alarm = {176, 0, 32};

#endif
