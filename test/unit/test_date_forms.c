/*-------------------------------------------------------------------------
 * test_date_forms.c
 *	  Dates in all the forms there are, and why others are none.
 *
 * What is expected is an ISO text that libc reads, or "!" and a reason.
 *-------------------------------------------------------------------------
 */
#define _GNU_SOURCE
#include "unit.h"

#include "policy/normalize/date_scan.h"
#include "zones.h"

#define EPOCH_2000	INT64_C(946684800)

#define NO_FORM		"!not a date in any declared format"
#define NO_DATE		"!no such date"
#define NO_DAY		"!not a whole date"
#define WEEKDAY		"!not that day of the week"
#define SEVERAL		"!ambiguous: it could be several dates"
#define NO_ZONE		"!unknown time zone"
#define ZONES		"!ambiguous time zone"
#define OFFSET		"!the time zone has another offset then"
#define TAG			"!a critical tag that is not known"

static const YsBindings bindings = {.find_zone = zones_find};

typedef struct DateCase
{
	const char *format;
	const char *text;
	const char *expected;		/* "... Z" where the text says which clock it is */
} DateCase;

static void
check_case(const DateCase *one, int pivot)
{
	const YsDateContext context = {&bindings, pivot};
	YsDateFormat format;
	YsMoment	moment = {0, false};
	int			which;
	char		got[200];
	const char *why = ys_date_format_compile(unit_slice(one->format), &format);

	if (why != NULL)
		fail_msg("%s: %s", one->format, why);
	why = ys_date_parse(&format, 1, &context, unit_slice(one->text), &moment, &which);
	if (why != NULL)
		snprintf(got, sizeof(got), "!%s", why);
	else
	{
		int64_t		seconds = ys_floor_div(moment.usecs, YS_USECS_PER_SEC);
		time_t		unix_time = (time_t) (seconds + EPOCH_2000);
		int			usec = (int) (moment.usecs - seconds * YS_USECS_PER_SEC);
		struct tm	tm;
		size_t		len;

		gmtime_r(&unix_time, &tm);
		len = (size_t) snprintf(got, sizeof(got), "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
		if (strlen(one->expected) > 12)
			len += strftime(got + len, sizeof(got) - len, " %H:%M:%S", &tm);
		if (usec != 0)
			len += (size_t) snprintf(got + len, sizeof(got) - len, ".%06d", usec);
		snprintf(got + len, sizeof(got) - len, "%s", moment.naive ? "" : " Z");
	}
	if (strcmp(got, one->expected) != 0)
		fail_msg("\"%s\" as %s: got %s, wanted %s", one->text, one->format, got, one->expected);
}

#define CHECK_ALL(cases) \
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) \
		check_case(&cases[i], YS_DATE_PIVOT)

