// SPDX-License-Identifier: Apache-2.0
#include <mao/core/detail/ops.hpp>
#include <mao/tuner/detail/checks.hpp>

#include <limits>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <support/catch.hpp>

using namespace mao;

namespace {

const StepPlace here{.name = "plain", .epoch = 0, .step = 1};

Output output_of(Tensor logits, std::vector<std::int64_t> ids) {
  Output output;
  output.logits = std::move(logits);
  output.candidates.ids = std::move(ids);
  return output;
}

}  // namespace

TEST_CASE("parameters are named once each, train and are finite", "[checks]") {
  const Tensor good = parameter(at::ones({2}));
  CHECK_NOTHROW(check_parameters({{"ctx", good}}, here));
  const auto refused = [](const ParameterList& list, const char* what) {
    CHECK_THROWS_WITH(check_parameters(list, here), ContainsSubstring(what));
  };
  refused({}, "`parameters()` is empty");
  refused({{"ctx", good}, {"ctx", parameter(at::ones({2}))}}, "'ctx' occurs twice");
  refused({{"", good}}, "has no name");
  refused({{"ctx", Tensor()}}, "undefined");
  refused({{"ctx", at::ones({2})}}, "does not train");
  refused({{"ctx", good * 2}}, "does not train");
  refused({{"ctx", good, -1}}, "negative");
  refused({{"ctx", parameter(at::ones({2}) * std::numeric_limits<double>::quiet_NaN())}},
          "ctx is not finite before the first step");
  CHECK_NOTHROW(check_same_parameters({{"ctx", good}}, {{"ctx", good}}, here));
  CHECK_THROWS_WITH(check_same_parameters({{"ctx", good}}, {{"ctx", good.clone()}}, here),
                    ContainsSubstring("other tensors"));
}

TEST_CASE("labels, weights and targets are as many as images, and of the list", "[checks]") {
  const auto refused = [](const Batch& batch, const char* what) {
    CHECK_THROWS_WITH(check_labels(batch, 3, true, "the sampler", here),
                      ContainsSubstring("plain, epoch 1, step 2: the sampler gave") && ContainsSubstring(what));
  };
  CHECK_NOTHROW(check_labels({{0, 1}, {2, 0}, {1, 0}}, 3, true, "the sampler", here));
  CHECK_NOTHROW(check_labels({{0, 1}, {}, {}}, 3, false, "the sampler", here));
  refused({{0, 1}, {}, {}}, "0 labels for a batch of 2 images");
  refused({{0, 1}, {2, 0}, {1}}, "1 weights");
  refused({{0, 1}, {2, 0}, {}, {1, 0, 0}}, "3 soft targets for a batch of 2 images, expected 6");
  refused({{0, 1}, {2, 0}, {}, {0.2F, 0, 0.8F, 0, 0, 0}},
          "soft targets of image 1 of the batch that sum to 0, expected a distribution");
  CHECK_NOTHROW(check_labels({{0, 1}, {2, 0}, {1, 0}, {0.2F, 0, 0.8F, 0, 0, 0}}, 3, true, "the sampler", here));
  refused({{0, 1}, {2, 3}, {}}, "the label 3, the backbone is bound to classes 0 to 2");
  refused({{0, 1}, {2, 0}, {1, -1}}, "negative or not finite");
  CHECK_THROWS_WITH(check_batches({}, 2, 3, true, here), ContainsSubstring("no batches"));
  CHECK_THROWS_WITH(check_batches({{{}, {}, {}}}, 2, 3, true, here), ContainsSubstring("a batch of no images"));
  CHECK_THROWS_WITH(check_batches({{{0, 2}, {0, 0}, {}}}, 2, 3, true, here), ContainsSubstring("image 2, the source"));
}

