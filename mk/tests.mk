# SPDX-License-Identifier: GPL-2.0
#
# kmemsim: the test programs, the checks, the fuzz targets, coverage and captures.

sanitize := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
odd := -DKMEMSIM_NR_ORDERS=3 -DKMEMSIM_PAGEBLOCK_ORDER=2
test_libs := -lcunit $(libs)

$(eval $(call variant,check,$(CC),-O1 -g $(sanitize) -DKMEMSIM_TEST_BUILD))
$(eval $(call variant,odd,$(CC),-O1 -g $(sanitize) $(odd) -DKMEMSIM_TEST_LOWER_ONLY))
$(eval $(call variant,cov,$(CC),-O0 -g --coverage -DKMEMSIM_TEST_LOWER_ONLY))
$(eval $(call variant,libcheck,$(CC),-O1 -g $(sanitize) -DKMEMSIM_TEST_LIBRARY))
$(eval $(call variant,tsan,$(CC),-O1 -g -fsanitize=thread -DKMEMSIM_TEST_LIBRARY))
$(eval $(call variant,fuzz,$(CLANG),-O1 -g -fsanitize=fuzzer-no-link,address,undefined))

# Calls done for real, to hold the simulated ones against: without a library, see its header.
player_sources := $(addprefix sim/capture/guest/,player.c stage.c files.c kernel.c)
$(O)/vm-player: $(player_sources) sim/capture/guest/actor.h sim/capture/guest/player.h mk/tests.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) -std=gnu11 $(warnings) $(WERROR) -O2 -static -nostdlib -ffreestanding -fno-stack-protector -fno-pie -no-pie \
		-fno-tree-loop-distribute-patterns -o $@ $(player_sources)

library_test_objects := $(filter tests/library/%,$(test_objects))
lower_test_objects := $(filter tests/pagemap/% tests/buddy/% tests/slab/%,$(test_objects))

check_objects := $(addprefix $(O)/check/,$(sim_objects) $(filter-out $(library_test_objects),$(test_objects)))
odd_objects := $(addprefix $(O)/odd/,$(lower_objects) $(lower_test_objects) tests/main.o)
cov_objects := $(addprefix $(O)/cov/,$(lower_objects) $(lower_test_objects) tests/main.o)

# The player lies beside it: suites vm_host and vm_random run it.
$(O)/kmemsim-tests: $(filter-out $(O)/check/sim/cmd/main.o,$(check_objects)) | $(O)/vm-player
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
library_check := $(filter-out pagemap/bind.o pagemap/tlb/%,$(lower_objects)) \
	$(filter-out slab/malloc/malloc.o,$(malloc_objects)) $(library_test_objects) tests/main.o

$(O)/kmemsim-tests-library: $(addprefix $(O)/libcheck/,$(library_check))
	$(call say,LD,$@)
	$(Q)$(CC) $(sanitize) -o $@ $^ -lcunit -lpthread

$(O)/kmemsim-tests-tsan: $(addprefix $(O)/tsan/,$(library_check))
	$(call say,LD,$@)
	$(Q)$(CC) -fsanitize=thread -o $@ $^ -lcunit -lpthread

.PHONY: tests check check-slow check-layers check-preload check-record check-programs fuzz fuzz-long mutants coverage capture \
	check-capture

tests: $(O)/vm-player $(O)/kmemsim-tests $(addprefix $(O)/kmemsim-tests-,odd library tsan)

# As tests/run.sh does.
run_tests = ASAN_OPTIONS=allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1

check: ## install what the tests need, build them and run them all
	$(Q)$(MAKE) --no-print-directory deps-test
	$(Q)$(MAKE) --no-print-directory $(jobs) build-check
	$(Q)$(MAKE) --no-print-directory run-check

.PHONY: build-check run-check
ifdef SUITE
run-check: tests
	$(Q)$(run_tests) $(O)/kmemsim-tests$(if $(filter library%,$(SUITE)),-library) -v $(SUITE)
else
run-check: all tests check-layers check-types check-mutants check-readme check-install check-preload check-record fuzz coverage
	$(Q)sh tests/run.sh $(O) $(if $(filter 1,$(V)),-v)