static void
test_iso(void **state)
{
	static const DateCase cases[] = {
		{"ISO", "2024-W11-2", "2024-03-12"}, {"ISO", "2024W112", "2024-03-12"}, {"ISO", "2024-072", "2024-03-12"},
		{"ISO", "2024072", "2024-03-12"}, {"ISO", "20240312T101500", "2024-03-12 10:15:00"},
		{"ISO", "2024W112T1015Z", "2024-03-12 10:15:00 Z"}, {"ISO", "2024-072T10:15,5", "2024-03-12 10:15:30"},
		{"ISO", "2024-03-12T10.25", "2024-03-12 10:15:00"},
		{"ISO", "2024-03-12T10,3333333333333333", "2024-03-12 10:19:59.999999"},
		{"ISO", "2024-03-12T1015.1", "2024-03-12 10:15:06"}, {"ISO", "2024-03-12T24,0", "2024-03-13 00:00:00"},
		{"ISO", "2024-03-12T24,1", NO_DATE},
		{"ISO", "2024-03-12T10:15:00\xE2\x88\x92" "0130", "2024-03-12 11:45:00 Z"},
		{"ISO", "2020-W53-7", "2021-01-03"}, {"ISO", "2021-W53-1", NO_DATE}, {"ISO", "2021-W00-1", NO_DATE},
		{"ISO", "2024-W11-8", NO_DATE}, {"ISO", "2024-W11-0", NO_DATE}, {"ISO", "2024-366", "2024-12-31"},
		{"ISO", "2023-366", NO_DATE}, {"ISO", "2024-000", NO_DATE}, {"ISO", "0001-W01-1", "0001-01-01"},
		{"ISO", "9999-W52-5", "9999-12-31"}, {"ISO", "9999-W52-6", NO_DATE},
		{"ISO", "2024", NO_DAY}, {"ISO", "2024-03", NO_DAY}, {"ISO", "2024-W11", NO_DAY}, {"ISO", "2024W11", NO_DAY},
		{"ISO", "202403", NO_FORM}, {"ISO", "2024-0312", NO_FORM}, {"ISO", "202403-12", NO_FORM},
		{"ISO", "2024-W112", NO_FORM},
		{"ISO", "2024W11-2", NO_FORM}, {"ISO", "20", NO_FORM}, {"ISO", "+002024-03-12", NO_FORM},
		{"ISO", "2024-03-12Z", NO_FORM},
		{"ISO", "2024-03-12T10:15:", NO_FORM}, {"ISO", "2024-03-12T101", NO_FORM},
		{"ISO", "2024-03-12T10:1500", NO_FORM},
		{"ISO", "2024-03-12  10:15", NO_FORM}, {"ISO", "2024-03-12T10:15+24:00", NO_FORM},
		{"ISO", "2024-03-12T10:15+01:60", NO_FORM},
		{"ISO", "2024-03-12 10:15 Europe/Rome", "2024-03-12 09:15:00 Z"},
		{"ISO", "2024-07-12 10:15 europe/ROME", "2024-07-12 08:15:00 Z"},
		{"ISO", "2024-07-12T10:15 Asia/Kathmandu", "2024-07-12 04:30:00 Z"},
		{"ISO", "2024-03-12 10:15 CET", "2024-03-12 09:15:00 Z"},
		{"ISO", "2024-03-12 10:15 UTC+2", "2024-03-12 08:15:00 Z"},
		{"ISO", "2024-03-12 10:15 Europe/Atlantis", NO_ZONE},
		{"ISO", "2024-03-12 10:15 IST", ZONES}, {"ISO", "2024-03-12 10:15 bst", ZONES},
		{"ISO", "2024-03-12 10:15 FOO+3", NO_ZONE},
		{"ISO", "2024-03-12T10:15[Europe/Rome]", "2024-03-12 09:15:00 Z"},
		{"ISO", "2024-03-12T10:15+01:00[Europe/Rome]", "2024-03-12 09:15:00 Z"},
		{"ISO", "2024-03-12T10:15Z[Europe/Rome]", "2024-03-12 10:15:00 Z"},
		{"ISO", "2024-03-12T10:15+02:00[Europe/Rome]", OFFSET},
		{"ISO", "2024-03-12T10:15[!Europe/Rome][u-ca=gregory]", "2024-03-12 09:15:00 Z"},
		{"ISO", "2024-03-12T10:15Z[u-ca=hebrew]", "2024-03-12 10:15:00 Z"},
		{"ISO", "2024-03-12T10:15Z[!u-ca=hebrew]", TAG}, {"ISO", "2024-03-12T10:15[+01:00]", "2024-03-12 09:15:00 Z"},
		{"ISO", "2024-03-12T10:15+02:00[+01:00]", OFFSET}, {"ISO", "2024-03-12T10:15[Mars/Olympus]", NO_ZONE},
		{"ISO", "2024-03-12T10:15[Europe/Rome", NO_FORM}, {"ISO", "2024-03-12T10:15[]", NO_FORM},
		{"ISO", "2024-03-12T10:15[Europe/Rome][Europe/Rome]", NO_FORM},
		/* clocks that skip an hour, and those that show one twice */
		{"ISO", "2024-03-31 02:30 Europe/Rome", "2024-03-31 01:30:00 Z"},
		{"ISO", "2024-10-27 02:30 Europe/Rome", "2024-10-27 01:30:00 Z"},
		{"ISO", "2024-10-27T02:30+02:00[Europe/Rome]", "2024-10-27 00:30:00 Z"},
		{"ISO", "2024-10-27T02:30+01:00[Europe/Rome]", "2024-10-27 01:30:00 Z"},
	};

	(void) state;
	CHECK_ALL(cases);
}

