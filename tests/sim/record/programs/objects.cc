// SPDX-License-Identifier: GPL-2.0
/* Containers of C++ and threads: new and delete come through malloc and free. */
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

struct __attribute__((aligned(64))) line {
	char bytes[64];
};

static void __attribute__((noinline)) fill(std::map<int, std::string> &map, int from)
{
	for (int i = 0; i < 2000; i++)
		map[from + i] = std::string(20 + i % 50, 'x');
	for (int i = 0; i < 2000; i += 2)
		map.erase(from + i);
}

int main()
{
	std::vector<std::thread> threads;
	std::map<int, std::string> maps[4];
	std::vector<std::unique_ptr<line>> lines;

	for (int i = 0; i < 4; i++)
		threads.emplace_back([&maps, i] { fill(maps[i], i * 10000); });
	for (int i = 0; i < 500; i++)
		lines.push_back(std::make_unique<line>());
	for (auto &thread : threads)
		thread.join();
	try {
		throw std::string("thrown");
	} catch (const std::string &text) {
		return text.size() != 6;
	}
}
