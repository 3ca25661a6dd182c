// SPDX-License-Identifier: Apache-2.0
#include <mao/models/text_batch.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/zeros.h>

#include <support/catch.hpp>

using namespace mao;

namespace {

/// Three rows of 2, 1 and 4 tokens behind two prefixes.
TextBatch three_rows() {
  TextBatch batch;
  batch.prefix = at::zeros({2, 5, 8});
  batch.suffix = at::zeros({7, 8});
  batch.offsets = {0, 2, 3, 7};
  batch.group = {0, 1, 0};
  return batch;
}

template <class Change>
void check_batch_refused(Change&& change, const std::string& message) {
  TextBatch batch = three_rows();
  change(batch);
  CHECK_THROWS_AS(batch.check(), ShapeError);
  CHECK_THROWS_WITH(batch.check(), ContainsSubstring(message));
}

}  // namespace

TEST_CASE("rows are counted by their groups and measured by their offsets", "[text_batch]") {
  const TextBatch batch = three_rows();
  CHECK_NOTHROW(batch.check());
  CHECK(batch.rows() == 3);
  CHECK(batch.suffix_length(0) == 2);
  CHECK(batch.suffix_length(2) == 4);
}

TEST_CASE("parts that do not fit together are refused, and the message says which", "[text_batch]") {
  check_batch_refused([](TextBatch& b) { b.prefix = Tensor(); }, "TextBatch::prefix is an undefined tensor");
  check_batch_refused([](TextBatch& b) { b.prefix = at::zeros({5, 8}); }, "TextBatch::prefix has shape [5, 8]");
  check_batch_refused(
      [](TextBatch& b) {
        b.suffix = at::zeros({7, 9});
      },
      "TextBatch::suffix has shape [7, 9], expected [-1, 8]");
  check_batch_refused(
      [](TextBatch& b) {
        b.offsets = {0, 2, 7};
      },
      "3 rows need 4 offsets from 0 to 7, got 3 from 0 to 7");
  check_batch_refused([](TextBatch& b) { b.offsets = {0, 2, 3, 6}; }, "got 4 from 0 to 6");
  check_batch_refused([](TextBatch& b) { b.offsets = {1, 2, 3, 7}; }, "got 4 from 1 to 7");
  check_batch_refused([](TextBatch& b) { b.offsets.clear(); }, "got none");
  check_batch_refused([](TextBatch& b) { b.offsets = {0, 3, 3, 7}; }, "row 1 has no token after its prefix");
  check_batch_refused([](TextBatch& b) { b.group[2] = 2; }, "row 2 refers to prefix group 2, there are 2");
  check_batch_refused([](TextBatch& b) { b.group[0] = -1; }, "row 0 refers to prefix group -1");
}