static void
test_mail(void **state)
{
	static const DateCase cases[] = {
		{"RFC2822", "Tue, 12 Mar 2024 10:15:00 +0100", "2024-03-12 09:15:00 Z"},
		{"RFC2822", "12 Mar 2024 10:15 -0330", "2024-03-12 13:45:00 Z"},
		{"RFC2822", "Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21 15:55:06 Z"},
		{"RFC2822", "21 Nov 97 09:55:06 GMT", "1997-11-21 09:55:06 Z"},
		{"RFC2822", "Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", "1997-11-21 15:55:06 Z"},
		{"RFC2822", "Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 (Newfoundland Time)", "1969-02-14 03:02:00 Z"},
		{"RFC2822", "12 Mar 49 00:00 UT", "2049-03-12 00:00:00 Z"},
		{"RFC2822", "12 Mar 50 00:00 UT", "1950-03-12 00:00:00 Z"},
		{"RFC2822", "12 Mar 124 00:00 UT", "2024-03-12 00:00:00 Z"},
		{"RFC2822", "12 Mar 2024 10:15 EST", "2024-03-12 15:15:00 Z"},
		{"RFC2822", "12 Mar 2024 10:15 pdt", "2024-03-12 17:15:00 Z"},
		{"RFC2822", "12 Mar 2024 10:15 Z", "2024-03-12 10:15:00 Z"},
		{"RFC2822", "12 Mar 2024 10:15 A", "2024-03-12 10:15:00 Z"}, {"RFC2822", "12 Mar 2024 10:15 J", NO_ZONE},
		{"RFC2822", "12 Mar 2024 10:15 -0000", "2024-03-12 10:15:00 Z"},
		{"RFC2822", "12 Mar 2024 10:15 ABC", NO_ZONE},
		{"RFC2822", "12 Mar 2024 10:15 IST", ZONES},
		{"RFC2822", "(a (nested \\) one) here)12 Mar 2024 10:15 +0000", "2024-03-12 10:15:00 Z"},
		{"RFC2822", "Mon, 12 Mar 2024 10:15:00 +0100", WEEKDAY}, {"RFC2822", "31 Feb 2024 10:15:00 +0100", NO_DATE},
		{"RFC2822", "12 Mar 2024 24:01:00 +0100", NO_DATE},
		{"RFC2822", "12 Mar 2024 23:59:60 +0000", "2024-03-13 00:00:00 Z"},
		{"RFC2822", "12 Mar 12024 10:15:00 +0100", NO_DATE}, {"RFC2822", "12 Mar 2024 10:15:00", NO_FORM},
		{"RFC2822", "12 Mar 2024", NO_FORM},
		{"RFC2822", "12 Marz 2024 10:15:00 +0100", NO_FORM}, {"RFC2822", "12 March 2024 10:15:00 +0100", NO_FORM},
		{"RFC2822", "Tue 12 Mar 2024 10:15:00 +0100", NO_FORM},
		{"RFC2822", "12 Mar 2024 10:15 +01:00", NO_FORM}, {"RFC2822", "12 Mar 2024 10:15 +01", NO_FORM},
		{"RFC2822", "12 Mar 2024 9:15 +0100", NO_FORM},
		{"RFC2822", "12 Mar 2024 10:15 +0100 (open", NO_FORM}, {"RFC2822", "12 Mar 4 10:15 +0100", NO_FORM},
		{"RFC2822", "2024-03-12", NO_FORM},
		{"RFC2822", "12 Mar 2024 10:15 +9900", NO_FORM},
	};

	(void) state;
	CHECK_ALL(cases);
}

