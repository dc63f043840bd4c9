/* How much processor time Linux control groups (version 2) leave to this process. */
#ifndef CORE_CGROUP_INTERNAL_H
#define CORE_CGROUP_INTERNAL_H

/* The tightest cpu.max quota of the process's group and of all groups above it, in processors rounded up;
 * INT_MAX when there is none or the files cannot be read. `membership` is /proc/self/cgroup, `mount` is
 * /sys/fs/cgroup. */
int cgroup_cpus(const char *membership, const char *mount);

#endif
