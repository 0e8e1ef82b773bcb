/*-------------------------------------------------------------------------
 * json_text.h
 *	  JSON's grammar of strings, for the reader alone.
 *-------------------------------------------------------------------------
 */
#ifndef YS_BASE_JSON_TEXT_H
#define YS_BASE_JSON_TEXT_H

#include "base/json.h"

#ifdef __cplusplus
extern "C"
{
#endif

/*
 * Unescape the inside of a JSON string into out, which has room for len
 * bytes.  False: the escape at offset *bad is none, or half a surrogate pair.
 */
extern bool ys_json_unescape(const char *text, size_t len, char *out, size_t *out_len,
							 size_t *bad);

#ifdef __cplusplus
}
#endif

#endif							/* YS_BASE_JSON_TEXT_H */
