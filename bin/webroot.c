/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webroot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const below[] = { ".well-known", "acme-challenge" };
#define LEVELS 2
/* Another provisioner may remove an empty directory while we are about to use it. */
#define TRIES 5

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define AUTO_FD __attribute__((cleanup(shut)))

static int open_dir(int at, const char *name, int flags)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
}

static bool fail_at(const struct webroot *w, unsigned level, struct au_err *err)
{
	const char *path[] = { below[0], ".well-known/acme-challenge" };

	/* of a symbolic link Linux says ENOTDIR, as O_DIRECTORY is there, too */
	if (errno == ELOOP || errno == ENOTDIR)
		return au_fail(err, AU_SYSTEM, "%s/%s: is no directory (a symbolic link is not followed)", w->root,
			       path[level]);
	return au_fail_errno(err, "%s/%s", w->root, path[level]);
}

/* The challenge directory; with `make` it is made. -1 with err filled, or -1 with err empty: it is not there. */
static int descend(struct webroot *w, bool make, struct au_err *err)
{
	int dir = open_dir(AT_FDCWD, w->root, 0);

	if (dir < 0)
		return au_fail_errno(err, "%s", w->root), -1;
	for (unsigned i = 0; i < LEVELS; i++) {
		AUTO_FD int up = dir;
		if (make && mkdirat(up, below[i], 0755) == 0)
			w->made = w->made > LEVELS - i ? w->made : LEVELS - i;
		else if (make && errno != EEXIST)
			return fail_at(w, i, err), -1;
		dir = open_dir(up, below[i], O_NOFOLLOW);
		if (dir >= 0)
			continue;
		if (errno != ENOENT)
			fail_at(w, i, err);
		return -1;
	}
	return dir;
}

static bool put_once(int dir, const char *token, const char *content)
{
	size_t n = strlen(content);
	unsigned long long r;
	char temp[32];
	int fd, e = 0;

	if (getrandom(&r, sizeof r, 0) != sizeof r)
		return false;
	snprintf(temp, sizeof temp, ".new-%016llx", r);
	fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return false;
	errno = ENOSPC; /* what a short write means */
	if (write(fd, content, n) != (ssize_t)n)
		e = errno;
	if (close(fd) && !e)
		e = errno;
	if (!e && renameat(dir, temp, dir, token))
		e = errno;
	if (e)
		unlinkat(dir, temp, 0);
	errno = e;
	return !e;
}

bool webroot_put(struct webroot *w, const char *token, const char *content, struct au_err *err)
{
	for (int i = 0; i < TRIES; i++) {
		AUTO_FD int dir = descend(w, true, err);
		if (dir < 0 && err->code)
			return false;
		if (dir >= 0 && put_once(dir, token, content))
			return true;
		if (errno != ENOENT && errno != EEXIST)
			break;
	}
	return au_fail_errno(err, "%s/.well-known/acme-challenge/%s", w->root, token);
}

bool webroot_remove(struct webroot *w, const char *token, struct au_err *err)
{
	AUTO_FD int dir = descend(w, false, err);

	if (dir < 0)
		return !err->code;
	return unlinkat(dir, token, 0) == 0 || errno == ENOENT ||
	       au_fail_errno(err, "%s/.well-known/acme-challenge/%s", w->root, token);
}

void webroot_tidy(struct webroot *w)
{
	AUTO_FD int root = open_dir(AT_FDCWD, w->root, 0);
	AUTO_FD int up = root < 0 ? -1 : open_dir(root, below[0], O_NOFOLLOW);

	if (up >= 0 && w->made >= 1 && unlinkat(up, below[1], AT_REMOVEDIR) == 0 && w->made >= 2)
		unlinkat(root, below[0], AT_REMOVEDIR);
}
