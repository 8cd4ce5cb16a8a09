/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rawserve: a server that sends what a script says, octet by octet, to requests that it reads and logs. For
 * answers that no HTTP library would send, and for whole ACME conversations with one fault in them.
 *
 *   rawserve [OPTION...] SCRIPT...
 *     --tls CERT KEY     TLS with these PEM files
 *     --make DIR         TLS with a certificate for localhost and 127.0.0.1 under a CA made now; DIR/ca.pem is written
 *     --name NAME        ... for this DNS name instead
 *     --from S --days N  ... valid from S seconds from now (may be negative) for N days
 *     --priority TEXT    GnuTLS priority string
 *     --log FILE         requests, one JSON object a line, written before the answer is sent
 *     --set NAME=VALUE   @NAME@ in scripts
 *
 * Listens on a free port of 127.0.0.1, prints {"port","url","ca"} on one line when ready, and runs until killed.
 * The rules of the first script come first, so a script with a fault goes before the one with the rest.
 *
 * A log line: n (counted from 1), connection, method, target, headers (names in lower case), body, protected and
 * payload (decoded, when the body is a JWS), rule ("METHOD TARGET" of the one that answers; null: a 404 is sent).
 *
 * Script: lines; blanks in front, empty lines and # comments do not count. A rule starts with one of
 *   on METHOD PATH       for each such request; PATH may end in *, METHOD may be *
 *   once METHOD PATH     for the first one only: the next goes to a later rule
 *   times N METHOD PATH  for the first N
 *   on accept            for a fresh TCP connection, before TLS (in clear, then TLS goes on); once and times too
 * and goes on with what to do, in order. The connection is kept after the last line unless it says otherwise.
 *   json STATUS TEXT             a whole answer: application/json, Content-Length, a fresh Replay-Nonce, TEXT as body
 *   problem STATUS TYPE DETAIL   the same with a problem document of urn:ietf:params:acme:error:TYPE
 *   status STATUS [REASON]       the same without content type and body
 * and lines that change that answer:
 *   type TEXT, header NAME: VALUE, body TEXT, file NAME, fill N TEXT (N times into the body), fill-header N TEXT
 *   (lines with their \r\n), nonce TEXT ("nonce none": no such field), length TEXT ("length none": no such field)
 * and raw ones:
 *   send TEXT           exactly these octets
 *   repeat N TEXT       N times, until the client has enough
 *   delay MS            wait
 *   slow MS             from now on wait this long before each octet
 *   stall               say nothing more until the client goes away
 *   close               end the connection properly; cut: without TLS's farewell; reset: with a TCP RST
 * In all texts but json's: \r \n \t \0 \\ \xNN. In all texts, when sent: @BASE@ (https://localhost:PORT), @PORT@,
 * @NONCE@ (a fresh one), and those of --set.
 */
#include "rawserve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "b64.h"
#include "err.h"
#include "json.h"
#include "mem.h"

#define MAX_REQUEST (8u << 20)

static struct {
	struct rule *rules;
	gnutls_certificate_credentials_t credentials;
	const char *priority;
	bool tls;
	int log;
	unsigned requests, connections, nonces;
	pthread_mutex_t lock;        /* of the four above and of the rules' counters */
} server = { .log = -1, .lock = PTHREAD_MUTEX_INITIALIZER };

struct conn {
	int fd;
	unsigned number;
	gnutls_session_t tls;
	long slow;
	bool over;                   /* nothing more can be sent or read */
	struct au_buf in;
};

struct request {
	char *method, *target;
	json_t *headers;
	const char *body;
	size_t n, all;               /* octets of the body, and of the whole request */
};

/* --- octets --- */

static void pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) != 0 && errno == EINTR)
		;
}

static ssize_t receive(struct conn *c, void *p, size_t n)
{
	ssize_t got;

	do
		got = c->tls ? gnutls_record_recv(c->tls, p, n) : recv(c->fd, p, n, 0);
	while (c->tls ? got == GNUTLS_E_INTERRUPTED || got == GNUTLS_E_AGAIN : got < 0 && errno == EINTR);
	return got;
}

static void send_now(struct conn *c, const char *p, size_t n)
{
	while (n > 0 && !c->over) {
		ssize_t sent = c->tls ? gnutls_record_send(c->tls, p, n) : send(c->fd, p, n, MSG_NOSIGNAL);

		if (sent < 0 && (c->tls ? sent == GNUTLS_E_INTERRUPTED || sent == GNUTLS_E_AGAIN : errno == EINTR))
			continue;
		if (sent <= 0) {
			c->over = true;
			return;
		}
		p += sent;
		n -= (size_t)sent;
	}
}

