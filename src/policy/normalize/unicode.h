/*-------------------------------------------------------------------------
 * unicode.h
 *	  What takes Unicode's tables: normal form, case, accents, and how words
 *	  are compared.
 *
 * The same on every server, whatever its locale.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_NORMALIZE_UNICODE_H
#define YS_POLICY_NORMALIZE_UNICODE_H

#include "policy/normalize/text.h"

/*
 * Normalizers (YsStringFn).  All give normal form C; bytes that are not UTF-8 stay as
 * they are.  lower and upper map letter by letter, casefold in full (ß becomes ss).
 * unaccent takes off what is written above, below or through a letter; vowel signs,
 * and marks that make another letter of it (が), stay.
 */
extern bool ys_unicode_nfc(YsArena *arena, YsSlice *slice);
extern bool ys_unicode_lower(YsArena *arena, YsSlice *slice);
extern bool ys_unicode_upper(YsArena *arena, YsSlice *slice);
extern bool ys_unicode_casefold(YsArena *arena, YsSlice *slice);
extern bool ys_unicode_unaccent(YsArena *arena, YsSlice *slice);

/* Most bytes of a word as it is compared. */
#define YS_FOLD_MAX		256

/*
 * What two spellings of a word have in common: without outer white space, inner runs
 * of it as one space, without case and accents.  Returns the length of key,
 * which is not NUL-terminated; -1 when the text is longer than a word, or not UTF-8.
 */
extern int	ys_unicode_fold(YsSlice text, char key[YS_FOLD_MAX]);

#endif							/* YS_POLICY_NORMALIZE_UNICODE_H */