endif

preload_programs := $(patsubst tests/library/preload/%.c,$(O)/preload/%,$(wildcard tests/library/preload/*.c))

# The compiler must not know what malloc does, else it drops the calls.
$(O)/preload/%: tests/library/preload/%.c mk/tests.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE $(warnings) $(WERROR) -g -O2 -fno-builtin -o $@ $< -lpthread

check-preload: $(O)/libkmemsim-malloc.so $(O)/libkmemsim.so $(preload_programs) ## run small programs on the library instead of malloc
	$(Q)sh tests/library/preload.sh $(abspath $(O))
	$(Q)CC='$(CC)' sh tests/library/cases.sh $(abspath $(O))

record_sources := $(wildcard tests/sim/record/programs/*.c)
record_programs := $(patsubst tests/sim/record/programs/%.c,$(O)/record/%,$(record_sources)) $(O)/record/objects \
	$(O)/record/static

$(O)/record/%: tests/sim/record/programs/%.c mk/tests.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE $(warnings) $(WERROR) -g -O2 -fno-builtin -o $@ $< -lpthread

$(O)/record/static: tests/sim/record/programs/ends.c mk/tests.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -O2 -static -o $@ $<

$(O)/record/objects: tests/sim/record/programs/objects.cc mk/tests.mk
	@mkdir -p $(@D)
	$(call say,CXX,$@)
	$(Q)$(CXX) -std=c++17 -Wall -Wextra -g -O2 -fno-builtin -o $@ $< -lpthread

check-record: $(O)/kmemsim $(O)/libkmemsim-record.so $(record_programs) ## record programs, and replay what they did
	$(Q)sh tests/sim/record/record.sh $(abspath $(O))

PRELOAD ?= $(O)/libkmemsim-malloc.so

check-programs: ## run real programs on it (PRELOAD=another.so, PROGRAMS='gcc git')
	$(Q)$(MAKE) --no-print-directory deps-programs
	$(Q)$(MAKE) --no-print-directory libs
	$(Q)python3 tests/library/programs/run.py --work $(O)/programs $(PRELOAD) $(PROGRAMS)
	@echo '  with every object checked:'
	$(Q)KMEMSIM_OPTIONS=debug=FZPU python3 tests/library/programs/run.py --short --work $(O)/programs $(PRELOAD) \
		$(or $(PROGRAMS),git nginx perl redis sqlite)

check-layers: ## check that no layer includes a higher one, or prints
	$(Q)sh tests/check-layers.sh

.PHONY: check-types check-readme check-mutants
check-mutants: ## check that each fault of tests/mutants/ still changes one line
	$(Q)sh tests/mutants.sh --check

check-readme: $(O)/kmemsim ## check that the report in README.md is what the program prints
	$(Q)sh tests/readme.sh $(abspath $(O))

check-types: ## check that a pfn passed as an order does not compile
	$(Q)$(CC) $(base_flags) -MF /dev/null -fsyntax-only tests/pagemap/types_good.c
	$(Q)if $(CC) $(base_flags) -MF /dev/null -fsyntax-only tests/pagemap/types_bad.c 2>/dev/null; then \
		echo 'tests/pagemap/types_bad.c compiles: a pfn can be passed as an order'; exit 1; fi

# ---- fuzzing ---------------------------------------------------------------

FUZZ_SECONDS ?= 5
fuzz_objects := $(addprefix $(O)/fuzz/,$(filter-out sim/cmd/main.o,$(sim_objects)))
fuzz_targets := $(patsubst tests/fuzz/%.c,$(O)/fuzz-%,$(wildcard tests/fuzz/*.c))

$(O)/fuzz-%: $(O)/fuzz/tests/fuzz/%.o $(fuzz_objects)
	$(call say,LD,$@)
	$(Q)$(CLANG) -fsanitize=fuzzer,address,undefined -o $@ $^ $(libs)

# Of the library only what reads its options: the rest would bring its one heap.
$(O)/fuzz-library_options: $(addprefix $(O)/fuzz/slab/malloc/,options.o file.o)

# New inputs go to a folder of their own, so that a run leaves the tree as it was.
fuzz_runs := $(patsubst $(O)/fuzz-%,fuzz-run-%,$(fuzz_targets))

.PHONY: $(fuzz_runs)
$(fuzz_runs): fuzz-run-%: $(O)/fuzz-%
	@mkdir -p $(O)/corpus/$*
	$(Q)$(O)/fuzz-$* -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 \
		-print_final_stats=1 -verbosity=0 -artifact_prefix=$(O)/crash-$*- \
		$(O)/corpus/$* tests/fuzz/corpus/$* 2>$(O)/fuzz-$*.log || \
		{ tail -40 $(O)/fuzz-$*.log; exit 1; }
	@printf '  FUZZ    %-16s %s s, %s inputs\n' '$*' '$(FUZZ_SECONDS)' \
		"$$(sed -n 's/.*number_of_executed_units: *//p' $(O)/fuzz-$*.log)"

# Built first, whatever -j says; then as many at once as there are CPUs.
fuzz: $(fuzz_targets) ## run each fuzz target for FUZZ_SECONDS (5)
	$(Q)$(MAKE) --no-print-directory $(jobs) $(fuzz_runs)

fuzz-long: ## run each fuzz target for ten minutes
	$(Q)$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=600

mutants: ## change one line at a time: which test, which capture of a real kernel notices?
	$(Q)CC='$(CC)' sh tests/mutants.sh $(abspath $(O))

# Each of these keeps one CPU busy, so that as many run at once as there are.
slow_runs := slow-large slow-tlb slow-cachegrind slow-formats check-programs

.PHONY: $(slow_runs)
slow-large: $(O)/kmemsim-tests
	$(Q)KMEMSIM_LARGE=1 $(run_tests) $(O)/kmemsim-tests large_recording

slow-tlb: $(O)/kmemsim-tests
	$(Q)KMEMSIM_SLOW=1 $(run_tests) $(O)/kmemsim-tests tlb_model

slow-cachegrind: $(O)/kmemsim-tests
	$(Q)KMEMSIM_SLOW=1 $(run_tests) $(O)/kmemsim-tests tlb_cachegrind

slow-formats: $(O)/kmemsim
	$(Q)O=$(O) CC='$(CC)' sh tests/formats.sh

check-slow: ## run what takes long: fuzz targets for 15 seconds each, mutants, real programs, the largest recording, TLBs
	$(Q)$(MAKE) --no-print-directory deps-test deps-programs
	$(Q)$(MAKE) --no-print-directory $(jobs) all libs $(O)/kmemsim-tests $(fuzz_targets)
	$(Q)$(MAKE) --no-print-directory $(jobs) -Otarget $(slow_runs)
	$(Q)$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=15
	$(Q)$(MAKE) --no-print-directory mutants

# What the check needs, before the check itself: that one keeps its order.
build-check: $(if $(SUITE),tests,all tests $(fuzz_targets) $(O)/kmemsim-tests-cov $(preload_programs) $(record_programs))

# ---- coverage --------------------------------------------------------------

$(O)/kmemsim-tests-cov: $(filter-out $(O)/cov/sim/%,$(cov_objects))
	$(call say,LD,$@)
	$(Q)$(CC) --coverage -o $@ $^ $(test_libs)

coverage: $(O)/kmemsim-tests-cov ## measure line coverage of pagemap, buddy and slab; less than 90 % is an error
	$(Q)find $(O)/cov -name '*.gcda' -delete
	$(Q)$(O)/kmemsim-tests-cov >$(O)/cov/tests.log 2>&1 || { tail -30 $(O)/cov/tests.log; exit 1; }
	$(Q)sh tests/coverage.sh $(O)/cov 90 pagemap buddy slab

# The variables of docs/capture.md reach the script through the environment.
capture: $(O)/kmemsim $(O)/vm-player ## make a capture of a real kernel in QEMU (WORKLOAD=..., more in docs/capture.md)
	$(Q)exec env O='$(O)' V='$(V)' CC='$(CC)' sh sim/capture/capture.sh

check-capture: all $(O)/vm-player ## make a small capture and verify it; skipped where there is no QEMU
	$(Q)exec env O='$(O)' V='$(V)' CC='$(CC)' sh tests/capture.sh

