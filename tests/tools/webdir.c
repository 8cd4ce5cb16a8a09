/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * webdir DIR PORT: the files below DIR on 127.0.0.1, one request after the
 * other, until it is ended: the web server that runs anyway, for tests of acme-http01 --webroot.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static void put(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = send(fd, p, n, MSG_NOSIGNAL);
		if (k <= 0)
			return;
		p += k;
		n -= (size_t)k;
	}
}

static void serve(int fd)
{
	char head[4096], path[2048], text[65536];
	size_t n = 0;
	ssize_t k = 0;
	int file = -1, len;

	while (n < sizeof head - 1 && (k = read(fd, head + n, sizeof head - 1 - n)) > 0) {
		n += (size_t)k;
		head[n] = '\0';
		if (strstr(head, "\r\n\r\n"))
			break;
	}
	if (k > 0 && sscanf(head, "GET /%2000s HTTP/1.", path) == 1 && !strstr(path, ".."))
		file = open(path, O_RDONLY);
	k = file < 0 ? -1 : read(file, text, sizeof text);
	len = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zd\r\nConnection: close\r\n\r\n",
		       k < 0 ? "404 Not Found" : "200 OK", k < 0 ? 0 : k);
	put(fd, head, (size_t)len);
	if (k > 0)
		put(fd, text, (size_t)k);
	if (file >= 0)
		close(file);
}

int main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int l = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (argc != 3 || chdir(argv[1]))
		return 2;
	at.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(l, (struct sockaddr *)&at, sizeof at) || listen(l, 16)) {
		perror("webdir");
		return 1;
	}
	for (;;) {
		int fd = accept(l, NULL, NULL);
		struct timeval patience = { 5, 0 };
		if (fd < 0)
			continue;
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
		serve(fd);
		close(fd);
	}
}
