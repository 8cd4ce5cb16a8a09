/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * clock: dates to seconds and back by plain arithmetic. The C library's
 * functions are no use here: strptime() obeys the locale, timegm() normalises
 * the 31st of February, and both are as wide as time_t happens to be.
 */
#include "clock.h"

#include <string.h>

#define DAY 86400

struct date {
	int64_t year;
	unsigned month, day, hour, minute, second;
};

static const char *const weekdays[] = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" };
static const char *const months[] = {
	"January", "February", "March", "April", "May", "June",
	"July", "August", "September", "October", "November", "December",
};

/*
 * Days since 1970-01-01 of a date in the Gregorian calendar, carried back
 * before its invention. A year counted from March ends with the leap day, so
 * the months before it have fixed lengths: 153 days for each five of them.
 */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
	int64_t y = year - (month < 3);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static unsigned month_length(int64_t year, unsigned month)
{
	static const unsigned char length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return length[month - 1] + (month == 2 && leap);
}

static bool read_digits(const char **p, unsigned n, int64_t *value)
{
	*value = 0;
	for (unsigned i = 0; i < n; i++) {
		if ((*p)[i] < '0' || (*p)[i] > '9')
			return false;
		*value = *value * 10 + ((*p)[i] - '0');
	}
	*p += n;
	return true;
}

/* One of n names, or of their first three letters. */
static bool read_name(const char **p, const char *const *names, unsigned n, bool whole, unsigned *index)
{
	for (unsigned i = 0; i < n; i++) {
		size_t length = whole ? strlen(names[i]) : 3;
		if (strncmp(*p, names[i], length) == 0) {
			*p += length;
			*index = i;
			return true;
		}
	}
	return false;
}

static bool read_field(char field, const char **p, struct date *date)
{
	int64_t value;
	unsigned index;

	switch (field) {
	case 'a':
	case 'A':
		return read_name(p, weekdays, 7, field == 'A', &index);
	case 'b':
		if (!read_name(p, months, 12, false, &index))
			return false;
		date->month = index + 1;
		return true;
	case 'Y':
		return read_digits(p, 4, &date->year);
	case 'y':
		return read_digits(p, 2, &date->year);
	case 'e': /* the day, a blank for its first digit below 10 */
		if (**p == ' ') {
			++*p;
			field = '1';
		}
		break;
	}
	if (!read_digits(p, field == '1' ? 1 : 2, &value))
		return false;
	switch (field) {
	case 'm': date->month = (unsigned)value; break;
	case 'H': date->hour = (unsigned)value; break;
	case 'M': date->minute = (unsigned)value; break;
	case 'S': date->second = (unsigned)value; break;
	default: date->day = (unsigned)value; break;
	}
	return true;
}

/* Read what `form` says (the letters of strptime(), nothing skipped) and move *p behind it. */
static bool read_form(const char **p, const char *form, struct date *date)
{
	for (; *form; form++) {
		if (*form == '%') {
			if (!read_field(*++form, p, date))
				return false;
		} else if (*(*p)++ != *form) {
			return false;
		}
	}
	return true;
}

/* offset: how far the date's clock runs ahead of UTC. A leap second is the second after it. */
static bool to_seconds(const struct date *d, int64_t offset, int64_t *seconds)
{
	if (d->month < 1 || d->month > 12 || d->day < 1 || d->day > month_length(d->year, d->month) ||
	    d->hour > 23 || d->minute > 59 || d->second > 60)
		return false;
	*seconds = days_of(d->year, d->month, d->day) * DAY + d->hour * 3600 + d->minute * 60 + d->second - offset;
	return d->second < 60 || *seconds % DAY == 0;
}

static bool read_rfc3339(const char *p, int64_t *seconds)
{
	struct date d = { 0 };
	int64_t hours = 0, minutes = 0;
	bool behind;

	if (!read_form(&p, "%Y-%m-%d", &d) || (*p != 'T' && *p != 't'))
		return false;
	p++;
	if (!read_form(&p, "%H:%M:%S", &d))
		return false;
	if (*p == '.') {
		size_t n = strspn(p + 1, "0123456789");
		if (n == 0)
			return false;
		p += 1 + n;
	}
	if (*p == 'Z' || *p == 'z')
		return p[1] == '\0' && to_seconds(&d, 0, seconds);
	if (*p != '+' && *p != '-')
		return false;
	behind = *p++ == '-';
	if (!read_digits(&p, 2, &hours) || *p++ != ':' || !read_digits(&p, 2, &minutes) || *p != '\0' ||
	    hours > 23 || minutes > 59)
		return false;
	return to_seconds(&d, (hours * 3600 + minutes * 60) * (behind ? -1 : 1), seconds);
}

