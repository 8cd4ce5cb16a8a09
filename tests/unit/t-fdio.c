/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams in however they are cut, and files that are whole or absent. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fdio.h"
#include "unit.h"

/* A descriptor from which these octets come, in pieces of at most `piece`; a child writes them. */
static int feed(const char *text, size_t n, size_t piece, pid_t *child)
{
	int p[2];

	if (pipe(p) || (*child = fork()) < 0)
		exit(99);
	if (*child == 0) {
		close(p[0]);
		for (size_t i = 0; i < n; i += piece) {
			size_t k = n - i < piece ? n - i : piece;
			if (write(p[1], text + i, k) != (ssize_t)k)
				_exit(1);
		}
		_exit(0);
	}
	close(p[1]);
	return p[0];
}

/* Everything a reader says about a stream: each document, "!" and its text for each refusal. */
static char *transcript(const char *text, size_t n, size_t piece)
{
	struct au_buf out AU_AUTO_BUF = AU_BUF(2 * AU_MAX_DOC);
	struct au_err err AU_AUTO_ERR = { 0 };
	pid_t child;
	struct au_reader r = AU_READER(feed(text, n, piece, &child), "stdin");

	for (;;) {
		json_t *doc AU_AUTO_JSON = NULL;
		struct au_err e AU_AUTO_ERR = { 0 };
		if (!au_reader_next(&r, &doc, &e)) {
			au_buf_addf(&out, &err, "!%d %s;", (int)e.code, e.text);
			continue;
		}
		if (!doc)
			break;
		char *dump AU_AUTO_MEM = au_json_dump(doc);
		au_buf_addf(&out, &err, "%s;", dump);
	}
	au_reader_free(&r);
	close(r.fd);
	waitpid(child, NULL, 0);
	return au_buf_take(&out);
}

#define TEXT(s) s, sizeof(s) - 1

