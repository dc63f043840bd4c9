/* Time for progress and benchmarks; no result depends on it. */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

/* Seconds of a clock that only goes forward, from an arbitrary start. */
double clock_seconds(void);

#endif