bool au_time_read(const char *text, int64_t *seconds, struct au_err *err)
{
	int64_t value;

	if (!read_rfc3339(text, &value))
		return au_fail(err, AU_INPUT, "%.80s: not a time like 2026-11-22T16:00:00Z (RFC 3339)", text);
	*seconds = value;
	return true;
}

/* The mean year hits the year or one beside it. */
static int64_t year_of(int64_t day)
{
	int64_t year = 1970 + day * 400 / 146097;

	while (days_of(year, 1, 1) > day)
		year--;
	while (days_of(year + 1, 1, 1) <= day)
		year++;
	return year;
}

static void put_digits(char **p, int64_t value, unsigned n)
{
	for (unsigned i = n; i-- > 0; value /= 10)
		(*p)[i] = (char)('0' + value % 10);
	*p += n;
}

struct au_time_text au_time_text(int64_t seconds)
{
	struct au_time_text out = { { 0 } };
	const int64_t first = days_of(0, 1, 1), last = days_of(9999, 12, 31);
	int64_t day = seconds / DAY, second = seconds % DAY, year;
	unsigned month = 1;
	char *p = out.s;

	if (second < 0) {
		second += DAY;
		day--;
	}
	if (day < first || day > last) {
		second = day < first ? 0 : DAY - 1;
		day = day < first ? first : last;
	}
	year = year_of(day);
	day -= days_of(year, 1, 1);
	while (day >= month_length(year, month))
		day -= month_length(year, month++);

	put_digits(&p, year, 4);
	*p++ = '-';
	put_digits(&p, month, 2);
	*p++ = '-';
	put_digits(&p, day + 1, 2);
	*p++ = 'T';
	put_digits(&p, second / 3600, 2);
	*p++ = ':';
	put_digits(&p, second / 60 % 60, 2);
	*p++ = ':';
	put_digits(&p, second % 60, 2);
	*p++ = 'Z';
	return out;
}

/* RFC 9110: what seems more than 50 years ahead is the most recent year past with these two digits. */
static bool read_rfc850(const char *p, int64_t now, int64_t *seconds)
{
	struct date d = { 0 };
	int64_t today = now / DAY, latest;

	if (!read_form(&p, "%A, %d-%b-%y %H:%M:%S GMT", &d) || *p != '\0')
		return false;
	if (today < 0 || today > days_of(9900, 1, 1))
		today = 0;
	latest = today + 50 * 146097 / 400;
	d.year += (year_of(latest) / 100) * 100;
	if (days_of(d.year, d.month, d.day) > latest)
		d.year -= 100;
	return to_seconds(&d, 0, seconds);
}

static bool read_http(const char *text, int64_t now, int64_t *seconds)
{
	static const char *const forms[] = { "%a, %d %b %Y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y" };

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct date d = { 0 };
		const char *p = text;
		if (read_form(&p, forms[i], &d) && *p == '\0')
			return to_seconds(&d, 0, seconds);
	}
	return read_rfc850(text, now, seconds);
}

bool au_time_read_http(const char *text, int64_t now_seconds, int64_t *seconds, struct au_err *err)
{
	int64_t value;

	if (!read_http(text, now_seconds, &value))
		return au_fail(err, AU_PROTOCOL, "%.80s: not an HTTP date", text);
	*seconds = value;
	return true;
}

bool au_retry_after(const char *text, int64_t now_seconds, long *seconds)
{
	const char *p = text + strspn(text, " \t");
	size_t n = strspn(p, "0123456789");
	int64_t value = 0;

	if (n > 0) {
		if (p[n + strspn(p + n, " \t")] != '\0')
			return false;
		for (size_t i = 0; i < n && value < AU_MAX_SECONDS; i++)
			value = value * 10 + (p[i] - '0');
	} else if (!read_http(p, now_seconds, &value) || __builtin_sub_overflow(value, now_seconds, &value)) {
		return false;
	}
	*seconds = value < 0 ? 0 : value > AU_MAX_SECONDS ? AU_MAX_SECONDS : (long)value;
	return true;
}

bool au_duration_read(const char *text, long *seconds, struct au_err *err)
{
	static const char units[] = "smhd";
	static const long factor[] = { 1, 60, 3600, DAY };
	size_t n = strspn(text, "0123456789");
	const char *unit = text[n] ? strchr(units, text[n]) : units;
	int64_t value = 0;

	if (n == 0 || !unit || (text[n] && text[n + 1]))
		return au_fail(err, AU_USAGE, "%.80s: not a duration like 90, 90s, 5m, 12h or 30d", text);
	for (size_t i = 0; i < n && value <= AU_MAX_SECONDS; i++)
		value = value * 10 + (text[i] - '0');
	if (value > AU_MAX_SECONDS / factor[unit - units])
		return au_fail(err, AU_USAGE, "%.80s: longer than 68 years", text);
	*seconds = (long)value * factor[unit - units];
	return true;
}
