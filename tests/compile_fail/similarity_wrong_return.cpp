// expect: mao: not a TextSimilarity: the call does not return the cosines as a matrix, let it return Eigen::MatrixXf of shape [queries, candidates]; see docs/concepts/text_similarity.md
// SPDX-License-Identifier: Apache-2.0
#include <mao/sampling/hard_negative.hpp>

using Names = std::vector<std::string>;

struct AllAlike {
#ifdef MAO_EXPECT_FAIL
  float operator()(const Names&, const Names&) const { return 1; }
#else
  Eigen::MatrixXf operator()(const Names& queries, const Names& candidates) const {
    return Eigen::MatrixXf::Ones(queries.size(), candidates.size());
  }
#endif
};

const mao::HardNegativeSampler sampler({0, 1}, mao::ClassList{{"cat", "dog"}}, AllAlike{}, {.batch = 2, .k = 2});
