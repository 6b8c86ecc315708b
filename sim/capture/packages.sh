# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Debian packages fetched and unpacked below the build folder, none of them
# installed: a kernel installed on the host would be booted by it one day.
# Sourced by capture.sh, which sets $work (the folder) and say(). apt checks
# the signatures.

debs=${work:?}/debs

# Leaves the files of package $1 below folder $2; $3.. limit it to those paths of the package.
unpack_package() {
	package=$1
	into=$2
	shift 2
	stamp=$into/.unpacked-$package-$(echo "$*" | cksum | cut -d' ' -f1)
	[ -e "$stamp" ] && return
	mkdir -p "$debs/$package" "$into"
	deb=$(find "$debs/$package" -name '*.deb')
	if [ -z "$deb" ]; then
		say "fetching $package"
		(cd "$debs/$package" && apt-get -qq -o APT::Sandbox::User=root download "$package") ||
			skip "the package $package cannot be fetched"
		deb=$(find "$debs/$package" -name '*.deb')
	fi
	if [ $# = 0 ]; then
		dpkg-deb -x "$deb" "$into"
	else
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$into" --wildcards "$@"
	fi
	rm -r "${debs:?}/$package"
	: > "$stamp"
}

# Prints the newest release of series or release $1 whose image and headers both can be had.
newest_release() {
	if apt-cache show "linux-headers-$1" >/dev/null 2>&1 &&
	   apt-cache show "linux-image-$1" >/dev/null 2>&1; then
		case $1 in *-amd64) echo "$1"; return ;; esac
	fi
	apt-cache pkgnames "linux-headers-$1." | sed -n 's/^linux-headers-\(.*-amd64\)$/\1/p' |
		grep -vE -- '-(cloud|rt)-amd64$' | sort -rV | while read -r candidate; do
			apt-cache show "linux-image-$candidate" >/dev/null 2>&1 || continue
			echo "$candidate"
			break
		done
}

# The kernel's own packages that the headers of release $1 want, without a kernel image.
headers_packages() {
	echo "linux-headers-$1"
	apt-cache show --no-all-versions "linux-headers-$1" | sed -n 's/^Depends: //p' | tr ',|' '[\n*]' |
		sed -nE 's/^ *(linux-(headers|kbuild|compiler)-[^ ]+).*/\1/p'
}

# Leaves vmlinuz and the folders of the modules that the guest loads in $2, of release $1.
unpack_kernel() {
	unpack_package "linux-image-$1" "$2" './boot/vmlinuz-*' './lib/modules/*/kernel/drivers/virtio/*' \
		'./lib/modules/*/kernel/drivers/block/*' './lib/modules/*/kernel/net/9p/*' \
		'./lib/modules/*/kernel/fs/*' './lib/modules/*/kernel/mm/*' './lib/modules/*/kernel/lib/*'
}

# What ext4 needs beside what unpack_kernel() leaves there.
unpack_files_modules() {
	unpack_package "linux-image-$1" "$2" './lib/modules/*/kernel/crypto/crc32c*'
}

# Leaves a header tree of release $1 in $2 that modules can be built with where it lies.
unpack_headers() {
	headers_packages "$1" > "$work/packages.list"
	while read -r wanted; do
		unpack_package "$wanted" "$2"
	done < "$work/packages.list"
	rm "$work/packages.list"
	# The package names its other half by the place where it would be installed.
	sed -i "s,^include .*/\(linux-headers-[^/]*\)/Makefile,include $2/usr/src/\1/Makefile," \
		"$2/usr/src/linux-headers-$1/Makefile"
}

# Leaves busybox and trace-cmd with its libraries in $1.
unpack_guest_tools() {
	unpack_package busybox-static "$1" ./bin/busybox
	unpack_package trace-cmd "$1" ./usr/bin/trace-cmd
	unpack_package libtraceevent1 "$1" './usr/lib/*'
	unpack_package libtracefs1 "$1" './usr/lib/*'
	unpack_package libzstd1 "$1" './usr/lib/*'
	unpack_package libc6 "$1" './lib/*/ld-linux-*' './lib/*/libc.so.6' './lib64/*'
}
