/*-------------------------------------------------------------------------
 * activity.c
 *	  What pg_stat_activity and the process list show of a worker.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/dbcommands.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/ps_status.h"

#include "worker/activity.h"

static char policy_name[NAMEDATALEN] = "";

void
ys_activity_identify(const char *kind, const char *name)
{
	static char known[NAMEDATALEN * 2] = "";
	char		wanted[NAMEDATALEN * 2];
	char	   *database;

	snprintf(wanted, sizeof(wanted), "yottastore %s%s%s", kind, name != NULL ? " " : "",
			 name != NULL ? name : "");
	if (strcmp(wanted, known) == 0)
		return;
	database = get_database_name(MyDatabaseId);
	if (database == NULL)
		return;					/* being dropped */
	strlcpy(known, wanted, sizeof(known));
	pgstat_report_appname(wanted);

	/* the title begins with the worker's type */
	snprintf(wanted, sizeof(wanted), "%s%s%s", database, name != NULL ? " " : "",
			 name != NULL ? name : "");
	set_ps_display(wanted);
	pfree(database);
}

void
ys_activity_set_policy(const char *policy)
{
	strlcpy(policy_name, policy != NULL ? policy : "", sizeof(policy_name));
}

void
ys_activity_report(const char *activity)
{
	char		text[NAMEDATALEN + 256];

	if (policy_name[0] == '\0')
		pgstat_report_activity(STATE_RUNNING, activity);
	else
	{
		snprintf(text, sizeof(text), "policy %s: %s", policy_name, activity);
		pgstat_report_activity(STATE_RUNNING, text);
	}
}

void
ys_activity_report_idle(const char *activity)
{
	pgstat_report_activity(STATE_IDLE, activity);
}
