/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * http: libcurl, told to do one thing at a time. Redirects are followed here, one by one, and not by curl: each
 * hop is checked as the first URL was, and all hops share one deadline. HTTP/1.1 only: at a dozen small
 * requests HTTP/2 wins nothing and brings another parser.
 */
#include "config.h"

#include "http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fdio.h"
#include "http-impl.h"
#include "json.h"
#include "mem.h"
#include "object.h"

/* A file of anchors: the system's own is a quarter of this. */
#define MAX_CACERT (1u << 20)

struct au_http {
	CURL *curl;
	char *cacert, *bundle;
	char narrow[32];             /* path of the anchors that sufficed before, or "" */
	int narrow_fd;
	unsigned ip;
	bool allow_http;
	char agent[96];
	char reason[CURL_ERROR_SIZE];
	struct au_buf chain;         /* what the last TLS server showed, PEM, until its anchors are known */
	json_t *anchors;             /* these, or NULL */
};

/* --- open and close --- */

/* Is there something to trust in the file? curl would say so only at the first handshake, and not well. */
static bool check_cacert(const char *cacert, struct au_err *err)
{
	struct au_buf text AU_AUTO_BUF = AU_BUF(MAX_CACERT);

	if (!au_file_read(cacert, MAX_CACERT, AU_INPUT, &text, err))
		return false;
	if (!text.p || !memmem(text.p, text.n, "-----BEGIN CERTIFICATE-----", 27))
		return au_fail(err, AU_INPUT, "%s: no certificate in PEM form", cacert);
	return true;
}

static bool copy(char **to, const char *from, struct au_err *err)
{
	*to = au_strdup(from);
	return *to || !from || au_fail_mem(err);
}

static void narrow(struct au_http *http, const json_t *anchors)
{
	http->narrow_fd = http->bundle && anchors ? au_trust_narrow(http->bundle, anchors) : -1;
	if (http->narrow_fd < 0)
		return;
	snprintf(http->narrow, sizeof http->narrow, "/proc/self/fd/%d", http->narrow_fd);
	if (access(http->narrow, R_OK) != 0)
		*http->narrow = 0;
}

static bool fill(struct au_http *http, const struct au_http_opts *opts, struct au_err *err)
{
	const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);

	snprintf(http->agent, sizeof http->agent, "acmeutils/%s libcurl/%s %s", PACKAGE_VERSION, version->version,
		 version->ssl_version ? version->ssl_version : "");
	http->ip = opts->ip;
	http->allow_http = opts->allow_http;
	http->chain.max = AU_MAX_DOC;
	if (!copy(&http->cacert, opts->cacert, err) || (opts->cacert && !check_cacert(opts->cacert, err)))
		return false;
	if (!opts->cacert) {
		if (!copy(&http->bundle, au_trust_bundle(opts->bundle), err))
			return false;
		narrow(http, opts->anchors);
	}
	http->curl = curl_easy_init();
	return http->curl || au_fail_mem(err);
}

bool au_http_open(const struct au_http_opts *opts, struct au_http **http, struct au_err *err)
{
	struct au_http *h = au_alloc(sizeof *h);
	CURLcode code;

	*http = NULL;
	if (!h)
		return au_fail_mem(err);
	/* Counted, and since curl 7.84 safe in several threads at once: each handle takes part and gives back. */
	code = curl_global_init(CURL_GLOBAL_DEFAULT);
	if (code != CURLE_OK) {
		au_free(h);
		return au_fail(err, AU_SYSTEM, "libcurl: %s", curl_easy_strerror(code));
	}
	h->narrow_fd = -1;
	if (!fill(h, opts, err)) {
		au_http_free(h);
		return false;
	}
	*http = h;
	return true;
}

void au_http_free(struct au_http *http)
{
	if (!http)
		return;
	curl_easy_cleanup(http->curl);
	curl_global_cleanup();
	if (http->narrow_fd >= 0)
		close(http->narrow_fd);
	au_buf_free(&http->chain);
	json_decref(http->anchors);
	au_free(http->cacert);
	au_free(http->bundle);
	au_free(http);
}

