// SPDX-License-Identifier: GPL-2.0
// kmemsim tests: C++ whose places are not obvious; prints what the compiler made of it:
// name, "-", size, alignment; or name, member, offset, size.
#include <cstddef>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>

struct nothing {};
struct leaf : nothing { int first; char second; };			// an empty base takes no room
struct root { long number; char letter; virtual ~root() {} };
struct left : virtual root { char c; };
struct right : virtual root { int d; };
struct diamond : left, right { char e; long f; };
struct shared { [[no_unique_address]] nothing n; int x; [[no_unique_address]] nothing m; char y; };
struct flags { unsigned a : 3; unsigned : 0; unsigned b : 5; bool c : 1; char d; };
struct wide { int w : 40; char after; };				// wider than its type: allowed, and not packed
struct standard {
	std::function<void()> call;
	std::optional<long> maybe;
	std::variant<int, std::string> either;
	std::map<int, std::string> map;
	char last;
};
struct statics { static int nowhere; int x; using alias = long; alias y; };
namespace ns {
template <class T, int N> struct list { char c; T items[N]; short n; struct inner { char q; T w; } in; };
}

leaf a_leaf;
diamond a_diamond;
shared a_shared;
flags some_flags;
wide a_wide;
standard a_standard;
statics a_statics;
ns::list<double, 3> doubles;
ns::list<char, 1> chars;

#define WHOLE(type) printf("%s - %zu %zu\n", #type, sizeof(type), alignof(type))
#define PART(type, member) printf("%s %s %zu %zu\n", #type, #member, offsetof(type, member), sizeof(type::member))

int main()
{
	WHOLE(leaf);
	PART(leaf, second);
	WHOLE(root);
	WHOLE(diamond);
	WHOLE(shared);
	PART(shared, x);
	PART(shared, y);
	WHOLE(flags);
	PART(flags, d);
	WHOLE(wide);
	PART(wide, after);
	WHOLE(standard);
	PART(standard, maybe);
	PART(standard, either);
	PART(standard, map);
	PART(standard, last);
	WHOLE(statics);
	PART(statics, y);
	return (int)chars.in.w;
}
