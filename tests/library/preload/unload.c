/* SPDX-License-Identifier: GPL-2.0 */
/* Threads load the library named on the command line, use it, unload it, and end. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

static int failed;

static void *uses(void *path)
{
	void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	void *(*take)(size_t) = lib ? (void *(*)(size_t))dlsym(lib, "kms_malloc") : NULL;
	void (*put)(void *) = lib ? (void (*)(void *))dlsym(lib, "kms_free") : NULL;

	if (!take || !put) {
		failed = 1;
		return NULL;
	}
	put(take(100));
	dlclose(lib);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	int i;

	for (i = 0; i < 3; i++) {
		pthread_create(&thread, NULL, uses, argv[1]);
		pthread_join(thread, NULL);
	}
	return failed;
}
