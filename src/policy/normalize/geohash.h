/*-------------------------------------------------------------------------
 * geohash.h
 *	  Geohashes: five bits a character, longitude and latitude in turn, each bit
 *	  a half of what the ones before it left.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_NORMALIZE_GEOHASH_H
#define YS_POLICY_NORMALIZE_GEOHASH_H

#include "policy/normalize/text.h"

/* Twelve characters tell centimetres. */
#define YS_GEOHASH_MAX		12

/* Has the text nothing but a geohash's characters, in either case, and at least one? */
extern bool ys_geohash_check(YsSlice text);

/* The centre of the cell of a geohash that has been checked; at most YS_GEOHASH_MAX characters. */
extern void ys_geohash_decode(YsSlice text, double *lat, double *lon);

/* The cell of a position, as that many lower-case characters; not NUL-terminated. */
extern void ys_geohash_encode(double lat, double lon, int precision, char *out);

#endif							/* YS_POLICY_NORMALIZE_GEOHASH_H */
