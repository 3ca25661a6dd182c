// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <mao/core/error.hpp>
#include <mao/data/base_new.hpp>
#include <mao/data/few_shot.hpp>
#include <mao/data/split_json.hpp>
#include <string_view>

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