void au_http_response_free(struct au_http_response *response)
{
	au_free(response->content_type);
	au_free(response->location);
	au_free(response->nonce);
	au_free(response->retry_after);
	au_free(response->url);
	json_decref(response->links);
	json_decref(response->headers);
	au_buf_free(&response->body);
	*response = (struct au_http_response){ .body = AU_BUF(AU_MAX_REPLY) };
}

/* --- one hop --- */

struct hop {
	const char *url;
	struct au_http_response *response;
	struct au_http_head head;
	int64_t timeout_ms;
	struct curl_slist *fields;
	struct au_err *err;
	bool refused;                /* by a callback; err says why */
};

static size_t on_head(char *p, size_t size, size_t n, void *user)
{
	struct hop *hop = user;

	if (au_http_head_line(&hop->head, p, size * n))
		return size * n;
	hop->refused = true;
	return 0;
}

static size_t on_body(char *p, size_t size, size_t n, void *user)
{
	struct hop *hop = user;

	if (au_buf_add(&hop->response->body, p, size * n, hop->err))
		return size * n;
	hop->refused = true;
	if (hop->err->code != AU_SYSTEM)
		au_fail(hop->err, AU_PROTOCOL, "the body is larger than %u octets", AU_MAX_REPLY);
	return 0;
}

static bool add_field(struct curl_slist **fields, const char *name, const char *value)
{
	char *line AU_AUTO_MEM = au_asprintf("%s%s%s", name, value ? ": " : ":", value ? value : "");
	struct curl_slist *longer = line ? curl_slist_append(*fields, line) : NULL;

	if (longer)
		*fields = longer;
	return longer;
}

/* What curl would send by itself (Expect, a form's Content-Type) is switched off by an empty field. */
static bool add_fields(struct hop *hop, const struct au_http_request *request)
{
	return add_field(&hop->fields, "Accept", request->accept ? request->accept : "*/*") &&
	       add_field(&hop->fields, "Accept-Language", "en") &&
	       (!request->body || (add_field(&hop->fields, "Content-Type", request->content_type) &&
				   add_field(&hop->fields, "Expect", NULL)));
}

/* curl_easy_setopt fails for lack of memory and for options that this libcurl was built without; neither may pass. */
#define SET(option, value) (curl_easy_setopt(c, option, value) == CURLE_OK)

static bool set_trust(struct au_http *http)
{
	CURL *c = http->curl;
	const char *anchors = http->cacert ? http->cacert : *http->narrow ? http->narrow : http->bundle;

	/* This libcurl trusts its CAPATH beside any CAINFO, unless told to have none. */
	return SET(CURLOPT_CAPATH, NULL) && SET(CURLOPT_CAINFO, anchors) && SET(CURLOPT_PROXY_CAPATH, NULL) &&
	       SET(CURLOPT_PROXY_CAINFO, http->bundle ? http->bundle : anchors) && SET(CURLOPT_SSL_VERIFYPEER, 1L) &&
	       SET(CURLOPT_SSL_VERIFYHOST, 2L) && SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
	       SET(CURLOPT_CERTINFO, 1L);
}

static bool set_method(CURL *c, const struct au_http_request *request)
{
	if (strcmp(request->method, "HEAD") == 0)
		return SET(CURLOPT_NOBODY, 1L);
	if (strcmp(request->method, "GET") == 0)
		return SET(CURLOPT_HTTPGET, 1L);
	/* any other is sent as a POST is, under its own name: for tools that try what a server does with it */
	return SET(CURLOPT_POST, 1L) && SET(CURLOPT_POSTFIELDS, request->body ? request->body : "") &&
	       SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(request->body ? request->n : 0)) &&
	       (strcmp(request->method, "POST") == 0 || SET(CURLOPT_CUSTOMREQUEST, request->method));
}

