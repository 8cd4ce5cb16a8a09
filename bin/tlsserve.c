/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tlsserve: one thread, one poll loop, a bounded number of handshakes that each have
 * a deadline, so that no peer that stalls keeps the others waiting. Written on GnuTLS directly as
 * libmicrohttpd has an ALPN list of its own.
 */
#include "tlsserve.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define ALPN "acme-tls/1"
/* RFC 8737 section 4: TLS 1.2 or later. */
#define PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define MAX_PEERS 128
/* A handshake is two or three round trips; CAs wait some ten seconds for all of it. */
#define DEADLINE_MS 10000

struct shown {
	struct shown *next;
	char *sni;
	struct au_buf der, pem;
};

struct peer {
	gnutls_session_t session;    /* NULL: free */
	int fd;
	int64_t deadline;
};

struct tlsserve {
	int fd, stop;
	pthread_t thread;
	bool started;
	gnutls_certificate_credentials_t cred;
	pthread_mutex_t lock;
	struct shown *shown;         /* under the lock */
	struct peer peer[MAX_PEERS]; /* the thread's own */
};

static int64_t mono(void)
{
	return au_clock_system.mono(&au_clock_system);
}

/* --- what is shown ------------------------------------------------------------------ */

static void shown_free(struct shown *s)
{
	if (!s)
		return;
	au_buf_free(&s->der);
	au_buf_free(&s->pem);
	au_free(s->sni);
	au_free(s);
}

/* ASCII case apart; no locale has a say in names. */
static bool same_name(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if ((*a >= 'A' && *a <= 'Z' ? *a + 32 : *a) != (*b >= 'A' && *b <= 'Z' ? *b + 32 : *b))
			return false;
	return *a == *b;
}

/* Where the certificate for sni stands, or where it would. */
static struct shown **find(struct tlsserve *t, const char *sni)
{
	struct shown **at = &t->shown;

	while (*at && !same_name((*at)->sni, sni))
		at = &(*at)->next;
	return at;
}

static gnutls_datum_t datum(const struct au_buf *b)
{
	return (gnutls_datum_t){ b->p, (unsigned)b->n };
}

