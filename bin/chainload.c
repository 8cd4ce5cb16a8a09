/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* chainload: the program behind a provisioner, and the end of both. */
#include "chainload.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Tells the programs below how many of our kind are above them. */
#define DEPTH "ACMEUTILS_CHAIN_DEPTH"
#define MAX_DEPTH 64

const struct au_member chainload_in[] = {
	{ "account.thumbprint", AU_MAY, "RFC 7638 thumbprint of the account key, needed to answer" },
	{ "account.url", AU_MAY, "account URL, needed to answer dns-account-01" },
	{ "authorizations", AU_MAY, "those that are pending and offer the challenge are answered" },
	{ "answers", AU_MAY, "what these ask for is put in place, too" },
	{ 0 }
};

const struct au_member chainload_out[] = {
	{ "answers", AU_MAY, "one for each authorization that had none and offers the challenge: what to post where,"
	  " and what was put in place; with a PROGRAM also held, how deeply nested the program is that holds it" },
	{ 0 }
};

/* --- what is answered and put ---------------------------------------------------- */

static const char *text_at(const json_t *root, const char *path)
{
	return json_string_value(au_json_at(root, path));
}

static bool is(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* Is the authorization that this answers still pending? */
static bool is_pending(const json_t *doc, const json_t *answer)
{
	json_t *authz, *challenge;
	size_t i, k;

	json_array_foreach(json_object_get(doc, "authorizations"), i, authz) {
		if (!is(text_at(authz, "status"), "pending"))
			continue;
		json_array_foreach(json_object_get(authz, "challenges"), k, challenge)
			if (is(text_at(challenge, "url"), text_at(answer, "challenge")))
				return true;
	}
	return false;
}

/*
 * A mark of our own depth or below is left from an earlier run of a document that
 * comes back: whoever held it took it away. One of less depth was made by a
 * program that is above us and runs.
 */
static bool is_held(const struct chainload *c, json_t *answer)
{
	json_int_t held = json_integer_value(json_object_get(answer, "held"));

	if (held > 0 && held <= (json_int_t)c->depth)
		return true;
	json_object_del(answer, "held");
	return false;
}

bool chainload_provision(struct chainload *c, json_t *doc, const char *type, const char *kind, chainload_put *put,
			 struct au_err *err)
{
	json_t *answers = NULL;
	size_t old, fresh = 0;

	if (!au_json_arr(doc, "answers", AU_MAY, &answers, err))
		return false;
	old = json_array_size(answers);
	if (!au_chall_answer_all(doc, type, &fresh, err) || !au_json_arr(doc, "answers", AU_MAY, &answers, err))
		return false;
	for (size_t i = 0; i < json_array_size(answers);) {
		json_t *answer = json_array_get(answers, i);
		if (is_held(c, answer) || !is(text_at(answer, "provision.kind"), kind) || !is_pending(doc, answer)) {
			i++;
			continue;
		}
		switch (put(c->run, answer, json_object_get(answer, "provision"), err)) {
		case PUT_FAILED:
			return au_fail_in(err, "answers[%zu]", i);
		case PUT_NOT_MINE:
			if (i < old) {
				i++;
				break;
			}
			json_array_remove(answers, i);
			break;
		case PUT_DONE:
			if (c->child.pid && !au_json_set_take(answer, "held", json_integer(c->depth + 1), err))
				return false;
			i++;
			break;
		}
	}
	return true;
}

bool chainload_each(struct au_run *run, json_t *doc, const char *kind, chainload_put *put, struct au_err *err)
{
	json_t *answers = NULL, *answer;
	bool ok = true;
	size_t i;

	if (!au_json_arr(doc, "answers", AU_MAY, &answers, err))
		return false;
	json_array_foreach(answers, i, answer) {
		AU_AUTO_ERR struct au_err later = { 0 };
		if (is(text_at(answer, "provision.kind"), kind) &&
		    put(run, answer, json_object_get(answer, "provision"), ok ? err : &later) == PUT_FAILED) {
			if (ok)
				au_fail_in(err, "answers[%zu]", i);
			else
				au_note(run, 0, "answers[%zu]: %s", i, later.text);
			ok = false;
		}
	}
	return ok;
}

/* --- the end ----------------------------------------------------------------------- */

void chainload_lock(struct chainload *c)
{
	pthread_mutex_lock(&c->lock);
}

void chainload_unlock(struct chainload *c)
{
	pthread_mutex_unlock(&c->lock);
}

/* As if there had been no handler. */
static _Noreturn void die_by(int sig)
{
	sigset_t only;

	sigemptyset(&only);
	sigaddset(&only, sig);
	signal(sig, SIG_DFL);
	pthread_sigmask(SIG_UNBLOCK, &only, NULL);
	raise(sig);
	_exit(128 + sig);
}

/* With the lock held, when PROGRAM has ended. Returns its status, or dies by the signal that wanted to end us. */
static int wind_up(struct chainload *c)
{
	int sig, status = child_wait(&c->child, &sig);

	if (sig && !c->sig)
		au_note(c->run, 0, "%s: killed by signal %d (%s)", c->run->argv[0], sig, strsignal(sig));
	c->take_away(c->run);
	if (c->sig)
		die_by(c->sig);
	return status;
}

/* Waits for signals and for the end of PROGRAM, and hands the first to it. */
static void *watch(void *arg)
{
	struct chainload *c = arg;
	struct pollfd p[] = { { c->child.fd, POLLIN, 0 }, { c->sigfd, POLLIN, 0 } };

	do {
		struct signalfd_siginfo info;
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents && read(c->sigfd, &info, sizeof info) == sizeof info) {
			if (!c->sig)
				c->sig = (int)info.ssi_signo;
			kill(c->child.pid, (int)info.ssi_signo);
			tool_signal(&c->slot, (int)info.ssi_signo);
		}
	} while (!(p[0].revents & POLLIN));
	chainload_lock(c);
	if (!c->finishing)
		/* the first thread is waiting for a document that nobody will take */
		_exit(wind_up(c));
	chainload_unlock(c);
	return NULL;
}

