// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <mao/core/error.hpp>
#include <mao/data/base_new.hpp>
#include <mao/data/few_shot.hpp>
#include <mao/data/split_json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "json_mutator.hpp"

/// Any text gives a `FormatError`, a `DataError`, or a data set that can be drawn from and halved.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const mao::Dataset dataset = mao::parse_split_json(text, "images", "fuzz");
    static_cast<void>(mao::draw_few_shot(dataset, 2, size));
    static_cast<void>(mao::split_base_new(dataset));
  } catch (const mao::FormatError&) {
  } catch (const mao::DataError&) {
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned int seed) {
  static const std::vector<std::string> parts{"\"train\"",
                                              "\"val\"",
                                              "\"test\"",
                                              "\"a/1.jpg\"",
                                              "\"../b.jpg\"",
                                              "\"/c.jpg\"",
                                              "\"a\"",
                                              "\"b_c\"",
                                              "\"B c\"",
                                              "1",
                                              "2",
                                              "[\"a/1.jpg\",0,\"a\"]",
                                              "[\"b/9.jpg\",1,\"b\"]",
                                              "[\"c\",7,\"c\"]",
                                              "[]",
                                              "\"train\":[]",
                                              "1.0",
                                              " \n"};
  mao_fuzz::Dice dice(seed);
  if (mao_fuzz::below(dice, 10) == 0) return LLVMFuzzerMutate(data, size, max_size);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  return mao_fuzz::give(mao_fuzz::mutated_json(text, parts, dice), data, size, max_size);
}
