// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/detail/distances.hpp>
#include <mao/backbones/detail/compare.hpp>
#include <mao/prompts/context.hpp>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("distances to a teacher are their formulas", "[distances]") {
  const Tensor x = unit_rows(normal_tensor({5, 7}, 1, Rng(1))), teacher = unit_rows(normal_tensor({5, 7}, 1, Rng(2)));
  const auto cosine = [](const Tensor& a, const Tensor& b) { return (a * b).sum().item<double>(); };
  double features = 0, angles = 0;
  for (std::int64_t i = 0; i < 5; ++i) {
    features += (1 - cosine(x[i], teacher[i])) / 5;
    for (std::int64_t j = 0; j < 5; ++j) {
      const double difference = cosine(x[i], x[j]) - cosine(teacher[i], teacher[j]);
      if (i != j) angles += difference * difference / 20;
    }
  }
  CHECK(teacher_distance(TeacherDistance::FeatureCosine, x, teacher).item<double>() == Approx(features).epsilon(1e-5));
  CHECK(teacher_distance(TeacherDistance::RelationalAngle, x, teacher).item<double>() == Approx(angles).epsilon(1e-5));
}

TEST_CASE("angles do not see a turn of all features, cosines do; a single row has no angle", "[distances]") {
  const Tensor x = unit_rows(normal_tensor({4, 3}, 1, Rng(1)));
  const Tensor turned = x.flip(1);
  CHECK(relational_angle(turned, x).item<double>() == Approx(0).margin(1e-12));
  CHECK(feature_cosine(turned, x).item<double>() > 0.1);
  CHECK(relational_angle(x.narrow(0, 0, 1), turned.narrow(0, 0, 1)).item<double>() == 0);
}
