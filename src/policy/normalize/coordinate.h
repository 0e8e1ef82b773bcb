/*-------------------------------------------------------------------------
 * coordinate.h
 *	  One latitude or longitude as people write it.
 *
 * Decimal degrees, with a sign or a hemisphere's letter before or behind
 * (N S, E W); degrees, minutes and seconds with their marks (45°04'12"), or,
 * where a letter says that it is one coordinate, with spaces or colons
 * between (45 04 12 N).  Only the last of them may have a fraction.  O is
 * east in German and west in Italian: it is refused.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_NORMALIZE_COORDINATE_H
#define YS_POLICY_NORMALIZE_COORDINATE_H

#include "policy/normalize/text.h"

typedef enum YsAxis
{
	YS_AXIS_NONE,				/* nothing says which one it is */
	YS_AXIS_LAT,
	YS_AXIS_LON
} YsAxis;

typedef struct YsCoordinate
{
	double		degrees;
	YsAxis		axis;
} YsCoordinate;

/*
 * Read the coordinate at the start of text, which has no white space there;
 * *rest is what follows it.  NULL, or why there is none (static text).
 */
extern const char *ys_coordinate_parse(YsSlice text, YsCoordinate *coordinate, YsSlice *rest);

/* Degrees, minutes and seconds as digits: each NULL where it isn't given, a fraction behind the last. */
typedef struct YsSexagesimal
{
	bool		negative;
	int			nparts;			/* 1 to 3 */
	YsSlice		parts[3];		/* digits, and of the last a point and more digits */
} YsSexagesimal;

/* The nearest double; NULL, or why it is none. */
extern const char *ys_sexagesimal_degrees(const YsSexagesimal *sexagesimal, double *degrees);

/* Bytes of [+-]digits[.digits][exponent] at the start of text, 0 when there is no number. */
extern uint32_t ys_coordinate_number(YsSlice text, bool exponent);

/* A number that fills text, as the nearest double (ties to even). */
extern bool ys_coordinate_double(YsSlice text, double *value);

/* Text from an offset on. */
static inline YsSlice
ys_slice_from(YsSlice text, uint32_t from)
{
	return (YsSlice) {text.bytes + from, text.len - from};
}

/* Text without the white space it begins with. */
extern YsSlice ys_slice_skip_space(YsSlice text);

#endif							/* YS_POLICY_NORMALIZE_COORDINATE_H */
