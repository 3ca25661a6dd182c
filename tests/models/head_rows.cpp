// SPDX-License-Identifier: Apache-2.0
// What a sequence sees: attended rows, its prefix, itself, in this order, from fp32 and bf16.
#include <mao/models/detail/head_rows.hpp>

#include <numeric>

#include <support/catch.hpp>

#if MAO_HAS_AVX512_KERNELS

using namespace mao::detail;

TEST_CASE("seen rows stand in the order attended, prefix, own", "[head_rows]") {
  if (mao::instruction_set() == mao::InstructionSet::Portable) return;
  std::vector<float> keys(6 * head_width), values(6 * head_width);
  std::iota(keys.begin(), keys.end(), 0.0F);
  std::iota(values.begin(), values.end(), 1000.0F);
  // Rows 0 and 1 are a sequence of its own, 2 to 4 its prefix, 5 is attended by all.
  const HeadRows<const float> from{.key = keys.data(),
                                   .value = values.data(),
                                   .key_stride = head_width,
                                   .attended_key = keys.data() + 5 * head_width,
                                   .attended_value = values.data() + 5 * head_width,
                                   .attended_stride = head_width};
  const PackedSequence own{.begin = 0, .length = 2, .prefix = 2, .prefix_length = 3, .queries = 2};
  const PackedSequence prefix{.begin = 2, .length = 3, .queries = 3, .query_row = 2};
  PackedSequences sequences;
  sequences.attended = 1;
  SeenRows seen;
  seen.share(from, sequences, prefix, 0);
  seen.own(from, own, 0);
  REQUIRE(seen.size() == 6);
  const std::vector<std::size_t> order{5, 2, 3, 4, 0, 1};
  for (std::size_t j = 0; j < order.size(); ++j) {
    CHECK(seen.key(j)[3] == keys[order[j] * head_width + 3]);
    CHECK(seen.value(j)[63] == values[order[j] * head_width + 63]);
    CHECK(seen.key_gradient(j)[0] == 0);
  }
  CHECK(seen.seen_by(0) == 5);  // its first row: attended, prefix and itself
  seen.own(from, prefix, 0);
  CHECK(seen.size() == 4);
  CHECK(seen.seen_by(0) == 2);  // the prefix's first row: attended and itself
}

#endif
