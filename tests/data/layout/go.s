# SPDX-License-Identifier: GPL-2.0
#
# kmemsim tests: debug information as Go's compiler writes it (version 4, no lines of
# declarations, names with dots and brackets), by hand, so that no go is needed:
#
#	package main
#	type Inner struct { a byte; b uint64 }
#	type Mixed struct { a bool; p *int; s string; arr [3]Inner; z struct{}; x int32 }
#	type Pair[T any] struct { v T; n uint8 }		of string and of uint16

	.macro	abbrev code, tag, children
	.uleb128 \code, \tag
	.byte	\children
	.endm
	.macro	attribute name, form
	.uleb128 \name, \form
	.endm

	.section .debug_abbrev,"",@progbits
	abbrev	1, 0x11, 1		# compile_unit
	attribute 0x03, 0x08		#   name, string
	attribute 0x13, 0x0b		#   language, data1
	attribute 0, 0
	abbrev	2, 0x13, 1		# structure_type
	attribute 0x03, 0x08
	attribute 0x0b, 0x0f		#   byte_size, udata
	attribute 0x2900, 0x0b		#   Go's own: kind, data1
	attribute 0, 0
	abbrev	3, 0x0d, 0		# member
	attribute 0x03, 0x08
	attribute 0x38, 0x0f		#   data_member_location, udata
	attribute 0x49, 0x10		#   type, ref_addr
	attribute 0x2903, 0x0c		#   Go's own: embedded, flag
	attribute 0, 0
	abbrev	4, 0x24, 0		# base_type
	attribute 0x03, 0x08
	attribute 0x3e, 0x0b		#   encoding, data1
	attribute 0x0b, 0x0b
	attribute 0, 0
	abbrev	5, 0x0f, 0		# pointer_type
	attribute 0x03, 0x08
	attribute 0x49, 0x10
	attribute 0, 0
	abbrev	6, 0x01, 1		# array_type
	attribute 0x03, 0x08
	attribute 0x0b, 0x0f
	attribute 0x49, 0x10
	attribute 0, 0
	abbrev	7, 0x21, 0		# subrange_type
	attribute 0x49, 0x10
	attribute 0x37, 0x0f		#   count, udata
	attribute 0, 0
	abbrev	8, 0x13, 0		# structure_type without members
	attribute 0x03, 0x08
	attribute 0x0b, 0x0f
	attribute 0x2900, 0x0b
	attribute 0, 0
	.byte	0

	.macro	end
	.uleb128 0
	.endm
	.macro	struct name, size
	.uleb128 2
	.string	"\name"
	.uleb128 \size
	.byte	25
	.endm
	.macro	member name, offset, type
	.uleb128 3
	.string	"\name"
	.uleb128 \offset
	.long	\type
	.byte	0
	.endm
	.macro	base name, encoding, size
	.uleb128 4
	.string	"\name"
	.byte	\encoding, \size
	.endm

	.section .debug_info,"",@progbits
	.long	unit_end - unit_body
unit_body:
	.short	4
	.long	.debug_abbrev
	.byte	8
	.uleb128 1
	.string	"main"
	.byte	0x16			# DW_LANG_Go
bool:	base	"bool", 2, 1
uint8:	base	"uint8", 7, 1
uint16:	base	"uint16", 7, 2
int32:	base	"int32", 5, 4
int:	base	"int", 5, 8
uint64:	base	"uint64", 7, 8
int_p:	.uleb128 5
	.string	"*int"
	.long	int
uint8_p: .uleb128 5
	.string	"*uint8"
	.long	uint8
string:	struct	"string", 16
	member	"str", 0, uint8_p
	member	"len", 8, int
	end
empty:	.uleb128 8
	.string	"struct {}"
	.uleb128 0
	.byte	25
inner:	struct	"main.Inner", 16
	member	"a", 0, uint8
	member	"b", 8, uint64
	end
inners:	.uleb128 6
	.string	"[3]main.Inner"
	.uleb128 48
	.long	inner
	.uleb128 7
	.long	int
	.uleb128 3
	end
	struct	"main.Mixed", 88
	member	"a", 0, bool
	member	"p", 8, int_p
	member	"s", 16, string
	member	"arr", 32, inners
	member	"z", 80, empty
	member	"x", 80, int32
	end
	struct	"main.Pair[string]", 24
	member	"v", 0, string
	member	"n", 16, uint8
	end
	struct	"main.Pair[uint16]", 4
	member	"v", 0, uint16
	member	"n", 2, uint8
	end
	end
unit_end:
	.section .note.GNU-stack,"",@progbits
