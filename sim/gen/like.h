/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a trace of any length that is like a measured one (profile.h).
 *
 * Blocks of arrivals are laid end to end, in an order that any beginning of it spreads
 * over the whole measured trace. Each arrival is dealt a life of its class, whose end
 * is put into a queue; events come out in the order of time, so what a life was dealt
 * is what can be measured again. When as many events are out or still due as were
 * asked for, nothing more arrives and what is due is freed: no life is cut short by the
 * trace's end, and none that was never freed is.
 *
 * Where time stamps are the numbers of events (profile->counted), a slot is an event:
 * what is due takes it, the youngest first, and what is left over goes to arrivals.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_GEN_LIKE_H
#define KMEMSIM_SIM_GEN_LIKE_H

#include "sim/gen/gen.h"
#include "sim/gen/profile.h"

/*
 * Write a trace like @profile, which was measured from @trace, into @writer, whose names
 * and call chains are the trace's. cfg->events 0: as many as the profile has. Errors: gen_trace()'s.
 */
int gen_like(struct profile *profile, struct trace *trace, const struct gen_config *cfg, struct writer *writer,
	     struct gen_result *res, struct kerror *err);

#endif
