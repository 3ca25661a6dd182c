// expect: mao: not a VisionLanguageModel: needs `Tensor encode_image(const Tensor& pixels) const` and `Tensor embed(const Tensor& ids) const`; see docs/concepts/vision_language_model.md
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
#ifndef MAO_EXPECT_FAIL
  Tensor embed(const Tensor&) const;
#endif
  double logit_scale() const;
  Preprocess preprocess() const;
  std::string fingerprint() const;
};

constexpr bool ok = explain::vision_language_model<Mine>();
