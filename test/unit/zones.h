/*-------------------------------------------------------------------------
 * zones.h
 *	  Time zones for unit tests, as libc has them.
 *
 * libc's reader of tz data shares no code with what is tested.
 *-------------------------------------------------------------------------
 */
#ifndef YS_TEST_ZONES_H
#define YS_TEST_ZONES_H

#include "policy/normalize/zone.h"

/* For YsBindings: a few zones of all kinds, by name in any case; each is made once. */
extern const YsZone *zones_find(void *arg, const char *name, uint32_t len);

/* Their names, up to a NULL. */
extern const char *const zones_names[];

/* The seconds east of UTC that libc knows at a moment, in seconds since 2000. */
extern int32_t zones_offset(const char *name, int64_t at);

#endif							/* YS_TEST_ZONES_H */
