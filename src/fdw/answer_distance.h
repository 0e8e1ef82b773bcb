/*-------------------------------------------------------------------------
 * answer_distance.h
 *	  Conditions on the distance of an index's location, as such on where it is.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_ANSWER_DISTANCE_H
#define YS_FDW_ANSWER_DISTANCE_H

#include "nodes/primnodes.h"

/*
 * What a clause on an index table says of its column "location" that an index can look up: in which circle it is.  NULL: it
 * says nothing of the kind.
 */
extern Expr *ys_answer_by_distance(Oid index_table, const Expr *clause);

#endif							/* YS_FDW_ANSWER_DISTANCE_H */
