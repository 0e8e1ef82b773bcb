/*-------------------------------------------------------------------------
 * option.h
 *	  Options of servers, user mappings, tables and columns as configurations.
 *
 * Options are checked when they are declared (ys_option_validate in
 * server.h); what is here reads checked ones.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_OPTION_H
#define YS_CATALOG_OPTION_H

#include "nodes/pg_list.h"
#include "store/store.h"
#include "stream/kafka.h"

/* An option's value in a list of DefElem, or NULL. */
extern const char *ys_option_get(List *options, const char *name);

/* The configurations borrow the options' strings. */
extern void ys_option_store_config(List *server_options, List *mapping_options,
								   YsStoreConfig *config);
extern void ys_option_stream_config(List *server_options, YsStreamConfig *config);
extern int	ys_option_workers(List *server_options);

/*
 * The login that a stream's mapping gives, or names in credentials_file (NULL: there is none) or
 * the environment.  False and err when it can't be had.
 */
extern bool ys_option_stream_login(List *mapping_options, const char *credentials_file,
								   YsStreamLogin *login, YsError *err);

/* Is 'strong' the consistency these options ask for?  inherited when they don't say. */
extern bool ys_option_consistent(List *options, bool inherited);

/* Does INSERT replace what is there?  inherited as above. */
extern bool ys_option_upsert(List *options, bool inherited);

/* The value of an option of that kind; inherited when these options don't have it. */
extern bool ys_option_boolean(List *options, const char *name, bool inherited);
extern int ys_option_integer(List *options, const char *name, int inherited);

extern int ys_option_milliseconds(List *options, const char *name, int inherited);

/* Do queries fail whose index is not fresh enough?  inherited as above. */
extern bool ys_option_stale_is_error(List *options, bool inherited);

/* How many items an import of these options looks at for columns; 0: only keys are wanted. */
extern int ys_option_sample_items(List *options);

/*
 * The two names of option "field", 'policy.column', palloc'd; the policy's may have dots.  False: it is no
 * such thing.
 */
extern bool ys_option_split_field(const char *value, char **policy, char **column);

/* Can the store have a table of this name?  If not, detail says why. */
extern bool ys_option_table_name(const char *name, const char **detail);

#endif							/* YS_CATALOG_OPTION_H */
