# SPDX-License-Identifier: GPL-2.0
#
# kmemsim: the front door. `make help` lists what there is.
#
# Objects are listed in Kbuild files, one a folder, in the kernel's syntax;
# this file reads them. V=1 shows the commands, O=DIR builds elsewhere.

O ?= build
V ?= 0
CC ?= cc
CLANG ?= clang
CFLAGS ?= -O2 -g
WERROR ?= $(if $(CI),-Werror)

ifeq ($(origin CC),default)
CC := gcc
endif

comma := ,

ifeq ($(V),0)
Q := @
say = @printf '  %-7s %s\n' '$(1)' '$(2)'
else
Q :=
say = @:
endif

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

# Libraries that only some commands need; Kbuild files and $(libs) look at these.
CONFIG_LIBDW := $(shell pkg-config --exists libdw 2>/dev/null && echo y)

# ---- what the project consists of: the Kbuild files ------------------------

# Collects the objects of $(1)Kbuild and, folder by folder, of those it names.
objects :=
kbuild_files :=
define read_kbuild
obj-y :=
include $(1)Kbuild
kbuild_files := $$(kbuild_files) $(1)Kbuild
objects := $$(objects) $$(addprefix $(1),$$(filter %.o,$$(obj-y)))
kbuild_dirs := $$(addprefix $(1),$$(filter %/,$$(obj-y)))
$$(foreach dir,$$(kbuild_dirs),$$(eval $$(call read_kbuild,$$(dir))))
endef
$(eval $(call read_kbuild,))

# The library is built apart, from the same layers: see below.
malloc_objects := $(filter slab/malloc/%,$(objects))
sim_objects := $(filter-out slab/malloc/% sim/preload/%,$(objects))
cmd_objects := $(filter sim/cmd/%,$(sim_objects))
lib_objects := $(filter-out sim/cmd/%,$(sim_objects))
lower_objects := $(filter pagemap/% buddy/% slab/%,$(sim_objects))

library_test_sources := $(wildcard tests/test_library*.c)
test_sources := $(filter-out $(library_test_sources),$(wildcard tests/test_*.c))
lower_test_sources := $(wildcard tests/test_pagemap*.c tests/test_gfp*.c tests/test_buddy*.c \
	tests/test_slab*.c tests/test_geometry*.c tests/test_mempool*.c tests/test_krealloc*.c \
	tests/test_vmalloc*.c tests/test_devres*.c)
fuzz_sources := $(wildcard tests/fuzz_*.c)

# ---- flags -----------------------------------------------------------------

warnings := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Wno-sign-compare -Wno-unused-parameter
# Some x86 cores decode a branch across a 32-byte border slowly (Intel's JCC erratum): keep them apart.
probe = $(shell echo 'int x;' | $(1) $(2) -Werror -x c -c -o /dev/null - 2>/dev/null && echo '$(2)')
branches := $(or $(call probe,$(CC),-Wa$(comma)-mbranches-within-32B-boundaries),$(call probe,$(CC),-mbranches-within-32B-boundaries))

base_flags := -std=gnu11 -D_GNU_SOURCE -I. $(warnings) $(WERROR) -MMD -MP \
	-DKMEMSIM_SRCDIR=\"$(CURDIR)\"
libs := -lnuma -ljansson -lzstd -lm $(if $(CONFIG_LIBDW),$(shell pkg-config --libs libdw))
test_libs := -lcunit $(libs)
sanitize := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
odd := -DKMEMSIM_NR_ORDERS=3 -DKMEMSIM_PAGEBLOCK_ORDER=2

.PHONY: all help demo golden bench-programs check check-slow check-layers check-preload check-programs tests bench \
	bench-docs fuzz fuzz-long coverage deps \
	capture check-capture mutants install clean

all: $(O)/kmemsim libs compile_commands.json ## build the program (build/kmemsim) and the libraries

