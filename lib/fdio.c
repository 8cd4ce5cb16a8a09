/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fdio: the edge to the system: streams in, whole files out. */
#include "fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "b64.h"
#include "mem.h"

/* --- stream of objects ------------------------------------------------------ */

static bool separates(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0x1e;
}

static void drop(struct au_reader *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		r->line += r->buf.p[i] == '\n';
	memmove(r->buf.p, r->buf.p + n, r->buf.n - n);
	au_wipe(r->buf.p + r->buf.n - n, n);
	r->buf.n -= n;
	r->seen = 0;
	r->depth = 0;
	r->in_string = r->escaped = false;
}

static bool fill(struct au_reader *r, struct au_err *err)
{
	const size_t step = 65536;
	ssize_t k;

	/* room for a whole document and what was read behind it */
	r->buf.max = 2 * AU_MAX_DOC + step;
	if (!au_buf_room(&r->buf, step, err))
		return false;
	do
		k = read(r->fd, r->buf.p + r->buf.n, step);
	while (k < 0 && errno == EINTR);
	if (k < 0) {
		r->lost = true;
		return au_fail_errno(err, "%s", r->name);
	}
	r->buf.n += (size_t)k;
	r->eof = k == 0;
	return true;
}

/* Is there a whole object at the start of buf? r->seen is then its length. */
static bool framed(struct au_reader *r)
{
	while (r->seen < r->buf.n) {
		uint8_t c = r->buf.p[r->seen++];
		if (r->escaped)
			r->escaped = false;
		else if (r->in_string && c == '\\')
			r->escaped = true;
		else if (c == '"')
			r->in_string = !r->in_string;
		else if (!r->in_string && (c == '{' || c == '['))
			r->depth++;
		else if (!r->in_string && (c == '}' || c == ']') && --r->depth == 0)
			return true;
	}
	return false;
}

static bool lose(struct au_reader *r, struct au_err *err, const char *why)
{
	r->lost = true;
	return au_fail(err, AU_INPUT, "%s: line %zu: %s", r->name, r->line, why);
}

bool au_reader_next(struct au_reader *r, json_t **doc, struct au_err *err)
{
	size_t blank;

	*doc = NULL;
	if (r->lost)
		return true;
	for (;;) {
		for (blank = 0; blank < r->buf.n && separates(r->buf.p[blank]); blank++)
			;
		if (blank)
			drop(r, blank);
		if (r->buf.n || r->eof)
			break;
		if (!fill(r, err))
			return false;
	}
	if (!r->buf.n)
		return true;
	if (r->buf.p[0] != '{')
		return lose(r, err, "not a JSON object");
	while (!framed(r)) {
		if (r->seen > AU_MAX_DOC)
			return lose(r, err, "object larger than 4 MiB");
		if (r->eof)
			return lose(r, err, "input ends inside an object");
		if (!fill(r, err))
			return false;
	}
	/* said again, so that the answer does not depend on how the octets came in */
	if (r->seen > AU_MAX_DOC)
		return lose(r, err, "object larger than 4 MiB");
	size_t n = r->seen, line = r->line;
	*doc = au_json_load(r->buf.p, n, AU_MAX_DEPTH_DOC, err);
	drop(r, n);
	if (!*doc)
		return au_fail_in(err, "%s: object at line %zu", r->name, line);
	return true;
}

void au_reader_free(struct au_reader *r)
{
	au_buf_free(&r->buf);
}

/* --- files ------------------------------------------------------------------ */

bool au_write_all(int fd, const char *name, const void *p, size_t n, struct au_err *err)
{
	const char *s = p;
	while (n) {
		ssize_t k = write(fd, s, n);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return au_fail_errno(err, "%s", name);
		s += k;
		n -= (size_t)k;
	}
	return true;
}

/* "fd:3" to 3; -1 when it is not of that form. */
static int fd_name(const char *name)
{
	if (strncmp(name, "fd:", 3) || !name[3] || strlen(name) > 9 || name[strspn(name + 3, "0123456789") + 3])
		return -1;
	return (int)strtol(name + 3, NULL, 10);
}

