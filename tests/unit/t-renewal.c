/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "renewal.h"

#include "clock.h"
#include "unit.h"

/* A certificate from 2026-01-01 to 2026-04-01. */
#define FROM INT64_C(1767225600)
#define TO INT64_C(1775001600)
#define DAY INT64_C(86400)

static const char *id = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE";

static void windows(void)
{
	AU_AUTO_JSON json_t *info = json_q("{'suggestedWindow':{'start':'2026-03-01T00:00:00Z',"
					   "'end':'2026-03-03T12:00:00.5+02:00'},'more':1}");
	struct au_err err AU_AUTO_ERR = { 0 };
	int64_t start, end;

	ok(au_renewal_window(info, FROM, TO, &start, &end, &err) && start == FROM + 59 * DAY &&
	   end == FROM + 61 * DAY + 10 * 3600, "a window");
	json_object_set_new(json_object_get(info, "suggestedWindow"), "end", json_string("2027-01-01T00:00:00Z"));
	ok(au_renewal_window(info, FROM, TO, &start, &end, &err) && end == TO, "an end behind notAfter is notAfter");
	json_object_set_new(json_object_get(info, "suggestedWindow"), "start", json_string("2025-12-01T00:00:00Z"));
	ok(au_renewal_window(info, FROM, TO, &start, &end, &err) && start < FROM, "a start before notBefore");
}

static void bad_windows(void)
{
	static const struct {
		const char *info, *why;
	} t[] = {
		{ "{}", "suggestedWindow.start: missing" },
		{ "{'suggestedWindow':[]}", "suggestedWindow" },
		{ "{'suggestedWindow':{'start':'2026-03-01T00:00:00Z'}}", "suggestedWindow.end: missing" },
		{ "{'suggestedWindow':{'start':1772323200,'end':'2026-03-03T00:00:00Z'}}", "suggestedWindow.start: not a string" },
		{ "{'suggestedWindow':{'start':'2026-03-01T00:00:00Z','end':'tomorrow'}}", "suggestedWindow.end: " },
		{ "{'suggestedWindow':{'start':'2026-02-30T00:00:00Z','end':'2026-03-03T00:00:00Z'}}",
		  "suggestedWindow.start: " },
		{ "{'suggestedWindow':{'start':'2026-03-03T00:00:00Z','end':'2026-03-01T00:00:00Z'}}",
		  "not after its start" },
		{ "{'suggestedWindow':{'start':'2026-03-03T00:00:00Z','end':'2026-03-03T00:00:00Z'}}",
		  "not after its start" },
		{ "{'suggestedWindow':{'start':'1970-01-01T00:00:00Z','end':'1970-01-02T00:00:00Z'}}",
		  "before the certificate was valid" },
		{ "{'suggestedWindow':{'start':'2026-04-01T00:00:00Z','end':'2026-04-02T00:00:00Z'}}",
		  "when the certificate has expired" },
		{ "{'suggestedWindow':{'start':'9998-04-01T00:00:00Z','end':'9999-04-02T00:00:00Z'}}",
		  "when the certificate has expired" },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		AU_AUTO_JSON json_t *info = json_q(t[i].info);
		struct au_err err AU_AUTO_ERR = { 0 };
		int64_t start, end;
		fails(!au_renewal_window(info, FROM, TO, &start, &end, &err), &err, AU_PROTOCOL, t[i].why, "%s", t[i].info);
	}
}

/* Uniform: of 16 parts of the window each gets its share of 4096 certificates (256 expected, sigma 15.5). */
static void uniform(void)
{
	unsigned part[16] = { 0 };
	bool inside = true, even = true;

	for (unsigned i = 0; i < 4096; i++) {
		char name[32];
		snprintf(name, sizeof name, "id.%u", i);
		int64_t t = au_renewal_pick(name, FROM, FROM + 1600);
		inside = inside && t >= FROM && t < FROM + 1600;
		if (inside)
			part[(t - FROM) / 100]++;
	}
	for (unsigned i = 0; i < 16; i++)
		even = even && part[i] > 256 - 93 && part[i] < 256 + 93;
	ok(inside, "a time inside of the window");
	ok(even, "anywhere in it alike");
}

static void picking(void)
{
	int64_t t = au_renewal_pick(id, FROM, FROM + 2 * DAY);

	ok(t == au_renewal_pick(id, FROM, FROM + 2 * DAY), "the same each time");
	ok(t != au_renewal_pick("other", FROM, FROM + 2 * DAY), "another for another certificate");
	ok(t - FROM != au_renewal_pick(id, FROM + DAY, FROM + 3 * DAY) - FROM - DAY, "another for another window");
	ok(au_renewal_pick(id, FROM, FROM + 1) == FROM, "a window of one second");
	ok(au_renewal_pick(id, INT64_MIN, INT64_MAX) < INT64_MAX, "the widest window there is");
	uniform();
}

int main(void)
{
	windows();
	bad_windows();
	picking();
	ok(au_renewal_by_lifetime(FROM, TO) == FROM + 60 * DAY, "90 days: 30 are left");
	ok(au_renewal_by_lifetime(FROM, FROM + 10 * DAY) == FROM + 10 * DAY - 10 * DAY / 3, "10 days: a third is left");
	ok(au_renewal_by_lifetime(FROM, FROM + 6 * DAY) == FROM + 3 * DAY, "6 days: half is left");
	ok(au_renewal_retry(-1) == 6 * 3600, "no Retry-After: 6 hours");
	ok(au_renewal_retry(0) == 60 && au_renewal_retry(60) == 60, "at least a minute");
	ok(au_renewal_retry(61) == 61 && au_renewal_retry(86399) == 86399, "as the server says");
	ok(au_renewal_retry(86400) == 86400 && au_renewal_retry(315360000) == 86400, "at most a day");
	return done();
}
