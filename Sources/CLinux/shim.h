// What Swift's Glibc module leaves out.
#ifndef BATON_CLINUX_H
#define BATON_CLINUX_H

#include <sys/eventfd.h>
#include <sys/prctl.h>

/// Names the calling thread (at most 15 bytes count). `prctl` is variadic, which Swift cannot call.
static inline void linux_set_thread_name(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

#endif
