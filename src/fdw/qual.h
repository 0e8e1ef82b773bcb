/*-------------------------------------------------------------------------
 * qual.h
 *	  Which conditions of a query say something about the key, and how the
 *	  store is asked because of them.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_QUAL_H
#define YS_FDW_QUAL_H

#include "nodes/pathnodes.h"

#include "catalog/source.h"

/* Cheapest first. */
typedef enum YsOperation
{
	YS_OPERATION_GET,			/* the full key: GetItem */
	YS_OPERATION_BATCH,			/* lists of keys: BatchGetItem */
	YS_OPERATION_QUERY,			/* the partition key, or one after the other of a list */
	YS_OPERATION_SCAN
} YsOperation;

extern const char *ys_operation_name(YsOperation operation);

/* How a key is compared: btree strategies, = ANY, and by how it begins. */
typedef enum YsKeyTest
{
	YS_TEST_LT = 1,
	YS_TEST_LE,
	YS_TEST_EQ,
	YS_TEST_GE,
	YS_TEST_GT,
	YS_TEST_ANY,				/* the value is an array */
	YS_TEST_STARTS_WITH,
	YS_TEST_LIKE				/* the value is a pattern */
} YsKeyTest;

typedef struct YsKeyCondition
{
	int			key;			/* 0 partition key, 1 sort key */
	YsKeyTest	test;
	Expr	   *value;			/* has no column of the foreign table */
	RestrictInfo *rinfo;		/* the clause that says so */
} YsKeyCondition;

/* Partition key, and at most two bounds of the sort key. */
#define YS_MAX_CONDITIONS	3

typedef struct YsAccess
{
	YsOperation operation;
	int			nconditions;
	YsKeyCondition conditions[YS_MAX_CONDITIONS];
	bool		exact;			/* the conditions used are all there are, and exact */
	const YsSourceIndex *index; /* that is asked; NULL: the table */
} YsAccess;

/*
 * Is this clause a condition on a key of the schema?  One that can be asked of the store
 * without losing a row: the types are mapped one to one, and the orders agree.
 */
extern bool ys_qual_match(PlannerInfo *root, RelOptInfo *rel, const YsKeySchema *schema,
						  RestrictInfo *rinfo, YsKeyCondition *condition);

/* The cheapest way of asking, by the schema's keys, that these clauses (RestrictInfo) allow. */
extern void ys_qual_choose(PlannerInfo *root, RelOptInfo *rel, const YsKeySchema *schema,
						   List *clauses, YsAccess *access);

/* Is expr, below binary-compatible casts, this table's column?  Then its number, else 0. */
extern AttrNumber ys_qual_column(RelOptInfo *rel, Expr *expr);

#endif							/* YS_FDW_QUAL_H */
