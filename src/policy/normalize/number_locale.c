/*-------------------------------------------------------------------------
 * number_locale.c
 *	  How numbers are written in a language and region (CLDR).
 *
 * Spaces and apostrophes start a fraction nowhere, so that they may group in
 * every locale but plain.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/number_locale.h"

#include <string.h>

#define POINT	YS_SEPARATOR_POINT
#define COMMA	YS_SEPARATOR_COMMA
#define BLANKS	(YS_SEPARATOR_SPACE | YS_SEPARATOR_APOSTROPHE)

const YsNumberLocale ys_number_plain = {.decimals = POINT, .names = "plain"};

static const YsNumberLocale locales[] =
{
	{POINT, COMMA | BLANKS, false,
		"en|en-us|en-gb|en-au|en-ca|en-ie|en-nz|en-sg|es-mx|es-us|es-419|es-pe|ga|mt|"
		"ja|ja-jp|zh|zh-cn|zh-hk|zh-sg|zh-tw|ko|ko-kr|th|th-th|ms|ms-my"},
	{POINT, COMMA | BLANKS, true, "en-in|hi|hi-in"},
	{COMMA, POINT | BLANKS, false,
		"de|de-de|de-at|de-lu|it|it-it|es|es-es|es-ar|es-cl|es-co|fr-lu|pt|pt-br|nl|nl-nl|nl-be|"
		"ca|ca-es|da|da-dk|el|el-gr|hr|hr-hr|id|id-id|is|is-is|ro|ro-ro|sl|sl-si|tr|tr-tr|vi|vi-vn"},
	{POINT, BLANKS, false, "de-ch|de-li|it-ch|en-ch"},
	{COMMA, BLANKS, false,
		"fr|fr-fr|fr-be|fr-ca|pt-pt|sv|sv-se|no|nb|nb-no|nn|nn-no|fi|fi-fi|pl|pl-pl|cs|cs-cz|sk|sk-sk|"
		"bg|bg-bg|et|et-ee|hu|hu-hu|lt|lt-lt|lv|lv-lv|ru|ru-ru|uk|uk-ua|en-za"},

	/* 1 234,5, but CHF 1 234.50 */
	{COMMA | POINT, BLANKS, false, "fr-ch"},
};

static bool
is_named(const char *names, YsSlice name)
{
	while (*names != '\0')
	{
		size_t		len = strcspn(names, "|");
		size_t		i = 0;

		if (len == name.len)
		{
			while (i < len && names[i] == (name.bytes[i] == '_' ? '-' : ys_ascii_lower(name.bytes[i])))
				i++;
			if (i == len)
				return true;
		}
		names += len + (names[len] == '|');
	}
	return false;
}

const YsNumberLocale *
ys_number_locale_find(YsSlice name)
{
	if (is_named(ys_number_plain.names, name))
		return &ys_number_plain;
	for (size_t i = 0; i < sizeof(locales) / sizeof(locales[0]); i++)
	{
		if (is_named(locales[i].names, name))
			return &locales[i];
	}
	return NULL;
}

const char *
ys_number_locale_help(void)
{
	return "plain, bg, ca, cs, da, de, el, en, es, et, fi, fr, ga, hi, hr, hu, id, is, it, ja, ko, lt, lv, ms, "
		"mt, nb, nl, nn, no, pl, pt, ro, ru, sk, sl, sv, th, tr, uk, vi, zh, and what their regions do "
		"otherwise: de-AT, de-CH, en-IN, en-ZA, es-MX, fr-CH, it-CH, pt-PT and such";
}
