/*-------------------------------------------------------------------------
 * credential.h
 *	  The credentials requests are signed with: given, or named and read
 *	  from a file or from the environment.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STORE_CREDENTIAL_H
#define YS_STORE_CREDENTIAL_H

#include <sys/stat.h>

#include "store/store.h"

#define YS_KEY_ID_MAX		255
#define YS_SECRET_MAX		1023
#define YS_TOKEN_MAX		8191

typedef struct YsCredentials
{
	const char *profile;		/* section of file; NULL: not from one */
	const char *file;			/* NULL: the superuser named none */
	const char *environment;	/* what the variables' names begin with, or NULL */
	bool		read;			/* what follows is filled */
	unsigned int serial;		/* raised when they become others */
	struct stat stamp;			/* of the file, when it was read */
	char		access_key_id[YS_KEY_ID_MAX + 1];
	char		secret_access_key[YS_SECRET_MAX + 1];
	char		session_token[YS_TOKEN_MAX + 1];	/* empty: none */
} YsCredentials;

/* Begin with those of a configuration, whose strings are borrowed.  False and err when unfit. */
extern bool ys_credentials_take(YsCredentials *credentials, const YsStoreConfig *config, YsError *err);

/* Read them if that was not done, or the file has changed.  False and err when there are none. */
extern bool ys_credentials_refresh(YsCredentials *credentials, YsError *err);

/* The store refused them: read them again.  True when they have become others. */
extern bool ys_credentials_renew(YsCredentials *credentials);

/* Does a text that came back repeat what is secret of what was sent?  A beginning counts, too. */
extern bool ys_credentials_are_in(const YsCredentials *credentials, const char *text);

#endif							/* YS_STORE_CREDENTIAL_H */
