/* A user-mode Linux of Debian 12 hands 2,696 bytes of extended registers to ptrace; a processor with AMX has more, and its kernel
 * refuses fewer than all of them. Preloaded into linux.uml, this fills up what is missing with zeros: the state of unused tiles. */
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PEEKTEXT = 1, PEEKUSER = 3, GETREGSET = 0x4204, SETREGSET = 0x4205 };

/* Where the area says which of its components are in use, and the mask of those that fit into 2,696 bytes. */
enum { XSTATE_BV = 512, COMPONENTS = 0x3ff };

static long set_all(long pid, void *type, const struct iovec *part) {
    static unsigned char area[65536] __attribute__((aligned(64)));
    static size_t whole;
    struct iovec all = {area, sizeof area};
    if (!whole) {
        if (syscall(SYS_ptrace, GETREGSET, pid, type, &all) < 0) return -1;
        whole = all.iov_len;
    }
    if (part->iov_len >= whole) return syscall(SYS_ptrace, SETREGSET, pid, type, part);
    memset(area, 0, whole);
    memcpy(area, part->iov_base, part->iov_len);
    *(unsigned long *)(area + XSTATE_BV) &= COMPONENTS;
    all.iov_len = whole;
    return syscall(SYS_ptrace, SETREGSET, pid, type, &all);
}

long ptrace(int request, ...) {
    va_list arguments;
    va_start(arguments, request);
    long pid = va_arg(arguments, int);
    void *address = va_arg(arguments, void *), *data = va_arg(arguments, void *);
    va_end(arguments);
    if (request == SETREGSET && (long)address == NT_X86_XSTATE) return set_all(pid, address, data);
    if (request < PEEKTEXT || request > PEEKUSER) return syscall(SYS_ptrace, request, pid, address, data);
    long word = 0;
    if (syscall(SYS_ptrace, request, pid, address, &word) < 0) return -1;
    errno = 0;
    return word;
}
