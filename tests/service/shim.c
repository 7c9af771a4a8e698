// Counts the calls that a service makes on its database, and lets one of them fail or be its last. It is loaded before libc.
//
// FAULT_CALL  pwrite64, fdatasync, ftruncate64 or unlink
// FAULT_AT    which of these calls, from 1
// FAULT_AS    EIO, ENOSPC, before (killed instead of the call) or after (killed when it has been made)
// FAULT_SYNC  none: nothing is ever synced, and whoever asks for it is told that it was
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static long count;

static int is_of_database(const char *path) { return strstr(path, "throughline.db") && !strstr(path, ".checkpoint"); }

static int is_on_database(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0) return 0;
    path[n] = 0;
    return is_of_database(path);
}

// 0: nothing, 1: fails, 2: killed afterwards.
static int fault(const char *call) {
    const char *wanted = getenv("FAULT_CALL"), *at = getenv("FAULT_AT"), *as = getenv("FAULT_AS");
    if (!wanted || !at || !as || strcmp(wanted, call)) return 0;
    if (__sync_add_and_fetch(&count, 1) != atol(at)) return 0;
    if (!strcmp(as, "before")) raise(SIGKILL);
    if (!strcmp(as, "after")) return 2;
    errno = strcmp(as, "ENOSPC") ? EIO : ENOSPC;
    return 1;
}

static void finish(int how) {
    int error = errno;
    if (how == 2) raise(SIGKILL);
    errno = error;
}

__attribute__((destructor)) static void tell(void) {
    if (getenv("FAULT_CALL")) fprintf(stderr, "faultable calls: %ld\n", count);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off_t at) {
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
    int how = is_on_database(fd) ? fault("pwrite64") : 0;
    if (how == 1) return -1;
    ssize_t done = real(fd, bytes, n, at);
    finish(how);
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at) { return pwrite64(fd, bytes, n, at); }

static int is_unsynced(void) {
    const char *sync = getenv("FAULT_SYNC");
    return sync && !strcmp(sync, "none");
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
    int how = is_on_database(fd) ? fault("fdatasync") : 0;
    if (how == 1) return -1;
    int done = is_unsynced() ? 0 : real(fd);
    finish(how);
    return done;
}

int fsync(int fd) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fsync");
    int how = is_on_database(fd) ? fault("fdatasync") : 0;
    if (how == 1) return -1;
    int done = is_unsynced() ? 0 : real(fd);
    finish(how);
    return done;
}

int ftruncate64(int fd, off_t n) {
    static int (*real)(int, off_t);
    if (!real) real = dlsym(RTLD_NEXT, "ftruncate64");
    int how = is_on_database(fd) ? fault("ftruncate64") : 0;
    if (how == 1) return -1;
    int done = real(fd, n);
    finish(how);
    return done;
}

int ftruncate(int fd, off_t n) { return ftruncate64(fd, n); }

int unlink(const char *path) {
    static int (*real)(const char *);
    if (!real) real = dlsym(RTLD_NEXT, "unlink");
    int how = is_of_database(path) ? fault("unlink") : 0;
    if (how == 1) return -1;
    int done = real(path);
    finish(how);
    return done;
}
