#include "core/cgroup_internal.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_CAP = 4096 };

/* The version 2 line of /proc/self/cgroup is "0::/path". */
static bool read_group(const char *membership, char group[PATH_CAP]) {
    FILE *file = fopen(membership, "r");
    if (!file) return false;
    bool found = false;
    char line[PATH_CAP];
    while (!found && fgets(line, sizeof line, file))
        if (strncmp(line, "0::/", 4) == 0) {
            line[strcspn(line, "\n")] = '\0';
            memcpy(group, line + 3, strlen(line + 3) + 1);
            found = true;
        }
    fclose(file);
    return found;
}

/* cpu.max holds "QUOTA PERIOD" in microseconds, or "max PERIOD" for no limit. */
static int quota_of(const char *mount, const char *group) {
    char path[2 * PATH_CAP], line[64];
    snprintf(path, sizeof path, "%s%s/cpu.max", mount, group);
    FILE *file = fopen(path, "r");
    if (!file) return INT_MAX;
    bool read = fgets(line, sizeof line, file);
    fclose(file);
    if (!read) return INT_MAX;
    char *rest;
    long long quota = strtoll(line, &rest, 10), period = strtoll(rest, NULL, 10);
    if (quota <= 0 || period <= 0) return INT_MAX;
    long long cpus = (quota - 1) / period + 1;
    return cpus < INT_MAX ? (int)cpus : INT_MAX;
}

int cgroup_cpus(const char *membership, const char *mount) {
    char group[PATH_CAP];
    if (!read_group(membership, group)) return INT_MAX;
    int least = INT_MAX;
    for (;;) {
        int cpus = quota_of(mount, group);
        if (cpus < least) least = cpus;
        char *slash = strrchr(group, '/');
        if (!slash) return least;
        *slash = '\0';
    }
}
