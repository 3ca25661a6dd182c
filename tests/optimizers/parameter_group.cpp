// SPDX-License-Identifier: Apache-2.0
#include <mao/optimizers/parameter_group.hpp>

#include <limits>

#include <ATen/ops/ones.h>

#include <mao/core/error.hpp>
#include <mao/optimizers/optimizer.hpp>

#include <support/catch.hpp>

using namespace mao;

namespace {

ParameterList three() {
  return {{"text.a", parameter(at::ones({2}))},
          {"text.b", parameter(at::ones({2})), 3},
          {"head", parameter(at::ones({2}))}};
}

}  // namespace

TEST_CASE("a group multiplies rate and weight decay of its parameters", "[optimizer]") {
  const ParameterList all = grouped(three(), {{.prefix = "text.", .rate = 2, .decay = 0}}, "tuner");
  CHECK((all[0].rate == 2 && all[1].rate == 6 && all[2].rate == 1));
  CHECK((all[0].decay == 0 && all[1].decay == 0 && all[2].decay == 1));
  Optimizer sgd(all, {.weight_decay = 0.5, .momentum = 0});
  for (Parameter parameter : all) parameter.value.mutable_grad() = at::ones({2});
  sgd.step([](const Parameter& parameter) { return 0.1 * parameter.rate; });
  CHECK(all[0].value[0].item<double>() == Approx(1 - 0.2));
  CHECK(all[1].value[0].item<double>() == Approx(1 - 0.6));
  CHECK(all[2].value[0].item<double>() == Approx(1 - 0.1 * 1.5));
}

TEST_CASE("groups that fit no parameter, or one twice, are refused", "[optimizer]") {
  CHECK_THROWS_WITH(
      grouped(three(), {{.prefix = "image"}}, "tuner"),
      ContainsSubstring("tuner: no parameter's name begins with 'image'; the method trains text.a, text.b, head"));
  CHECK_THROWS_WITH(grouped(three(), {{.prefix = "text"}, {.prefix = "text.b"}}, "tuner"),
                    ContainsSubstring("text.b is in two parameter groups, 'text' and 'text.b'"));
  for (const double bad : {-1.0, std::numeric_limits<double>::infinity()}) {
    CHECK_THROWS_WITH(grouped(three(), {{.prefix = "head", .rate = bad}}, "tuner"),
                      ContainsSubstring("has the multiple"));
    CHECK_THROWS_WITH(grouped(three(), {{.prefix = "head", .decay = bad}}, "tuner"),
                      ContainsSubstring("has the multiple"));
  }
}
