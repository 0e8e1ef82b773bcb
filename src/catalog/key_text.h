/*-------------------------------------------------------------------------
 * key_text.h
 *	  Keys of items, kept as text, as values.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_KEY_TEXT_H
#define YS_CATALOG_KEY_TEXT_H

#include "store/value.h"

/* The attributes that text, an item's typed JSON such as a canonical key, says, in arena. */
extern bool ys_key_from_text(const char *text, YsArena *arena, YsValue *key, YsError *err);

#endif							/* YS_CATALOG_KEY_TEXT_H */
