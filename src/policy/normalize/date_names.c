/*-------------------------------------------------------------------------
 * date_names.c
 *	  Months and days of the week by name: English, Italian, Spanish, German
 *	  and French, in full and as usually shortened.
 *
 * Case doesn't matter, and accents may be left out.  No name means two things,
 * whatever its language: what would ("jui." is June or July) is not here.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/date_scan.h"

#include <string.h>

#include "policy/synonym.h"

/* Longer words are no names. */
#define MAX_NAME	16

const YsDateName ys_month_names[] =
{
	{"abr", 4}, {"abril", 4}, {"ago", 8}, {"agosto", 8}, {"aout", 8}, {"apr", 4}, {"april", 4},
	{"aprile", 4}, {"aug", 8}, {"august", 8}, {"avr", 4}, {"avril", 4}, {"dec", 12}, {"december", 12},
	{"decembre", 12}, {"dez", 12}, {"dezember", 12}, {"dic", 12}, {"dicembre", 12}, {"diciembre", 12},
	{"ene", 1}, {"enero", 1}, {"feb", 2}, {"febbr", 2}, {"febbraio", 2}, {"feber", 2}, {"febr", 2},
	{"febrero", 2}, {"februar", 2}, {"february", 2}, {"fev", 2}, {"fevr", 2}, {"fevrier", 2}, {"gen", 1},
	{"genn", 1}, {"gennaio", 1}, {"giu", 6}, {"giugno", 6}, {"jaen", 1}, {"jaenner", 1}, {"jan", 1},
	{"janner", 1}, {"januar", 1}, {"january", 1}, {"janv", 1}, {"janvier", 1}, {"juil", 7}, {"juill", 7},
	{"juillet", 7}, {"juin", 6}, {"jul", 7}, {"juli", 7}, {"julio", 7}, {"july", 7}, {"jun", 6}, {"june", 6},
	{"juni", 6}, {"junio", 6}, {"lug", 7}, {"luglio", 7}, {"maer", 3}, {"maerz", 3}, {"mag", 5}, {"magg", 5},
	{"maggio", 5}, {"mai", 5}, {"mar", 3}, {"march", 3}, {"mars", 3}, {"marz", 3}, {"marzo", 3}, {"may", 5},
	{"mayo", 5}, {"mrz", 3}, {"nov", 11}, {"november", 11}, {"novembre", 11}, {"noviembre", 11}, {"oct", 10},
	{"october", 10}, {"octobre", 10}, {"octubre", 10}, {"okt", 10}, {"oktober", 10}, {"ott", 10},
	{"ottobre", 10}, {"sep", 9}, {"sept", 9}, {"september", 9}, {"septembre", 9}, {"septiembre", 9}, {"set", 9},
	{"setiembre", 9}, {"sett", 9}, {"settembre", 9},
};
const int	ys_month_name_count = sizeof(ys_month_names) / sizeof(ys_month_names[0]);

const YsDateName ys_weekday_names[] =
{
	{"di", 2}, {"dienstag", 2}, {"dim", 7}, {"dimanche", 7}, {"do", 4}, {"dom", 7}, {"domenica", 7},
	{"domingo", 7}, {"donnerstag", 4}, {"fr", 5}, {"freitag", 5}, {"fri", 5}, {"friday", 5}, {"gio", 4},
	{"giov", 4}, {"giovedi", 4}, {"jeu", 4}, {"jeudi", 4}, {"jue", 4}, {"jueves", 4}, {"lun", 1}, {"lundi", 1},
	{"lunedi", 1}, {"lunes", 1}, {"mar", 2}, {"mardi", 2}, {"martedi", 2}, {"martes", 2}, {"mer", 3},
	{"merc", 3}, {"mercoledi", 3}, {"mercredi", 3}, {"mi", 3}, {"mie", 3}, {"mier", 3}, {"miercoles", 3},
	{"mittwoch", 3}, {"mo", 1}, {"mon", 1}, {"monday", 1}, {"montag", 1}, {"sa", 6}, {"sab", 6}, {"sabado", 6},
	{"sabato", 6}, {"sam", 6}, {"samedi", 6}, {"samstag", 6}, {"sat", 6}, {"saturday", 6}, {"so", 7},
	{"sonnabend", 6}, {"sonntag", 7}, {"sun", 7}, {"sunday", 7}, {"thu", 4}, {"thur", 4}, {"thurs", 4},
	{"thursday", 4}, {"tue", 2}, {"tues", 2}, {"tuesday", 2}, {"ven", 5}, {"vendredi", 5}, {"venerdi", 5},
	{"vie", 5}, {"viernes", 5}, {"wed", 3}, {"wednesday", 3}, {"weds", 3},
};
const int	ys_weekday_name_count = sizeof(ys_weekday_names) / sizeof(ys_weekday_names[0]);