static void
test_sql(void **state)
{
	static const DateCase cases[] = {
		{"SQL", "2024-03-12", "2024-03-12"}, {"SQL", "2024-03-12 10:15:00", "2024-03-12 10:15:00"},
		{"SQL", "2024-03-12 10:15:00.5+01", "2024-03-12 09:15:00.500000 Z"},
		{"SQL", "1850-03-12 10:15:00+00:49:56", "1850-03-12 09:25:04 Z"},
		{"SQL", "2024-03-12T10:15:00+01:00", "2024-03-12 09:15:00 Z"},
		{"SQL", "Tue Mar 12 10:15:00 2024 CET", "2024-03-12 09:15:00 Z"},
		{"SQL", "Tue Mar 12 10:15:00.25 2024", "2024-03-12 10:15:00.250000"},
		{"SQL", "Tue 12 Mar 10:15:00 2024 CET", "2024-03-12 09:15:00 Z"}, {"SQL", "12.03.2024", "2024-03-12"},
		{"SQL", "12.03.2024 10:15:00 CET", "2024-03-12 09:15:00 Z"},
		{"SQL", "12.03.2024 10:15:00 +03", "2024-03-12 07:15:00 Z"}, {"SQL", "03.13.2024", NO_DATE},
		{"SQL", "03/13/2024 10:15:00 EST", "2024-03-13 15:15:00 Z"},
		{"SQL", "13/03/2024 10:15:00", "2024-03-13 10:15:00"}, {"SQL", "03/04/2024", SEVERAL},
		{"SQL", "04-04-2024", "2024-04-04"}, {"SQL", "03-13-2024", "2024-03-13"},
		{"SQL", "Wed Mar 12 10:15:00 2024 CET", WEEKDAY}, {"SQL", "0044-03-15 BC", NO_DATE},
		{"SQL", "0044-03-15 10:15:00+00 BC", NO_DATE}, {"SQL", "infinity", NO_FORM},
		{"SQL", "2024-3-12", NO_FORM}, {"SQL", "Tue Mar 12 2024", NO_FORM}, {"SQL", "12.03.24", NO_FORM},
		{"SQL", "2024-03-12 10", NO_FORM}, {"SQL", "2024-03-12 10:15:00 IST", ZONES},
		{"SQL", "20240312", NO_FORM}, {"SQL", "2024-03-12 10:15:00 xyz", NO_ZONE}, {"SQL", "", NO_FORM},
		{"SQL", "13/13/2024", NO_DATE},
	};

	(void) state;
	CHECK_ALL(cases);
}

