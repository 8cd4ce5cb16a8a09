/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wwwd PORT ROOT: the web server that both clients of the benchmark put their http-01 tokens under. On the
 * loopback, files of ROOT/.well-known/acme-challenge/ and nothing else. Runs until it is killed.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WHERE "/.well-known/acme-challenge/"

static const char *root;

static enum MHD_Result answer(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
			      const char *version, const char *body, size_t *n, void **con)
{
	char path[512];
	int fd = -1;
	off_t size = 0;
	struct MHD_Response *response;
	enum MHD_Result r;

	(void)cls, (void)method, (void)version, (void)body, (void)n, (void)con;
	if (!strncmp(url, WHERE, strlen(WHERE)) && !strchr(url + strlen(WHERE), '/') &&
	    snprintf(path, sizeof path, "%s%s", root, url) < (int)sizeof path)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		size = lseek(fd, 0, SEEK_END);
	response = fd >= 0 ? MHD_create_response_from_fd((size_t)size, fd)
			   : MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	r = MHD_queue_response(connection, fd >= 0 ? 200 : 404, response);
	MHD_destroy_response(response);
	return r;
}

int main(int argc, char **argv)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	if (argc != 3)
		return 2;
	root = argv[2];
	a.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
	if (!MHD_start_daemon(MHD_USE_POLL_INTERNAL_THREAD, 0, NULL, NULL, answer, NULL, MHD_OPTION_SOCK_ADDR, &a,
			      MHD_OPTION_END)) {
		fprintf(stderr, "wwwd: cannot listen on port %s\n", argv[1]);
		return 11;
	}
	for (;;)
		pause();
}
