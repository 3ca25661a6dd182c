// SPDX-License-Identifier: Apache-2.0
#include <mao/core/error.hpp>
#include <mao/kernels/cuda/buckets.hpp>

#include <support/catch.hpp>

using namespace mao::cuda;

TEST_CASE("buckets hold what is asked for, waste little, and are few") {
  std::int64_t before = 0;
  for (std::int64_t n = 1; n <= 5000; ++n) {
    const std::int64_t rows = row_bucket(n), tokens = token_bucket(n);
    CHECK(rows >= n);
    CHECK(rows - n < (n <= 16 ? 8 : 32));
    CHECK(tokens >= n);
    CHECK(tokens - n < (n <= 1024 ? 64 : (n + 7) / 8));
    CHECK(row_bucket(rows) == rows);
    CHECK(token_bucket(tokens) == tokens);
    CHECK(tokens >= before);
    before = tokens;
  }
  CHECK(row_bucket(1) == 8);
  CHECK(row_bucket(9) == 16);
  CHECK(row_bucket(32) == 32);
  CHECK(row_bucket(33) == 64);
  CHECK_THROWS_AS(row_bucket(0), mao::ShapeError);
  CHECK_THROWS_AS(token_bucket(0), mao::ShapeError);
}

TEST_CASE("rows are padded with empty ones") {
  std::vector<std::int64_t> offsets{0, 4, 9, 12}, group{0, 1, 1};
  const Bucket bucket = bucket_of(offsets);
  CHECK(bucket == Bucket{8, 64});
  CHECK(bucket_of({0, 60}) == Bucket{8, 128});  // seven empty rows want a token each
  pad_rows(offsets, group, bucket);
  CHECK(offsets == std::vector<std::int64_t>{0, 4, 9, 12, 12, 12, 12, 12, 12});
  CHECK(group == std::vector<std::int64_t>{0, 1, 1, 0, 0, 0, 0, 0});
  CHECK_THROWS_WITH(pad_rows(offsets, group, {4, 64}), ContainsSubstring("8 rows do not fit a bucket of 4 rows"));
  CHECK_THROWS_AS(bucket_of({0}), mao::ShapeError);
}