static void put(struct conn *c, const char *p, size_t n)
{
	if (c->slow == 0) {
		send_now(c, p, n);
		return;
	}
	for (; n > 0 && !c->over; p++, n--) {
		pause_ms(c->slow);
		send_now(c, p, 1);
	}
}

static void put_many(struct conn *c, const char *p, size_t n, long times)
{
	struct au_buf block AU_AUTO_BUF = AU_BUF(0);
	struct au_err err AU_AUTO_ERR = { 0 };
	long in_block = n ? 65536 / (long)n + 1 : 1;

	if (n == 0)
		return;
	for (long i = 0; i < in_block; i++)
		if (!au_buf_add(&block, p, n, &err))
			die("%s", err.text);
	for (; times > 0 && !c->over; times -= in_block)
		put(c, (const char *)block.p, n * (size_t)(times < in_block ? times : in_block));
}

/* --- answers --- */

/* The lock is held by whoever renders. */
static const char *fresh_nonce(void)
{
	static char text[32];

	snprintf(text, sizeof text, "rawserve-nonce-%06u", ++server.nonces);
	return text;
}

static void render(const char *text, size_t n, struct au_buf *out)
{
	pthread_mutex_lock(&server.lock);
	script_render(text, n, out, fresh_nonce);
	pthread_mutex_unlock(&server.lock);
}

static bool is_none(const char *word)
{
	return word && strcmp(word, "none") == 0;
}

static void put_reply(struct conn *c, const struct reply *r, bool head)
{
	struct au_buf out AU_AUTO_BUF = AU_BUF(SIZE_MAX), body AU_AUTO_BUF = AU_BUF(SIZE_MAX);
	struct au_err err AU_AUTO_ERR = { 0 };
	const char *space = strchr(r->status, ' ');

	render((const char *)r->body.p, r->body.n, &body);
	au_buf_addf(&out, &err, "HTTP/1.1 %s%s\r\n", r->status, space ? "" : " Scripted");
	if (!is_none(r->nonce)) {
		au_buf_adds(&out, "Replay-Nonce: ", &err);
		render(r->nonce ? r->nonce : "@NONCE@", r->nonce ? strlen(r->nonce) : 7, &out);
		au_buf_adds(&out, "\r\n", &err);
	}
	render((const char *)r->headers.p, r->headers.n, &out);
	if (r->length && !is_none(r->length))
		au_buf_addf(&out, &err, "Content-Length: %s\r\n", r->length);
	else if (!r->length && strncmp(r->status, "204", 3) != 0 && strncmp(r->status, "304", 3) != 0)
		au_buf_addf(&out, &err, "Content-Length: %zu\r\n", body.n);
	au_buf_adds(&out, "\r\n", &err);
	if (!head && body.n > 0)
		au_buf_add(&out, body.p, body.n, &err);
	if (err.code != AU_OK)
		die("%s", err.text);
	put(c, (const char *)out.p, out.n);
}

static void put_text(struct conn *c, const struct action *a)
{
	struct au_buf out AU_AUTO_BUF = AU_BUF(SIZE_MAX);

	render(a->text, a->n, &out);
	if (out.n > 0)
		put_many(c, (const char *)out.p, out.n, a->act == ACT_REPEAT ? a->number : 1);
}

static void wait_for_end(struct conn *c)
{
	char sink[4096];

	while (receive(c, sink, sizeof sink) > 0)
		;
	c->over = true;
}

static void end(struct conn *c, enum act how)
{
	struct linger now = { 1, 0 };

	if (how == ACT_CLOSE && c->tls)
		gnutls_bye(c->tls, GNUTLS_SHUT_WR);
	if (how == ACT_RESET)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	c->over = true;
}

static void act(struct conn *c, const struct rule *rule, bool head)
{
	for (const struct action *a = rule->actions; a && !c->over; a = a->next) {
		switch (a->act) {
		case ACT_REPLY: put_reply(c, &a->reply, head); break;
		case ACT_SEND: case ACT_REPEAT: put_text(c, a); break;
		case ACT_DELAY: pause_ms(a->number); break;
		case ACT_SLOW: c->slow = a->number; break;
		case ACT_STALL: wait_for_end(c); break;
		case ACT_CLOSE: case ACT_CUT: case ACT_RESET: end(c, a->act); break;
		}
	}
}

/* --- requests --- */

