// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/binding.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/backbones/dept.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/core/detail/ops.hpp>

#include "methods/any_backbone.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>

#include <support/catch.hpp>

using namespace mao;
using mao::testing::toy_classes;
using mao::testing::ToyModel;

namespace {

/// A residual for each class, which does not say so.
struct Residual : Coop<ToyModel> {
  Residual() : Coop<ToyModel>(ToyModel::make(), toy_classes(3)) {}
  Tensor residual = parameter(at::zeros({3, 16}));
  ParameterList parameters() { return {{"residual", residual}}; }
  void learned_for() = delete;
};

}  // namespace

TEST_CASE("a backbone is bound for as long as the guard lives", "[binding]") {
  Coop<ToyModel> coop(ToyModel::make(), toy_classes(4));
  const ClassList others{{"owl", "newt"}};
  {
    const BoundFor bound(coop, others);
    CHECK(coop.classes() == others);
  }
  CHECK(coop.classes() == toy_classes(4));
  try {
    const BoundFor bound(coop, others);
    throw DataError("from within");
  } catch (const DataError&) {
  }
  CHECK(coop.classes() == toy_classes(4));
}

TEST_CASE("what is learned for classes is known: by its own word, or by its shape", "[binding]") {
  const auto model = ToyModel::make();
  Coop<ToyModel> shared(model, toy_classes(4));  // a context of 4 vectors, by chance as many as classes
  CHECK(learned_for(shared).size() == 0);
  Coop<ToyModel> own(model, toy_classes(4), {.init = "", .context = 2, .class_specific = true});
  CHECK(learned_for(own) == toy_classes(4));
  Dept<Coop<ToyModel>> dept(Coop<ToyModel>(model, toy_classes(4)));
  dept.bind(toy_classes(2));
  CHECK(learned_for(dept) == toy_classes(4));
  Residual residual;
  CHECK(learned_for(residual) == toy_classes(3));
  AnyBackbone any{Dept<Coop<ToyModel>>(Coop<ToyModel>(model, toy_classes(5)))};
  CHECK(learned_for(any) == toy_classes(5));
}

TEST_CASE("a copy of a backbone has parameters of its own", "[binding]") {
  Coop<ToyModel> first(ToyModel::make(), toy_classes(4));
  Coop<ToyModel> second = first;
  second.bind(toy_classes(2));
  const at::NoGradGuard no_graph;
  second.parameters()[0].value.add_(1);
  CHECK_FALSE(first.parameters()[0].value.equal(second.parameters()[0].value));
  CHECK(first.parameters()[0].value.add(1).equal(second.parameters()[0].value));
  CHECK(second.parameters()[0].value.requires_grad());
  CHECK(first.classes() == toy_classes(4));
}

TEST_CASE("a bind that does nothing is noticed", "[binding]") {
  struct Deaf : Coop<ToyModel> {
    Deaf() : Coop<ToyModel>(ToyModel::make(), toy_classes(3)) {}
    void bind(const ClassList&) {}
  } deaf;
  CHECK_THROWS_WITH(BoundFor(deaf, toy_classes(2)), ContainsSubstring("after `bind` to 2 classes"));
}
