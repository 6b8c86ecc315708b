/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what each kind of event is called and means, and which class it is
 * of. Const tables; no state, no locking.
 */
#include "sim/trace/event.h"

const struct event_kind_desc event_kind_desc[NR_EVENT_KINDS] = {
#define EVENT_KIND_DESC(kind, class, name, replay, meaning) \
	[EV_##kind] = { .tracepoint = name, .replayed = replay, .text = meaning },
	EVENT_KINDS(EVENT_KIND_DESC)
#undef EVENT_KIND_DESC
};

const uint8_t event_class_of[NR_EVENT_KINDS] = {
#define EVENT_KIND_CLASS(kind, class, name, replay, meaning) [EV_##kind] = EVENT_##class,
	EVENT_KINDS(EVENT_KIND_CLASS)
#undef EVENT_KIND_CLASS
};
