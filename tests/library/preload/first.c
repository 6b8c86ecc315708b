/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The program's first call to libkmemsim.so, named on the command line, is followed
 * by a fault: what the options ask for counts from that call on.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

static const size_t bytes = 300001;

int main(int argc, char **argv)
{
	void *(*take)(size_t) = (void *(*)(size_t))dlsym(RTLD_DEFAULT, "kms_malloc");
	void *(*clear)(size_t, size_t) = (void *(*)(size_t, size_t))dlsym(RTLD_DEFAULT, "kms_calloc");
	void *(*resize)(void *, size_t) = (void *(*)(void *, size_t))dlsym(RTLD_DEFAULT, "kms_realloc");
	void *(*align)(size_t, size_t) = (void *(*)(size_t, size_t))dlsym(RTLD_DEFAULT, "kms_memalign");
	void (*give)(void *) = (void (*)(void *))dlsym(RTLD_DEFAULT, "kms_free");
	const char *call = argc > 1 ? argv[1] : "";
	char *p = NULL;

	if (!take || !clear || !resize || !align || !give)
		return 2;
	if (!strcmp(call, "malloc"))
		p = take(bytes);
	else if (!strcmp(call, "calloc"))
		p = clear(1, bytes);
	else if (!strcmp(call, "realloc"))
		p = resize(NULL, bytes);
	else if (!strcmp(call, "memalign"))
		p = align(64, bytes);
	if (p)
		p[bytes] = 1;
	else
		p = (char *)&argc;
	give(p);
	return 0;
}
