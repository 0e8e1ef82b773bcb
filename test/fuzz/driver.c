/*-------------------------------------------------------------------------
 * driver.c
 *	  libFuzzer's entry: FUZZ_TARGET is the function it is to call.
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FUZZ_TARGET((const char *) data, size);
	return 0;
}