help: ## list the targets
	@echo 'kmemsim: make targets'
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1|\2/p' Makefile | awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'
	@echo 'Variables: O=DIR build folder, V=1 show commands, SUITE=NAME (with check) only tests so named,'
	@echo '           CI=1 warnings are errors, CC=..., CFLAGS=...'
	@echo '           capture: WORKLOAD=..., KERNEL=6.1, MEM=512M, SMP=1, OUT=DIR, more in docs/capture.md'

# ---- what the host needs ---------------------------------------------------

# package:what it is for:how to tell that it is there
build_deps := gcc:compiler:gcc libc6-dev:C_library:/usr/include/stdio.h \
	libnuma-dev:host_NUMA_placement:/usr/include/numa.h \
	libjansson-dev:JSON_output:/usr/include/jansson.h \
	libzstd-dev:compressed_traces:/usr/include/zstd.h \
	pkg-config:finds_optional_libraries:pkg-config \
	libdw-dev:struct_layouts_from_debug_information:/usr/include/elfutils/libdw.h
# The file itself: its folder belongs to other packages as well.
fuzz_runtime := /usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.fuzzer-$(shell uname -m).a
test_deps := g++:the_public_header_in_C++:g++ groff-base:checks_the_man_pages:groff \
	libcunit1-dev:unit_tests:/usr/include/CUnit/Basic.h \
	clang:fuzzing:$(CLANG) libclang-rt-14-dev:fuzzing_runtime:$(fuzz_runtime) \
	python3:checks_of_JSON_and_CSV_output:python3 \
	dwarves:pahole,_which_layouts_are_held_against:pahole \
	dwz:debug_information_that_files_share:dwz \
	libc6-dbg:structs_of_a_program_not_ours:/usr/share/doc/libc6-dbg/copyright
bench_deps := linux-perf:the_peer_that_make_bench_measures_against:perf zstd:unpacks_recordings:zstd \
	libjemalloc2:a_malloc_to_measure_against:/usr/share/doc/libjemalloc2/copyright \
	libmimalloc2.0:a_malloc_to_measure_against:/usr/share/doc/libmimalloc2.0/copyright \
	libtcmalloc-minimal4:a_malloc_to_measure_against:/usr/share/doc/libtcmalloc-minimal4/copyright
# Real programs; of nginx and glibc's tests the packages are unpacked, not installed, if need be.
program_deps := g++:runs_on_our_malloc:g++ python3:runs_on_our_malloc:/usr/bin/python3 \
	sqlite3:runs_on_our_malloc:sqlite3 git:runs_on_our_malloc:git perl:runs_on_our_malloc:perl \
	redis-tools:runs_on_our_malloc:redis-benchmark apache2-utils:load_for_nginx:ab zstd:unpacks_recordings:zstd

.PHONY: deps-build deps-test deps-bench deps-programs
deps-build: ; $(Q)sh tests/need-packages.sh $(build_deps)
deps-test: ; $(Q)sh tests/need-packages.sh $(build_deps) $(test_deps)
deps-bench: ; $(Q)sh tests/need-packages.sh $(build_deps) $(bench_deps)
# One by one should one of them not be to be had: without it its program is skipped.
deps-programs:
	$(Q)sh tests/need-packages.sh $(program_deps) || \
		for need in $(program_deps); do sh tests/need-packages.sh "$$need" || :; done
deps: deps-test deps-bench ## install the Debian packages that build, tests and benchmarks need

# ---- building --------------------------------------------------------------

# $(call variant,NAME,COMPILER,FLAGS): rules for $(O)/NAME/*.o
define variant
$(O)/$(1)/%.o: %.c $(kbuild_files) Makefile
	@mkdir -p $$(@D)
	$$(call say,CC,$$@)
	$$(Q)$(2) $(base_flags) $(3) -c -o $$@ $$<
