// expect: mao: not a VisionLanguageModel: needs `std::string fingerprint() const`, which changes when a weight changes
// SPDX-License-Identifier: Apache-2.0
#include <mao/models/concepts.hpp>

using namespace mao;

struct Mine {
  std::vector<std::int64_t> tokenize(const std::string&) const;
  std::int64_t start_token() const;
  std::int64_t end_token() const;
  std::int64_t context_length() const;
  Tensor encode_text(const TextBatch&) const;
  Tensor encode_image(const Tensor&) const;
  Tensor embed(const Tensor&) const;
  double logit_scale() const;
  Preprocess preprocess() const;
#ifndef MAO_EXPECT_FAIL
  std::string fingerprint() const;
#endif
};

constexpr bool ok = explain::vision_language_model<Mine>();
