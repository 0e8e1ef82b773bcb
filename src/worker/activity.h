/*-------------------------------------------------------------------------
 * activity.h
 *	  What pg_stat_activity and the process list show of a worker: its name,
 *	  the policy it works for, and what it does.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_ACTIVITY_H
#define YS_WORKER_ACTIVITY_H

/*
 * Be known as "yottastore KIND NAME" (name NULL: there is only one in the database): as
 * application_name, and as process title beside the database.  Cheap when nothing changes.
 */
extern void ys_activity_identify(const char *kind, const char *name);

/* What is reported from now on is about this policy; NULL: about none. */
extern void ys_activity_set_policy(const char *policy);

/* In a transaction, or not: the query's text, and state active or idle. */
extern void ys_activity_report(const char *activity);
extern void ys_activity_report_idle(const char *activity);

#endif							/* YS_WORKER_ACTIVITY_H */
