// What Swift's Glibc module leaves out.
#ifndef BATON_CLINUX_H
#define BATON_CLINUX_H

#include <fcntl.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>

/// Names the calling thread (at most 15 bytes count). `prctl` is variadic, which Swift cannot call.
static inline void linux_set_thread_name(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

/// From now on, descendants whose parent ends become children of this process instead of the system's first.
static inline int linux_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

// Hidden without _GNU_SOURCE.
int pipe2(int ends[2], int flags);
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
// The same on every architecture (asm-generic/fcntl.h).
#ifndef F_OFD_SETLK
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#define F_OFD_SETLKW 38
#endif

/// Takes, waits for or queries a lock that belongs to the open file, not to the process (see fcntl(2), “Open file description locks”).
/// Returns 0, or -1 with `errno`; a query answers 1 when somebody else holds it.
static inline int linux_take_file_lock(int descriptor) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(descriptor, F_OFD_SETLK, &lock);
}
static inline int linux_wait_for_file_lock(int descriptor) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(descriptor, F_OFD_SETLKW, &lock);
}
static inline int linux_is_file_locked(int descriptor) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(descriptor, F_OFD_GETLK, &lock) < 0) return -1;
    return lock.l_type != F_UNLCK;
}

#endif
