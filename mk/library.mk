# SPDX-License-Identifier: GPL-2.0
#
# kmemsim: the allocators as a library for ordinary programs.

# The layers below once more, as code that may lie anywhere, and slab/malloc/
# above them; what slab/malloc/kmemsim.h does not declare stays inside.
pic := -fPIC -fvisibility=hidden -ftls-model=initial-exec -fno-semantic-interposition
$(eval $(call variant,lib,$(CC),$(CFLAGS) $(branches) $(pic)))
library_objects := $(addprefix $(O)/lib/,$(filter-out pagemap/bind.o pagemap/tlb/%,$(lower_objects)) \
	$(filter-out slab/malloc/malloc.o,$(malloc_objects)))

# nodelete: threads that used the library call it when they end, also after a dlclose().
library_link = $(CC) $(CFLAGS) -shared -Wl,-soname,$(notdir $@).0 -Wl,-z,defs -Wl,-z,nodelete \
	-Wl,--version-script=slab/malloc/symbols.map -o $@ $(filter %.o,$^) -lpthread

.PHONY: libs install check-install
libs: $(O)/libkmemsim.so $(O)/libkmemsim.a $(O)/libkmemsim-malloc.so $(O)/libkmemsim-record.so

$(O)/libkmemsim.so: $(library_objects) slab/malloc/symbols.map
	$(call say,LD,$@)
	$(Q)$(library_link)
	$(Q)ln -sf libkmemsim.so $(O)/libkmemsim.so.0

# The report of the running program, from the simulator's code; jansson as a part of it, where there is
# a static one, so that no program has to load it.
preload_objects := $(addprefix $(O)/lib/,slab/malloc/malloc.o $(filter sim/preload/%,$(objects)) \
	sim/metrics/metrics.o sim/replay/ledger.o sim/util/live.o sim/util/bigmem.o sim/machine/machine.o \
	$(filter sim/report/emit/%,$(objects)) $(addprefix sim/report/,machine.o caches.o))
jansson := $(or $(wildcard $(shell $(CC) -print-file-name=libjansson.a)),-ljansson)

# initfirst: its fork handlers are to be registered before any other library's (slab/malloc/thread.c).
$(O)/libkmemsim-malloc.so: $(library_objects) $(preload_objects) slab/malloc/symbols.map
	$(call say,LD,$@)
	$(Q)$(library_link) $(jansson) -Wl,--exclude-libs,ALL -Wl,-z,initfirst

# The recorder of malloc calls: nothing of the layers, and no library but the C library.
$(O)/libkmemsim-record.so: $(addprefix $(O)/lib/,$(filter sim/record/preload/%,$(objects)))
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) -shared -Wl,-soname,$(notdir $@) -Wl,-z,defs -Wl,-z,nodelete -o $@ $^

# One object whose inner names are local, so that they can't meet a program's.
$(O)/libkmemsim.a: $(library_objects)
	$(call say,AR,$@)
	$(Q)ld -r -o $(O)/lib/kmemsim.o $^ && objcopy --localize-hidden $(O)/lib/kmemsim.o
	$(Q)rm -f $@ && ar qcs $@ $(O)/lib/kmemsim.o

prefix ?= /usr/local
version := $(shell sed -n 's/^\#define KMS_VERSION "\(.*\)"/\1/p' slab/malloc/kmemsim.h)
root := $(DESTDIR)$(prefix)

install: all ## install program, libraries, header and man pages below DESTDIR and prefix (/usr/local)
	install -D -m 755 $(O)/kmemsim $(root)/bin/kmemsim
	install -d $(root)/lib/pkgconfig $(root)/share/man/man3
	install -m 755 $(O)/libkmemsim.so $(root)/lib/libkmemsim.so.$(version)
	ln -sf libkmemsim.so.$(version) $(root)/lib/libkmemsim.so.0
	ln -sf libkmemsim.so.0 $(root)/lib/libkmemsim.so
	install -m 755 $(O)/libkmemsim-malloc.so $(root)/lib/libkmemsim-malloc.so
	install -m 755 $(O)/libkmemsim-record.so $(root)/lib/libkmemsim-record.so
	install -m 644 $(O)/libkmemsim.a $(root)/lib/libkmemsim.a
	install -D -m 644 slab/malloc/kmemsim.h $(root)/include/kmemsim.h
	sed 's,@prefix@,$(prefix),; s,@version@,$(version),' slab/malloc/kmemsim.pc.in > $(root)/lib/pkgconfig/kmemsim.pc
	install -m 644 docs/man/*.3 $(root)/share/man/man3/

check-install: all ## install below build/install, and try the README's example and the versions there
	$(Q)rm -rf $(O)/install && $(MAKE) --no-print-directory -s install DESTDIR=$(abspath $(O))/install prefix=/usr
	$(Q)CC='$(CC)' sh tests/library/install.sh $(abspath $(O))/install