endef
$(eval $(call variant,obj,$(CC),$(CFLAGS) $(branches)))
$(eval $(call variant,check,$(CC),-O1 -g $(sanitize) -DKMEMSIM_TEST_BUILD))
$(eval $(call variant,odd,$(CC),-O1 -g $(sanitize) $(odd) -DKMEMSIM_TEST_LOWER_ONLY))
$(eval $(call variant,cov,$(CC),-O0 -g --coverage -DKMEMSIM_TEST_LOWER_ONLY))
$(eval $(call variant,libcheck,$(CC),-O1 -g $(sanitize) -DKMEMSIM_TEST_LIBRARY))
$(eval $(call variant,tsan,$(CC),-O1 -g -fsanitize=thread -DKMEMSIM_TEST_LIBRARY))
$(eval $(call variant,fuzz,$(CLANG),-O1 -g -fsanitize=fuzzer-no-link,address,undefined))

$(O)/sim.a: $(addprefix $(O)/obj/,$(lib_objects))
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar qcs $@ $^

$(O)/kmemsim: $(addprefix $(O)/obj/,$(cmd_objects)) $(O)/sim.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(libs)

# ---- the library -------------------------------------------------------------

# The layers below once more, as code that may lie anywhere, and slab/malloc/
# above them; what slab/malloc/kmemsim.h does not declare stays inside.
pic := -fPIC -fvisibility=hidden -ftls-model=initial-exec -fno-semantic-interposition
$(eval $(call variant,lib,$(CC),$(CFLAGS) $(branches) $(pic)))
library_objects := $(addprefix $(O)/lib/,$(filter-out pagemap/bind.o,$(lower_objects)) \
	$(filter-out slab/malloc/malloc.o,$(malloc_objects)))

# nodelete: threads that used the library call it when they end, also after a dlclose().
library_link = $(CC) $(CFLAGS) -shared -Wl,-soname,$(notdir $@).0 -Wl,-z,defs -Wl,-z,nodelete \
	-Wl,--version-script=slab/malloc/symbols.map -o $@ $(filter %.o,$^) -lpthread

.PHONY: libs
libs: $(O)/libkmemsim.so $(O)/libkmemsim.a $(O)/libkmemsim-malloc.so

$(O)/libkmemsim.so: $(library_objects) slab/malloc/symbols.map
	$(call say,LD,$@)
	$(Q)$(library_link)
	$(Q)ln -sf libkmemsim.so $(O)/libkmemsim.so.0

# The report of the running program, from the simulator's code; jansson as a part of it, where there is
# a static one, so that no program has to load it.
preload_objects := $(addprefix $(O)/lib/,slab/malloc/malloc.o $(filter sim/preload/%,$(objects)) \
	sim/metrics.o sim/live.o sim/bigmem.o sim/machine.o $(addprefix sim/report/,emitter.o emitter_csv.o emitter_json.o \
	emitter_text.o report_moment.o report_caches.o))
jansson := $(or $(wildcard $(shell $(CC) -print-file-name=libjansson.a)),-ljansson)

$(O)/libkmemsim-malloc.so: $(library_objects) $(preload_objects) slab/malloc/symbols.map
	$(call say,LD,$@)
	$(Q)$(library_link) $(jansson) -Wl,--exclude-libs,ALL

# One object whose inner names are local, so that they can't meet a program's.
$(O)/libkmemsim.a: $(library_objects)
	$(call say,AR,$@)
	$(Q)ld -r -o $(O)/lib/kmemsim.o $^ && objcopy --localize-hidden $(O)/lib/kmemsim.o
	$(Q)rm -f $@ && ar qcs $@ $(O)/lib/kmemsim.o

compile_commands.json: $(kbuild_files) Makefile
	$(Q){ between='['; for file in $(patsubst %.o,%.c,$(objects)) $(test_sources) tests/main.c; do \
		printf '%s\n {"directory": "%s", "file": "%s", "command": "%s -c %s"}' "$$between" \
			'$(CURDIR)' "$$file" "$$(printf '%s' '$(CC) $(filter-out -MMD -MP,$(base_flags)) $(CFLAGS)' | \
			sed 's/\\/\\\\/g; s/"/\\"/g')" "$$file"; \
		between=','; done; printf '\n]\n'; } > $@

# ---- tests -----------------------------------------------------------------

