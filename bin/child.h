/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * child: other programs, started without a shell, so that a failure to start is
 * known at once, nothing of ours leaks into them and none outlives us.
 */
#ifndef CHILD_H
#define CHILD_H

#include <pthread.h>
#include <signal.h>
#include <sys/types.h>

#include "acmeutil.h"

struct child {
	pid_t pid;
	int fd;                      /* becomes readable when it ends */
};

/*
 * argv      looked up in PATH; ends with NULL
 * env       its environment; NULL is ours
 * in, out   its standard input and output; -1 is ours
 * err       its standard error; -1 is ours
 * mask      its signal mask; NULL is ours
 */
struct child_opts {
	const char *const *argv, *const *env;
	int in, out, err;
	const sigset_t *mask;
};

/*
 * Started means: exec succeeded. AU_USAGE, naming the program, when it did not. The child gets SIGTERM when the calling
 * thread dies.
 */
bool child_start(const struct child_opts *opts, struct child *child, struct au_err *err);

/* Wait for its end. Its exit status; AU_SYSTEM with *sig set when a signal killed it (else *sig is 0). */
int child_wait(struct child *child, int *sig);

/* Can it be found? AU_USAGE. To say so before any document is read. */
bool child_find(const char *program, struct au_err *err);

/* The tool that runs now, for others to signal. */
struct tool_slot {
	pthread_mutex_t lock;
	pid_t pid;
};
#define TOOL_SLOT { .lock = PTHREAD_MUTEX_INITIALIZER }
void tool_signal(struct tool_slot *slot, int sig);

/*
 * A tool that does one thing and ends: a hook, nsupdate. in is its standard input (-1: empty); what it prints
 * goes to our standard error as it comes.
 * timeout   seconds; then it is terminated
 * shown     how errors call it
 */
struct tool {
	const char *const *argv, *const *env;
	int in;
	long timeout;
	const char *shown;
	struct tool_slot *slot;
};

/* What a tool printed last, one line, or "". */
struct tool_said { char s[256]; };

/*
 * True when it ended by itself: *status says how. AU_USAGE when it could not be
 * started, AU_SYSTEM when it was killed or took too long.
 */
bool tool_run(const struct tool *tool, int *status, struct tool_said *said, struct au_err *err);

#endif
