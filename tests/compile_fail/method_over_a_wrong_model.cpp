// expect: mao: not a VisionLanguageModel: needs `double logit_scale() const`, what cosines are multiplied with (CLIP: 100), already exponentiated
// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/zero_shot.hpp>

using namespace mao;

struct Mine {
  std::vector<std::int64_t> tokenize(const std::string&) const;
  std::int64_t start_token() const;
  std::int64_t end_token() const;
  std::int64_t context_length() const;
  Tensor encode_text(const TextBatch&) const;
  Tensor encode_image(const Tensor&) const;
  Tensor embed(const Tensor&) const;
#ifndef MAO_EXPECT_FAIL
  double logit_scale() const;
#endif
  Preprocess preprocess() const;
  std::string fingerprint() const;
};

void make(std::shared_ptr<const Mine> model, const ClassList& classes) {
  ZeroShot untuned(model, classes);
  untuned.bind(classes);
}
