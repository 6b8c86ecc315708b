# SPDX-License-Identifier: GPL-2.0
#
# kmemsim: speed and peak memory, beside peers.

.PHONY: bench bench-memory bench-traces bench-docs bench-programs bench-huge

bench_objects := $(addprefix $(O)/obj/,$(patsubst %.c,%.o,$(wildcard tests/bench/*.c)))
bench_worker := $(addprefix $(O)/obj/tests/bench/worker/,main.o threads.o)
bench_workers := $(addprefix $(O)/bench-,malloc list cache frames frames-list)

$(O)/kmemsim-bench: $(bench_objects) $(O)/sim.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(libs)

# One program an allocator; only those that measure the library are linked with it.
$(O)/bench-malloc: $(bench_worker) $(O)/obj/tests/bench/worker/by_malloc.o
$(O)/bench-list: $(bench_worker) $(O)/obj/tests/bench/worker/by_list.o
$(O)/bench-cache: $(bench_worker) $(O)/obj/tests/bench/worker/by_cache.o $(O)/libkmemsim.so
$(O)/bench-frames: $(bench_worker) $(addprefix $(O)/obj/tests/bench/worker/,frames.o frames_library.o) \
	$(O)/libkmemsim.so
$(O)/bench-frames-list: $(bench_worker) $(addprefix $(O)/obj/tests/bench/worker/,frames.o frames_list.o)
$(bench_workers):
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -lpthread -Wl,-rpath,'$$ORIGIN'

bench: ## measure speed and peak memory, beside other allocators and perf
	$(Q)$(MAKE) --no-print-directory bench-memory
	$(Q)$(MAKE) --no-print-directory bench-traces

bench-memory: ## the part of it that measures allocators
	$(Q)$(MAKE) --no-print-directory deps-bench deps-programs
	$(Q)$(MAKE) --no-print-directory $(O)/kmemsim $(O)/kmemsim-bench $(bench_workers) $(O)/bench-programs libs
	$(Q)sh tests/bench/bench.sh $(O) memory

bench-traces: ## the part that measures reading and replaying traces
	$(Q)$(MAKE) --no-print-directory deps-bench
	$(Q)$(MAKE) --no-print-directory $(O)/kmemsim $(O)/kmemsim-bench
	$(Q)sh tests/bench/bench.sh $(O) traces

bench-docs: bench ## make bench, and put its tables into docs/performance.md
	$(Q)sh tests/bench/docs.sh $(O)/bench/memory.txt docs/performance.md
	$(Q)sh tests/bench/docs.sh $(O)/bench/traces.txt docs/performance.md

$(O)/bench-programs: $(addprefix $(O)/obj/tests/bench/,programs/main.o measure.o)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^

bench-programs: ## time and memory of real programs on glibc's malloc and on ours (PROGRAMS=...)
	$(Q)$(MAKE) --no-print-directory deps-programs
	$(Q)$(MAKE) --no-print-directory libs $(O)/bench-programs
	$(Q)sh tests/bench/programs.sh $(O) $(PROGRAMS)

bench-huge: $(O)/kmemsim ## a trace larger than memory: a billion events (EVENTS=...), from a file and through a pipe
	$(Q)sh tests/bench/huge.sh $(O) $(EVENTS)