/* --- the beginning ------------------------------------------------------------------- */

/* Those that would end us now. One that is ignored (nohup) stays so. */
static void fatal_signals(sigset_t *set)
{
	static const int list[] = { SIGTERM, SIGINT, SIGHUP };
	struct sigaction was;

	sigemptyset(set);
	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		if (sigaction(list[i], NULL, &was) == 0 && was.sa_handler == SIG_DFL)
			sigaddset(set, list[i]);
}

bool chainload_arm(struct chainload *c, struct au_run *run, struct au_err *err)
{
	const char *depth = getenv(DEPTH);
	char below[16];

	c->run = run;
	c->depth = depth && strlen(depth) < 4 ? (unsigned)strtoul(depth, NULL, 10) : 0;
	if (!run->argc)
		return true;
	if (c->depth >= MAX_DEPTH)
		return au_fail(err, AU_USAGE, "%s: nested more than %d deep", run->argv[0], MAX_DEPTH);
	snprintf(below, sizeof below, "%u", c->depth + 1);
	if (setenv(DEPTH, below, 1))
		return au_fail_mem(err);
	/* A write to a PROGRAM that left must not keep us from tidying up. */
	signal(SIGPIPE, SIG_IGN);
	fatal_signals(&c->ours);
	if (pthread_sigmask(SIG_BLOCK, &c->ours, &c->before))
		return au_fail_errno(err, "signal mask");
	c->armed = true;
	c->sigfd = signalfd(-1, &c->ours, SFD_CLOEXEC);
	return c->sigfd >= 0 || au_fail_errno(err, "signalfd");
}

bool chainload_start(struct chainload *c, struct au_err *err)
{
	struct au_run *run = c->run;
	int p[2], r;
	bool started;

	if (!run->argc)
		return true;
	if (pipe2(p, O_CLOEXEC))
		return au_fail_errno(err, "pipe");
	c->feed = p[1];
	started = child_start(&(struct child_opts){ .argv = (const char *const *)run->argv, .in = p[0], .out = -1, .err = -1,
				.mask = &c->before }, &c->child, err);
	close(p[0]);
	if (!started) {
		c->child.pid = 0;
		return false;
	}
	r = pthread_create(&c->watcher, NULL, watch, c);
	if (r) {
		errno = r;
		return au_fail_errno(err, "thread");
	}
	c->watched = true;
	run->out_fd = c->feed;
	return true;
}

/* Nobody watches (it did not come to that): what was blocked meanwhile counts now. */
static int finish_alone(struct chainload *c, int status)
{
	if (c->armed)
		pthread_sigmask(SIG_SETMASK, &c->before, NULL);
	return status;
}

int chainload_finish(struct chainload *c, int status)
{
	int theirs;

	/*
	 * Before PROGRAM learns that there is no more: from here on its end is not early. If the
	 * watcher was first it never gives the lock back, and ends the process.
	 */
	chainload_lock(c);
	c->finishing = true;
	chainload_unlock(c);
	if (c->feed >= 0)
		close(c->feed);
	if (!c->watched && c->child.pid)
		child_wait(&c->child, &(int){ 0 });
	if (!c->watched)
		return finish_alone(c, status);
	pthread_join(c->watcher, NULL);
	chainload_lock(c);
	theirs = wind_up(c);
	chainload_unlock(c);
	close(c->sigfd);
	return theirs ? theirs : status;
}
