/*-------------------------------------------------------------------------
 * endpoint.h
 *	  The addresses that may be connected to: a list of networks, and whether an
 *	  address is in it.
 *-------------------------------------------------------------------------
 */
#ifndef YS_BASE_ENDPOINT_H
#define YS_BASE_ENDPOINT_H

#include <sys/socket.h>

#include "base/arena.h"
#include "base/error.h"

#define YS_ENDPOINT_TEXT	64	/* room for any address with its port */

typedef struct YsEndpoint
{
	int			family;			/* AF_INET or AF_INET6 */
	unsigned char address[16];	/* 4 or 16 bytes of it */
	int			bits;			/* so many of them count */
	int			port;			/* 0: any */
} YsEndpoint;

typedef struct YsEndpointList
{
	int			count;
	YsEndpoint *endpoints;
} YsEndpointList;

/*
 * Parse "10.1.0.0/16, 192.0.2.7:8000, fd00::/8, [::1]:8000".  An empty text is
 * an empty list, which holds no address.  False and err when it is anything else.
 */
extern bool ys_endpoints_parse(const char *text, YsArena *arena, YsEndpointList *list, YsError *err);

/* An IPv4 address inside an IPv6 one is looked for as what it is. */
extern bool ys_endpoints_have(const YsEndpointList *list, const struct sockaddr *address);

/* The address and port, for messages. */
extern void ys_endpoint_print(const struct sockaddr *address, char text[YS_ENDPOINT_TEXT]);

#endif							/* YS_BASE_ENDPOINT_H */
