/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fdio: streams of JSON texts, files that are whole or absent, secrets from a file or fd:N. */
#ifndef AU_FDIO_H
#define AU_FDIO_H

#include "json.h"

/*
 * A stream of JSON objects separated by white space or RS (RFC 7464). One
 * object is handed out as soon as its last brace has been read, so a slow
 * producer does not hold back what is there.
 */
struct au_reader {
	int fd;
	const char *name;        /* for errors, borrowed */
	struct au_buf buf;
	size_t line;             /* of buf's first octet, counted from 1 */
	bool eof;
	bool lost;               /* the framing is gone: nothing more can be read */
	/* How far the object at the start of buf has been looked at, so that no octet is looked at twice. */
	size_t seen;
	unsigned depth;
	bool in_string, escaped;
};
#define AU_READER(fd_, name_) { .fd = (fd_), .name = (name_), .line = 1 }

/*
 * *doc is the next object (the caller json_decref()s), or NULL at the end.
 * False: this text is refused (AU_INPUT, with line), or reading failed
 * (AU_SYSTEM). After a refusal reading may go on unless r->lost.
 */
bool au_reader_next(struct au_reader *r, json_t **doc, struct au_err *err);
void au_reader_free(struct au_reader *r);

/* Write all n octets, whatever it takes. AU_SYSTEM, naming `name`. */
bool au_write_all(int fd, const char *name, const void *p, size_t n, struct au_err *err);

/*
 * The whole of a file, of "-" (standard input) or of an open descriptor
 * ("fd:3"), at most max octets, appended to out. code is what a failure to
 * open or read is called (AU_KEY for keys and secrets, AU_INPUT for others).
 */
bool au_file_read(const char *name, size_t max, enum au_code code, struct au_buf *out, struct au_err *err);

/* A secret of one line from a file or fd:N: as au_file_read, AU_KEY, without its line end. Empty is an error. */
bool au_secret_read(const char *name, struct au_buf *out, struct au_err *err);

/*
 * Create or replace a file so that a reader sees the old or the new one,
 * whole: temporary name beside it, write, fsync, rename, fsync of the
 * directory. AU_FILE_PRIVATE: mode 0600 from the first moment (else 0666 less
 * umask). AU_FILE_NEW: fail, AU_SYSTEM "exists", rather than replace.
 */
enum { AU_FILE_PRIVATE = 1, AU_FILE_NEW = 2 };
bool au_file_write(const char *path, const void *p, size_t n, unsigned flags, struct au_err *err);

#endif