TEST_CASE("candidates are classes, each once, and hold every label", "[checks]") {
  const Batch batch{{0, 1}, {2, 0}, {}};
  CHECK_NOTHROW(check_candidates({{2, 0}}, batch, 3, false, here));
  CHECK_THROWS_WITH(check_candidates({{}}, batch, 3, false, here), ContainsSubstring("names no class"));
  CHECK_THROWS_WITH(check_candidates({{2, 0, 2}}, batch, 3, false, here), ContainsSubstring("class 2 twice"));
  CHECK_THROWS_WITH(check_candidates({{2, 0, 3}}, batch, 3, false, here), ContainsSubstring("class 3"));
  CHECK_THROWS_WITH(check_candidates({{2, 1}}, batch, 3, false, here), ContainsSubstring("label 0 of the batch"));
  CHECK_NOTHROW(check_candidates({{1}}, batch, 3, true, here));
}

TEST_CASE("logits are over the candidates that were asked for, with a graph", "[checks]") {
  const Tensor trained = parameter(at::ones({1}));
  const Candidates asked{{2, 0}};
  const auto refused = [&](const Output& output, const char* what) {
    CHECK_THROWS_WITH(check_output(output, asked, 3, trained, true, here), ContainsSubstring(what));
  };
  CHECK_NOTHROW(check_output(output_of(at::zeros({3, 2}) * trained, {2, 0}), asked, 3, trained, true, here));
  refused(output_of({}, {2, 0}), "no logits");
  refused(output_of(at::zeros({3, 3}) * trained, {2, 0}), "shape [3, 3], expected [3, 2]");
  refused(output_of(at::zeros({1, 2}) * trained, {2, 0}), "shape [1, 2], expected [3, 2]");
  refused(output_of(at::zeros({3, 3}) * trained, {0, 1, 2}), "over 3 candidates, it was asked for 2");
  refused(output_of(at::zeros({3, 2}), {2, 0}), "no gradient flows");
  refused(output_of((at::zeros({3, 2}) * trained).to(at::kHalf), {2, 0}), "type Half");
  Output texts = output_of(at::zeros({3, 2}) * trained, {2, 0});
  texts.text = at::zeros({3, 4});
  refused(texts, "text features of shape [3, 4], expected 2 rows");
  CHECK_THROWS_WITH(check_loss(at::zeros({3}), "the regularizer", false, here),
                    ContainsSubstring("shape [3], expected"));
  CHECK_THROWS_WITH(check_loss({}, "the regularizer", false, here), ContainsSubstring("undefined"));
  CHECK_THROWS_AS(checked_rate(std::numeric_limits<double>::infinity(), here), OptionError);
  CHECK_THROWS_WITH(checked_rate(-0.1, here), ContainsSubstring("learning rate is -0.1"));
}

TEST_CASE("steps that reach no parameter, or change none in an epoch, are noticed", "[checks]") {
  const Tensor value = parameter(at::ones({2}));
  ChangeWatch watch;
  CHECK_THROWS_WITH(watch.before({{"ctx", value}}, here), ContainsSubstring("got a gradient"));
  value.mutable_grad() = at::zeros({2});
  watch.before({{"ctx", value}}, here);
  watch.after({{"ctx", value}}, 0);
  CHECK_NOTHROW(watch.expect({{"ctx", value}}, here));  // a warm-up may start at 0
  watch.after({{"ctx", value}}, 0.1);
  CHECK_THROWS_WITH(watch.expect({{"ctx", value}}, here), ContainsSubstring("changed none of the 1 parameters"));
  {
    const at::NoGradGuard no_graph;
    Tensor same = value;
    same.add_(1);
  }
  watch.after({{"ctx", value}}, 0.1);
  CHECK_NOTHROW(watch.expect({{"ctx", value}}, here));
}

TEST_CASE("an update that rounds to nothing is no fault where the gradient is not 0", "[checks]") {
  const Tensor value = parameter(at::full({2}, 26.9));
  ChangeWatch watch;
  value.mutable_grad() = at::full({2}, 0.01);
  watch.before({{"scale", value}}, here);
  watch.after({{"scale", value}}, 1e-5);
  CHECK_NOTHROW(watch.expect({{"scale", value}}, here));
  CHECK(watch.fastest() == 1e-5);
}
