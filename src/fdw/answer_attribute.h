/*-------------------------------------------------------------------------
 * answer_attribute.h
 *	  Conditions on an item's attributes, as conditions on what an index has of
 *	  all attributes.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_ANSWER_ATTRIBUTE_H
#define YS_FDW_ANSWER_ATTRIBUTE_H

#include "nodes/pathnodes.h"
#include "utils/relcache.h"

#include "catalog/source.h"

/*
 * What "column = value" says of the rows of an index that keeps all attributes, and is relation rti of a query; the columns
 * that it reads are added, as selectedCols.  NULL: nothing can be said.
 */
extern Expr *ys_answer_by_attribute(RelOptInfo *rel, const YsSource *source, Relation index, Index rti,
									const Expr *clause, Bitmapset **columns);

#endif							/* YS_FDW_ANSWER_ATTRIBUTE_H */
