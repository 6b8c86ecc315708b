# SPDX-License-Identifier: GPL-2.0
#
# kmemsim tests: debug information as rustc writes it, by hand and without any code,
# so that no rustc is needed:
#
#	mod m {
#		enum Shape { Dot, Circle(f64), Big([u64; 3]) }		tag at 0, payload at 8
#		struct Holder { s: Shape, n: u64, tag: u8 }		7 bytes of padding
#		struct Plain { a: u64, b: u8 }				the same
#		union Either { s: Shape, n: u64 }
#	}

# An entry of the table of abbreviations: code, tag, children or not, then attributes and forms.
	.macro	abbrev code, tag, children
	.uleb128 \code, \tag
	.byte	\children
	.endm
	.macro	attribute name, form
	.uleb128 \name, \form
	.endm

	.section .debug_abbrev,"",@progbits
	abbrev	1, 0x11, 1		# compile_unit
	attribute 0x13, 0x05		#   language, data2
	attribute 0x03, 0x08		#   name, string
	attribute 0, 0
	abbrev	2, 0x39, 1		# namespace
	attribute 0x03, 0x08
	attribute 0, 0
	abbrev	3, 0x13, 1		# structure_type with children
	attribute 0x03, 0x08
	attribute 0x0b, 0x0b		#   byte_size, data1
	attribute 0x88, 0x0f		#   alignment, udata
	attribute 0, 0
	abbrev	4, 0x13, 0		# structure_type without
	attribute 0x03, 0x08
	attribute 0x0b, 0x0b
	attribute 0x88, 0x0f
	attribute 0, 0
	abbrev	5, 0x33, 1		# variant_part
	attribute 0x15, 0x13		#   discr, ref4
	attribute 0, 0
	abbrev	6, 0x0d, 0		# member, the tag
	attribute 0x49, 0x13		#   type, ref4
	attribute 0x38, 0x0b		#   data_member_location, data1
	attribute 0x34, 0x19		#   artificial, flag_present
	attribute 0, 0
	abbrev	7, 0x19, 1		# variant
	attribute 0x16, 0x0b		#   discr_value, data1
	attribute 0, 0
	abbrev	8, 0x0d, 0		# member
	attribute 0x03, 0x08
	attribute 0x49, 0x13
	attribute 0x38, 0x0b
	attribute 0, 0
	abbrev	9, 0x24, 0		# base_type
	attribute 0x03, 0x08
	attribute 0x0b, 0x0b
	attribute 0x3e, 0x0b		#   encoding, data1
	attribute 0, 0
	abbrev	10, 0x01, 1		# array_type
	attribute 0x49, 0x13
	attribute 0, 0
	abbrev	11, 0x21, 0		# subrange_type
	attribute 0x37, 0x0b		#   count, data1
	attribute 0, 0
	abbrev	12, 0x17, 1		# union_type
	attribute 0x03, 0x08
	attribute 0x0b, 0x0b
	attribute 0x88, 0x0f
	attribute 0, 0
	.byte	0

	.macro	end			# of the children of one entry
	.uleb128 0
	.endm
	.macro	type code, name, size, align
	.uleb128 \code
	.string	"\name"
	.byte	\size
	.uleb128 \align
	.endm
	.macro	member name, type, offset
	.uleb128 8
	.string	"\name"
	.long	\type - unit
	.byte	\offset
	.endm
	.macro	variant value, name, type
	.uleb128 7
	.byte	\value
	member	\name, \type, 0
	end
	.endm

	.section .debug_info,"",@progbits
unit:
	.long	unit_end - unit_body
unit_body:
	.short	5
	.byte	1, 8			# DW_UT_compile, bytes of an address
	.long	0
	.uleb128 1
	.short	0x1c			# DW_LANG_Rust
	.string	"m.rs"
u64:	.uleb128 9
	.string	"u64"
	.byte	8, 7
f64:	.uleb128 9
	.string	"f64"
	.byte	8, 4
u8:	.uleb128 9
	.string	"u8"
	.byte	1, 7
array:	.uleb128 10
	.long	u64 - unit
	.uleb128 11
	.byte	3
	end
	.uleb128 2
	.string	"m"
holder:	type	3, "Holder", 48, 8
	member	"s", shape, 0
	member	"n", u64, 32
	member	"tag", u8, 40
	end
shape:	type	3, "Shape", 32, 8
	.uleb128 5
	.long	tag - unit
tag:	.uleb128 6
	.long	u64 - unit
	.byte	0
	variant	0, "Dot", dot
	variant	1, "Circle", circle
	variant	2, "Big", big
	end
dot:	type	4, "Dot", 32, 8
circle:	type	3, "Circle", 32, 8
	member	"__0", f64, 8
	end
big:	type	3, "Big", 32, 8
	member	"__0", array, 8
	end
	end
	type	3, "Plain", 16, 8
	member	"a", u64, 0
	member	"b", u8, 8
	end
	type	12, "Either", 32, 8
	member	"s", shape, 0
	member	"n", u64, 0
	end
	end
	end
unit_end:
	.section .note.GNU-stack,"",@progbits