static void
test_patterns(void **state)
{
	static const DateCase cases[] = {
		{"DD Month YYYY", "12 mars 2024", "2024-03-12"}, {"DD Mon YYYY", "12 f\xC3\xA9vr. 2024", "2024-02-12"},
		{"DD Mon YYYY", "12 FEVRIER 2024", "2024-02-12"},
		{"DD. Month YYYY", "12. M\xC3\xA4rz 2024", "2024-03-12"}, {"DD. Month YYYY", "12. Maerz 2024", "2024-03-12"},
		{"DD.Mon.YYYY", "12.Mrz.2024", "2024-03-12"},
		{"DD.Mon.YYYY", "12.d\xC3\xA9" "c..2024", "2024-12-12"},
		{"DD Mon YYYY", "12 de\xCC\x81" "c 2024", "2024-12-12"}, {"DD Mon YYYY", "12 Ene. 2024", "2024-01-12"},
		{"DD \"de\" Month \"de\" YYYY", "12 de setiembre de 2024", "2024-09-12"},
		{"Mon DD YYYY", "gen 12 2024", "2024-01-12"}, {"DD Mon YYYY", "12 mars. 2024", "2024-03-12"},
		{"Day, DD Month YYYY", "marted\xC3\xAC, 12 marzo 2024", "2024-03-12"},
		{"Dy DD/MM/YYYY", "Di. 12/03/2024", "2024-03-12"}, {"Dy DD/MM/YYYY", "mer 12/03/2024", WEEKDAY},
		{"DD/MM/YYYY HH12:MI AM", "12/03/2024 12:15 am", "2024-03-12 00:15:00"},
		{"DD/MM/YYYY HH12:MI PM", "12/03/2024 12:15 P.M.", "2024-03-12 12:15:00"},
		{"DD/MM/YYYY HH12:MI AM", "12/03/2024 1:15PM", NO_FORM},
		{"DD/MM/YYYY HH12:MIAM", "12/03/2024 1:15PM", "2024-03-12 13:15:00"},
		{"DD/MM/YYYY HH12:MI AM", "12/03/2024 13:15 pm", NO_DATE},
		{"DD/MM/YYYY HH12:MI AM", "12/03/2024 0:15 am", NO_DATE},
		{"YYYY-MM-DD\"T\"HH24:MI:SS.FFOF", "2024-03-12T10:15:00.123456789+01:00", "2024-03-12 09:15:00.123456 Z"},
		{"DD/MM/YYYY HH24:MI TZ", "12/07/2024 10:15 Europe/Rome", "2024-07-12 08:15:00 Z"},
		{"DD/MM/YYYY HH24:MI TZ", "12/07/2024 10:15 EDT", "2024-07-12 14:15:00 Z"},
		{"DD/MM/YYYY HH24:MI TZ", "12/07/2024 10:15 -0330", "2024-07-12 13:45:00 Z"},
		{"DD/MM/YYYY HH24:MI OF", "12/07/2024 10:15 EDT", NO_FORM},
		{"YYYYDDD", "2024072", "2024-03-12"}, {"DDD/YYYY", "72/2024", "2024-03-12"},
		{"IYYY\"W\"IWID", "2024W112", "2024-03-12"}, {"IW/IYYY ID", "1/2025 1", "2024-12-30"},
		{"YYYYDDD", "2023366", NO_DATE},
		{"DD Mon YYYY", "12\xC2\xA0mar\xC2\xA0" "2024", "2024-03-12"}, {"DD Mon YYYY", "12 jui 2024", NO_FORM},
		{"DD Mon YYYY", "12 m\xC3\x9Frz 2024", NO_FORM}, {"DD Mon YYYY", "12 Septembersomething 2024", NO_FORM},
		{"SS:MI:HH24 DD/MM/YYYY", "01:02:03 12/03/2024", "2024-03-12 03:02:01"},
		{"DD/MM/YYYY", "29/02/2023", NO_DATE}, {"DDMonYY", "12mar24", "2024-03-12"},
	};

	(void) state;
	CHECK_ALL(cases);
}