check_objects := $(addprefix $(O)/check/,$(sim_objects) $(test_sources:.c=.o) tests/main.o)
odd_objects := $(addprefix $(O)/odd/,$(lower_objects) $(lower_test_sources:.c=.o) tests/main.o)
cov_objects := $(addprefix $(O)/cov/,$(lower_objects) $(lower_test_sources:.c=.o) tests/main.o)

$(O)/kmemsim-tests: $(filter-out $(O)/check/sim/cmd/main.o,$(check_objects))
	$(call say,LD,$@)
	$(Q)$(CC) $(sanitize) -o $@ $^ $(test_libs)

$(O)/kmemsim-tests-odd: $(odd_objects)
	$(call say,LD,$@)
	$(Q)$(CC) $(sanitize) -o $@ $^ $(test_libs)

$(O)/kmemsim-asan: $(addprefix $(O)/check/,$(sim_objects))
	$(call say,LD,$@)
	$(Q)$(CC) $(sanitize) -o $@ $^ $(libs)

# The library has one heap a process, and so a test program of its own, built for
# AddressSanitizer and for ThreadSanitizer.
library_check := $(filter-out pagemap/bind.o,$(lower_objects)) \
	$(filter-out slab/malloc/malloc.o,$(malloc_objects)) $(library_test_sources:.c=.o) tests/main.o

$(O)/kmemsim-tests-library: $(addprefix $(O)/libcheck/,$(library_check))
	$(call say,LD,$@)
	$(Q)$(CC) $(sanitize) -o $@ $^ -lcunit -lpthread

$(O)/kmemsim-tests-tsan: $(addprefix $(O)/tsan/,$(library_check))
	$(call say,LD,$@)
	$(Q)$(CC) -fsanitize=thread -o $@ $^ -lcunit -lpthread

tests: $(O)/kmemsim-tests $(addprefix $(O)/kmemsim-tests-,odd library tsan)

# Sanitizers must not hide behind an allocator that returns memory it has not got.
run_tests = ASAN_OPTIONS=allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1

check: ## install what tests need, build them, run them (SUITE=NAME: only those)
	$(Q)$(MAKE) --no-print-directory deps-test
	$(Q)$(MAKE) --no-print-directory run-check

.PHONY: run-check
ifdef SUITE
run-check: tests
	$(Q)$(run_tests) $(O)/kmemsim-tests$(if $(filter library%,$(SUITE)),-library) -v $(SUITE)
else
run-check: all tests check-layers check-types check-readme check-install check-preload fuzz coverage
	$(Q)$(O)/kmemsim-tests-tsan $(if $(filter 1,$(V)),-v)
	$(Q)$(run_tests) $(O)/kmemsim-tests-library $(if $(filter 1,$(V)),-v)
	$(Q)$(run_tests) $(O)/kmemsim-tests-odd $(if $(filter 1,$(V)),-v)
	$(Q)$(run_tests) $(O)/kmemsim-tests $(if $(filter 1,$(V)),-v)
endif

