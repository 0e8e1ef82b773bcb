/*-------------------------------------------------------------------------
 * number_read.h
 *	  Numbers as people write them: with groups, signs and units around them.
 *
 * A locale says which separator starts the fraction and which group the whole
 * part.  Without one (NULL) only shapes that have one meaning are read:
 * "1.234.567,89", "1,5", "19867.200", "0.123"; "1,234" and "1.234" have two
 * and are refused.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_NORMALIZE_NUMBER_READ_H
#define YS_POLICY_NORMALIZE_NUMBER_READ_H

#include "policy/normalize/number.h"
#include "policy/normalize/number_locale.h"

/* A number and what stands around it, trimmed. */
typedef struct YsAmount
{
	YsDecimal	decimal;
	YsSlice		before;
	YsSlice		after;
	bool		touching;		/* nothing stands between before and the number */
	bool		dashed;			/* its decimals are a dash, as only prices have them */
} YsAmount;

/* Read the trimmed text; NULL, or why it cannot be used (static text). */
extern const char *ys_amount_read(const YsNumberLocale *locale, YsSlice text, YsAmount *amount);

/* Read the number without a sign at the start of text; *rest is what follows it. */
extern const char *ys_number_read(const YsNumberLocale *locale, YsSlice text, YsDecimal *decimal,
								  YsSlice *rest);

/* A better reason than the one a text was refused for, or that. */
extern const char *ys_number_refusal(YsSlice text, const char *reason);

#define YS_NUMBER_AMBIGUOUS		"ambiguous: thousands or decimals; declare the field's locale"
#define YS_NUMBER_MISPLACED		"misplaced separators"
#define YS_NUMBER_OTHER_LOCALE	"not written as in the field's locale"
#define YS_NUMBER_RANGE			"a range, not one number"
#define YS_NUMBER_APPROXIMATE	"an approximate number"
#define YS_NUMBER_MINUS_BEHIND	"a minus sign behind the number"
#define YS_NUMBER_OTHER_DIGITS	"digits other than 0 to 9"

#endif							/* YS_POLICY_NORMALIZE_NUMBER_READ_H */
