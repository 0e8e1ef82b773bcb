/*-------------------------------------------------------------------------
 * number_locale.h
 *	  How numbers are written in a language and region (CLDR).
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_NORMALIZE_NUMBER_LOCALE_H
#define YS_POLICY_NORMALIZE_NUMBER_LOCALE_H

#include "policy/normalize/text.h"

/* What may stand between digits, as bits. */
#define YS_SEPARATOR_POINT		1
#define YS_SEPARATOR_COMMA		2
#define YS_SEPARATOR_SPACE		4	/* U+0020, U+00A0, U+2007, U+2009, U+202F */
#define YS_SEPARATOR_APOSTROPHE	8	/* U+0027, U+2019 */

typedef struct YsNumberLocale
{
	unsigned	decimals;		/* what may begin the fraction */
	unsigned	groups;			/* what may group the whole part */
	bool		lakh;			/* 12,34,567 as well as 1,234,567 */
	const char *names;			/* "en|en-us|...", lower case */
} YsNumberLocale;

/* A decimal point and no groups: as JSON has it. */
extern const YsNumberLocale ys_number_plain;

/* By name ("de-CH", "de_ch"); NULL when there is none. */
extern const YsNumberLocale *ys_number_locale_find(YsSlice name);

/* Which there are, for a message. */
extern const char *ys_number_locale_help(void);

#endif							/* YS_POLICY_NORMALIZE_NUMBER_LOCALE_H */
