/*-------------------------------------------------------------------------
 * answer.h
 *	  Foreign scans that an index answers.
 *
 * Conditions on columns that a policy computes are looked up in its index table by
 * a plan below the foreign scan, which returns keys; the items of these, and of what is in
 * quarantine, are fetched and all conditions checked on them.  So the index finds, and the
 * store tells.  Whether the index is fresh enough is decided in execution: where it is
 * not, the same plan reads the store as it would without.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_ANSWER_H
#define YS_FDW_ANSWER_H

#include "nodes/execnodes.h"
#include "nodes/pathnodes.h"

#include "catalog/freshness.h"
#include "fdw/fetch.h"

/* What computed columns may go by besides their item, which may change while rows stay. */
#define YS_BY_AREA			1
#define YS_BY_SYNONYMS		2
#define YS_BY_FUNCTIONS		4

/* ForeignScan.fdw_private[YS_SCAN_ANSWER] of such a scan; NIL: of another. */
typedef enum YsAnswerPrivate
{
	YS_ANSWER_POLICY,			/* String: its name */
	YS_ANSWER_BY,				/* Integer: what counts in a condition or the order, YS_BY_… */
	YS_ANSWER_PARTITIONS,		/* OidList: what the index table had, sorted */
	YS_ANSWER_WANTED,			/* Integer: rows that may be all the query takes; 0: not known, or an order tells */
	YS_ANSWER_SORT				/* IntList: how the index is ordered for the first rows (answer_order.h), whose
								 * expressions come last in fdw_exprs; NIL: it is not */
} YsAnswerPrivate;

/* Is it such a scan?  plan is a scan of ours. */
extern bool ys_is_answered(const ForeignScan *plan);

/* The same while it is planned. */
typedef struct YsAnswerPlan
{
	List	   *private;
	List	   *exprs;			/* of the order; or NIL */
} YsAnswerPlan;

/* answer_plan.c: paths of a table by what its policies compute. */
extern void ys_answer_add_paths(PlannerInfo *root, RelOptInfo *rel);

/* Has this process planned such a scan? */
extern bool ys_answer_planned;

/* answer_wait.c, at load: have statements wait for indexes that are not fresh enough, before they begin. */
extern void ys_answer_init(void);

/* What an execution of the scan asks of its index. */
extern YsFreshnessGoal *ys_answer_goal(const ForeignScan *plan, const YsSource *source);

/*
 * Must items be read strongly?  What the index has been asked to know for certain, the copy of an item that is read
 * must have, too: everything, or what the session has just written.
 */
extern bool ys_answer_reads_strongly(const YsSource *source);

/* answer.c: execution. */
typedef struct YsAnswer YsAnswer;

extern YsAnswer *ys_answer_create(ForeignScanState *node, const YsSource *source,
								  const YsFetchRequest *request);

/*
 * Begin to read.  Is it the index that answers?  Decided at the first call; throws when it isn't, and that is
 * how it shall be.
 */
extern bool ys_answer_begin(YsAnswer *answer);

/*
 * Why no policy's index has answered: a sentence, and *hint another about what to do, or NULL.  answer is the scan's;
 * NULL: its plan looks nothing up.  NULL: the table has no policy's columns.
 */
extern const char *ys_answer_why_not(const YsAnswer *answer, const YsSource *source, const char **hint);

/* The next item, good until the next call; NULL at the end. */
extern const YsValue *ys_answer_next(YsAnswer *answer);

/* Does it count rows that satisfy the conditions, to end after the first ones of an order? */
extern bool ys_answer_counts(const YsAnswer *answer);

/* One that counts is returned. */
extern void ys_answer_note(YsAnswer *answer, TupleTableSlot *slot);

/* Forget what is under way: the keys will be read anew. */
extern void ys_answer_reset(YsAnswer *answer);

extern const YsFetchCounters *ys_answer_counters(const YsAnswer *answer);

struct ExplainState;
extern void ys_answer_explain(const YsAnswer *answer, const ForeignScan *plan, struct ExplainState *es);

#endif							/* YS_FDW_ANSWER_H */
