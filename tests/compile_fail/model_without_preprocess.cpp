// expect: mao: not a VisionLanguageModel: needs `start_token()`, `end_token()`, `context_length()` (whole numbers) and `mao::Preprocess preprocess()`, all const
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
#ifndef MAO_EXPECT_FAIL
  Preprocess preprocess() const;
#endif
  std::string fingerprint() const;
};

constexpr bool ok = explain::vision_language_model<Mine>();