static void close_own(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

bool au_file_read(const char *name, size_t max, enum au_code code, struct au_buf *out, struct au_err *err)
{
	int given = strcmp(name, "-") ? fd_name(name) : 0;
	__attribute__((cleanup(close_own))) int own = -1;

	if (given < 0 && (own = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY)) < 0)
		return au_fail_errno(err, "%s", name), au_fail_as(err, code);
	size_t start = out->n, ceiling = out->max;
	out->max = out->n + max + 1;
	for (;;) {
		if (!au_buf_room(out, 4096 < out->max - out->n ? 4096 : out->max - out->n, err))
			return false;
		size_t room = out->cap - out->n - 1;
		if (room > out->max - out->n)
			room = out->max - out->n;
		ssize_t k = read(given < 0 ? own : given, out->p + out->n, room);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return au_fail_errno(err, "%s", name), au_fail_as(err, code);
		out->n += (size_t)k;
		out->p[out->n] = 0;
		if (!k)
			break;
		if (out->n - start > max)
			return au_fail(err, code, "%s: larger than %zu octets", name, max);
	}
	if (ceiling > out->max || !ceiling)
		out->max = ceiling;
	return true;
}

bool au_secret_read(const char *name, struct au_buf *out, struct au_err *err)
{
	size_t start = out->n;

	if (!au_file_read(name, AU_MAX_SECRET, AU_KEY, out, err))
		return false;
	if (out->n > start && out->p[out->n - 1] == '\n')
		out->n--;
	if (out->n > start && out->p[out->n - 1] == '\r')
		out->n--;
	if (out->p)
		out->p[out->n] = 0;
	if (out->n == start)
		return au_fail(err, AU_KEY, "%s: no secret inside: it is empty", name);
	if (memchr(out->p + start, '\n', out->n - start))
		return au_fail(err, AU_KEY, "%s: a secret is one line, there are more", name);
	return true;
}

static void unlink_temp(char **path)
{
	if (*path)
		unlink(*path);
	au_free(*path);
}

/* The directory entry itself must reach the disk for the rename to be kept. */
static bool sync_dir(const char *path, struct au_err *err)
{
	const char *slash = strrchr(path, '/');
	AU_AUTO_MEM char *dir = !slash ? au_strdup(".") : au_memdup0(path, slash == path ? 1 : (size_t)(slash - path));
	if (!dir)
		return au_fail_mem(err);
	__attribute__((cleanup(close_own))) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* some file systems cannot sync a directory and say EINVAL */
	if (fd < 0 || (fsync(fd) && errno != EINVAL))
		return au_fail_errno(err, "%s", dir);
	return true;
}

static bool put(int fd, const char *path, const void *p, size_t n, struct au_err *err)
{
	if (!au_write_all(fd, path, p, n, err))
		return close(fd), false;
	if (fsync(fd) && errno != EINVAL && errno != EROFS)
		return au_fail_errno(err, "%s: cannot sync", path), close(fd), false;
	if (close(fd))
		return au_fail_errno(err, "%s: cannot close", path);
	return true;
}

/* A name beside path that nobody can guess, opened. 0666 less umask, or 0600. */
static int create_temp(const char *path, unsigned flags, char **name, struct au_err *err)
{
	unsigned char r[12];

	if (getrandom(r, sizeof r, 0) != sizeof r)
		return au_fail_errno(err, "getrandom"), -1;
	AU_AUTO_MEM char *suffix = au_b64url(r, sizeof r);
	*name = suffix ? au_asprintf("%s.%s", path, suffix) : NULL;
	if (!*name)
		return au_fail_mem(err), -1;
	int fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		      flags & AU_FILE_PRIVATE ? 0600 : 0666);
	if (fd < 0) {
		au_fail_errno(err, "%s: cannot create a file beside it", path);
		au_free(*name);
		*name = NULL;
	}
	return fd;
}

bool au_file_write(const char *path, const void *p, size_t n, unsigned flags, struct au_err *err)
{
	__attribute__((cleanup(unlink_temp))) char *temp = NULL;
	int fd = create_temp(path, flags, &temp, err);

	if (fd < 0 || !put(fd, path, p, n, err))
		return false;
	if (renameat2(AT_FDCWD, temp, AT_FDCWD, path, flags & AU_FILE_NEW ? RENAME_NOREPLACE : 0)) {
		/* file systems without RENAME_NOREPLACE: a link fails as well when the name is taken */
		if (errno != EINVAL || !(flags & AU_FILE_NEW) || link(temp, path))
			return au_fail_errno(err, "%s", path);
	} else {
		au_free(temp);
		temp = NULL;
	}
	return sync_dir(path, err);
}
