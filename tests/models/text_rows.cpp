// SPDX-License-Identifier: Apache-2.0
#include <mao/models/detail/text_rows.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("rows of a group stand together, before their prefix", "[text_rows]") {
  TextBatch batch{at::zeros({2, 3, 8}), at::zeros({6, 8}), {0, 2, 5, 6}, {1, 0, 1}};
  const mao::detail::TextRows rows(batch);
  CHECK(rows.total() == 12);
  const auto all = rows.sequences(4, 0, false);
  REQUIRE(all.all.size() == 5);
  CHECK(all.ends == std::vector<std::size_t>{2, 5});
  CHECK(all.all[0].begin == 2);  // row 1 is the only one of group 0
  CHECK(all.all[0].prefix == 6);
  CHECK(all.all[1].begin == 6);  // group 0 itself
  CHECK(all.all[2].begin == 0);  // rows 0 and 2 are of group 1
  CHECK(all.all[3].begin == 5);
  CHECK(all.all[4].begin == 9);
  std::int64_t weights = 0, queries = 0;
  for (const auto& sequence : all.all) {
    CHECK(sequence.probabilities == weights);
    weights += sequence.queries * (4 + sequence.prefix_length + sequence.length);
    queries += sequence.queries;
  }
  CHECK(all.probabilities == weights);
  CHECK(queries == rows.total());
}

TEST_CASE("a read-out asks for the last token of each row, dead rows for nothing", "[text_rows]") {
  TextBatch batch{at::zeros({1, 3, 8}), at::zeros({5, 8}), {0, 2, 5}, {0, 0}};
  const mao::detail::TextRows rows(batch);
  const auto last = rows.sequences(0, 0, true);
  CHECK(last.all[1].first_query == 2);
  CHECK(last.all[1].queries == 1);
  CHECK(last.all[1].query_row == 1);
  CHECK(last.all[2].queries == 0);
  CHECK(rows.last().equal(at::tensor({std::int64_t{1}, std::int64_t{4}})));
  CHECK(rows.sequences(0, 2, false).all[2].queries == 1);
}