/* Everything of the request is in c->in: take the head apart. False: not a request. */
static bool parse(struct conn *c, size_t head, struct request *r)
{
	char *text = (char *)c->in.p, *line = text, *next;
	size_t n = strcspn(line, "\r\n");

	r->method = au_memdup0(line, strcspn(line, " "));
	line += strlen(r->method) + (line[strlen(r->method)] == ' ');
	r->target = au_memdup0(line, strcspn(line, " \r\n"));
	r->headers = json_object();
	for (line = text + n + 2; line < text + head - 2; line = next) {
		char *colon, *value;

		n = strcspn(line, "\r\n");
		next = line + n + 2;
		line[n] = 0;
		colon = strchr(line, ':');
		if (!colon)
			return false;
		*colon = 0;
		for (char *p = line; *p; p++)
			if (*p >= 'A' && *p <= 'Z')
				*p += 'a' - 'A';
		value = colon + 1 + strspn(colon + 1, " ");
		json_object_set_new(r->headers, line, json_string(value));
	}
	return *r->method && *r->target;
}

/* Read until c->in holds a whole request. False: the client is gone or makes no sense. */
static bool read_request(struct conn *c, struct request *r)
{
	struct au_err err AU_AUTO_ERR = { 0 };
	char block[16384];
	size_t head = 0, length = 0;

	for (;;) {
		char *blank = c->in.n ? memmem(c->in.p, c->in.n, "\r\n\r\n", 4) : NULL;
		ssize_t got;

		if (head == 0 && blank) {
			const char *text;

			head = (size_t)(blank - (char *)c->in.p) + 4;
			if (!parse(c, head, r))
				return false;
			text = json_string_value(json_object_get(r->headers, "content-length"));
			length = text ? strtoul(text, NULL, 10) : 0;
		}
		if (head > 0 && c->in.n >= head + length)
			break;
		got = receive(c, block, sizeof block);
		if (got <= 0 || !au_buf_add(&c->in, block, (size_t)got, &err))
			return false;
	}
	r->body = (const char *)c->in.p + head;
	r->n = length;
	r->all = head + length;
	return true;
}

/* A member of the JWS, decoded: JSON where it is, else null. */
static json_t *decoded(const json_t *jws, const char *name)
{
	struct au_err err AU_AUTO_ERR = { 0 };
	struct au_buf octets AU_AUTO_BUF = AU_BUF(MAX_REQUEST);
	const char *text = json_string_value(json_object_get(jws, name));
	json_t *value = NULL;

	if (text && *text && au_b64url_read(text, strlen(text), &octets, &err) && octets.n > 0)
		value = json_loadb((const char *)octets.p, octets.n, 0, NULL);
	return value ? value : text && !*text ? json_string("") : json_null();
}

static void log_request(const struct conn *c, const struct request *r, const struct rule *rule)
{
	json_t *o = json_object(), *jws = json_loadb(r->body, r->n, 0, NULL), *body = json_stringn(r->body, r->n);
	char *text;

	json_object_set_new(o, "n", json_integer(server.requests));
	json_object_set_new(o, "connection", json_integer(c->number));
	json_object_set_new(o, "method", json_string(r->method));
	json_object_set_new(o, "target", json_string(r->target));
	json_object_set(o, "headers", r->headers);
	json_object_set_new(o, "body", body ? body : json_null());
	json_object_set_new(o, "protected", decoded(jws, "protected"));
	json_object_set_new(o, "payload", decoded(jws, "payload"));
	json_object_set_new(o, "rule", rule ? json_sprintf("%s %s%s", rule->method, rule->target, rule->prefix ? "*" : "")
					    : json_null());
	text = json_dumps(o, JSON_COMPACT);
	if (!text || dprintf(server.log, "%s\n", text) < 0)
		die("the log cannot be written");
	free(text);
	json_decref(jws);
	json_decref(o);
}

static void answer(struct conn *c, const struct request *r)
{
	static const char missing[] = "HTTP/1.1 404 No Rule\r\nContent-Type: text/plain\r\nContent-Length: 8\r\n\r\n";
	bool head = strcmp(r->method, "HEAD") == 0;
	const struct rule *rule;

	pthread_mutex_lock(&server.lock);
	rule = script_find(server.rules, r->method, r->target);
	server.requests++;
	if (server.log >= 0)
		log_request(c, r, rule);
	pthread_mutex_unlock(&server.lock);
	if (rule) {
		act(c, rule, head);
		return;
	}
	put(c, missing, sizeof missing - 1);
	if (!head)
		put(c, "no rule\n", 8);
}

/* --- connections --- */

static void on_accept(struct conn *c)
{
	const struct rule *rule;

	pthread_mutex_lock(&server.lock);
	c->number = ++server.connections;
	rule = script_find(server.rules, "accept", "");
	pthread_mutex_unlock(&server.lock);
	if (rule)
		act(c, rule, false);
}

