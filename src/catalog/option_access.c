/*-------------------------------------------------------------------------
 * option_access.c
 *	  Options that lead to secrets and files of the server's machine: who may
 *	  give them, and which go together.
 *
 * They are checked when they are given: by whoever creates or alters the
 * server or mapping that has them, whatever else is altered.  From then on
 * they stand for an administrator's consent.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "utils/acl.h"

#include "catalog/option.h"
#include "catalog/option_access.h"

static const char *const file_options[] = {"ca_file", "client_cert_file", "client_key_file"};
static const char *const given[] = {"access_key_id", "secret_access_key", "session_token", "user", "password"};
static const char *const names[] = {"profile", "environment"};

void
ys_option_check_files(List *options)
{
	for (size_t i = 0; i < lengthof(file_options); i++)
		if (ys_option_get(options, file_options[i]) != NULL &&
			!has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("permission denied for option \"%s\"", file_options[i]),
					 errdetail("It names a file of the server's machine."),
					 errhint("A superuser or a member of pg_read_server_files may create or alter "
							 "a server that has it.")));
	if ((ys_option_get(options, "client_cert_file") == NULL) !=
		(ys_option_get(options, "client_key_file") == NULL))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_DYNAMIC_PARAMETER_VALUE_NEEDED),
				 errmsg("options \"client_cert_file\" and \"client_key_file\" need each other"),
				 errdetail("A certificate proves nothing without its key."),
				 errhint("Give both, or leave both out.")));
}

bool
ys_option_names_credentials(List *options)
{
	return ys_option_get(options, names[0]) != NULL || ys_option_get(options, names[1]) != NULL;
}

static void
refuse_both(const char *one, const char *other)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
			 errmsg("options \"%s\" and \"%s\" exclude each other", one, other),
			 errdetail("Credentials are given by the options themselves, by a profile of a file, or "
					   "by the environment."),
			 errhint("Leave one of them out.")));
}

void
ys_option_check_credentials(List *options)
{
	if (!ys_option_names_credentials(options))
		return;
	if (ys_option_get(options, names[0]) != NULL && ys_option_get(options, names[1]) != NULL)
		refuse_both(names[0], names[1]);
	for (size_t i = 0; i < lengthof(names); i++)
	{
		if (ys_option_get(options, names[i]) == NULL)
			continue;
		for (size_t k = 0; k < lengthof(given); k++)
			if (ys_option_get(options, given[k]) != NULL)
				refuse_both(names[i], given[k]);
		if (!superuser())
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("permission denied for option \"%s\"", names[i]),
					 errdetail("It names credentials of the server's machine."),
					 errhint("Only a superuser may create or alter a user mapping that has it.")));
	}
}
