/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: which type a name means: what a user types, and what a kernel calls
 * the cache of a struct; see layout.h and usage.h. Pure functions.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "sim/layout/usage.h"

/* Behind the last "::" that is in no template's angle brackets. */
static const char *without_scope(const char *name)
{
	const char *last = name;
	int brackets = 0;

	for (; *name; name++) {
		brackets += *name == '<';
		brackets -= *name == '>';
		if (!brackets && name[0] == ':' && name[1] == ':')
			last = name + 2;
	}
	return last;
}

bool layout_matches(const struct layout_type *type, const char *pattern)
{
	static const char *const keywords[] = { "struct ", "class ", "union " };
	size_t i;

	for (i = 0; i < 3; i++) {
		size_t len = strlen(keywords[i]);

		if (strncmp(pattern, keywords[i], len))
			continue;
		if ((type->kind == LAYOUT_UNION) != (i == 2))
			return false;
		pattern += len + strspn(pattern + len, " ");
		break;
	}
	/* The brackets of Go's generics, main.Pair[string], mean something in a pattern. */
	return !strcmp(pattern, type->name) || !fnmatch(pattern, type->name, 0) ||
	       !fnmatch(pattern, without_scope(type->name), 0);
}

/* ---- caches ------------------------------------------------------------------------ */

/* Caches of Linux 5.4 to 6.18 whose names do not lead to their structs by the rules below. */
static const struct {
	const char *cache, *type;
} aliases[] = {
	{ "Acpi-Namespace", "acpi_namespace_node" },
	{ "Acpi-Operand", "acpi_operand_object" },
	{ "Acpi-Parse", "acpi_parse_obj_common" },
	{ "Acpi-ParseExt", "acpi_parse_obj_named" },
	{ "Acpi-State", "acpi_generic_state" },
	{ "PING", "inet_sock" },
	{ "RAW", "raw_sock" },
	{ "RAWv6", "raw6_sock" },
	{ "TCP", "tcp_sock" },
	{ "TCPv6", "tcp6_sock" },
	{ "UDP", "udp_sock" },
	{ "UDPv6", "udp6_sock" },
	{ "UNIX", "unix_sock" },
	{ "UNIX-STREAM", "unix_sock" },
	{ "bdev_cache", "bdev_inode" },
	{ "blkdev_ioc", "io_context" },
	{ "eventpoll_epi", "epitem" },
	{ "eventpoll_pwq", "eppoll_entry" },
	{ "ext4_groupinfo_4k", "ext4_group_info" },
	{ "file_lock_ctx", "file_lock_context" },
	{ "filp", "file" },
	{ "fscrypt_inode_info", "fscrypt_info" },
	{ "ip6_dst_cache", "rt6_info" },
	{ "ip_dst_cache", "rtable" },
	{ "ip_fib_alias", "fib_alias" },
	{ "ip_fib_trie", "key_vector" },
	{ "jbd2_journal_head", "journal_head" },
	{ "jbd2_transaction_s", "transaction_s" },
	{ "mnt_cache", "mount" },
	{ "net_namespace", "net" },
	{ "numa_policy", "mempolicy" },
	{ "radix_tree_node", "xa_node" },
	{ "request_sock_TCP", "tcp_request_sock" },
	{ "request_sock_TCPv6", "tcp6_request_sock" },
	{ "shared_policy_node", "sp_node" },
	{ "skbuff_ext_cache", "skb_ext" },
	{ "skbuff_fclone_cache", "sk_buff_fclones" },
	{ "skbuff_head_cache", "sk_buff" },
	{ "sock_inode_cache", "socket_alloc" },
	{ "tw_sock_TCP", "tcp_timewait_sock" },
	{ "tw_sock_TCPv6", "tcp6_timewait_sock" },
};

static const char *const cache_suffixes[] = { "_cachep", "_cache", "_slab", "_jar" };
/* "signal_cache" holds signal_struct, "ext4_inode_cache" ext4_inode_info. */
static const char *const type_suffixes[] = { "_struct", "_info", "" };

bool usage_candidate(const char *cache, unsigned int nr, char *name, size_t size)
{
	size_t i, len = strlen(cache);

	for (i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (!strcmp(aliases[i].cache, cache) && !nr--) {
			snprintf(name, size, "%s", aliases[i].type);
			return true;
		}
	if (!nr--) {
		snprintf(name, size, "%s", cache);
		return true;
	}
	for (i = 0; i < sizeof(cache_suffixes) / sizeof(cache_suffixes[0]); i++) {
		size_t suffix = strlen(cache_suffixes[i]);

		if (len <= suffix || strcmp(cache + len - suffix, cache_suffixes[i]))
			continue;
		if (nr >= sizeof(type_suffixes) / sizeof(type_suffixes[0]))
			return false;
		snprintf(name, size, "%.*s%s", (int)(len - suffix), cache, type_suffixes[nr]);
		return true;
	}
	return false;
}
