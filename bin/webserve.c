/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * webserve: libmicrohttpd in poll mode (epoll mode of 0.9.75 spins on stalled peers).
 * Its time-out counts idle time only, so peers that send an octet now and then
 * would live for ever and take all places: when half of them are taken, the
 * oldest connection makes room for each that comes.
 */
#include "webserve.h"

#include <microhttpd.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CONNECTIONS 256
/* Seconds without a sign of life. */
#define IDLE 10
/* A request is a line and a few fields. */
#define MEMORY 8192

struct webserve {
	struct MHD_Daemon *daemon;
	pthread_mutex_t lock;
	json_t *files;               /* path to content */
	int open[MAX_CONNECTIONS];   /* descriptors, oldest first; touched by MHD's thread only */
	size_t n_open;
};

static enum MHD_Result reply(struct MHD_Connection *c, unsigned status, const char *text, const char *allow)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text,
								 MHD_RESPMEM_MUST_COPY);
	enum MHD_Result queued = MHD_NO;

	if (r && MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE,
					 status == MHD_HTTP_OK ? "application/octet-stream" : "text/plain") &&
	    MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") &&
	    MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close") &&
	    (!allow || MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, allow)))
		queued = MHD_queue_response(c, status, r);
	if (r)
		MHD_destroy_response(r);
	return queued;
}

static enum MHD_Result answer(void *cls, struct MHD_Connection *c, const char *url, const char *method,
			      const char *version, const char *upload, size_t *n, void **seen)
{
	static int first;
	struct webserve *w = cls;
	char *content AU_AUTO_MEM = NULL;

	(void)version, (void)upload;
	if (!*seen) {
		/* the head; the reply may go out when the body, which nobody wants, has been read */
		*seen = &first;
		return MHD_YES;
	}
	if (*n) {
		*n = 0;
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return reply(c, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n", "GET, HEAD");
	pthread_mutex_lock(&w->lock);
	content = au_strdup(json_string_value(json_object_get(w->files, url)));
	pthread_mutex_unlock(&w->lock);
	return content ? reply(c, MHD_HTTP_OK, content, NULL) : reply(c, MHD_HTTP_NOT_FOUND, "not here\n", NULL);
}

/* MHD says that a connection is closed before it closes the descriptor, so no number here is somebody else's. */
static void notice(void *cls, struct MHD_Connection *c, void **context, enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct webserve *w = cls;
	size_t i;

	(void)context;
	if (!info)
		return;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		if (w->n_open >= MAX_CONNECTIONS / 2)
			shutdown(w->open[0], SHUT_RDWR);
		if (w->n_open < MAX_CONNECTIONS)
			w->open[w->n_open++] = info->connect_fd;
		return;
	}
	for (i = 0; i < w->n_open && w->open[i] != info->connect_fd; i++)
		;
	if (i < w->n_open)
		memmove(&w->open[i], &w->open[i + 1], (--w->n_open - i) * sizeof w->open[0]);
}

bool webserve_start_take(int fd, struct webserve **out, struct au_err *err)
{
	struct webserve *w = au_alloc(sizeof *w);

	if (w) {
		pthread_mutex_init(&w->lock, NULL);
		w->files = json_object();
	}
	if (w && w->files)
		w->daemon = MHD_start_daemon(MHD_USE_POLL_INTERNAL_THREAD, 0, NULL, NULL, answer, w,
					     MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_CONNECTION, notice, w,
					     MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS,
					     MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE,
					     MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY,
					     MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (w && w->daemon) {
		*out = w;
		return true;
	}
	close(fd);
	webserve_stop(w);
	return au_fail(err, AU_SYSTEM, "the web server could not be started");
}

bool webserve_put(struct webserve *w, const char *path, const char *content, struct au_err *err)
{
	bool done;

	pthread_mutex_lock(&w->lock);
	done = au_json_set_take(w->files, path, json_string(content), err);
	pthread_mutex_unlock(&w->lock);
	return done;
}

void webserve_stop(struct webserve *w)
{
	if (!w)
		return;
	if (w->daemon)
		MHD_stop_daemon(w->daemon);
	json_decref(w->files);
	pthread_mutex_destroy(&w->lock);
	au_free(w);
}
