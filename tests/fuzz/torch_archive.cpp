// SPDX-License-Identifier: Apache-2.0
#include <mao/io/detail/zip_archive.hpp>
#include <mao/io/detail/zip_writer.hpp>
#include <mao/io/torch_archive.hpp>

#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pickle_mutator.hpp"

namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

Entries entries_of(std::string_view file) {
  Entries entries;
  const mao::ZipArchive archive(mao::copy_bytes(file, "fuzz"));
  for (const auto& [name, entry] : archive.entries()) {
    if (!entry.stored) continue;
    const auto content = archive.content(name);
    entries.emplace_back(name, std::string(content.data(), content.size()));
  }
  return entries;
}

std::string archive_of(const Entries& entries) {
  std::ostringstream out;
  mao::ZipWriter writer(out, "fuzz");
  for (const auto& [name, content] : entries) writer.add(name, content, 64);
  writer.finish();
  return out.str();
}

/// The pickle of an archive, operation by operation; now and then an entry's name or content, or that it is there.
std::string mutated_archive(std::string_view file, mao_fuzz::Dice& dice) {
  Entries entries = entries_of(file);
  for (auto& [name, content] : entries) {
    if (name.ends_with(".pkl") && mao_fuzz::below(dice, 4) != 0) content = mao_fuzz::mutated_pickle(content, dice);
  }
  if (!entries.empty() && mao_fuzz::below(dice, 4) == 0) {
    auto& [name, content] = entries[mao_fuzz::below(dice, entries.size())];
    switch (mao_fuzz::below(dice, 4)) {
      case 0: name = mao_fuzz::mutated(name); break;
      case 1: content = mao_fuzz::mutated(content); break;
      case 2: content.resize(mao_fuzz::below(dice, content.size() + 1)); break;
      default: entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(mao_fuzz::below(dice, entries.size())));
    }
  }
  return archive_of(entries);
}

}  // namespace

/// Any bytes give a `FormatError` or tensors whose every element can be read.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  try {
    for (const auto& [name, tensor] : mao::parse_torch_archive(mao::copy_bytes(content, "fuzz")).tensors) {
      static_cast<void>(tensor.clone());
    }
  } catch (const mao::FormatError&) {
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned int seed) {
  mao_fuzz::Dice dice(seed);
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  if (mao_fuzz::below(dice, 10) == 0) return LLVMFuzzerMutate(data, size, max_size);
  try {
    const bool is_zip = mao::ZipArchive::recognises({file.data(), file.size()});
    return mao_fuzz::give(is_zip ? mutated_archive(file, dice) : mao_fuzz::mutated_pickle(file, dice), data, size,
                          max_size);
  } catch (const mao::FormatError&) {  // its directory is damaged
    return LLVMFuzzerMutate(data, size, max_size);
  }
}
