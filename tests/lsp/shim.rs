//! A disk that answers nothing at all, or is full, as a library that is loaded before a program.
//!
//! Must not know what the program does with its files.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

/// Has writes fail that would have the files below `$FULL_DISK` grow by more than `$FULL_DISK_BYTES` together. And:
/// has the calls of a program wait for ever that are about a path below `$DEAD_DISK`, but for the first
/// `$DEAD_DISK_ANSWERS` ones; each wait is a line of `$DEAD_DISK_LOG`. With `$DEAD_DISK_TRUNCATES` only those are meant
/// that cut a file.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void wait_for(const char *path) {
    static int looks;
    const char *disk = getenv("DEAD_DISK"), *log = getenv("DEAD_DISK_LOG"), *answers = getenv("DEAD_DISK_ANSWERS");
    size_t length = disk ? strlen(disk) : 0;
    if (!length || !log || !path || strncmp(path, disk, length)) return;
    if (path[length] && path[length] != '/') return;
    if (answers && __sync_fetch_and_add(&looks, 1) < atoi(answers)) return;
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    int file = real(log, O_WRONLY | O_APPEND | O_CREAT, 0600);
    if (write(file, "waits\n", 6) < 0) abort();
    close(file);
    for (;;) pause();
}

static void look(const char *path) { if (!getenv("DEAD_DISK_TRUNCATES")) wait_for(path); }

static int path_of(int file, char path[4096]) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, 4095);
    if (length >= 0) path[length] = 0;
    return length >= 0;
}

static void truncates(int file) {
    char path[4096];
    if (path_of(file, path)) wait_for(path);
}

/* How many bytes of a write there is room for: what a file has it keeps. */
static size_t room_for(int file, size_t count) {
    static off_t grown;
    char path[4096];
    const char *disk = getenv("FULL_DISK"), *bytes = getenv("FULL_DISK_BYTES");
    if (!disk || !bytes || !path_of(file, path) || strncmp(path, disk, strlen(disk))) return count;
    off_t at = lseek(file, 0, SEEK_CUR), size = lseek(file, 0, SEEK_END);
    lseek(file, at, SEEK_SET);
    if (fcntl(file, F_GETFL) & O_APPEND) at = size;
    off_t grows = at + (off_t) count - size, room = atol(bytes) - grown;
    if (grows < 0) grows = 0;
    if (grows > room) count -= grows - room, grows = room;
    grown += grows;
    return count;
}

#define REAL(result, name, ...) static result (*real)(__VA_ARGS__); if (!real) real = dlsym(RTLD_NEXT, name)
#define OPEN(name) int name(const char *path, int flags, ...) { \
    va_list rest; va_start(rest, flags); int mode = va_arg(rest, int); va_end(rest); \
    REAL(int, #name, const char *, int, ...); look(path); return real(path, flags, mode); }
OPEN(open)
OPEN(open64)
#define STAT(name, type) int name(const char *path, struct type *found) { \
    REAL(int, #name, const char *, struct type *); look(path); return real(path, found); }
STAT(stat, stat)
STAT(lstat, stat)
STAT(stat64, stat64)
STAT(lstat64, stat64)
int statx(int at, const char *restrict path, int flags, unsigned mask, struct statx *restrict found) {
    REAL(int, "statx", int, const char *, int, unsigned, struct statx *);
    look(path);
    return real(at, path, flags, mask, found);
}
DIR *opendir(const char *path) { REAL(DIR *, "opendir", const char *); look(path); return real(path); }
int ftruncate(int file, off_t size) { REAL(int, "ftruncate", int, off_t); truncates(file); return real(file, size); }
int ftruncate64(int file, off64_t size) { REAL(int, "ftruncate64", int, off64_t); truncates(file); return real(file, size); }
ssize_t write(int file, const void *bytes, size_t count) {
    REAL(ssize_t, "write", int, const void *, size_t);
    size_t room = room_for(file, count);
    if (room || !count) return real(file, bytes, room);
    errno = ENOSPC;
    return -1;
}
int mkdir(const char *path, mode_t mode) { REAL(int, "mkdir", const char *, mode_t); look(path); return real(path, mode); }
int access(const char *path, int mode) { REAL(int, "access", const char *, int); look(path); return real(path, mode); }
char *realpath(const char *path, char *found) { REAL(char *, "realpath", const char *, char *); look(path); return real(path, found); }
"#;

/// The shim as a library, made once for all tests of this process.
pub(crate) fn shim() -> &'static Path {
    static SHIM_FILE: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, library) = SHIM_FILE.get_or_init(|| {
        let directory = TempDir::new().expect("a directory for the shim");
        let (source, library) = (directory.path().join("shim.c"), directory.path().join("shim.so"));
        std::fs::write(&source, SHIM).expect("the shim can be written");
        // Cargo links with it, so it is there.
        let mut compiler = Command::new("cc");
        let made = compiler.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).arg("-ldl").status();
        assert!(made.expect("cc starts").success(), "the shim compiles");
        (directory, library)
    });
    library
}