preload_programs := $(patsubst tests/preload/%.c,$(O)/preload/%,$(wildcard tests/preload/*.c))

# The compiler must not know what malloc does, else it drops the calls.
$(O)/preload/%: tests/preload/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE $(warnings) $(WERROR) -g -O2 -fno-builtin -o $@ $< -lpthread

check-preload: $(O)/libkmemsim-malloc.so $(O)/libkmemsim.so $(preload_programs) ## small programs on the malloc replacement
	$(Q)sh tests/preload.sh $(abspath $(O))

PRELOAD ?= $(O)/libkmemsim-malloc.so

check-programs: ## real programs on the malloc replacement (PRELOAD=another.so, PROGRAMS='gcc git')
	$(Q)$(MAKE) --no-print-directory deps-programs
	$(Q)$(MAKE) --no-print-directory libs
	$(Q)python3 tests/programs/run.py --work $(O)/programs $(PRELOAD) $(PROGRAMS)
	@echo '  with every object checked:'
	$(Q)KMEMSIM_OPTIONS=debug=FZPU python3 tests/programs/run.py --short --work $(O)/programs $(PRELOAD) \
		$(or $(PROGRAMS),git nginx perl redis sqlite)

check-layers: ## the layering rule: no include upward, no printing below sim/cmd
	$(Q)sh tests/check-layers.sh

.PHONY: check-types check-readme
check-readme: $(O)/kmemsim ## the report in README.md is what the program prints
	$(Q)sh tests/readme.sh $(abspath $(O))

check-types: ## a pfn passed as an order must not compile
	$(Q)$(CC) $(base_flags) -MF /dev/null -fsyntax-only tests/types_good.c
	$(Q)if $(CC) $(base_flags) -MF /dev/null -fsyntax-only tests/types_bad.c 2>/dev/null; then \
		echo 'tests/types_bad.c compiles: a pfn can be passed as an order'; exit 1; fi

# ---- fuzzing ---------------------------------------------------------------

FUZZ_SECONDS ?= 20
fuzz_objects := $(addprefix $(O)/fuzz/,$(lib_objects))
fuzz_targets := $(patsubst tests/fuzz_%.c,$(O)/fuzz-%,$(fuzz_sources))

$(O)/fuzz-%: $(O)/fuzz/tests/fuzz_%.o $(fuzz_objects)
	$(call say,LD,$@)
	$(Q)$(CLANG) -fsanitize=fuzzer,address,undefined -o $@ $^ $(libs)

# New inputs go to a folder of their own, so that a run leaves the tree as it was.
fuzz: $(fuzz_targets) ## fuzz the readers for FUZZ_SECONDS (20) each
	$(Q)for target in $(patsubst $(O)/fuzz-%,%,$(fuzz_targets)); do \
		mkdir -p $(O)/corpus/$$target && \
		echo "  FUZZ    $$target for $(FUZZ_SECONDS) s" && \
		$(O)/fuzz-$$target -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 \
			-print_final_stats=1 -verbosity=0 -artifact_prefix=$(O)/crash-$$target- \
			$(O)/corpus/$$target tests/corpus/$$target 2>$(O)/fuzz-$$target.log || \
			{ tail -40 $(O)/fuzz-$$target.log; exit 1; }; \
		grep -E 'number_of_executed_units' $(O)/fuzz-$$target.log | sed 's/^/          /'; \
	done

fuzz-long: ## the same for ten minutes each
	$(Q)$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=600

mutants: all ## one rule changed at a time: which captures notice (needs ../shared)
	$(Q)sh tests/mutants.sh $(abspath $(O))

check-slow: ## slower suites: longer fuzzing, mutants, real programs
	$(Q)$(MAKE) --no-print-directory deps-test
	$(Q)$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=60
	$(Q)$(MAKE) --no-print-directory mutants
	$(Q)$(MAKE) --no-print-directory check-programs

# ---- coverage --------------------------------------------------------------

$(O)/kmemsim-tests-cov: $(filter-out $(O)/cov/sim/%,$(cov_objects))
	$(call say,LD,$@)
	$(Q)$(CC) --coverage -o $@ $^ $(test_libs)

coverage: $(O)/kmemsim-tests-cov ## line coverage of pagemap, buddy and slab; fails below 90 %
	$(Q)find $(O)/cov -name '*.gcda' -delete
	$(Q)$(O)/kmemsim-tests-cov >$(O)/cov/tests.log 2>&1 || { tail -30 $(O)/cov/tests.log; exit 1; }
	$(Q)sh tests/coverage.sh $(O)/cov 90 pagemap buddy slab

# ---- benchmarks ------------------------------------------------------------

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

bench: ## measure speed and peak memory beside other allocators and perf kmem
	$(Q)$(MAKE) --no-print-directory deps-bench
	$(Q)$(MAKE) --no-print-directory $(O)/kmemsim $(O)/kmemsim-bench $(bench_workers) libs
	$(Q)sh tests/bench/bench.sh $(O)

bench-docs: bench ## the same, and put the tables into docs/performance.md
	$(Q)sh tests/bench/docs.sh $(O)/bench/tables.txt docs/performance.md
$(O)/bench-programs: $(addprefix $(O)/obj/tests/bench/,programs/main.o measure.o)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^

bench-programs: ## real programs on glibc's malloc and on ours: time and memory (PROGRAMS=...)
	$(Q)$(MAKE) --no-print-directory deps-programs
	$(Q)$(MAKE) --no-print-directory libs $(O)/bench-programs
	$(Q)sh tests/bench/programs.sh $(O) $(PROGRAMS)

# ---- the main job ----------------------------------------------------------

demo: ## install what is missing, build, replay a real trace and print the report
	$(Q)$(MAKE) --no-print-directory deps-build
	$(Q)$(MAKE) --no-print-directory all
	$(O)/kmemsim run tests/traces/loopback-http.perf.txt.zst

golden: all ## write the golden reports anew (look at the difference before you commit it)
	$(Q)mkdir -p tests/golden
	$(O)/kmemsim run --no-timing tests/traces/loopback-http.perf.txt.zst > tests/golden/loopback-http.txt
	$(O)/kmemsim run --no-timing --json - tests/traces/loopback-http.perf.txt.zst > tests/golden/loopback-http.json
	$(O)/kmemsim run --no-timing --csv - --mem 64M --nodes 2 tests/traces/gcc-hello.perf.txt.zst > tests/golden/gcc-hello-64M.csv
	$(O)/kmemsim compare --slab slub,slub,cpu_partial=0,min_partial=0,sheaves tests/traces/gcc-hello.perf.txt.zst > tests/golden/compare-gcc-hello.txt

# The variables of docs/capture.md reach the script through the environment.
capture: ## make a capture of a real kernel in QEMU: WORKLOAD=... (see docs/capture.md)
	$(Q)exec env O='$(O)' V='$(V)' CC='$(CC)' sh sim/capture/capture.sh

check-capture: all ## make a small capture and verify it (skipped where there is no QEMU)
	$(Q)exec env O='$(O)' V='$(V)' CC='$(CC)' sh tests/capture.sh

prefix ?= /usr/local
version := $(shell sed -n 's/^\#define KMS_VERSION "\(.*\)"/\1/p' slab/malloc/kmemsim.h)
root := $(DESTDIR)$(prefix)

install: all ## install program, libraries, header and man pages below $(DESTDIR)$(prefix)
	install -D -m 755 $(O)/kmemsim $(root)/bin/kmemsim
	install -d $(root)/lib/pkgconfig $(root)/share/man/man3
	install -m 755 $(O)/libkmemsim.so $(root)/lib/libkmemsim.so.$(version)
	ln -sf libkmemsim.so.$(version) $(root)/lib/libkmemsim.so.0
	ln -sf libkmemsim.so.0 $(root)/lib/libkmemsim.so
	install -m 755 $(O)/libkmemsim-malloc.so $(root)/lib/libkmemsim-malloc.so
	install -m 644 $(O)/libkmemsim.a $(root)/lib/libkmemsim.a
	install -D -m 644 slab/malloc/kmemsim.h $(root)/include/kmemsim.h
	sed 's,@prefix@,$(prefix),; s,@version@,$(version),' slab/malloc/kmemsim.pc.in > $(root)/lib/pkgconfig/kmemsim.pc
	install -m 644 docs/man/*.3 $(root)/share/man/man3/

.PHONY: check-install
check-install: all ## install into the build folder; the README's example, against that
	$(Q)rm -rf $(O)/install && $(MAKE) --no-print-directory -s install DESTDIR=$(abspath $(O))/install prefix=/usr
	$(Q)CC='$(CC)' sh tests/install.sh $(abspath $(O))/install

clean: ## remove what was built
	rm -rf $(O) compile_commands.json

# Below capture/ lie whole header trees, none of ours.
-include $(shell find $(O) -path $(O)/capture -prune -o -name '*.d' -print 2>/dev/null)
