# SPDX-License-Identifier: GPL-2.0
#
# kmemsim: the front door. `make help` lists what there is.
#
# Objects are listed in Kbuild files, one a folder, in the kernel's syntax;
# this file reads them. What belongs to the library, the tests, the benchmarks
# and the host's packages is in mk/. V=1 shows the commands, O=DIR builds elsewhere.

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

# For makes that only build: as many jobs at once as there are CPUs, unless the caller has said how many.
jobs = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

# Libraries that only some commands need; Kbuild files and $(libs) look at these.
CONFIG_LIBDW := $(shell pkg-config --exists libdw 2>/dev/null && echo y)
CONFIG_LIBTRACEEVENT := $(shell pkg-config --exists libtraceevent 2>/dev/null && echo y)
CONFIG_BABELTRACE2 := $(shell pkg-config --exists babeltrace2 2>/dev/null && echo y)
CONFIG_LIBARCHIVE := $(shell pkg-config --exists libarchive 2>/dev/null && echo y)

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
$(eval $(call read_kbuild,tests/))

# The library is built apart, from the same layers: see mk/library.mk.
test_objects := $(filter tests/%,$(objects))
objects := $(filter-out tests/%,$(objects))
malloc_objects := $(filter slab/malloc/%,$(objects))
sim_objects := $(filter-out slab/malloc/% sim/preload/% sim/record/preload/%,$(objects))
cmd_objects := $(filter sim/cmd/%,$(sim_objects))
lib_objects := $(filter-out sim/cmd/%,$(sim_objects))
lower_objects := $(filter pagemap/% buddy/% slab/%,$(sim_objects))

# ---- flags -----------------------------------------------------------------

warnings := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Wno-sign-compare -Wno-unused-parameter
# Some x86 cores decode a branch across a 32-byte border slowly (Intel's JCC erratum): keep them apart.
probe = $(shell echo 'int x;' | $(1) $(2) -Werror -x c -c -o /dev/null - 2>/dev/null && echo '$(2)')
branches := $(or $(call probe,$(CC),-Wa$(comma)-mbranches-within-32B-boundaries),$(call probe,$(CC),-mbranches-within-32B-boundaries))

base_flags := -std=gnu11 -D_GNU_SOURCE -I. $(warnings) $(WERROR) -MMD -MP
# Tests find their data by it; what is no test is the same wherever it was built.
srcdir := -DKMEMSIM_SRCDIR=\"$(CURDIR)\"
libs := -lnuma -ljansson -lzstd -lz -lm $(if $(CONFIG_LIBDW),$(shell pkg-config --libs libdw)) \
	$(if $(CONFIG_LIBTRACEEVENT),$(shell pkg-config --libs libtraceevent)) \
	$(if $(CONFIG_BABELTRACE2),$(shell pkg-config --libs babeltrace2)) \
	$(if $(CONFIG_LIBARCHIVE),$(shell pkg-config --libs libarchive))

.PHONY: all help demo golden clean

all: $(O)/kmemsim libs compile_commands.json ## build the program, build/kmemsim, and the libraries (what make alone does)

# The first ones of make help, in this order.
user_targets := demo check install all clean help

help: ## show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1|\2/p' Makefile mk/*.mk | awk -F'|' -v users='$(user_targets)' ' \
		{ text[$$1] = $$2; name[NR] = $$1 } \
		function show(target) { printf "  %-16s%s\n", target, text[target]; shown[target] = 1 } \
		END { \
			print "To use kmemsim:"; \
			nr = split(users, user, " "); \
			for (i = 1; i <= nr; i++) show(user[i]); \
			print "To work on it:"; \
			for (i = 1; i <= NR; i++) if (!shown[name[i]]) show(name[i]); \
		}'
	@echo 'Variables:'
	@echo '  O=DIR           build in DIR instead of build'
	@echo '  V=1             show each command'
	@echo '  CI=1            a compiler warning is an error'
	@echo '  SUITE=NAME      make check: only the suites and tests whose names contain NAME'
	@echo '  CC=, CLANG=, CFLAGS=, DESTDIR=, prefix= as usual'

