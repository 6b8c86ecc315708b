// SPDX-License-Identifier: GPL-2.0
// kmemsim tests: the types of rust-enum.s and a few more, for where rustc is; prints
// name, "-", size, alignment; or name, member, offset, size.
#![allow(dead_code)]
use std::mem::{align_of, offset_of, size_of};

pub enum Shape { Dot, Circle(f64), Rect { w: u64, h: u64, tag: u8 }, Many(Vec<u32>), Big([u8; 1000]) }
pub enum Niche { Some(Box<u64>), Nothing }
pub struct Holder { s: Shape, o: Option<u64>, n: Niche, name: String, t: (u8, u64, u8) }
#[repr(C)] pub struct Plain { a: u8, b: u64 }
#[repr(C, packed(2))] pub struct Packed { a: u8, b: u64, c: u8 }
#[repr(C, align(64))] pub struct Lined { a: u8 }

#[inline(never)]
fn keep<T>(t: &T) { std::hint::black_box(t); }

macro_rules! whole { ($t:ident) => { println!("{} - {} {}", stringify!($t), size_of::<$t>(), align_of::<$t>()) } }
macro_rules! part { ($t:ident, $f:ident, $size:expr) => {
	println!("{} {} {} {}", stringify!($t), stringify!($f), offset_of!($t, $f), $size) } }

fn main() {
	keep(&Shape::Circle(1.0));
	keep(&Shape::Rect { w: 1, h: 2, tag: 3 });
	keep(&Shape::Many(vec![1]));
	keep(&Shape::Big([0; 1000]));
	keep(&Holder { s: Shape::Dot, o: Some(1), n: Niche::Nothing, name: "x".into(), t: (1, 2, 3) });
	keep(&Niche::Some(Box::new(1)));
	keep(&Plain { a: 1, b: 2 });
	keep(&Packed { a: 1, b: 2, c: 3 });
	keep(&Lined { a: 1 });
	whole!(Shape);
	whole!(Niche);
	whole!(Holder);
	part!(Holder, s, size_of::<Shape>());
	part!(Holder, name, size_of::<String>());
	part!(Holder, t, 16);
	whole!(Plain);
	part!(Plain, b, 8);
	whole!(Packed);
	part!(Packed, b, 8);
	whole!(Lined);
}
