/*-------------------------------------------------------------------------
 * moving.h
 *	  Rates of the recent past: what happened longer ago counts less and less.
 *-------------------------------------------------------------------------
 */
#ifndef YS_BASE_MOVING_H
#define YS_BASE_MOVING_H

#include <stdbool.h>

/* All zero: nothing is known yet. */
typedef struct YsMoving
{
	double		sum;			/* of rates, by how recent they are */
	double		weight;			/* of all of them, from 0 to 1 */
} YsMoving;

/*
 * In the last seconds, which followed those told before, count things happened.  After memory
 * seconds what is told now counts for 1/e.
 */
extern void ys_moving_add(YsMoving *moving, double count, double seconds, double memory);

/* Things a second, -1 when nothing is known. */
extern double ys_moving_rate(const YsMoving *moving);

#endif							/* YS_BASE_MOVING_H */