static void streams(void)
{
	static const struct { const char *what, *text; size_t n; const char *want; } rows[] = {
		{ "nothing", TEXT(""), "" }, { "blanks", TEXT(" \n\t\r\n\x1e\n"), "" },
		{ "one", TEXT("{\"a\":1}"), "{\"a\":1};" }, { "lines", TEXT("{}\n{}\n"), "{};{};" },
		{ "no separator", TEXT("{}{\"b\":[{}]}{}"), "{};{\"b\":[{}]};{};" },
		{ "RFC 7464", TEXT("\x1e{\"a\":1}\n\x1e{\"b\":2}\n"), "{\"a\":1};{\"b\":2};" },
		{ "pretty", TEXT("{\n  \"a\": {\n    \"b\": \"}\"\n  }\n}\n{}"), "{\"a\":{\"b\":\"}\"}};{};" },
		{ "braces, quotes and backslashes in strings", TEXT("{\"}\\\"{\":\"\\\\\"}{\"\\\\\\\"\":\"]\"}"),
		  "{\"}\\\"{\":\"\\\\\"};{\"\\\\\\\"\":\"]\"};" },
		{ "UTF-8", TEXT("{\"\xc3\xbc\":\"\xf0\x9f\x98\x80\"}"), "{\"\xc3\xbc\":\"\xf0\x9f\x98\x80\"};" },
		{ "one refused between two", TEXT("{\"a\":1}\n{\"b\":x}\n{\"c\":1}"),
		  "{\"a\":1};!3 stdin: object at line 2: line 1 column 6: invalid token near 'x';{\"c\":1};" },
		{ "duplicates", TEXT("{\"a\":1,\"a\":1} {}"),
		  "!3 stdin: object at line 1: line 1 column 10: duplicate object key near '\"a\"';{};" },
		{ "wrong brackets", TEXT("{]{}"),
		  "!3 stdin: object at line 1: line 1 column 2: string or '}' expected near ']';{};" },
		{ "a backslash outside of a string", TEXT("{\\}{}"),
		  "!3 stdin: object at line 1: line 1 column 2: string or '}' expected near '\\\\';{};" },
		{ "NUL in a string", TEXT("{\"a\":\"\0\"}{}"),
		  "!3 stdin: object at line 1: line 1 column 6: control character 0x0 near '\"';{};" },
		{ "an array", TEXT("{}\n[{}]{}"), "{};!3 stdin: line 2: not a JSON object;" },
		{ "text behind", TEXT("{}\n\nfoo"), "{};!3 stdin: line 3: not a JSON object;" },
		{ "a byte order mark", TEXT("\xef\xbb\xbf{}"), "!3 stdin: line 1: not a JSON object;" },
		{ "cut off", TEXT("{}\n{\"a\":1"), "{};!3 stdin: line 2: input ends inside an object;" },
		{ "cut off in a string", TEXT("{\"a\":\"}"), "!3 stdin: line 1: input ends inside an object;" },
		{ "cut off in an escape", TEXT("{\"a\\"), "!3 stdin: line 1: input ends inside an object;" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *whole AU_AUTO_MEM = transcript(rows[i].text, rows[i].n, 65536);
		bool same = true;
		if (!is_str(whole, rows[i].want, "stream: %s", rows[i].what))
			continue;
		for (size_t piece = 1; piece < 4 && same; piece++) {
			char *cut AU_AUTO_MEM = transcript(rows[i].text, rows[i].n, piece);
			same = strcmp(cut, whole) == 0;
		}
		ok(same, "and in pieces of 1, 2 and 3 octets");
	}
}

/* Each boundary of a stream of several objects, so that a read ends at every octet of it once. */
static void boundaries(void)
{
	static const char text[] = "\x1e{\"a\":\"\\\\\\\"}\xc3\xbc\"}\n{\"b\":{\"c\":[{},[]]}} {}\n";
	char *whole AU_AUTO_MEM = transcript(TEXT(text), 65536);
	bool same = true;

	for (size_t i = 1; i < sizeof text - 1 && same; i++) {
		struct au_err err AU_AUTO_ERR = { 0 };
		struct au_buf out AU_AUTO_BUF = AU_BUF(0);
		int p[2];
		json_t *doc;
		if (pipe(p) || write(p[1], text, i) != (ssize_t)i)
			exit(99);
		struct au_reader r = AU_READER(p[0], "stdin");
		/* What is whole must come out before more is written: a reader that wanted more would hang here. */
		alarm(20);
		size_t complete = 0;
		for (size_t k = 0, depth = 0, quoted = 0; k < i; k++) {
			quoted ^= text[k] == '"' && text[k - 1] != '\\';
			quoted |= text[k] == '"' && k > 2 && text[k - 1] == '\\' && text[k - 2] == '\\' && text[k - 3] == '\\';
			depth += !quoted && text[k] == '{';
			complete += !quoted && text[k] == '}' && --depth == 0;
		}
		for (size_t k = 0; k < complete; k++) {
			if (!au_reader_next(&r, &doc, &err) || !doc)
				exit(98);
			char *dump AU_AUTO_MEM = au_json_dump(doc);
			au_buf_addf(&out, &err, "%s;", dump);
			json_decref(doc);
		}
		if (write(p[1], text + i, sizeof text - 1 - i) < 0 || close(p[1]))
			exit(97);
		while (au_reader_next(&r, &doc, &err) && doc) {
			char *dump AU_AUTO_MEM = au_json_dump(doc);
			au_buf_addf(&out, &err, "%s;", dump);
			json_decref(doc);
		}
		alarm(0);
		same = out.p && strcmp((char *)out.p, whole) == 0;
		au_reader_free(&r);
		close(p[0]);
	}
	is_str(whole, "{\"a\":\"\\\\\\\"}\xc3\xbc\"};{\"b\":{\"c\":[{},[]]}};{};", "three objects");
	ok(same, "whatever the first read brings, what is whole comes out at once");
}

static void limits(void)
{
	size_t n = AU_MAX_DOC + 100;
	char *text AU_AUTO_MEM = au_alloc(n + 1);

	memset(text, 'x', n);
	memcpy(text, "{\"a\":\"", 6);
	memcpy(text + AU_MAX_DOC - 2, "\"}", 2);
	memcpy(text + AU_MAX_DOC, "{\"b\":1}", 8);
	char *fits AU_AUTO_MEM = transcript(text, AU_MAX_DOC + 7, 60000);
	ok(strlen(fits) == AU_MAX_DOC + 9 && strcmp(fits + AU_MAX_DOC, ";{\"b\":1};") == 0, "4 MiB and another behind it");
	memcpy(text + AU_MAX_DOC - 2, "xx\"}", 4);
	char *more AU_AUTO_MEM = transcript(text, AU_MAX_DOC + 2, 60000);
	is_str(more, "!3 stdin: line 1: object larger than 4 MiB;", "two octets more");
	memset(text + AU_MAX_DOC - 2, 'x', 102);
	char *endless AU_AUTO_MEM = transcript(text, n, 60000);
	is_str(endless, "!3 stdin: line 1: object larger than 4 MiB;", "no end");

	memset(text, ' ', n);
	memcpy(text + n - 2, "{}", 2);
	char *blank AU_AUTO_MEM = transcript(text, n, 60000);
	is_str(blank, "{};", "more than 4 MiB of blanks are none");

	struct au_reader r = AU_READER(-1, "closed");
	struct au_err err = { 0 };
	json_t *doc;
	fails(!au_reader_next(&r, &doc, &err), &err, AU_SYSTEM, "closed: Bad file descriptor", "a read that fails");
	ok(r.lost && au_reader_next(&r, &doc, &err) && !doc, "and then it is over");
	au_reader_free(&r);
}

static bool put(const char *path, const char *text)
{
	struct au_err err = { 0 };
	return au_file_write(path, text, strlen(text), 0, &err);
}

static char *get(const char *path)
{
	struct au_buf b AU_AUTO_BUF = AU_BUF(0);
	struct au_err err = { 0 };
	return au_file_read(path, 1000, AU_INPUT, &b, &err) ? au_buf_take(&b) : NULL;
}

/* How many entries a directory has beside . and .. */
static unsigned entries(void)
{
	FILE *f = popen("ls -A | wc -l", "r");
	unsigned n = 999;
	if (!f || fscanf(f, "%u", &n) != 1 || pclose(f))
		return 999;
	return n;
}

static void writing(void)
{
	struct au_err err = { 0 };
	struct stat st;
	umask(022);

	ok(au_file_write("f", "one", 3, 0, &err) && stat("f", &st) == 0 && (st.st_mode & 0777) == 0644,
	   "created, 0644 under umask 022");
	char *one AU_AUTO_MEM = get("f");
	is_str(one, "one", "holds it");
	int old = open("f", O_RDONLY);
	ok(au_file_write("f", "two", 3, AU_FILE_PRIVATE, &err) && stat("f", &st) == 0 && (st.st_mode & 0777) == 0600,
	   "replaced, private now");
	char seen[4] = "";
	ok(read(old, seen, 3) == 3 && strcmp(seen, "one") == 0, "who had it open still sees the old one");
	close(old);
	fails(!au_file_write("f", "three", 5, AU_FILE_NEW, &err), &err, AU_SYSTEM, "f: File exists",
	      "not replaced when it must be new");
	char *two AU_AUTO_MEM = get("f");
	is_str(two, "two", "as it was");
	umask(0);
	ok(au_file_write("g", "", 0, AU_FILE_NEW | AU_FILE_PRIVATE, &err) && stat("g", &st) == 0 &&
	   (st.st_mode & 0777) == 0600 && st.st_size == 0,
	   "new, private whatever the umask, empty");
	umask(022);
	ok(symlink("elsewhere", "link") == 0, "a dangling link");
	fails(!au_file_write("link", "x", 1, AU_FILE_NEW, &err), &err, AU_SYSTEM, "link: File exists",
	      "is not written through");
	ok(au_file_write("link", "x", 1, 0, &err) && lstat("link", &st) == 0 && S_ISREG(st.st_mode) &&
	   access("elsewhere", F_OK), "but replaced");
	fails(!au_file_write("no/such/dir", "x", 1, 0, &err), &err, AU_SYSTEM, "no/such/dir", "no directory");
	ok(mkdir("d", 0700) == 0, "a directory");
	fails(!au_file_write("d", "x", 1, 0, &err), &err, AU_SYSTEM, "d: ", "is not replaced");
	ok(au_file_write("d/x", "x", 1, 0, &err), "a file in it is");
	ok(entries() == 4, "nothing is left beside them");

	/* A disk that is full: the file stays what it was, and nothing is left beside it. */
	struct rlimit before, small = { 2, RLIM_INFINITY };
	getrlimit(RLIMIT_FSIZE, &before);
	small.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	bool r = au_file_write("f", "three", 5, 0, &err);
	setrlimit(RLIMIT_FSIZE, &before);
	fails(!r, &err, AU_SYSTEM, "f: File too large", "a file that cannot be written to its end");
	char *kept AU_AUTO_MEM = get("f");
	is_str(kept, "two", "stays what it was");
	ok(entries() == 4, "and still nothing is left");

	fails(!au_write_all(-1, "nowhere", "x", 1, &err), &err, AU_SYSTEM, "nowhere: Bad file descriptor", "no descriptor");
	int full = open("/dev/full", O_WRONLY);
	fails(!au_write_all(full, "out", "x", 1, &err), &err, AU_SYSTEM, "out: No space left", "a full disk");
	close(full);
	ok(au_write_all(-1, "nowhere", "", 0, &err), "nothing to write");
}

static void reading(void)
{
	struct au_err err = { 0 };
	struct au_buf b AU_AUTO_BUF = AU_BUF(0);

	put("f", "12345");
	ok(au_buf_adds(&b, "<", &err) && au_file_read("f", 5, AU_INPUT, &b, &err) && b.n == 6 &&
	   strcmp((char *)b.p, "<12345") == 0, "appended");
	au_buf_free(&b);
	fails(!au_file_read("f", 4, AU_INPUT, &b, &err), &err, AU_INPUT, "f: larger than 4 octets", "an octet too many");
	au_buf_free(&b);
	fails(!au_file_read("nope", 4, AU_KEY, &b, &err), &err, AU_KEY, "nope: No such file",
	      "a missing file, by the code given");
	fails(!au_file_read(".", 4, AU_INPUT, &b, &err), &err, AU_INPUT, ".: Is a directory", "a directory");
	fails(!au_file_read("fd:999", 4, AU_KEY, &b, &err), &err, AU_KEY, "fd:999: Bad file descriptor",
	      "a descriptor that is not open");
	fails(!au_file_read("fd:x", 4, AU_KEY, &b, &err), &err, AU_KEY, "fd:x: No such file", "a file called fd:x");
	fails(!au_file_read("fd:", 4, AU_KEY, &b, &err), &err, AU_KEY, "fd:: No such file", "or fd:");
	fails(!au_file_read("fd:-1", 4, AU_KEY, &b, &err), &err, AU_KEY, "fd:-1: No such file", "or fd:-1");

	char name[16];
	int fd = open("f", O_RDONLY);
	snprintf(name, sizeof name, "fd:%d", fd);
	char *five AU_AUTO_MEM = get(name);
	is_str(five, "12345", "by descriptor");
	ok(lseek(fd, 0, SEEK_CUR) == 5, "which stays open");
	close(fd);
	pid_t child;
	fd = feed("slowly", 6, 1, &child);
	snprintf(name, sizeof name, "fd:%d", fd);
	char *slow AU_AUTO_MEM = get(name);
	is_str(slow, "slowly", "from a pipe");
	close(fd);
	waitpid(child, NULL, 0);
}

static void secrets(void)
{
	static const struct { const char *file, *secret; } good[] = {
		{ "pw", "pw" }, { "pw\n", "pw" }, { "pw\r\n", "pw" }, { " pw \n", " pw " }, { "p\xc3\xbc\n", "p\xc3\xbc" },
	};
	static const struct { const char *file, *why; } bad[] = {
		{ "", "it is empty" }, { "\n", "it is empty" }, { "\r\n", "it is empty" }, { "a\nb\n", "one line" },
		{ "a\n\n", "one line" },
	};
	struct au_err err = { 0 };
	char long_one[AU_MAX_SECRET + 2];

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct au_buf b AU_AUTO_BUF = AU_BUF(0);
		put("s", good[i].file);
		ok(au_secret_read("s", &b, &err) && b.n == strlen(good[i].secret) &&
		   strcmp((char *)b.p, good[i].secret) == 0, "secret %zu", i);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct au_buf b AU_AUTO_BUF = AU_BUF(0);
		put("s", bad[i].file);
		fails(!au_secret_read("s", &b, &err), &err, AU_KEY, bad[i].why, "no secret %zu", i);
	}
	struct au_buf b AU_AUTO_BUF = AU_BUF(0);
	memset(long_one, 'x', sizeof long_one);
	long_one[AU_MAX_SECRET + 1] = '\0';
	put("s", long_one);
	fails(!au_secret_read("s", &b, &err), &err, AU_KEY, "s: larger than 4096", "a secret that is too long");
}

int main(void)
{
	char dir[] = "/tmp/t-fdio.XXXXXX", command[64];

	if (!mkdtemp(dir) || chdir(dir))
		return 99;
	streams();
	boundaries();
	limits();
	writing();
	reading();
	secrets();
	snprintf(command, sizeof command, "rm -r %s", dir);
	ok(chdir("/") == 0 && system(command) == 0, "cleaned up");
	return done();
}