# ---- building --------------------------------------------------------------

# $(call variant,NAME,COMPILER,FLAGS): rules for $(O)/NAME/*.o
#
# An object depends on its variant's command, not on this file or a Kbuild file:
# a new source file rebuilds only what is linked with it.
define variant
$(O)/$(1)/%.o: %.c $(O)/$(1)/command
	@mkdir -p $$(@D)
	$$(call say,CC,$$@)
	$$(Q)$(2) $(base_flags) $(3) $$(if $$(filter tests/%,$$<),$(srcdir)) -c -o $$@ $$<

$(O)/$(1)/command: FORCE
	@mkdir -p $$(@D)
	@printf '%s\n' '$(2) $(subst ','\'',$(base_flags) $(3) $(srcdir))' | cmp -s - $$@ || \
		printf '%s\n' '$(2) $(subst ','\'',$(base_flags) $(3) $(srcdir))' > $$@
endef

.PHONY: FORCE
FORCE:

$(eval $(call variant,obj,$(CC),$(CFLAGS) $(branches)))

# A list that lost an object makes the archive new, too.
$(O)/sim.a: $(addprefix $(O)/obj/,$(lib_objects)) $(kbuild_files)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar qcs $@ $(filter %.o,$^)

$(O)/kmemsim: $(addprefix $(O)/obj/,$(cmd_objects)) $(O)/sim.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(libs)

compile_commands.json: $(kbuild_files) $(O)/obj/command
	$(Q){ between='['; for file in $(patsubst %.o,%.c,$(objects) $(test_objects)); do \
		printf '%s\n {"directory": "%s", "file": "%s", "command": "%s -c %s"}' "$$between" \
			'$(CURDIR)' "$$file" "$$(printf '%s' '$(CC) $(filter-out -MMD -MP,$(base_flags)) $(CFLAGS) $(srcdir)' | \
			sed 's/\\/\\\\/g; s/"/\\"/g')" "$$file"; \
		between=','; done; printf '\n]\n'; } > $@

include mk/deps.mk mk/library.mk mk/tests.mk mk/bench.mk

# ---- the main job ----------------------------------------------------------

demo: ## install what the build needs, build, and print the report of a real trace
	$(Q)$(MAKE) --no-print-directory deps-build
	$(Q)$(MAKE) --no-print-directory $(jobs) all
	$(O)/kmemsim run tests/traces/loopback-http.perf.txt.zst

golden: all ## write the golden reports in tests/golden anew; look at each difference
	$(Q)mkdir -p tests/golden
	$(O)/kmemsim run --no-timing tests/traces/loopback-http.perf.txt.zst > tests/golden/loopback-http.txt
	$(O)/kmemsim run --no-timing --json - tests/traces/loopback-http.perf.txt.zst > tests/golden/loopback-http.json
	$(O)/kmemsim run --no-timing --csv - --mem 64M --nodes 2 tests/traces/gcc-hello.perf.txt.zst > tests/golden/gcc-hello-64M.csv
	$(O)/kmemsim run --no-timing --kallsyms tests/data/perf/plain.kallsyms tests/data/perf/plain.data.zst > tests/golden/perf-data.txt
	$(O)/kmemsim run --no-timing --kallsyms tests/data/perf/chains.kallsyms tests/data/perf/chains.data.zst > tests/golden/perf-data-chains.txt
	$(O)/kmemsim run --no-timing tests/data/access/touch.lackey > tests/golden/accesses.txt
	$(O)/kmemsim compare --slab slub,slub,cpu_partial=0,min_partial=0,sheaves tests/traces/gcc-hello.perf.txt.zst > tests/golden/compare-gcc-hello.txt

clean: ## remove what was built
	rm -rf $(O) compile_commands.json

# Below capture/ lie whole header trees, none of ours.
-include $(shell find $(O) -path $(O)/capture -prune -o -name '*.d' -print 2>/dev/null)
