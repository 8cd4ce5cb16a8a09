/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dates: the examples of RFC 3339 and RFC 9110, every day of 400 years, and what is no date. */
#include "clock.h"
#include "unit.h"

static void rfc3339(void)
{
	static const struct { const char *text; int64_t seconds; } good[] = {
		/* RFC 3339 section 5.8 */
		{ "1985-04-12T23:20:50.52Z", 482196050 },
		{ "1996-12-19T16:39:57-08:00", 851042397 },
		{ "1990-12-31T23:59:60Z", 662688000 },
		{ "1990-12-31T15:59:60-08:00", 662688000 },
		{ "1937-01-01T12:00:27.87+00:20", -1041337173 },
		/* RFC 8555 section 7.1.3, with the fraction of its successor drafts */
		{ "2016-01-20T14:09:07.99Z", 1453298947 },
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1969-12-31T23:59:59Z", -1 },
		{ "1970-01-01t00:00:00z", 0 },
		{ "1970-01-01T00:00:00-00:00", 0 },
		{ "1970-01-01T23:59:00+23:59", 0 },
		{ "2000-02-29T00:00:00Z", 951782400 },
		{ "2038-01-19T03:14:08Z", INT64_C(2147483648) },
		{ "0000-01-01T00:00:00Z", INT64_C(-62167219200) },
		{ "9999-12-31T23:59:59Z", INT64_C(253402300799) },
		{ "2026-11-22T16:00:00.000000000000000000000000000000000000001Z", 1795363200 },
	};
	static const char *const bad[] = {
		"", "2026", "2026-11-22", "2026-11-22T16:00:00", "2026-11-22 16:00:00Z", "2026-11-22T16:00Z",
		"2026-11-22T16:00:00.Z", "2026-11-22T16:00:00ZZ", "2026-11-22T16:00:00Z ", " 2026-11-22T16:00:00Z",
		"2026-11-22T16:00:00+0100", "2026-11-22T16:00:00+01", "2026-11-22T16:00:00+24:00",
		"2026-11-22T16:00:00+00:60", "2026-00-22T16:00:00Z", "2026-13-22T16:00:00Z", "2026-11-00T16:00:00Z",
		"2026-11-31T16:00:00Z", "2026-02-29T16:00:00Z", "1900-02-29T16:00:00Z", "2026-11-22T24:00:00Z",
		"2026-11-22T16:60:00Z", "2026-11-22T16:00:61Z", "2026-11-22T16:00:60Z", "+026-11-22T16:00:00Z",
		"-026-11-22T16:00:00Z", "20261-11-22T16:00:00Z", "2026-1-22T16:00:00Z", "2026-11-22T16:00:00,5Z",
		"2026-11-22T16:00:00\xe2\x88\x92" "01:00", "2026-11-22T 6:00:00Z",
	};
	struct au_err err = { 0 };

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		int64_t t = -99;
		ok(au_time_read(good[i].text, &t, &err) && t == good[i].seconds, "%s is %" PRId64, good[i].text,
		   good[i].seconds);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		int64_t t = -99;
		fails(!au_time_read(bad[i], &t, &err) && t == -99, &err, AU_INPUT, "RFC 3339", "no time: \"%s\"", bad[i]);
	}
}

static void text(void)
{
	bool good = true;
	struct au_err err = { 0 };

	is_str(au_time_text(0).s, "1970-01-01T00:00:00Z", "the epoch");
	is_str(au_time_text(-1).s, "1969-12-31T23:59:59Z", "before it");
	is_str(au_time_text(951782400).s, "2000-02-29T00:00:00Z", "a leap day");
	is_str(au_time_text(INT64_MAX).s, "9999-12-31T23:59:59Z", "saturates above");
	is_str(au_time_text(INT64_MIN).s, "0000-01-01T00:00:00Z", "saturates below");
	is_str(au_time_text(INT64_C(253402300800)).s, "9999-12-31T23:59:59Z", "one second too late");
	is_str(au_time_text(INT64_C(-62167219201)).s, "0000-01-01T00:00:00Z", "one second too early");

	/* Each day of a whole cycle follows the one before by the rules of the calendar, and reads back. */
	unsigned y = 1970, m = 1, d = 1;
	for (int64_t day = 0; day < 146097 && good; day++) {
		static const unsigned length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
		bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
		char want[64];
		int64_t t = -1;
		snprintf(want, sizeof want, "%04u-%02u-%02uT23:59:59Z", y, m, d);
		good = strcmp(au_time_text(day * 86400 + 86399).s, want) == 0 && au_time_read(want, &t, &err) &&
		       t == day * 86400 + 86399;
		if (++d > length[m - 1] + (m == 2 && leap)) {
			d = 1;
			if (++m > 12) {
				m = 1;
				y++;
			}
		}
	}
	ok(good, "every day of 400 years, there and back (up to %u-%02u-%02u)", y, m, d);
}