static void
test_auto(void **state)
{
	static const DateCase cases[] = {
		{"auto", "2024-03-12", "2024-03-12"}, {"auto", "20240312", "2024-03-12"}, {"auto", "2024072", "2024-03-12"},
		{"auto", "2024-W11-2", "2024-03-12"},
		{"auto", "2024-03-12T10:15:00+01:00[Europe/Rome]", "2024-03-12 09:15:00 Z"},
		{"auto", "03/04/2024", SEVERAL}, {"auto", "25/03/2024", "2024-03-25"}, {"auto", "03/25/2024", "2024-03-25"},
		{"auto", "04/04/2024", "2024-04-04"}, {"auto", "3.4.2024", SEVERAL}, {"auto", "25.3.2024", "2024-03-25"},
		{"auto", "25. 3. 2024", "2024-03-25"},
		{"auto", "25-03-2024", "2024-03-25"}, {"auto", "25 03 2024", "2024-03-25"},
		{"auto", "2024/03/04", "2024-03-04"}, {"auto", "2024.3.4", "2024-03-04"},
		{"auto", "2024 03 04", "2024-03-04"}, {"auto", "2024-3-4", "2024-03-04"}, {"auto", "2024/25/03", NO_DATE},
		{"auto", "31/12/99", "1999-12-31"}, {"auto", "31/12/24", SEVERAL}, {"auto", "31/12/68", "2068-12-31"},
		{"auto", "31/12/69", "1969-12-31"}, {"auto", "12/12/12", "2012-12-12"}, {"auto", "03/04/05", SEVERAL},
		{"auto", "31/02/2024", NO_DATE}, {"auto", "32/01/2024", NO_DATE}, {"auto", "1/2/3", NO_FORM},
		{"auto", "25/03-2024", NO_FORM}, {"auto", "25,03,2024", NO_FORM}, {"auto", "125/03/2024", NO_FORM},
		{"auto", "25/03/20245", NO_FORM}, {"auto", "03/2024", NO_DAY}, {"auto", "March 2024", NO_DAY},
		{"auto", "2024", NO_DAY}, {"auto", "2024-03", NO_DAY},
		{"auto", "12 March 2024", "2024-03-12"}, {"auto", "March 12th, 2024", "2024-03-12"},
		{"auto", "1er janvier 2024", "2024-01-01"}, {"auto", "1\xC2\xBA gennaio 2024", "2024-01-01"},
		{"auto", "12 de marzo de 2024", "2024-03-12"}, {"auto", "12. M\xC3\xA4rz 2024", "2024-03-12"},
		{"auto", "12. Mrz. 2024 10:15", "2024-03-12 10:15:00"},
		{"auto", "12th of March 2024", "2024-03-12"}, {"auto", "2024-Mar-12", "2024-03-12"},
		{"auto", "12-Mar-24", "2024-03-12"}, {"auto", "12Mar2024", "2024-03-12"},
		{"auto", "Mar 12 2024", "2024-03-12"}, {"auto", "mar 12 marzo 2024", "2024-03-12"},
		{"auto", "mar. 12/03/2024", SEVERAL}, {"auto", "31 feb 2024", NO_DATE},
		{"auto", "Mon 04/03/2024", "2024-03-04"}, {"auto", "lundi 04/03/2024", "2024-03-04"},
		{"auto", "Wed 04/03/2024", "2024-04-03"}, {"auto", "Mon 25/03/2024", "2024-03-25"},
		{"auto", "Tue 25/03/2024", WEEKDAY},
		{"auto", "Tue, 12 Mar 2024 10:15:00 +0100", "2024-03-12 09:15:00 Z"},
		{"auto", "Tuesday, 12-Mar-24 10:15:00 GMT", "2024-03-12 10:15:00 Z"},
		{"auto", "Tue Mar 12 10:15:00 2024", "2024-03-12 10:15:00"},
		{"auto", "Tue Mar 12 10:15:00 CET 2024", "2024-03-12 09:15:00 Z"},
		{"auto", "Tue Mar 12 10:15:00 2024 CET", "2024-03-12 09:15:00 Z"},
		{"auto", "Tue Mar 12 2024 10:15:00 GMT+0100 (Central European Standard Time)", "2024-03-12 09:15:00 Z"},
		{"auto", "12 Mar 2024 (about noon) 10:15 +0000", "2024-03-12 10:15:00 Z"},
		{"auto", "12 Mar 55 10:15:00 +0000", SEVERAL}, {"auto", "12 Mar 75 10:15:00 +0000", "1975-03-12 10:15:00 Z"},
		{"auto", "25/03/2024 10:15 PM", "2024-03-25 22:15:00"}, {"auto", "25/03/2024, 10 AM", "2024-03-25 10:00:00"},
		{"auto", "25/03/2024T10:15", "2024-03-25 10:15:00"},
		{"auto", "2024-03-12 10:15 AM", "2024-03-12 10:15:00"},
		{"auto", "25/03/2024 10:15:00.5 America/New_York", "2024-03-25 14:15:00.500000 Z"},
		{"auto", "25/03/2024 10:15 IST", ZONES}, {"auto", "25/03/2024 10:15 nowhere", NO_ZONE},
		{"auto", "2024-03-12 10:15 Europe/Atlantis", NO_ZONE},
		{"auto", "1710238500", "2024-03-12 10:15:00 Z"}, {"auto", "1710238500250", "2024-03-12 10:15:00.250000 Z"},
		{"auto", "1710238500000001", "2024-03-12 10:15:00.000001 Z"},
		{"auto", "1710238500.25", "2024-03-12 10:15:00.250000 Z"}, {"auto", "1.7102385E9", "2024-03-12 10:15:00 Z"},
		{"auto", "100000000", "1973-03-03 09:46:40 Z"}, {"auto", "99999999", NO_DATE},
		{"auto", "7300000000", NO_FORM}, {"auto", "20240312101500", "2024-03-12 10:15:00"},
		{"auto", "202403121015", SEVERAL}, {"auto", "123456", NO_FORM}, {"auto", "-1710238500", NO_FORM},
		{"auto", "17102385001234567890", NO_FORM}, {"auto", "soon", NO_FORM}, {"auto", "", NO_FORM},
		{"auto", "Tuesday", NO_FORM}, {"auto", "12", NO_FORM}, {"auto", "Tue Mar 12 10:15:00 2024 10:16", NO_FORM},
		{"auto", "12 Mar 2024 and more", NO_FORM}, {"auto", "/", NO_FORM},
		{"auto", "march 12 april 2024", NO_FORM}, {"auto", "2024-13-01", NO_DATE}, {"auto", "12 de", NO_FORM},
	};

	(void) state;
	CHECK_ALL(cases);
}

