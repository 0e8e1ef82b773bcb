/*-------------------------------------------------------------------------
 * zone.h
 *	  The server's time zones, as the policy layer has them.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_ZONE_H
#define YS_CATALOG_ZONE_H

#include "policy/normalize/zone.h"

/*
 * Read which names there are, once in a process.  Throws when the server's time
 * zone data can't be read.
 */
extern void ys_zones_prepare(void);

/*
 * A zone by its IANA name, in any case; NULL when there is none.  It lives as long as
 * the process.  For YsBindings: doesn't throw, needs no transaction, and reads no file for
 * a name that is none.
 */
extern const YsZone *ys_zones_find(void *arg, const char *name, uint32_t len);

/*
 * The same of zones that were found before, in any thread: of another *arg, a bool, becomes true.
 */
extern const YsZone *ys_zones_find_known(void *arg, const char *name, uint32_t len);

#endif							/* YS_CATALOG_ZONE_H */
