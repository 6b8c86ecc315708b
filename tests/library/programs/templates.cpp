/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Work for g++: templates that make the compiler instantiate and keep thousands
 * of types (a table of functions for every pair of 8 types, lists of types sorted at
 * compile time, three variants visited at once), and for the program it becomes:
 * containers of strings, from four threads that free what others allocated. Prints
 * only what does not depend on who was first.
 */
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <queue>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace {

/* ---- types by number, sorted by the compiler --------------------------------------- */

template <unsigned N> struct number {
	static constexpr unsigned value = N;
	std::array<std::uint32_t, N % 13 + 1> data{};
};

template <typename... T> struct list {};

template <typename L, typename T> struct push_front;
template <typename... L, typename T> struct push_front<list<L...>, T> {
	using type = list<T, L...>;
};

template <typename T, typename L> struct insert {
	using type = list<T>;
};
template <typename T, typename Head, typename... Tail> struct insert<T, list<Head, Tail...>> {
	template <bool before, typename Dummy> struct choose {
		using type = list<T, Head, Tail...>;
	};
	template <typename Dummy> struct choose<false, Dummy> {
		using type = typename push_front<typename insert<T, list<Tail...>>::type, Head>::type;
	};
	using type = typename choose<(T::value < Head::value), void>::type;
};

template <typename L> struct sorted {
	using type = L;
};
template <typename Head, typename... Tail> struct sorted<list<Head, Tail...>> {
	using type = typename insert<Head, typename sorted<list<Tail...>>::type>::type;
};

template <typename L> struct sum;
template <typename... T> struct sum<list<T...>> {
	static constexpr unsigned weighted()
	{
		unsigned i = 0, total = 0;
		((total += ++i * T::value), ...);
		return total;
	}
};

template <std::size_t... I> auto shuffled(std::index_sequence<I...>) -> list<number<(I * 37 + 11) % 101>...>;
using mixed = decltype(shuffled(std::make_index_sequence<50>{}));
using ordered = sorted<mixed>::type;
static_assert(sum<ordered>::weighted() > sum<mixed>::weighted());

/* ---- a function for every pair of types --------------------------------------------- */

template <unsigned A, unsigned B> std::uint64_t combine(std::uint64_t x)
{
	std::tuple<number<A>, number<B>, std::array<number<(A * B) % 8>, 2>> all{};
	std::get<0>(all).data[A % (A % 13 + 1)] = static_cast<std::uint32_t>(x);
	std::get<1>(all).data[0] = B;
	return std::apply([x](const auto &...part) { return ((x * 31 + sizeof(part)) + ...); }, all) +
	       std::get<0>(all).data[0];
}

constexpr unsigned types = 8;
using function = std::uint64_t (*)(std::uint64_t);
template <std::size_t... I> constexpr std::array<function, types * types> make_table(std::index_sequence<I...>)
{
	return { &combine<I / types, I % types>... };
}
constexpr auto table = make_table(std::make_index_sequence<types * types>{});

/* ---- visiting three variants at once -------------------------------------------------- */

using value = std::variant<int, double, std::string, std::vector<int>, std::map<int, std::string>,
			   std::unique_ptr<std::string>, std::list<double>>;

struct measure {
	std::size_t one(int) const { return 1; }
	std::size_t one(double) const { return 2; }
	std::size_t one(const std::unique_ptr<std::string> &text) const { return text ? text->size() : 0; }
	template <typename T> std::size_t one(const T &some) const { return some.size() + 3; }
	template <typename A, typename B, typename C>
	std::size_t operator()(const A &a, const B &b, const C &c) const
	{
		return one(a) * 10007 + one(b) * 101 + one(c);
	}
};

value make_value(unsigned n)
{
	switch (n % 7) {
	case 0: return static_cast<int>(n);
	case 1: return n / 3.0;
	case 2: return std::string(n % 97, 'a');
	case 3: return std::vector<int>(n % 61, 7);
	case 4: return std::map<int, std::string>{ { 1, std::string(n % 50, 'b') }, { 2, "c" } };
	case 5: return std::make_unique<std::string>(n % 113, 'd');
	default: return std::list<double>(n % 17, 1.5);
	}
}

std::uint64_t visit_all()
{
	std::vector<value> values;
	std::uint64_t total = 0;

	for (unsigned n = 0; n < 20000; n++)
		values.push_back(make_value(n));
	for (std::size_t i = 2; i < values.size(); i++)
		total += std::visit(measure{}, values[i - 2], values[i - 1], values[i]);
	return total;
}

/* ---- threads that free what others allocated -------------------------------------------- */

class exchange {
public:
	void put(std::unique_ptr<std::string> text)
	{
		std::lock_guard<std::mutex> guard(lock_);
		texts_.push(std::move(text));
	}
	std::unique_ptr<std::string> take()
	{
		std::lock_guard<std::mutex> guard(lock_);
		if (texts_.empty())
			return nullptr;
		auto text = std::move(texts_.front());
		texts_.pop();
		return text;
	}

private:
	std::mutex lock_;
	std::queue<std::unique_ptr<std::string>> texts_;
};

std::uint64_t trade(exchange &market, unsigned who)
{
	std::unordered_map<unsigned, std::string> words;
	std::set<std::string> seen;
	std::uint64_t total = 0;

	for (unsigned n = 0; n < 60000; n++) {
		unsigned x = (n + who * 7919) * 2654435761u;

		market.put(std::make_unique<std::string>(x % 700, 'x'));
		words[x % 5000] = std::string(x % 90, 'y');
		if (x % 3 == 0)
			words.erase(x % 4999);
		if (n % 20 == 0)
			seen.insert(std::to_string(x));
		if (n % 4 != 0)
			market.take();
	}
	for (const auto &word : words)
		total += word.second.size() * (word.first + 1);
	return total + seen.size();
}

std::uint64_t trade_in_threads()
{
	std::array<std::uint64_t, 4> totals{};
	std::vector<std::thread> threads;
	exchange market;

	for (unsigned who = 0; who < totals.size(); who++)
		threads.emplace_back([&market, &totals, who] { totals[who] = trade(market, who); });
	for (auto &thread : threads)
		thread.join();
	while (market.take())
		;
	return std::accumulate(totals.begin(), totals.end(), std::uint64_t{ 0 });
}

} // namespace

int main()
{
	std::uint64_t x = 1;

	for (const auto &call : table)
		x = call(x);
	std::printf("types %u, table %llu\n", sum<ordered>::weighted(), static_cast<unsigned long long>(x));
	std::printf("variants %llu\n", static_cast<unsigned long long>(visit_all()));
	std::printf("threads %llu\n", static_cast<unsigned long long>(trade_in_threads()));
	return 0;
}