static void
test_epoch(void **state)
{
	static const DateCase cases[] = {
		{"epoch", "1710238500", "2024-03-12 10:15:00 Z"}, {"epoch", "1710238500250", "2024-03-12 10:15:00.250000 Z"},
		{"epoch", "1710238500000001", "2024-03-12 10:15:00.000001 Z"}, {"epoch", "0", "1970-01-01 Z"},
		{"epoch", "7258118400000000", NO_FORM}, {"epoch", "-1", NO_FORM}, {"epoch", "2024-03-12", NO_FORM},
	};

	(void) state;
	CHECK_ALL(cases);
}

static void
test_pivot(void **state)
{
	static const struct
	{
		int			pivot;
		DateCase	one;
	}			cases[] = {
		{0, {"DD/MM/YY", "12/03/00", "1900-03-12"}}, {99, {"DD/MM/YY", "12/03/98", "2098-03-12"}},
		{99, {"DD/MM/YY", "12/03/99", "1999-03-12"}}, {30, {"DD/MM/YY", "12/03/29", "2029-03-12"}},
		{30, {"DD/MM/YY", "12/03/30", "1930-03-12"}}, {30, {"auto", "31/12/30", SEVERAL}},
		{30, {"auto", "31/12/99", "1999-12-31"}}, {30, {"RFC2822", "12 Mar 30 10:15 GMT", "2030-03-12 10:15:00 Z"}},
		{30, {"auto", "12 Mar 30 10:15 GMT", SEVERAL}},
		{30, {"auto", "12 Mar 20 10:15 GMT", "2020-03-12 10:15:00 Z"}},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_case(&cases[i].one, cases[i].pivot);
}

/* Without anyone who knows zones, names are refused for that, and abbreviations are not. */
static void
test_no_zones(void **state)
{
	static const YsBindings none;
	const YsDateContext context = {&none, YS_DATE_PIVOT};
	YsDateFormat format;
	YsMoment	moment;
	int			which;

	(void) state;
	assert_null(ys_date_format_compile(unit_slice("ISO"), &format));
	assert_ptr_equal(ys_date_parse(&format, 1, &context, unit_slice("2024-03-12 10:15 Europe/Rome"), &moment, &which),
					 ys_date_zones_unavailable);
	assert_null(ys_date_parse(&format, 1, &context, unit_slice("2024-03-12 10:15 CET"), &moment, &which));
}

static void
test_timezone(void **state)
{
	static const char *const refused[] = {"", " ", "+1", "+01:00x", "1Europe", "Europe Rome", "Europe/Rome\x01",
		"+16"};
	YsTimezone	timezone;
	int64_t		usecs = 0;

	(void) state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
	{
		if (ys_timezone_parse(unit_slice(refused[i]), &timezone))
			fail_msg("accepted: \"%s\"", refused[i]);
	}
	assert_true(ys_timezone_parse(unit_slice("-01:30"), &timezone));
	assert_null(ys_timezone_to_utc(&timezone, &bindings, &usecs));
	assert_int_equal(usecs, 5400 * YS_USECS_PER_SEC);
	assert_null(ys_timezone_to_local(&timezone, &bindings, &usecs));
	assert_int_equal(usecs, 0);
	assert_true(ys_timezone_parse(unit_slice("utc"), &timezone));
	assert_null(timezone.name);
	assert_true(ys_timezone_parse(unit_slice("europe/rome"), &timezone));
	assert_null(ys_timezone_to_utc(&timezone, &bindings, &usecs));
	assert_int_equal(usecs, -3600 * YS_USECS_PER_SEC);
	assert_null(ys_timezone_to_local(&timezone, &bindings, &usecs));
	assert_int_equal(usecs, 0);
	assert_true(ys_timezone_parse(unit_slice("Europe/Rom"), &timezone));
	assert_string_equal(ys_timezone_to_utc(&timezone, &bindings, &usecs), "unknown time zone");
	assert_string_equal(ys_timezone_to_local(&timezone, &bindings, &usecs), "unknown time zone");
}

/* Each name once, in order, and so with one meaning; and it is read as that. */
static void
check_names(const YsDateName *names, int count, int most, const char *pattern, const char *form)
{
	const YsDateContext context = {&bindings, YS_DATE_PIVOT};
	YsDateFormat format;
	bool		seen[13] = {false};

	assert_null(ys_date_format_compile(unit_slice(pattern), &format));
	for (int i = 0; i < count; i++)
	{
		if (i > 0 && strcmp(names[i - 1].name, names[i].name) >= 0)
			fail_msg("%s is behind %s", names[i].name, names[i - 1].name);
		assert_in_range(names[i].number, 1, most);
		seen[names[i].number] = true;
		for (int month = 1; month <= most; month++)
		{
			char		text[80];
			YsMoment	moment;
			int			which;
			const char *why;
			bool		right = month == names[i].number;

			/* 3 January 2000 was a Monday */
			snprintf(text, sizeof(text), form, most == 7 ? month + 2 : month, names[i].name);
			why = ys_date_parse(&format, 1, &context, unit_slice(text), &moment, &which);
			if (most == 7 ? (why == NULL) != right : why != NULL)
				fail_msg("%s: %s", text, why != NULL ? why : "accepted");
			if (most == 12 && ys_date_of(moment.usecs) / 30 != names[i].number - 1 && names[i].number < 12)
				fail_msg("%s is not month %d", names[i].name, names[i].number);
		}
	}
	for (int number = 1; number <= most; number++)
		assert_true(seen[number]);
}

static void
test_names(void **state)
{
	(void) state;
	check_names(ys_month_names, ys_month_name_count, 12, "DD Mon YYYY", "%02d %s 2000");
	check_names(ys_weekday_names, ys_weekday_name_count, 7, "DD/MM/YYYY Day", "%02d/01/2000 %s");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_iso),
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_sql),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_auto),
		cmocka_unit_test(test_epoch),
		cmocka_unit_test(test_pivot),
		cmocka_unit_test(test_no_zones),
		cmocka_unit_test(test_timezone),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("date forms", tests, NULL, NULL);
}
