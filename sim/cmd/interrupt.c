/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: signals that end the work; see interrupt.h. */
#include "sim/cmd/interrupt.h"

#include <string.h>

#define MOST_SIGNALS 3

static volatile sig_atomic_t flag, first, count;

static void on_signal(int number)
{
	if (++count >= MOST_SIGNALS) {
		signal(number, SIG_DFL);
		raise(number);
		return;
	}
	if (!first)
		first = number;
	flag = 1;
}

static void catch_one(int number)
{
	struct sigaction action, before;

	/* Writing goes on behind a signal: half a line in a timeline would be lost otherwise. */
	memset(&action, 0, sizeof(action));
	action.sa_handler = on_signal;
	action.sa_flags = SA_RESTART;
	if (!sigaction(number, NULL, &before) && before.sa_handler != SIG_IGN)
		sigaction(number, &action, NULL);
}

void interrupt_catch(void)
{
	catch_one(SIGINT);
	catch_one(SIGTERM);
}

const volatile sig_atomic_t *interrupt_flag(void)
{
	return &flag;
}

void interrupt_done(void)
{
	flag = 0;
}

int interrupt_status(void)
{
	return 128 + first;
}