static void start_tls(struct conn *c)
{
	gnutls_session_t tls;
	int result;

	if (gnutls_init(&tls, GNUTLS_SERVER | GNUTLS_NO_SIGNAL) < 0 ||
	    gnutls_priority_set_direct(tls, server.priority, NULL) < 0 ||
	    gnutls_credentials_set(tls, GNUTLS_CRD_CERTIFICATE, server.credentials) < 0)
		die("TLS cannot be set up with priority %s", server.priority);
	gnutls_transport_set_int(tls, c->fd);
	do
		result = gnutls_handshake(tls);
	while (result < 0 && gnutls_error_is_fatal(result) == 0);
	c->tls = tls;
	c->over = result < 0;
}

static void *serve(void *arg)
{
	struct conn *c = arg;
	int one = 1;

	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	on_accept(c);
	if (server.tls && !c->over)
		start_tls(c);
	while (!c->over) {
		struct request r = { 0 };

		if (read_request(c, &r))
			answer(c, &r);
		else
			c->over = true;
		if (r.all > 0) {
			memmove(c->in.p, c->in.p + r.all, c->in.n - r.all);
			c->in.n -= r.all;
		}
		au_free(r.method);
		au_free(r.target);
		json_decref(r.headers);
	}
	if (c->tls)
		gnutls_deinit(c->tls);
	close(c->fd);
	au_buf_free(&c->in);
	au_free(c);
	return NULL;
}

static int listen_on(unsigned *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 128) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &n) != 0)
		die("cannot listen: %s", strerror(errno));
	*port = ntohs(a.sin_port);
	return fd;
}

static void announce(unsigned port, const char *make)
{
	char text[128];
	json_t *o = json_object();

	snprintf(text, sizeof text, "BASE=http%s://localhost:%u", server.tls ? "s" : "", port);
	script_define(text);
	json_object_set_new(o, "url", json_string(text + 5));
	snprintf(text, sizeof text, "PORT=%u", port);
	script_define(text);
	json_object_set_new(o, "port", json_integer(port));
	if (make)
		json_object_set_new(o, "ca", json_sprintf("%s/ca.pem", make));
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(o);
}

static void accept_for_ever(int listener)
{
	pthread_attr_t detached;

	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	for (;;) {
		struct conn *c = au_alloc(sizeof *c);
		pthread_t thread;

		if (!c)
			die("out of memory");
		c->in.max = MAX_REQUEST;
		do
			c->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		while (c->fd < 0 && (errno == EINTR || errno == ECONNABORTED));
		if (c->fd < 0 || pthread_create(&thread, &detached, serve, c) != 0)
			die("accept: %s", strerror(errno));
	}
}

static const struct option options[] = {
	{ "tls", 1, NULL, 't' }, { "make", 1, NULL, 'm' }, { "name", 1, NULL, 'n' }, { "from", 1, NULL, 'f' },
	{ "days", 1, NULL, 'd' }, { "priority", 1, NULL, 'p' }, { "log", 1, NULL, 'l' }, { "set", 1, NULL, 's' }, { 0 },
};

static void parse_options(int argc, char **argv, struct tls_opts *tls)
{
	int c;

	while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (c) {
		case 't':
			tls->cert = optarg;
			tls->key = optind < argc ? argv[optind++] : NULL;
			break;
		case 'm': tls->make = optarg; break;
		case 'n': tls->name = optarg; break;
		case 'f': tls->from = strtol(optarg, NULL, 10); break;
		case 'd': tls->days = strtol(optarg, NULL, 10); break;
		case 'p': tls->priority = optarg; break;
		case 's': script_define(optarg); break;
		case 'l':
			server.log = open(optarg, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
			if (server.log < 0)
				die("%s: %s", optarg, strerror(errno));
			break;
		default: die("see the comment at the top of tests/tools/rawserve.c");
		}
	}
}

int main(int argc, char **argv)
{
	struct tls_opts tls = { .from = -3600, .days = 1, .priority = "NORMAL" };
	unsigned port;
	int listener;

	signal(SIGPIPE, SIG_IGN);
	parse_options(argc, argv, &tls);
	if (optind == argc)
		die("no script");
	for (int i = optind; i < argc; i++)
		script_read(argv[i], &server.rules);
	server.priority = tls.priority;
	server.tls = tls.make || tls.cert;
	if (server.tls && !tls_prepare(&tls, &server.credentials))
		die("no certificate");
	listener = listen_on(&port);
	announce(port, tls.make);
	accept_for_ever(listener);
}
