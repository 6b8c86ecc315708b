/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: network bursts. One CPU takes packets off the card, in bursts and in softirq
 * context: each needs an sk_buff and memory for its data. Tasks on the other CPUs read
 * them and free both there: frees that are remote, which per-CPU caches of objects
 * serve worst: memory moves from CPU to CPU with the packets, against the caches (Bonwick
 * and Adams, "Magazines and Vmem", 2001, on why a CPU layer needs a depot behind it).
 *
 * Packets wait in a queue, first in, first out. A burst is taken when the queue has room
 * for it, so the most that is live is queue packets, each with two objects.
 */
#include <errno.h>
#include <stdlib.h>

#include "buddy/gfp.h"
#include "sim/gen/gen.h"

#define BETWEEN_BURSTS_NS	200000u

enum { PACKETS, BURST, QUEUE, BYTES, REMOTE, CPUS };

static const struct gen_param params[] = {
	[PACKETS] = { "packets", 100000, 1, UINT64_C(1) << 40, GEN_COUNT, "packets in all" },
	[BURST] = { "burst", 64, 1, 65536, GEN_COUNT, "packets of a burst" },
	[QUEUE] = { "queue", 1024, 1, 1u << 24, GEN_COUNT, "packets that wait at most; from burst up" },
	[BYTES] = { "bytes", 1500, 64, 8192, GEN_BYTES, "data of a packet" },
	[REMOTE] = { "remote", 80, 0, 100, GEN_PERCENT, "packets that are read, and freed, on another CPU" },
	[CPUS] = { "cpus", 4, 1, GEN_MAX_CPUS, GEN_COUNT, "CPUs; CPU 0 takes the packets" },
	{ .name = NULL }
};

struct packet {
	uint64_t head, data;
};

struct network {
	const uint64_t *value;
	struct gen_type head, data;
	struct packet *queue;		/* a ring */
	uint64_t first, last;		/* packets read, packets taken */
	name_id softirq, reader;
};

static const char *mistake(const uint64_t *value)
{
	return value[QUEUE] < value[BURST] ? "queue has no room for a burst" : NULL;
}

static void take_packet(struct gen *g, struct network *net)
{
	struct packet *packet = &net->queue[net->last++ % net->value[QUEUE]];

	packet->head = gen_alloc(g, &net->head, 0);
	packet->data = gen_alloc(g, &net->data, 0);
}

static void read_packet(struct gen *g, struct network *net)
{
	struct packet *packet = &net->queue[net->first++ % net->value[QUEUE]];
	unsigned int cpus = (unsigned int)net->value[CPUS], cpu = 0;

	if (cpus > 1 && random_below(&g->random, 100) < net->value[REMOTE])
		cpu = 1 + random_below(&g->random, cpus - 1);
	gen_free(g, &net->data, packet->data, cpu);
	gen_free(g, &net->head, packet->head, cpu);
}

static void burst(struct gen *g, struct network *net, uint64_t packets)
{
	g->pid = 0;
	g->comm = net->softirq;
	g->context = CONTEXT_SOFTIRQ;
	g->now_ns += BETWEEN_BURSTS_NS;
	while (packets-- && gen_more(g))
		take_packet(g, net);
	g->pid = 1000;
	g->comm = net->reader;
	g->context = CONTEXT_TASK;
}

/* Between two bursts as many packets are read as chance will have it: a burst on the average, once the queue is full. */
static void read_some(struct gen *g, struct network *net, uint64_t room)
{
	uint64_t waiting = net->last - net->first, packets = random_below(&g->random, (uint32_t)(2 * net->value[BURST] + 1));

	if (packets + (net->value[QUEUE] - waiting) < room)
		packets = room - (net->value[QUEUE] - waiting);
	for (packets = packets < waiting ? packets : waiting; packets && gen_more(g); packets--)
		read_packet(g, net);
}

static int run(struct gen *g, const uint64_t *value)
{
	struct network net = { .value = value };
	uint64_t left, now;

	net.queue = calloc(value[QUEUE], sizeof(*net.queue));
	if (!net.queue)
		return -ENOMEM;
	g->tasks = 1;
	net.head = gen_cached(g, "skbuff_head_cache", 232, 256, "__alloc_skb", "kfree_skbmem");
	net.data = gen_kmalloc(g, (uint32_t)value[BYTES], "__alloc_skb", "skb_free_head");
	net.head.gfp = net.data.gfp = GFP_ATOMIC;
	net.softirq = gen_name(g, "swapper/0");
	net.reader = gen_name(g, "reader");
	while (gen_round(g)) {
		for (left = value[PACKETS]; left && gen_more(g); left -= now) {
			now = left < value[BURST] ? left : value[BURST];
			read_some(g, &net, now);
			burst(g, &net, now);
		}
		while (net.first != net.last && gen_more(g))
			read_packet(g, &net);
	}
	free(net.queue);
	return 0;
}

const struct gen_model gen_network = {
	.name = "network",
	.text = "packets come in bursts on one CPU and are freed on the others",
	.after = "Bonwick and Adams 2001",
	.params = params,
	.mistake = mistake,
	.run = run
};
