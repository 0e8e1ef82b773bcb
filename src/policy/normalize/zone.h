/*-------------------------------------------------------------------------
 * zone.h
 *	  Time zones: how far a place's clocks were from UTC, and when.
 *
 * Whoever loads a zone (the server from its own tz database) builds the table
 * of its changes; here it is only looked up.  Seconds count from 2000-01-01
 * 00:00 UTC.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_NORMALIZE_ZONE_H
#define YS_POLICY_NORMALIZE_ZONE_H

#include "policy/policy.h"

typedef struct YsZoneChange
{
	int64_t		at;
	int32_t		offset;			/* seconds east of UTC, from then on */
} YsZoneChange;

/*
 * All changes before YS_ZONE_END, in their order; such without effect on the
 * offset are kept, as the server lets them decide as well.  Where clocks still
 * change after YS_ZONE_REPEATS, they do as in the 400 years from there to the
 * end, which is when the calendar begins anew.
 */
struct YsZone
{
	int32_t		first;			/* the offset before the first change */
	int			nchanges;
	bool		repeats;
	const YsZoneChange *changes;
};

#define YS_ZONE_REPEATS		INT64_C(3155760000) /* 2100-01-01 */
#define YS_ZONE_END			INT64_C(15778540800)	/* 2500-01-01, 146097 days later */

/*
 * What a zone's clocks show, as microseconds since their own 2000-01-01 00:00,
 * at a moment in UTC; and back.  A time that clocks skipped is read with the
 * offset before the change, one they showed twice with the offset after it:
 * the server's rule.
 */
extern int64_t ys_zone_to_local(const YsZone *zone, int64_t usecs);
extern int64_t ys_zone_to_utc(const YsZone *zone, int64_t local_usecs);

#endif							/* YS_POLICY_NORMALIZE_ZONE_H */
