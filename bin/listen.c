/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 128

union addr {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t size_of(const union addr *a)
{
	return a->any.sa_family == AF_INET6 ? sizeof a->v6 : sizeof a->v4;
}

/* Digits only, at most 65535. */
static bool read_number(const char *text, unsigned long max, unsigned long *n)
{
	if (!*text || strlen(text) > 9 || text[strspn(text, "0123456789")])
		return false;
	*n = strtoul(text, NULL, 10);
	return *n <= max;
}

/* False: not of that form. An empty address gives the unspecified one of IPv6. */
static bool read_addr(const char *where, union addr *a)
{
	const char *colon = strrchr(where, ':');
	char host[INET6_ADDRSTRLEN + 2] = "";
	unsigned long port;
	size_t n;

	if (!colon || !read_number(colon + 1, 65535, &port))
		return false;
	n = (size_t)(colon - where);
	if (n >= sizeof host)
		return false;
	memcpy(host, where, n);
	*a = (union addr){ 0 };
	if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		a->v6.sin6_family = AF_INET6;
		a->v6.sin6_port = htons((uint16_t)port);
		return inet_pton(AF_INET6, host + 1, &a->v6.sin6_addr) == 1;
	}
	if (n == 0) {
		a->v6.sin6_family = AF_INET6;
		a->v6.sin6_port = htons((uint16_t)port);
		return true;
	}
	a->v4.sin_family = AF_INET;
	a->v4.sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, host, &a->v4.sin_addr) == 1;
}

/* -1 and errno. both: an IPv6 socket takes IPv4 as well. */
static int open_at(const union addr *a, bool both)
{
	int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, only = !both, e;

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
	    (a->any.sa_family != AF_INET6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only) == 0) &&
	    bind(fd, &a->any, size_of(a)) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	e = errno;
	close(fd);
	errno = e;
	return -1;
}

/* A socket handed down (systemd's socket activation, or a privileged parent). Not inherited further. */
static bool adopt(const char *where, int *fd, struct au_err *err)
{
	unsigned long n;
	int listening = 0;
	socklen_t size = sizeof listening;

	if (!read_number(where + 3, 65535, &n))
		return au_fail(err, AU_USAGE, "--listen %s: not [ADDRESS]:PORT or fd:NUMBER", where);
	*fd = (int)n;
	if (getsockopt(*fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) || !listening)
		return au_fail(err, AU_USAGE, "--listen %s: not a socket that listens", where);
	if (fcntl(*fd, F_SETFD, FD_CLOEXEC) || fcntl(*fd, F_SETFL, fcntl(*fd, F_GETFL) | O_NONBLOCK))
		return au_fail_errno(err, "--listen %s", where);
	return true;
}

bool listen_open(const char *where, int *fd, struct au_err *err)
{
	bool all = where[0] == ':';
	union addr a;

	if (strncmp(where, "fd:", 3) == 0)
		return adopt(where, fd, err);
	if (!read_addr(where, &a))
		return au_fail(err, AU_USAGE, "--listen %s: not [ADDRESS]:PORT, such as :80, 192.0.2.1:80 or [::1]:80", where);
	*fd = open_at(&a, all);
	if (*fd < 0 && all && errno != EADDRINUSE && errno != EACCES) {
		/* a host without IPv6 */
		a.v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = a.v6.sin6_port };
		*fd = open_at(&a, false);
	}
	return *fd >= 0 || au_fail_errno(err, "--listen %s", where);
}

bool listen_announce(const struct au_run *run, int fd, const char *path, struct au_err *err)
{
	union addr a = { 0 };
	socklen_t size = sizeof a;
	char line[16];

	if (getsockname(fd, &a.any, &size))
		return au_fail_errno(err, "--listen");
	snprintf(line, sizeof line, "%u\n", ntohs(a.any.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port));
	au_note(run, 1, "listening on port %.*s", (int)strcspn(line, "\n"), line);
	return !path || au_file_write(path, line, strlen(line), 0, err) || au_fail_in(err, "--port-file");
}
