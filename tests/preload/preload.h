/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the preloaded libraries share: which calls are the project's own, and when main has begun.
 *
 * A call counts when it comes from the program or from libacmeutil (jansson
 * allocates through au_alloc, so its allocations are among these), and main
 * has begun: what GnuTLS, curl and the dynamic linker make of a failure is not what is
 * tested here. PRELOAD_ALL=1 counts the others, too.
 */
#ifndef PRELOAD_H
#define PRELOAD_H

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct { uintptr_t from, to; } ours_[8];
static unsigned n_ours_;
static bool running_, all_;
static int (*main_)(int, char **, char **);

static int note_object_(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	(void)data;
	/* the program itself has no name here */
	if (info->dlpi_name[0] && !strstr(info->dlpi_name, "libacmeutil"))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type != PT_LOAD || !(p->p_flags & PF_X) || n_ours_ == 8)
			continue;
		ours_[n_ours_].from = info->dlpi_addr + p->p_vaddr;
		ours_[n_ours_].to = ours_[n_ours_].from + p->p_memsz;
		n_ours_++;
	}
	return 0;
}

static inline bool counts(const void *caller)
{
	if (!running_)
		return false;
	if (all_)
		return true;
	for (unsigned i = 0; i < n_ours_; i++)
		if ((uintptr_t)caller >= ours_[i].from && (uintptr_t)caller < ours_[i].to)
			return true;
	return false;
}

#define CALLER __builtin_return_address(0)
#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

static inline unsigned long env_number(const char *name)
{
	const char *s = getenv(name);

	return s ? strtoul(s, NULL, 10) : 0;
}

/* Write a number or a word into the file that the variable names: how a test learns what happened. */
static inline void report(const char *variable, const char *text)
{
	const char *path = getenv(variable);
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;

	if (fd < 0)
		return;
	/* by number: write and close may be the very functions that are made to fail */
	(void)!syscall(SYS_write, fd, text, strlen(text));
	syscall(SYS_close, fd);
}

static void preload_start(void);

static int main_wrapped_(int argc, char **argv, char **envp)
{
	dl_iterate_phdr(note_object_, NULL);
	all_ = env_number("PRELOAD_ALL");
	preload_start();
	running_ = true;
	return main_(argc, argv, envp);
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
		      void (*fini)(void), void (*rtld_fini)(void), void *stack_end);

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
		      void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
	main_ = main;
	return REAL(__libc_start_main)(main_wrapped_, argc, argv, init, fini, rtld_fini, stack_end);
}

#endif