/* The letter below an accent, of those that these languages have (U+00C0 to U+00FF); 0: none. */
static char
letter_below(unsigned char second)
{
	static const char letters[] = "aaaaaa\0ceeeeiiii\0nooooo\0\0uuuuy\0\0";

	return letters[second & 0x1F];
}

/* A word without case and accents, NUL-terminated; false: it is no name. */
static bool
fold(YsSlice word, char folded[MAX_NAME])
{
	uint32_t	len = 0;

	for (uint32_t i = 0; i < word.len; i++)
	{
		unsigned char c = (unsigned char) word.bytes[i];
		unsigned char next = i + 1 < word.len ? (unsigned char) word.bytes[i + 1] : 0;

		if (len == MAX_NAME - 1)
			return false;
		if (c < 0x80)
			folded[len++] = ys_ascii_lower((char) c);
		else if (c == 0xC3 && next >= 0x80 && letter_below(next) != 0)
		{
			folded[len++] = letter_below(next);
			i++;
		}
		else if ((c == 0xCC && next >= 0x80) || (c == 0xCD && next >= 0x80 && next < 0xB0))
			i++;				/* a combining accent */
		else
			return false;
	}
	folded[len] = '\0';
	return len > 0;
}

static bool
find_name(const YsDateName *names, int count, YsSlice word, int *number)
{
	char		folded[MAX_NAME];
	int			low = 0;

	if (!fold(word, folded))
		return false;
	while (low < count)
	{
		int			middle = (low + count) / 2;
		int			order = strcmp(folded, names[middle].name);

		if (order == 0)
		{
			*number = names[middle].number;
			return true;
		}
		if (order < 0)
			count = middle;
		else
			low = middle + 1;
	}
	return false;
}

/* What the users' table has for it, a number from 1 to 12. */
static bool
find_synonym(const YsDateContext *context, YsSlice word, int *month)
{
	YsSlice		meaning;
	const char *p;

	if (!ys_synonyms_find(context->bindings->synonyms, YS_SYNONYMS_MONTH, word, &meaning))
		return false;
	p = meaning.bytes;
	return ys_scan_up_to(&p, meaning.bytes + meaning.len, 2, month) > 0 &&
		p == meaning.bytes + meaning.len && *month >= 1 && *month <= 12;
}

bool
ys_scan_month(const YsDateContext *context, const char **p, const char *end, int *month)
{
	YsSlice		word = ys_scan_word(*p, end);

	if (word.len == 0 ||
		(!find_name(ys_month_names, ys_month_name_count, word, month) &&
		 !find_synonym(context, word, month)))
		return false;
	*p += word.len;
	return true;
}

bool
ys_scan_weekday(const char **p, const char *end, int *weekday)
{
	YsSlice		word = ys_scan_word(*p, end);

	if (!find_name(ys_weekday_names, ys_weekday_name_count, word, weekday))
		return false;
	*p += word.len;
	return true;
}