static bool set_up(struct au_http *http, struct hop *hop, const struct au_http_request *request)
{
	CURL *c = http->curl;
	long ip = http->ip == 4 ? CURL_IPRESOLVE_V4 : http->ip == 6 ? CURL_IPRESOLVE_V6 : CURL_IPRESOLVE_WHATEVER;

	/* Connections, and names resolved, survive this. */
	curl_easy_reset(c);
	*http->reason = 0;
	return SET(CURLOPT_ERRORBUFFER, http->reason) && SET(CURLOPT_NOSIGNAL, 1L) && SET(CURLOPT_NOPROGRESS, 1L) &&
	       SET(CURLOPT_URL, hop->url) && SET(CURLOPT_PATH_AS_IS, 1L) && SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) &&
	       SET(CURLOPT_PROTOCOLS_STR, http->allow_http ? "http,https" : "https") && SET(CURLOPT_FOLLOWLOCATION, 0L) &&
	       SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) && SET(CURLOPT_HTTP09_ALLOWED, 0L) &&
	       SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) && SET(CURLOPT_TIMEOUT_MS, (long)hop->timeout_ms) &&
	       /* A name server that is silent must not hold us past the deadline. */
	       SET(CURLOPT_QUICK_EXIT, 1L) && SET(CURLOPT_IPRESOLVE, ip) && SET(CURLOPT_USERAGENT, http->agent) &&
	       SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)AU_MAX_REPLY) && SET(CURLOPT_HTTPHEADER, hop->fields) &&
	       SET(CURLOPT_HEADERFUNCTION, on_head) && SET(CURLOPT_HEADERDATA, hop) &&
	       SET(CURLOPT_WRITEFUNCTION, on_body) && SET(CURLOPT_WRITEDATA, hop) && set_trust(http) &&
	       set_method(c, request);
}

#undef SET

/* curl forgets the chain with the next request, and has none when a connection is used again. */
static void keep_chain(struct au_http *http)
{
	struct curl_certinfo *info = NULL;
	struct au_err err AU_AUTO_ERR = { 0 };
	bool kept = true;

	if (!http->bundle || curl_easy_getinfo(http->curl, CURLINFO_CERTINFO, &info) != CURLE_OK || !info ||
	    info->num_of_certs == 0)
		return;
	au_buf_free(&http->chain);
	for (int i = 0; kept && i < info->num_of_certs && i < (int)AU_MAX_CHAIN; i++)
		for (const struct curl_slist *l = info->certinfo[i]; kept && l; l = l->next)
			kept = strncmp(l->data, "Cert:", 5) != 0 || au_buf_adds(&http->chain, l->data + 5, &err);
}

/* All fields of the final answer: not those of interim answers or a proxy, no trailers. Folded lines are one. */
static bool read_fields(CURL *curl, struct au_http_response *response, struct au_err *err)
{
	struct curl_header *field = NULL;

	response->headers = json_array();
	if (!response->headers)
		return au_fail_mem(err);
	while ((field = curl_easy_nextheader(curl, CURLH_HEADER, -1, field))) {
		char *name AU_AUTO_MEM = au_strdup(field->name);
		json_t *pair AU_AUTO_JSON = json_array();

		if (!name)
			return au_fail_mem(err);
		for (char *p = name; *p; p++)
			if (*p >= 'A' && *p <= 'Z')
				*p += 'a' - 'A';
		if (!au_json_add_take(pair, au_http_text(name, strlen(name)), err) ||
		    !au_json_add_take(pair, au_http_text(field->value, strlen(field->value)), err) ||
		    !au_json_add_take(response->headers, au_steal(&pair), err))
			return false;
	}
	return true;
}

/* 206 and 304 answer questions that are never asked here: for a part, and for what has changed. */
static bool is_final(long status)
{
	return status >= 200 && status <= 599 && status != 206 && status != 304;
}

static bool finish(struct au_http *http, struct hop *hop)
{
	struct au_http_response *response = hop->response;

	keep_chain(http);
	curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &response->status);
	if (!is_final(response->status))
		return au_fail(hop->err, AU_PROTOCOL, "%s: status %ld is no answer", hop->url, response->status);
	response->url = au_strdup(hop->url);
	if (!response->url)
		return au_fail_mem(hop->err);
	if (!read_fields(http->curl, response, hop->err) || !au_http_head_read(response, hop->err))
		return au_fail_in(hop->err, "%s", hop->url);
	return true;
}

