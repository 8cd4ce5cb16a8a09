/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* child: fork, exec, watch. Between fork and exec only what a process with threads may do. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Milliseconds between asking a tool to end and ending it. */
#define GRACE 2000

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* --- any child */

/* In the child. Never returns; errno goes into the pipe `tell`, which exec closes. */
static void become(const struct child_opts *o, pid_t parent, int tell)
{
	/* A parent that is gone by now will send no signal when it dies. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() != parent)
		_exit(127);
	signal(SIGPIPE, SIG_DFL);
	if ((o->in < 0 || dup2(o->in, 0) >= 0) && (o->out < 0 || dup2(o->out, 1) >= 0) &&
	    (o->err < 0 || dup2(o->err, 2) >= 0)) {
		if (o->mask)
			sigprocmask(SIG_SETMASK, o->mask, NULL);
		execvpe(o->argv[0], (char *const *)o->argv, o->env ? (char *const *)o->env : environ);
	}
	(void)!write(tell, &errno, sizeof errno);
	_exit(127);
}

bool child_start(const struct child_opts *opts, struct child *child, struct au_err *err)
{
	__attribute__((cleanup(shut))) int told = -1;
	pid_t parent = getpid();
	int tell[2], why = 0;
	ssize_t n;

	child->fd = -1;
	if (pipe2(tell, O_CLOEXEC))
		return au_fail_errno(err, "pipe");
	told = tell[0];
	child->pid = fork();
	if (child->pid == 0)
		become(opts, parent, tell[1]);
	close(tell[1]);
	if (child->pid < 0)
		return au_fail_errno(err, "%s: fork", opts->argv[0]);
	do
		n = read(told, &why, sizeof why);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		child->fd = pidfd_open(child->pid, 0);
	if (child->fd >= 0)
		return true;
	why = n == 0 ? errno : why;
	kill(child->pid, SIGKILL);
	child_wait(child, &(int){ 0 });
	errno = why;
	au_fail_errno(err, "%s: cannot run it", opts->argv[0]);
	return n == 0 ? false : au_fail_as(err, AU_USAGE);
}

int child_wait(struct child *child, int *sig)
{
	int status = 0;
	pid_t r;

	do
		r = waitpid(child->pid, &status, 0);
	while (r < 0 && errno == EINTR);
	shut(&child->fd);
	*sig = r > 0 && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	return r > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : AU_SYSTEM;
}

bool child_find(const char *program, struct au_err *err)
{
	const char *path = getenv("PATH");
	bool found = strchr(program, '/') && access(program, X_OK) == 0;

	if (strchr(program, '/') && !found)
		return au_fail_errno(err, "%s: cannot run it", program), au_fail_as(err, AU_USAGE);
	for (path = path ? path : "/bin:/usr/bin"; !found && *path;) {
		size_t n = strcspn(path, ":");
		AU_AUTO_MEM char *file = au_asprintf("%.*s/%s", n ? (int)n : 1, n ? path : ".", program);
		if (!file)
			return au_fail_mem(err);
		found = access(file, X_OK) == 0;
		path += n + (path[n] == ':');
	}
	return found || au_fail(err, AU_USAGE, "%s: not found in PATH", program);
}

/* --- tools */

static void slot_set(struct tool_slot *slot, pid_t pid)
{
	if (!slot)
		return;
	pthread_mutex_lock(&slot->lock);
	slot->pid = pid;
	pthread_mutex_unlock(&slot->lock);
}

void tool_signal(struct tool_slot *slot, int sig)
{
	pthread_mutex_lock(&slot->lock);
	if (slot->pid > 0)
		kill(slot->pid, sig);
	pthread_mutex_unlock(&slot->lock);
}

/* The end of what a tool said, to be quoted. */
struct tail {
	char s[1024];
	size_t n;
};

static void tail_add(struct tail *t, const char *p, size_t n)
{
	size_t max = sizeof t->s;

	if (n > max) {
		p += n - max;
		n = max;
	}
	if (t->n + n > max) {
		size_t drop = t->n + n - max;
		memmove(t->s, t->s + drop, t->n - drop);
		t->n -= drop;
	}
	memcpy(t->s + t->n, p, n);
	t->n += n;
}

static void last_line(struct tail *t, struct tool_said *said)
{
	size_t from;

	while (t->n && (t->s[t->n - 1] == '\n' || t->s[t->n - 1] == '\r' || t->s[t->n - 1] == ' '))
		t->n--;
	for (from = t->n; from && t->s[from - 1] != '\n'; from--)
		;
	if (t->n - from >= sizeof said->s)
		from = t->n - sizeof said->s + 1;
	memcpy(said->s, t->s + from, t->n - from);
	said->s[t->n - from] = '\0';
}

/* Hand on what is there; false when there is no more. */
static bool relay(int fd, struct tail *tail)
{
	char buf[4096];
	ssize_t n = read(fd, buf, sizeof buf);

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	(void)!write(2, buf, (size_t)n);
	tail_add(tail, buf, (size_t)n);
	return true;
}

static int64_t mono(void)
{
	return au_clock_system.mono(&au_clock_system);
}

/*
 * Until it has ended; true when it did so by itself. A process it left behind
 * may still hold the pipe: that is not waited for.
 */
static bool watch(const struct tool *tool, struct child *child, int out, struct tail *tail)
{
	struct pollfd p[] = { { child->fd, POLLIN, 0 }, { out, POLLIN, 0 } };
	int64_t deadline = mono() + tool->timeout * 1000;
	unsigned late = 0;

	while (!p[0].revents) {
		int64_t left = deadline - mono();
		int r = poll(p, 2, left < 0 ? 0 : left > 60000 ? 60000 : (int)left);
		if (r > 0 && p[1].revents && !relay(out, tail))
			p[1].fd = -1;
		if (p[0].revents || mono() < deadline)
			continue;
		kill(child->pid, late++ ? SIGKILL : SIGTERM);
		deadline = mono() + GRACE;
	}
	for (int i = 0; i < 64 && p[1].fd >= 0 && poll(&p[1], 1, 0) > 0 && relay(out, tail); i++)
		;
	return !late;
}

bool tool_run(const struct tool *tool, int *status, struct tool_said *said, struct au_err *err)
{
	__attribute__((cleanup(shut))) int in = tool->in < 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
	__attribute__((cleanup(shut))) int out = -1;
	struct tail tail = { .n = 0 };
	struct child child;
	sigset_t none;
	int p[2], sig;
	bool started, by_itself;

	if (pipe2(p, O_CLOEXEC))
		return au_fail_errno(err, "pipe");
	out = p[0];
	fcntl(out, F_SETFL, O_NONBLOCK);
	sigemptyset(&none);
	started = child_start(&(struct child_opts){ .argv = tool->argv, .env = tool->env, .mask = &none,
				.in = tool->in < 0 ? in : tool->in, .out = p[1], .err = p[1] }, &child, err);
	close(p[1]);
	if (!started)
		return false;
	slot_set(tool->slot, child.pid);
	by_itself = watch(tool, &child, out, &tail);
	/* it has ended, but its number is not given to another process before child_wait() */
	slot_set(tool->slot, 0);
	*status = child_wait(&child, &sig);
	last_line(&tail, said);
	if (!by_itself)
		return au_fail(err, AU_SYSTEM, "%s: ended after more than %ld s", tool->shown, tool->timeout);
	if (sig)
		return au_fail(err, AU_SYSTEM, "%s: killed by signal %d (%s)", tool->shown, sig, strsignal(sig));
	return true;
}
