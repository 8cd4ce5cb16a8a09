/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * failio: LD_PRELOAD; input and output go wrong.
 *
 * FAIL_CALLS=write,fsync   which of open, write, read, fsync, rename, link, close (also their *at and 64 forms)
 * FAIL_AT=N     the Nth of these that counts (preload.h) fails; 0: none does
 * FAIL_ON=1     and so do all that follow (a full disk)
 * FAIL_ERRNO=E  with this error number
 * FAIL_TRICKLE=1   instead: each read and write moves one octet, and each second one is interrupted first
 * FAIL_COUNT=F  at the end, F holds how many there were
 *
 * Standard error is left alone: it is where the test reads what the program says.
 */
#include "preload.h"

#include <stdarg.h>
#include <sys/stat.h>

static unsigned long at, seen;
static bool on, trickle;
static int error = EIO;
static const char *calls = "";

static void preload_start(void)
{
	at = env_number("FAIL_AT");
	on = env_number("FAIL_ON");
	trickle = env_number("FAIL_TRICKLE");
	if (env_number("FAIL_ERRNO"))
		error = (int)env_number("FAIL_ERRNO");
	if (getenv("FAIL_CALLS"))
		calls = getenv("FAIL_CALLS");
}

/* Does this call fail? */
static bool fails(const char *call, const void *caller)
{
	unsigned long n;

	if (!counts(caller) || !strstr(calls, call))
		return false;
	n = __atomic_add_fetch(&seen, 1, __ATOMIC_RELAXED);
	if (!at || n < at || (n > at && !on))
		return false;
	errno = error;
	return true;
}

/* How much of n to move: -1 stands for "interrupted". */
static ssize_t trickled(size_t n, const void *caller)
{
	static unsigned turn;

	if (!trickle || !counts(caller))
		return (ssize_t)n;
	if (++turn % 2) {
		errno = EINTR;
		return -1;
	}
	return n > 1 ? 1 : (ssize_t)n;
}

ssize_t write(int fd, const void *p, size_t n)
{
	ssize_t part = fd == 2 ? (ssize_t)n : trickled(n, CALLER);

	if (part < 0 || (fd != 2 && fails("write", CALLER)))
		return -1;
	return REAL(write)(fd, p, (size_t)part);
}

ssize_t read(int fd, void *p, size_t n)
{
	ssize_t part = trickled(n, CALLER);

	if (part < 0 || fails("read", CALLER))
		return -1;
	return REAL(read)(fd, p, (size_t)part);
}

int fsync(int fd)
{
	return fails("fsync", CALLER) ? -1 : REAL(fsync)(fd);
}

int fdatasync(int fd)
{
	return fails("fsync", CALLER) ? -1 : REAL(fdatasync)(fd);
}

int rename(const char *from, const char *to)
{
	return fails("rename", CALLER) ? -1 : REAL(rename)(from, to);
}

int renameat(int a, const char *from, int b, const char *to)
{
	return fails("rename", CALLER) ? -1 : REAL(renameat)(a, from, b, to);
}

int renameat2(int a, const char *from, int b, const char *to, unsigned flags)
{
	return fails("rename", CALLER) ? -1 : REAL(renameat2)(a, from, b, to, flags);
}

int link(const char *from, const char *to)
{
	return fails("link", CALLER) ? -1 : REAL(link)(from, to);
}

int linkat(int a, const char *from, int b, const char *to, int flags)
{
	return fails("link", CALLER) ? -1 : REAL(linkat)(a, from, b, to, flags);
}

/* As the kernel does it: the descriptor is gone whatever close says. */
int close(int fd)
{
	bool bad = fails("close", CALLER);
	int r = REAL(close)(fd);

	if (!bad)
		return r;
	errno = error;
	return -1;
}

#define OPEN_MODE(flags) \
	mode_t mode = 0; \
	if ((flags) & (O_CREAT | __O_TMPFILE)) { \
		va_list ap; \
		va_start(ap, flags); \
		mode = va_arg(ap, mode_t); \
		va_end(ap); \
	}

int open(const char *path, int flags, ...)
{
	OPEN_MODE(flags)
	return fails("open", CALLER) ? -1 : REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	OPEN_MODE(flags)
	return fails("open", CALLER) ? -1 : REAL(open64)(path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
	OPEN_MODE(flags)
	return fails("open", CALLER) ? -1 : REAL(openat)(dir, path, flags, mode);
}

int openat64(int dir, const char *path, int flags, ...)
{
	OPEN_MODE(flags)
	return fails("open", CALLER) ? -1 : REAL(openat64)(dir, path, flags, mode);
}

__attribute__((destructor)) static void finish(void)
{
	char text[32];

	running_ = false;
	snprintf(text, sizeof text, "%lu\n", seen);
	report("FAIL_COUNT", text);
}
