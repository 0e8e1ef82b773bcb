/*-------------------------------------------------------------------------
 * option_access.h
 *	  Options that lead to secrets and files of the server's machine: who may
 *	  give them, and which go together.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_OPTION_ACCESS_H
#define YS_CATALOG_OPTION_ACCESS_H

#include "nodes/pg_list.h"

/*
 * A server's options: throws ERRCODE_INSUFFICIENT_PRIVILEGE when one names a file and the
 * current user may not read the server's files.
 */
extern void ys_option_check_files(List *options);

/*
 * A user mapping's options: throws when credentials of different kinds are mixed, and
 * ERRCODE_INSUFFICIENT_PRIVILEGE when they are named and the current user is no superuser.
 */
extern void ys_option_check_credentials(List *options);

/* Do these options name credentials kept elsewhere, instead of giving them? */
extern bool ys_option_names_credentials(List *options);

#endif							/* YS_CATALOG_OPTION_ACCESS_H */
