// SPDX-License-Identifier: Apache-2.0
// Policies that are wrong in ways that their types cannot show: each is refused by a sentence that names it.
#include <mao/tuner/step.hpp>

#include <mao/regularizers/cross_entropy.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/regularizers/alterable.hpp>
#include <mao/sampling/pseudo_label.hpp>
#include <mao/sampling/shuffled.hpp>
#include <mao/schedules/cosine.hpp>
#include <mao/tuner/prompt_tuner.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones.h>

#include <limits>
#include <stdexcept>

#include <support/catch.hpp>

using namespace mao;
using mao::testing::toy_classes;
using mao::testing::ToyImages;
using mao::testing::ToyModel;

namespace {

using Base = Coop<ToyModel>;

struct CheckedRun {
  std::shared_ptr<const ToyModel> model = ToyModel::make(11);
  ToyImages data{6, 4, 1};
  TensorImages images{data.pixels};

  template <class BackboneT, class SamplerT, class RegularizerT>
  std::string refusal(BackboneT& backbone, SamplerT sampler, RegularizerT regularizer, double rate = 0.02) {
    try {
      PromptTuner tuner(backbone, std::move(sampler), std::move(regularizer),
                        CosineSchedule({.epochs = 2, .learning_rate = rate, .warmup_epochs = 0}),
                        TunerOptions{.name = "stage"});
      tuner.fit(images);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  }
  template <class BackboneT>
  std::string refusal() {
    BackboneT backbone(model, toy_classes(6));
    return refusal(backbone, ShuffledSampler(data.labels, toy_classes(6), {.batch = 6}), AlterableRegularizer{});
  }
  template <class SamplerT>
  std::string of_sampler(SamplerT sampler) {
    Base coop(model, toy_classes(6));
    return refusal(coop, std::move(sampler), AlterableRegularizer{});
  }
  template <class RegularizerT>
  std::string of_loss(RegularizerT regularizer) {
    Base coop(model, toy_classes(6));
    return refusal(coop, ShuffledSampler(data.labels, toy_classes(6), {.batch = 6}), std::move(regularizer));
  }
};

struct IgnoresCandidates : Base {
  using Base::Base;
  Output forward(const ImageBatch& images, const Candidates&) {
    return Base::forward(images, Candidates::all(classes().size()));
  }
};
struct SaysCandidates : Base {  // logits of all, under the name of those that were asked for
  using Base::Base;
  Output forward(const ImageBatch& images, const Candidates& asked) {
    Output output = Base::forward(images, Candidates::all(classes().size()));
    output.candidates = asked;
    return output;
  }
};
struct Detached : Base {
  using Base::Base;
  Output forward(const ImageBatch& images, const Candidates& asked) {
    const at::NoGradGuard no_graph;
    return Base::forward(images, asked);
  }
  Tensor auxiliary_loss(const Output&, const Batch&) { return parameters()[0].value.square().sum(); }
};
struct Throws : Base {
  using Base::Base;
  Output forward(const ImageBatch& images, const Candidates& asked) {
    static_cast<void>(at::ones({2, 3}).add(at::ones({4, 5})));
    return Base::forward(images, asked);
  }
};
struct CopiesParameters : Base {
  using Base::Base;
  ParameterList parameters() { return {{"ctx", parameter(Base::parameters()[0].value)}}; }
};
struct Unused : Base {  // what trains is not what is used
  using Base::Base;
  Tensor other = parameter(at::ones({3}));
  ParameterList parameters() { return {{"other", other}}; }
};
struct LossVector : Base {
  using Base::Base;
  Tensor auxiliary_loss(const Output& output, const Batch&) { return output.logits.sum(1); }
};

template <class Change>
struct Changed {  // a shuffled sampler, changed
  ShuffledSampler sampler;
  Change change;
  std::vector<Batch> epoch(Rng& rng) {
    auto batches = sampler.epoch(rng);
    change(batches);
    return batches;
  }
};

struct VectorLoss : AlterableRegularizer {
  Tensor operator()(const Output& output, const Batch&) const { return output.logits.sum(1); }
};
struct DetachedLoss : AlterableRegularizer {
  Tensor operator()(const Output& output, const Batch& batch) const {
    return AlterableRegularizer::operator()(output, batch).detach();
  }
};
struct Repeats : AlterableRegularizer {
  [[nodiscard]] Candidates candidates(const Batch& batch, const ClassList&) const { return {batch.labels}; }
};
struct Elsewhere : CrossEntropy {
  ClassList list{{"a", "b"}};
  [[nodiscard]] const ClassList& classes() const { return list; }
};

}  // namespace

TEST_CASE("a backbone that does not give what it was asked for is refused at the first step", "[step]") {
  CheckedRun run;
  CHECK(run.refusal<Base>() == "accepted");
  CHECK_THAT(run.refusal<IgnoresCandidates>(),
             ContainsSubstring("stage, epoch 1, step 1: the backbone's `forward` gave an output over 6 candidates"));
  CHECK_THAT(run.refusal<SaysCandidates>(), ContainsSubstring("logits of shape [6, 6]"));
  CHECK_THAT(run.refusal<Detached>(), ContainsSubstring("logits that no gradient flows through"));
  CHECK_THAT(run.refusal<CopiesParameters>(), ContainsSubstring("gives other tensors"));
  CHECK_THAT(run.refusal<Unused>(), ContainsSubstring("none of the backbone's parameters got a gradient"));
  CHECK_THAT(run.refusal<LossVector>(),
             ContainsSubstring("the backbone's `auxiliary_loss` gave a tensor of shape [6]"));
}

TEST_CASE("LibTorch's errors name the policy and the step, in one line", "[step]") {
  const std::string message = CheckedRun().refusal<Throws>();
  CHECK_THAT(message,
             ContainsSubstring("stage, epoch 1, step 1: the backbone's `forward` failed: The size of tensor a") &&
                 ContainsSubstring("expected logits [6, "));
  CHECK(message.find('\n') == std::string::npos);
  CHECK(message.size() < 400);
}

TEST_CASE("a sampler's batches fit the images and the classes", "[step]") {
  CheckedRun run;
  const auto changed = [&](auto change) {
    return run.of_sampler(
        Changed<decltype(change)>{ShuffledSampler(run.data.labels, toy_classes(6), {.batch = 6}), change});
  };
  CHECK_THAT(changed([](auto& all) { all[1].labels.pop_back(); }),
             ContainsSubstring("stage, epoch 1, step 2: the sampler gave 5 labels for a batch of 6 images"));
  CHECK_THAT(changed([](auto& all) { all[0].labels[2] = 6; }), ContainsSubstring("the label 6"));
  CHECK_THAT(changed([](auto& all) { all[0].images[2] = 24; }), ContainsSubstring("image 24"));
  CHECK_THAT(changed([](auto& all) { all[0].weights = {1}; }), ContainsSubstring("1 weights"));
  CHECK_THAT(changed([](auto& all) { all.clear(); }), ContainsSubstring("no batches"));
  CHECK_THAT(changed([](auto& all) {
               for (Batch& b : all) b.weights.assign(6, 0);
             }),
             ContainsSubstring("so nothing was trained"));
}

TEST_CASE("a loss is a scalar with a graph, over candidates without repeats", "[step]") {
  CheckedRun run;
  CHECK_THAT(run.of_loss(VectorLoss{}), ContainsSubstring("the regularizer gave a tensor of shape [6]"));
  CHECK_THAT(run.of_loss(DetachedLoss{}), ContainsSubstring("the backward pass failed"));
  CHECK_THAT(run.of_loss(Repeats{}), ContainsSubstring("twice; each candidate is one column"));
  CHECK_THAT(run.of_loss(Elsewhere{}), ContainsSubstring("the regularizer is for 2 classes ('a', 'b'), expected 6"));
}

TEST_CASE("a tuner is for classes that a prompt can tell apart", "[step]") {
  CheckedRun run;
  struct Forgetful : Base {  // bound to whatever it is given, looked at by nobody
    using Base::Base;
    ClassList list;
    [[nodiscard]] const ClassList& classes() const { return list; }
  };
  Forgetful backbone(run.model, toy_classes(6));
  const auto refused = [&] {
    return run.refusal(backbone, Changed<decltype([](auto&) {})>{ShuffledSampler(run.data.labels, toy_classes(6)), {}},
                       CrossEntropy{});
  };
  CHECK_THAT(refused(), ContainsSubstring("stage: the backbone is bound to no class"));
  backbone.list = {{"cat", "red_fox", "Red fox"}};
  CHECK_THAT(refused(), ContainsSubstring("stage: the backbone's classes: classes 1 and 2, 'red_fox' and 'Red fox'"));
}

TEST_CASE("an infinite learning rate is refused, and parameters are finite after the last step", "[step]") {
  CheckedRun run;
  Base coop(run.model, toy_classes(6));
  struct LastInfinite {
    [[nodiscard]] int epochs() const { return 2; }
    [[nodiscard]] double learning_rate(int epoch) const {
      return epoch == 1 ? std::numeric_limits<double>::infinity() : 0.01;
    }
  };
  PromptTuner tuner(coop, ShuffledSampler(run.data.labels, toy_classes(6), {.batch = 24}), CrossEntropy{},
                    LastInfinite{}, TunerOptions{.name = "stage"});
  CHECK_THROWS_WITH(tuner.fit(run.images), ContainsSubstring("stage, epoch 2: the schedule's learning rate is inf"));
  Base far(run.model, toy_classes(6));
  CHECK_THAT(run.refusal(far, ShuffledSampler(run.data.labels, toy_classes(6), {.batch = 24}), CrossEntropy{}, 3e38),
             ContainsSubstring("not finite") && ContainsSubstring("lower the learning rate"));
}

TEST_CASE("the first thing that was not finite is named; the rate is blamed for nothing that was given", "[step]") {
  CheckedRun run;
  run.data.pixels[5].fill_(std::numeric_limits<double>::quiet_NaN());
  const std::string pixels = run.refusal<Base>();
  CHECK_THAT(pixels, ContainsSubstring("the pixels of image") && !ContainsSubstring("lower the learning rate"));

  TensorMap weights = testing::random_clip_weights(testing::toy_sizes(), 11);
  weights["text_projection"] = weights["text_projection"] * std::numeric_limits<double>::quiet_NaN();
  CheckedRun broken;
  broken.model = std::make_shared<const ToyModel>(weights);
  const std::string text = broken.refusal<Base>();
  CHECK_THAT(text, ContainsSubstring("the class features of '") && ContainsSubstring("the model's weights") &&
                       !ContainsSubstring("lower the learning rate"));
}

namespace {

/// A backbone whose member functions fail when they are told to.
struct Fails : Base {
  using Base::Base;
  std::string where;
  void fail(const char* member) const {
    if (where == member) throw std::runtime_error("out of luck");
  }
  void bind(const ClassList& classes) { fail("bind"), Base::bind(classes); }
  Output forward(const ImageBatch& images, const Candidates& asked) {
    return fail("forward"), Base::forward(images, asked);
  }
  Tensor auxiliary_loss(const Output& output, const Batch& batch) {
    return fail("auxiliary_loss"), Base::auxiliary_loss(output, batch);
  }
  ParameterList parameters() { return fail("parameters"), Base::parameters(); }
  [[nodiscard]] TensorMap buffers() const { return fail("buffers"), TensorMap(); }
  void set_buffers(const TensorMap&) { fail("set_buffers"); }
  void end_epoch(const EpochInfo&) { fail("end_epoch"); }
  void finish() { fail("finish"); }
};

struct NoRate {
  [[nodiscard]] int epochs() const { return 1; }
  [[nodiscard]] double learning_rate(int) const { throw std::runtime_error("out of luck"); }
};

struct Offline : TensorImages {
  using TensorImages::TensorImages;
  ImageBatch load(const std::vector<View>&) override { throw std::runtime_error("the server does not answer"); }
};

}  // namespace

TEST_CASE("what any member of a policy throws is told in one line with policy, member and place", "[step]") {
  CheckedRun run;
  const ShuffledSampler sampler(run.data.labels, toy_classes(6), {.batch = 24});
  for (const char* member : {"forward", "auxiliary_loss", "parameters", "buffers", "end_epoch", "finish"}) {
    CAPTURE(member);
    Fails backbone(run.model, toy_classes(6));
    backbone.where = member;
    const std::string told = run.refusal(backbone, sampler, AlterableRegularizer{});
    CHECK_THAT(told, ContainsSubstring(text_of("the backbone's `", member, "` failed: out of luck; expected ")) &&
                         ContainsSubstring("stage"));
    CHECK(told.find('\n') == std::string::npos);
  }
  Base coop(run.model, toy_classes(6));
  CHECK_THROWS_WITH(PromptTuner(coop, sampler, CrossEntropy{}, NoRate{}), ContainsSubstring("failed: out of luck"));
  Offline offline(run.data.pixels);
  PromptTuner tuner(coop, sampler, CrossEntropy{}, CosineSchedule({.epochs = 1}), TunerOptions{.name = "stage"});
  CHECK_THROWS_WITH(tuner.fit(offline),
                    "stage, epoch 1, step 1: the image source's `load` failed: the server does not "
                    "answer; expected 24 images, a row for each view that was asked for");
}

TEST_CASE("a rate that fp32 cannot hold is refused in a sentence, with the parameter whose multiple it is", "[step]") {
  CheckedRun run;
  struct Far {
    [[nodiscard]] int epochs() const { return 1; }
    [[nodiscard]] double learning_rate(int) const { return 1e300; }
  };
  Base coop(run.model, toy_classes(6));
  const ShuffledSampler sampler(run.data.labels, toy_classes(6), {.batch = 24});
  PromptTuner far(coop, sampler, CrossEntropy{}, Far{}, TunerOptions{.name = "stage"});
  CHECK_THROWS_WITH(far.fit(run.images), ContainsSubstring("stage, epoch 1: the schedule's learning rate is 1e+300"));
  struct Fast : Base {
    using Base::Base;
    ParameterList parameters() {
      ParameterList all = Base::parameters();
      all.front().rate = 1e200;
      return all;
    }
  };
  CHECK_THAT(run.refusal<Fast>(), ContainsSubstring("times the multiple of prompt_learner.ctx is 2e+198") ||
                                      ContainsSubstring("times the multiple of prompt_learner.ctx is 2e+1"));
}
