/*-------------------------------------------------------------------------
 * answer_obstacle.h
 *	  Why an index can't answer, and what is to be done about it.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_ANSWER_OBSTACLE_H
#define YS_FDW_ANSWER_OBSTACLE_H

#include "catalog/freshness.h"
#include "catalog/source.h"

typedef struct YsObstacle
{
	const char *why;			/* NULL: there is none */
	const char *hint;			/* sentences */
	bool		is_late;		/* the index does not have what is asked for yet */
} YsObstacle;

/*
 * What stands in the way of a policy's index, as freshness has it (exists: if there is such a policy), to answer
 * for a foreign table by what counts in it (YS_BY_…).  In the current memory context.
 */
extern YsObstacle ys_obstacle_find(const char *policy, const YsSource *source, int by, bool exists,
								   const YsFreshness *freshness, const YsFreshnessGoal *goal);

/* Nobody knows which items are in quarantine. */
extern YsObstacle ys_obstacle_of_quarantine(void);

/* What was found when the statement ran is of another time than its plan, or its snapshot. */
extern YsObstacle ys_obstacle_of_time(const char *why);

/* The obstacle for a message; where the index is late with what keeps it from getting on, if anything does. */
extern const char *ys_obstacle_text(const YsObstacle *obstacle, const char *policy);

#endif							/* YS_FDW_ANSWER_OBSTACLE_H */
