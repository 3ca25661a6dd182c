// SPDX-License-Identifier: Apache-2.0
#include <mao/prompts/class_features.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::toy_classes;
using mao::testing::ToyModel;

namespace {

const std::vector<std::string> patterns{"a photo of a {}.", "itap of the {}.", "{} texture."};

Tensor features_of(const ToyModel& model, const std::string& pattern, const std::string& name) {
  return sentence_features(model, {fill_template(pattern, name)})[0];
}

}  // namespace

TEST_CASE("a class vector is the mean over the templates, of unit or of raw features", "[class_features]") {
  const auto model = ToyModel::make();
  const ClassList classes = toy_classes(4);
  const Tensor unit = frozen_class_features(*model, classes, patterns);
  const Tensor raw = frozen_class_features(*model, classes, patterns, Averaging::Raw);
  REQUIRE(unit.sizes() == at::IntArrayRef({4, 16}));
  for (std::int64_t c = 0; c < 4; ++c) {
    Tensor unit_sum = at::zeros({16}), raw_sum = at::zeros({16});
    for (const std::string& pattern : patterns) {
      const Tensor feature = features_of(*model, pattern, classes.names[static_cast<std::size_t>(c)]);
      unit_sum = unit_sum + feature / feature.norm();
      raw_sum = raw_sum + feature;
    }
    CHECK(largest_difference(unit[c], unit_sum / unit_sum.norm()) < 1e-6);
    CHECK(largest_difference(raw[c], raw_sum / raw_sum.norm()) < 1e-6);
  }
  CHECK_FALSE(unit.equal(raw));
}

TEST_CASE("class vectors have unit length, no gradient, and do not depend on the other classes", "[class_features]") {
  const auto model = ToyModel::make();
  for (const Averaging averaging : {Averaging::Unit, Averaging::Raw}) {
    const Tensor all = frozen_class_features(*model, toy_classes(5), patterns, averaging);
    CHECK_FALSE(all.requires_grad());
    CHECK(largest_difference(all.norm(2, -1), at::ones({5})) < 1e-6);
    const Tensor first = frozen_class_features(*model, toy_classes(1), patterns, averaging);
    CHECK(largest_difference(all.narrow(0, 0, 1), first) < 1e-6);
  }
}

TEST_CASE("class vectors need a template with a place for the name", "[class_features]") {
  const auto model = ToyModel::make();
  CHECK_THROWS_WITH(frozen_class_features(*model, toy_classes(2), {}), ContainsSubstring("no template given"));
  CHECK_THROWS_WITH(frozen_class_features(*model, toy_classes(2), {"a photo."}), ContainsSubstring("exactly once"));
}