/* Copies for one handshake, which GnuTLS releases: the certificate may be replaced meanwhile. */
static int copy_out(const struct shown *s, gnutls_pcert_st **pcert, gnutls_privkey_t *key)
{
	gnutls_datum_t der = datum(&s->der), pem = datum(&s->pem);
	int r;

	*pcert = gnutls_malloc(sizeof **pcert);
	if (!*pcert)
		return GNUTLS_E_MEMORY_ERROR;
	r = gnutls_pcert_import_x509_raw(*pcert, &der, GNUTLS_X509_FMT_DER, 0);
	if (r < 0) {
		gnutls_free(*pcert);
		return r;
	}
	r = gnutls_privkey_init(key);
	if (r >= 0)
		r = gnutls_privkey_import_x509_raw(*key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
	return r;
}

/* Called when the ClientHello is known. Without acme-tls/1 an ordinary client would be shown the certificate. */
static int choose(gnutls_session_t session, const struct gnutls_cert_retr_st *info, gnutls_pcert_st **pcerts,
		  unsigned *n, gnutls_ocsp_data_st **ocsp, unsigned *n_ocsp, gnutls_privkey_t *key, unsigned *flags)
{
	struct tlsserve *t = gnutls_session_get_ptr(session);
	gnutls_datum_t alpn = { 0 };
	char sni[256];
	size_t size = sizeof sni;
	unsigned type;
	const struct shown *s;
	int r;

	(void)info;
	if (gnutls_alpn_get_selected_protocol(session, &alpn) < 0 || alpn.size != strlen(ALPN) ||
	    memcmp(alpn.data, ALPN, alpn.size) != 0)
		return GNUTLS_E_NO_APPLICATION_PROTOCOL;
	if (gnutls_server_name_get(session, sni, &size, &type, 0) < 0 || type != GNUTLS_NAME_DNS)
		return GNUTLS_E_UNRECOGNIZED_NAME;
	pthread_mutex_lock(&t->lock);
	s = *find(t, sni);
	r = s ? copy_out(s, pcerts, key) : GNUTLS_E_UNRECOGNIZED_NAME;
	pthread_mutex_unlock(&t->lock);
	*n = 1;
	*ocsp = NULL;
	*n_ocsp = 0;
	*flags = GNUTLS_CERT_RETR_DEINIT_ALL;
	return r;
}

bool tlsserve_put(struct tlsserve *t, const char *sni, const struct au_buf *der, const struct au_buf *pem,
		  bool *replaced, struct au_err *err)
{
	struct shown *s = au_alloc(sizeof *s), **at, *old;

	if (!s)
		return au_fail_mem(err);
	s->sni = au_strdup(sni);
	if (!s->sni || !au_buf_add(&s->der, der->p, der->n, err) || !au_buf_add(&s->pem, pem->p, pem->n, err)) {
		shown_free(s);
		return au_fail_mem(err);
	}
	pthread_mutex_lock(&t->lock);
	at = find(t, sni);
	old = *at;
	s->next = old ? old->next : NULL;
	*at = s;
	*replaced = old != NULL;
	shown_free(old);
	pthread_mutex_unlock(&t->lock);
	return true;
}

/* --- peers ---------------------------------------------------------------------------- */

static void hang_up(struct peer *p)
{
	if (!p->session)
		return;
	gnutls_bye(p->session, GNUTLS_SHUT_WR);
	gnutls_deinit(p->session);
	close(p->fd);
	p->session = NULL;
}

/* The handshake is all there is; nothing is read afterwards. */
static void advance(struct peer *p)
{
	int r;

	do
		r = gnutls_handshake(p->session);
	while (r == GNUTLS_E_INTERRUPTED || r == GNUTLS_E_WARNING_ALERT_RECEIVED || r == GNUTLS_E_GOT_APPLICATION_DATA);
	if (r == GNUTLS_E_AGAIN)
		return;
	if (r < 0)
		gnutls_alert_send_appropriate(p->session, r);
	hang_up(p);
}

static bool greet(struct tlsserve *t, struct peer *p, int fd)
{
	gnutls_datum_t alpn = { (unsigned char *)(uintptr_t)ALPN, strlen(ALPN) };

	if (gnutls_init(&p->session, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS) < 0) {
		p->session = NULL;
		return false;
	}
	p->fd = fd;
	p->deadline = mono() + DEADLINE_MS;
	gnutls_session_set_ptr(p->session, t);
	gnutls_transport_set_int(p->session, fd);
	if (gnutls_priority_set_direct(p->session, PRIORITY, NULL) < 0 ||
	    gnutls_credentials_set(p->session, GNUTLS_CRD_CERTIFICATE, t->cred) < 0 ||
	    gnutls_alpn_set_protocols(p->session, &alpn, 1, GNUTLS_ALPN_MANDATORY) < 0) {
		gnutls_deinit(p->session);
		p->session = NULL;
		return false;
	}
	return true;
}

/* When there is no place the one that has been here longest makes room. */
static void take_peer(struct tlsserve *t)
{
	struct peer *at = t->peer;
	int fd = accept4(t->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	for (struct peer *p = t->peer; p < t->peer + MAX_PEERS; p++)
		if (!p->session || (at->session && p->deadline < at->deadline))
			at = p;
	hang_up(at);
	if (greet(t, at, fd))
		advance(at);
	else
		close(fd);
}

static void *serve(void *arg)
{
	struct tlsserve *t = arg;
	struct pollfd p[MAX_PEERS + 2];

	for (;;) {
		int64_t now = mono(), wait = 60000;

		p[0] = (struct pollfd){ t->stop, POLLIN, 0 };
		p[1] = (struct pollfd){ t->fd, POLLIN, 0 };
		for (size_t i = 0; i < MAX_PEERS; i++) {
			struct peer *peer = &t->peer[i];
			bool writing;
			if (peer->session && peer->deadline <= now)
				hang_up(peer);
			writing = peer->session && gnutls_record_get_direction(peer->session);
			p[i + 2] = (struct pollfd){ peer->session ? peer->fd : -1, writing ? POLLOUT : POLLIN, 0 };
			if (peer->session && peer->deadline - now < wait)
				wait = peer->deadline - now;
		}
		if (poll(p, MAX_PEERS + 2, (int)wait) < 0)
			continue;
		if (p[0].revents)
			return NULL;
		for (size_t i = 0; i < MAX_PEERS; i++)
			if (p[i + 2].revents)
				advance(&t->peer[i]);
		if (p[1].revents)
			take_peer(t);
	}
}

/* --- begin and end ------------------------------------------------------------------------ */

bool tlsserve_start_take(int fd, struct tlsserve **out, struct au_err *err)
{
	struct tlsserve *t = au_alloc(sizeof *t);

	if (!t) {
		close(fd);
		return au_fail_mem(err);
	}
	pthread_mutex_init(&t->lock, NULL);
	t->fd = fd;
	t->stop = eventfd(0, EFD_CLOEXEC);
	if (t->stop >= 0 && gnutls_certificate_allocate_credentials(&t->cred) >= 0) {
		gnutls_certificate_set_retrieve_function3(t->cred, choose);
		t->started = pthread_create(&t->thread, NULL, serve, t) == 0;
	}
	if (t->started) {
		*out = t;
		return true;
	}
	tlsserve_stop(t);
	return au_fail(err, AU_SYSTEM, "the TLS server could not be started");
}

void tlsserve_stop(struct tlsserve *t)
{
	if (!t)
		return;
	if (t->started && write(t->stop, &(uint64_t){ 1 }, sizeof(uint64_t)) == sizeof(uint64_t))
		pthread_join(t->thread, NULL);
	for (size_t i = 0; i < MAX_PEERS; i++)
		hang_up(&t->peer[i]);
	while (t->shown) {
		struct shown *s = t->shown;
		t->shown = s->next;
		shown_free(s);
	}
	if (t->cred)
		gnutls_certificate_free_credentials(t->cred);
	if (t->stop >= 0)
		close(t->stop);
	close(t->fd);
	pthread_mutex_destroy(&t->lock);
	au_free(t);
}
