/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * chainload: what acme-http01, acme-dns01 and acme-tlsalpn01 have in common.
 *
 * With a PROGRAM they put things in place, feed the documents to it and take the
 * things away when it has ended, whatever ended it. A second thread watches the
 * program and the signals that end us, as the first may be waiting for its next document.
 */
#ifndef CHAINLOAD_H
#define CHAINLOAD_H

#include <pthread.h>
#include <signal.h>

#include "child.h"

/* Start it as CHAINLOAD(take_away): what removes everything put so far. Called once at most, with the lock held. */
struct chainload {
	void (*take_away)(struct au_run *run);
	struct au_run *run;
	struct child child;          /* pid 0: there is no PROGRAM */
	unsigned depth;              /* how many of our kind are above us */
	sigset_t before, ours;       /* signal masks */
	int sigfd, feed;
	pthread_t watcher;
	pthread_mutex_t lock;
	bool armed, watched, finishing;
	int sig;                     /* the first that wanted to end us */
	struct tool_slot slot;
};
#define CHAINLOAD(take_away_) \
	{ .take_away = (take_away_), .lock = PTHREAD_MUTEX_INITIALIZER, .slot = TOOL_SLOT, \
	  .sigfd = -1, .feed = -1 }

/*
 * From setup, in this order: arm before any thread is started, so that signals reach the watcher alone; start last,
 * when all is checked and listening. Both do nothing without operands (run->argc). AU_USAGE when PROGRAM cannot be run.
 */
bool chainload_arm(struct chainload *c, struct au_run *run, struct au_err *err);
bool chainload_start(struct chainload *c, struct au_err *err);

/* From done: what the program's status becomes: closes the pipe, waits, takes away. May not return. */
int chainload_finish(struct chainload *c, int status);

/* The state that take_away works on is touched under this lock only. */
void chainload_lock(struct chainload *c);
void chainload_unlock(struct chainload *c);

/*
 * Answer what can be answered with `type`, and call put() for every answer whose
 * `provision` is of `kind` and whose authorization is pending: new ones, and those that stood in the
 * document but are not held by a program above us.
 */
enum put { PUT_FAILED, PUT_DONE, PUT_NOT_MINE };
typedef enum put chainload_put(struct au_run *run, const json_t *answer, const json_t *provision, struct au_err *err);
bool chainload_provision(struct chainload *c, json_t *doc, const char *type, const char *kind, chainload_put *put,
			 struct au_err *err);

/* For --remove: put() for every answer with a provision of this kind; goes on after a failure and returns the first. */
bool chainload_each(struct au_run *run, json_t *doc, const char *kind, chainload_put *put, struct au_err *err);

/* The members all three read and add. */
extern const struct au_member chainload_in[], chainload_out[];

#endif
