/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * httpget: au_http_do by hand, for the tests of lib/http*.c. Does the requests one after the other in one
 * process and prints one JSON object a request: the response, or {"code","text"} of the failure. The status
 * is that of the first failure.
 *
 *   httpget [--cacert FILE] [--bundle FILE] [--anchors JSON] [--ip 4|6] [--allow-http] [--timeout MS]
 *           [--redirects N] [--method M] [--body TEXT | --fill N] [--type T] [--accept T] URL...
 * --fill is a body of N octets.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "json.h"
#include "mem.h"

struct args {
	struct au_http_opts http;
	struct au_http_request request;
	json_t *anchors;
	char *fill;
};

static const struct option options[] = {
	{ "cacert", 1, NULL, 'c' }, { "bundle", 1, NULL, 'b' }, { "anchors", 1, NULL, 'a' }, { "ip", 1, NULL, 'i' },
	{ "allow-http", 0, NULL, 'h' }, { "timeout", 1, NULL, 't' }, { "redirects", 1, NULL, 'r' },
	{ "method", 1, NULL, 'm' }, { "body", 1, NULL, 'd' }, { "fill", 1, NULL, 'f' },
	{ "type", 1, NULL, 'T' }, { "accept", 1, NULL, 'A' }, { 0 },
};

static bool parse(int argc, char **argv, struct args *a)
{
	int c;

	while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (c) {
		case 'c': a->http.cacert = optarg; break;
		case 'b': a->http.bundle = optarg; break;
		case 'i': a->http.ip = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'h': a->http.allow_http = true; break;
		case 't': a->request.timeout_ms = strtol(optarg, NULL, 10); break;
		case 'r': a->request.redirects = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'm': a->request.method = optarg; break;
		case 'T': a->request.content_type = optarg; break;
		case 'A': a->request.accept = optarg; break;
		case 'd':
			a->request.body = optarg;
			a->request.n = strlen(optarg);
			break;
		case 'f':
			a->request.n = strtoul(optarg, NULL, 10);
			a->request.body = a->fill = au_alloc(a->request.n);
			break;
		case 'a':
			json_decref(a->anchors);
			a->anchors = json_loads(optarg, JSON_ALLOW_NUL, NULL);
			break;
		default: return false;
		}
	}
	a->http.anchors = a->anchors;
	return optind < argc;
}

static json_t *text_or_null(const char *s)
{
	return s ? json_string(s) : json_null();
}

static json_t *describe(const struct au_http_response *r, struct au_http *http)
{
	json_t *o = json_object(), *anchors = au_http_anchors(http);

	json_object_set_new(o, "status", json_integer(r->status));
	json_object_set_new(o, "type", text_or_null(r->content_type));
	json_object_set_new(o, "location", text_or_null(r->location));
	json_object_set_new(o, "nonce", text_or_null(r->nonce));
	json_object_set_new(o, "retryAfter", text_or_null(r->retry_after));
	json_object_set_new(o, "url", text_or_null(r->url));
	json_object_set(o, "links", r->links);
	json_object_set(o, "headers", r->headers);
	json_object_set_new(o, "size", json_integer((json_int_t)r->body.n));
	json_object_set_new(o, "body", r->body.n < 4096 ? json_stringn((const char *)r->body.p, r->body.n) : json_null());
	json_object_set_new(o, "anchors", anchors ? anchors : json_null());
	return o;
}

static int one(struct au_http *http, const struct au_http_request *request)
{
	struct au_err err AU_AUTO_ERR = { 0 };
	struct au_http_response response;
	json_t *o AU_AUTO_JSON = NULL;

	if (au_http_do(http, request, &response, &err)) {
		o = describe(&response, http);
	} else {
		o = json_object();
		json_object_set_new(o, "code", json_integer((json_int_t)err.code));
		json_object_set_new(o, "text", json_string(err.text));
		fprintf(stderr, "httpget: %s\n", err.text);
	}
	au_http_response_free(&response);
	json_dumpf(o, stdout, JSON_COMPACT | JSON_SORT_KEYS);
	putchar('\n');
	fflush(stdout);
	return (int)err.code;
}

int main(int argc, char **argv)
{
	struct args a = { .request = { .method = "GET", .timeout_ms = 10000 } };
	struct au_err err AU_AUTO_ERR = { 0 };
	struct au_http *http = NULL;
	int status = 0;

	if (!parse(argc, argv, &a)) {
		fputs("httpget: see the comment at the top of tests/tools/httpget.c\n", stderr);
		return 2;
	}
	if (!au_http_open(&a.http, &http, &err)) {
		fprintf(stderr, "httpget: %s\n", err.text);
		json_decref(a.anchors);
		return (int)err.code;
	}
	for (int i = optind; i < argc; i++) {
		int now;

		a.request.url = argv[i];
		now = one(http, &a.request);
		status = status ? status : now;
	}
	au_http_free(http);
	json_decref(a.anchors);
	au_free(a.fill);
	return status;
}
