/*-------------------------------------------------------------------------
 * scan_limits.h
 *	  How widely a Scan is spread, and how much of it is allowed.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_SCAN_LIMITS_H
#define YS_FDW_SCAN_LIMITS_H

#include "catalog/source.h"
#include "compat.h"

/*
 * In how many segments to scan a table of so many bytes (0: nobody knows),
 * after the source's options.  few: maybe only a few items are wanted.
 */
extern int ys_scan_segments(const YsSource *source, double bytes, bool few);

/*
 * Throw what a Scan meets where it isn't allowed, or not so far.  no_index: a sentence that says why no policy's index
 * took its place, and index_hint another about what to do; NULL: there is none.
 */
ys_noreturn_compat extern void ys_scan_refuse(const YsSource *source, const char *no_index, const char *index_hint);
ys_noreturn_compat extern void ys_scan_refuse_more(const YsSource *source);

#endif							/* YS_FDW_SCAN_LIMITS_H */
