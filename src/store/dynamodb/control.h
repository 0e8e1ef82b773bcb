/*-------------------------------------------------------------------------
 * control.h
 *	  Requests and replies about tables and streams as jansson's objects.
 *
 * They are few and small.  What carries items goes through store/value, which
 * keeps numbers as they are and copies nothing twice.
 *
 * jansson's memory is malloc's: whoever holds a json_t releases it before
 * anything that may throw.  Its json_object() must not be called: the server
 * has a function of that name, which is found first.  json_pack() is safe.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STORE_DYNAMODB_CONTROL_H
#define YS_STORE_DYNAMODB_CONTROL_H

#include <jansson.h>

#include "store/api.h"

#if JANSSON_VERSION_HEX < 0x020e00
#error "jansson 2.14 or later is needed: older ones call functions of the server by mistake"
#endif

/* Print a request into message->body and release it.  NULL counts as out of memory. */
extern void ys_control_print(YsMessage *message, json_t *request);

/* The reply, an object or array, to be released by the caller; NULL and err when it is neither. */
extern json_t *ys_control_load(const char *bytes, size_t len, YsError *err);

/* Fill err for a reply to that operation whose members are not as they should be; returns false. */
extern bool ys_control_refuse(const char *operation, YsError *err);

/*
 * A copy of the object's string of that name into the arena; NULL when there
 * is none.  False only when out of memory.
 */
extern bool ys_control_copy(YsArena *arena, const json_t *object, const char *name,
							const char **copy);

#endif							/* YS_STORE_DYNAMODB_CONTROL_H */
