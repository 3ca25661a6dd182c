// SPDX-License-Identifier: Apache-2.0
#include <mao/data/few_shot_pickle.hpp>
#include <mao/io/detail/pickle.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "pickle_mutator.hpp"

namespace {

mao::Dataset two_images() {
  mao::Dataset dataset;
  dataset.root = "root";
  dataset.classes.names = {"a", "b"};
  dataset.train = {{.path = "a/0.jpg", .label = 0}, {.path = "b/1.jpg", .label = 1}};
  dataset.val = {{.path = "a/2.jpg", .label = 0}};
  return dataset;
}

}  // namespace

/// Any bytes give a `FormatError`, a `DataError`, or a value of which every part can be looked at.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const mao::Dataset dataset = two_images();
  const std::span<const char> bytes(reinterpret_cast<const char*>(data), size);
  try {
    const mao::PickleValue value = mao::parse_pickle(bytes, "fuzz");
    for (const auto kind : {mao::PickleKind::object, mao::PickleKind::dict, mao::PickleKind::tuple}) {
      for (const mao::PickleValue& each : value.all_of_document(kind)) {
        static_cast<void>(each.class_name());
        static_cast<void>(each.find("train"));
        for (std::size_t i = 0; i < each.size(); ++i) static_cast<void>(each[i].kind());
        for (std::size_t i = 0; i < each.entry_count(); ++i) static_cast<void>(each.entry(i).second.kind());
        if (each.state()) static_cast<void>(each.state()->kind());
      }
    }
  } catch (const mao::FormatError&) {
  }
  try {
    static_cast<void>(mao::parse_few_shot_pickle(bytes, "fuzz", dataset));
  } catch (const mao::FormatError&) {
  } catch (const mao::DataError&) {
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned int seed) {
  mao_fuzz::Dice dice(seed);
  if (mao_fuzz::below(dice, 10) == 0) return LLVMFuzzerMutate(data, size, max_size);
  const std::string_view pickle(reinterpret_cast<const char*>(data), size);
  return mao_fuzz::give(mao_fuzz::mutated_pickle(pickle, dice), data, size, max_size);
}