static void http(void)
{
	const int64_t now = 1795363200; /* 2026-11-22T16:00:00Z */
	static const struct { const char *text; int64_t seconds; } good[] = {
		/* RFC 9110 section 5.6.7, three spellings of one time */
		{ "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
		{ "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
		{ "Sun Nov  6 08:49:37 1994", 784111777 },
		/* its section 10.2.3 */
		{ "Fri, 31 Dec 1999 23:59:59 GMT", 946684799 },
		{ "Wed Nov 16 08:49:37 1994", 784975777 },
		/* two digits: 50 years ahead at most (its section 5.6.7) */
		{ "Saturday, 21-Nov-76 00:00:00 GMT", INT64_C(3373142400) },
		{ "Wednesday, 24-Nov-76 00:00:00 GMT", 217641600 },
		{ "Friday, 31-Dec-99 23:59:59 GMT", 946684799 },
		{ "Saturday, 01-Jan-00 00:00:00 GMT", 946684800 },
		{ "Thu, 31 Dec 1998 23:59:60 GMT", 915148800 },
	};
	static const char *const bad[] = {
		"", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
		"Sun, 06 Nov 1994 08:49:37 GMT+1", "sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Non 1994 08:49:37 GMT",
		"Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
		"Sun, 06 Nov 1994 08:49:37 gmt", "Sun,  06 Nov 1994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994",
		"Sun, 06-Nov-94 08:49:37 GMT", "Sunday, 06-November-94 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT",
		"Sun Nov  6 08:49:37 1994 GMT", "1994-11-06T08:49:37Z", "784111777", "S", "Sunday", "Sunday, ",
	};
	struct au_err err = { 0 };

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		int64_t t = -99;
		ok(au_time_read_http(good[i].text, now, &t, &err) && t == good[i].seconds,
		   "%s is %" PRId64, good[i].text, good[i].seconds);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		int64_t t = -99;
		fails(!au_time_read_http(bad[i], now, &t, &err) && t == -99, &err, AU_PROTOCOL, "HTTP date",
		      "no HTTP date: \"%s\"", bad[i]);
	}
	static const int64_t clocks[] = { INT64_MIN, -1, 0, INT64_C(253402300800), INT64_MAX };
	for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
		int64_t t = -99;
		ok(au_time_read_http("Sunday, 06-Nov-94 08:49:37 GMT", clocks[i], &t, &err),
		   "two digits with a clock at %" PRId64, clocks[i]);
	}
}

static void retry_after(void)
{
	const int64_t now = 784111777;
	static const struct { const char *text; long seconds; } good[] = {
		{ "0", 0 }, { "1", 1 }, { "120", 120 }, { " 7 ", 7 }, { "007", 7 }, { "2147483647", 2147483647 },
		{ "2147483648", 2147483647 }, { "4294967296", 2147483647 }, { "4294967297", 2147483647 },
		{ "9223372036854775807", 2147483647 }, { "9223372036854775808", 2147483647 },
		{ "18446744073709551617", 2147483647 },
		{ "99999999999999999999999999999999999999999999999999999999999999999999999999999999", 2147483647 },
		{ "315360000", 315360000 },
		{ "Sun, 06 Nov 1994 08:49:47 GMT", 10 }, { "Sun, 06 Nov 1994 08:49:37 GMT", 0 },
		{ "Sun, 06 Nov 1994 08:49:36 GMT", 0 }, { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
		{ "Sunday, 06-Nov-94 08:50:37 GMT", 60 }, { "Fri, 31 Dec 9999 23:59:59 GMT", 2147483647 },
	};
	static const char *const bad[] = {
		"", " ", "-5", "+5", "1e30", "NaN", "1.5", "5s", "5 5", "0x10", "ten", "1,2",
		"Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT;", "\xff",
	};

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		long s = -99;
		ok(au_retry_after(good[i].text, now, &s) && s == good[i].seconds, "Retry-After: %s is %ld",
		   good[i].text, good[i].seconds);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		long s = -99;
		ok(!au_retry_after(bad[i], now, &s) && s == -99, "Retry-After: \"%s\" is neither", bad[i]);
	}
	long s = -99;
	ok(!au_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", INT64_MIN, &s) && s == -99, "no overflow of the difference");
	ok(au_retry_after("Thu, 01 Jan 1970 00:00:00 GMT", INT64_MAX, &s) && s == 0, "at the end of time all is past");
}

static void duration(void)
{
	static const struct { const char *text; long seconds; } good[] = {
		{ "0", 0 }, { "90", 90 }, { "90s", 90 }, { "5m", 300 }, { "12h", 43200 }, { "30d", 2592000 },
		{ "2147483647", 2147483647 }, { "24855d", 2147472000 }, { "007s", 7 },
	};
	static const char *const bad[] = {
		"", "s", "-5", "+5", "5x", "5S", "5 s", " 5", "5ss", "5m30s", "1.5h", "1e3", "d5", "0x10", "\xff",
	};
	static const char *const big[] = {
		"2147483648", "24856d", "35791395m", "596524h", "99999999999999999999999999999999d", "9223372036854775808",
	};
	struct au_err err = { 0 };

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		long s = -99;
		ok(au_duration_read(good[i].text, &s, &err) && s == good[i].seconds, "%s is %ld s", good[i].text,
		   good[i].seconds);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		long s = -99;
		fails(!au_duration_read(bad[i], &s, &err) && s == -99, &err, AU_USAGE, "not a duration",
		      "no duration: \"%s\"", bad[i]);
	}
	for (size_t i = 0; i < sizeof big / sizeof *big; i++) {
		long s = -99;
		fails(!au_duration_read(big[i], &s, &err) && s == -99, &err, AU_USAGE, "68 years", "too long: %s", big[i]);
	}
}

int main(void)
{
	rfc3339();
	text();
	http();
	retry_after();
	duration();
	return done();
}
