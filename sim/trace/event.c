/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what each kind of event is called and means. A const table; no
 * state, no locking.
 */
#include "sim/trace/event.h"

const struct event_kind_desc event_kind_desc[NR_EVENT_KINDS] = {
#define EVENT_KIND_DESC(kind, name, replay, meaning) \
	[EV_##kind] = { .tracepoint = name, .replayed = replay, .text = meaning },
	EVENT_KINDS(EVENT_KIND_DESC)
#undef EVENT_KIND_DESC
};