/* Spend what the transfer took. */
static void charge(CURL *curl, struct hop *hop)
{
	curl_off_t us = 0;

	curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME_T, &us);
	hop->timeout_ms -= (us + 999) / 1000;
}

static bool perform(struct au_http *http, struct hop *hop, const struct au_http_request *request)
{
	CURLcode code;

	for (;;) {
		if (hop->timeout_ms <= 0)
			return au_fail(hop->err, AU_NET, "%s: timed out: nothing is left of %g s", hop->url,
				       (double)request->timeout_ms / 1000);
		if (!set_up(http, hop, request))
			return au_fail_mem(hop->err);
		code = curl_easy_perform(http->curl);
		charge(http->curl, hop);
		if (code != CURLE_PEER_FAILED_VERIFICATION || !*http->narrow)
			break;
		/* The hint led nowhere. No octet of the request has been sent; once more with all anchors. */
		*http->narrow = 0;
	}
	if (hop->refused)
		return au_fail_in(hop->err, "%s", hop->url);
	if (code == CURLE_OK)
		return finish(http, hop);
	return au_http_fail(&(struct au_http_failure){
		.curl = http->curl, .code = code, .url = hop->url, .cacert = http->cacert, .reason = http->reason,
		.timeout_ms = request->timeout_ms, .received = hop->response->body.n }, hop->err);
}

static bool do_hop(struct au_http *http, const char *url, int64_t *timeout_ms, const struct au_http_request *request,
		   struct au_http_response *response, struct au_err *err)
{
	struct hop hop = {
		.url = url, .response = response, .timeout_ms = *timeout_ms, .err = err, .head = { .err = err },
	};
	bool done;

	au_http_response_free(response);
	if (!http->cacert && !http->bundle && strncasecmp(url, "https:", 6) == 0)
		return au_fail(err, AU_SYSTEM, "the system has no trust anchors: install ca-certificates or use --cacert");
	done = add_fields(&hop, request) ? perform(http, &hop, request) : au_fail_mem(err);
	curl_slist_free_all(hop.fields);
	*timeout_ms = hop.timeout_ms;
	return done;
}

/* --- all hops --- */

static bool is_redirect(const struct au_http_response *response)
{
	return response->location && (response->status == 301 || response->status == 302 || response->status == 303 ||
				      response->status == 307 || response->status == 308);
}

/* Take the next URL out of the response. */
static bool next_url(const struct au_http *http, struct au_http_response *response, char **url, struct au_err *err)
{
	/* --allow-http is for servers in a laboratory; it is no leave to go from https to http. */
	bool allow = http->allow_http && strncasecmp(*url, "http:", 5) == 0;

	if (!au_url_check(response->location, "redirect", allow, err))
		return au_fail_in(err, "%s", *url);
	au_free(*url);
	*url = au_steal(&response->location);
	return true;
}

bool au_http_do(struct au_http *http, const struct au_http_request *request, struct au_http_response *response,
		struct au_err *err)
{
	char *url AU_AUTO_MEM = NULL;
	int64_t left = request->timeout_ms;
	/* What is signed was signed for this URL and no other. */
	unsigned redirects = strcmp(request->method, "POST") == 0 ? 0 : request->redirects;

	*response = (struct au_http_response){ .body = AU_BUF(AU_MAX_REPLY) };
	if (!au_url_check(request->url, "request", http->allow_http, err) || !copy(&url, request->url, err))
		return false;
	for (unsigned hops = 0;; hops++) {
		bool done = do_hop(http, url, &left, request, response, err);

		if (done && (redirects == 0 || !is_redirect(response)))
			return true;
		if (done && hops == redirects)
			done = au_fail(err, AU_PROTOCOL, "%s: more than %u redirects", request->url, redirects);
		if (!done || !next_url(http, response, &url, err)) {
			au_http_response_free(response);
			return false;
		}
	}
}

json_t *au_http_anchors(struct au_http *http)
{
	if (!*http->narrow && http->chain.n > 0) {
		json_decref(http->anchors);
		http->anchors = au_trust_issuers(http->bundle, &http->chain);
		au_buf_free(&http->chain);
	}
	return json_incref(http->anchors);
}
