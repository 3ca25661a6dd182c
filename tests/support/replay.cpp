// SPDX-License-Identifier: Apache-2.0
// The main function of a fuzz target that is built without libFuzzer: reads every named file once, and then as the
// target's mutator changes it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// A target without a mutator lacks it.
extern "C" [[gnu::weak]] std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                                             unsigned int seed);

/// libFuzzer's own mutation, which is not here: the bytes become 255, 0 or one more.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size) {
  for (std::size_t i = size / 2; i < size; i += 7)
    data[i] = static_cast<std::uint8_t>(i % 3 == 0 ? 255 * (i % 2) : data[i] + 1);
  return std::min(size, max_size);
}

namespace {

/// In memory of exactly their size, so that a sanitizer or valgrind notices what is read behind it.
void read(const std::vector<std::uint8_t>& bytes) { LLVMFuzzerTestOneInput(bytes.data(), bytes.size()); }

void read_changed(const std::vector<std::uint8_t>& bytes, unsigned int seed) {
  std::vector<std::uint8_t> changed(bytes);
  changed.resize(std::max<std::size_t>(4096, 2 * bytes.size()));
  const std::size_t size = LLVMFuzzerCustomMutator(changed.data(), bytes.size(), changed.size(), seed);
  read({changed.begin(), changed.begin() + static_cast<std::ptrdiff_t>(size)});
}

}  // namespace

int main(int count, char** names) {
  for (int i = 1; i < count; ++i) {
    std::cout << names[i] << std::endl;  // a crash comes after its name
    std::ifstream file(names[i], std::ios::binary);
    const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
    if (!file.is_open()) {
      std::cerr << "cannot be read\n";
      return 1;
    }
    try {
      read(bytes);
      for (unsigned int seed = 1; LLVMFuzzerCustomMutator && !bytes.empty() && seed <= 8; ++seed)
        read_changed(bytes, seed);
    } catch (const std::exception& failure) {
      std::cerr << failure.what() << '\n';
      return 1;
    }
  }
  return count > 1 ? 0 : 1;
}
