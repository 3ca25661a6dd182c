// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The program `mao` with your own methods, models and policies: link `mao::program`, and call `run` from `main`.

#include <concepts>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "interrupt.hpp"
#include "methods/own_options.hpp"
#include "methods/registry.hpp"
#include "tune/labelers.hpp"
#include "tune/own_policies.hpp"

namespace mao::tool {

/// Something that the program is to know beside what it brings.
using Addition = std::function<void()>;

namespace detail {

/// **Throws** `OptionError` for a name that the program has already.
void expect_new(bool is_new, const std::string& kind, const std::string& name);

/// What `make` gives, called with the stage where it takes it.
template <class Make>
auto made_for(const Make& make, const mao_program::StageContext& stage) {
  constexpr bool of_stage = std::invocable<const Make&, const mao_program::StageContext&>;
  static_assert(
      of_stage || std::invocable<const Make&>,
      "mao: what makes a policy of this program takes `const mao::tool::Stage&` or nothing, and is const; see "
      "docs/guides/write-a-policy.md");
  if constexpr (of_stage) {
    return make(stage);
  } else if constexpr (std::invocable<const Make&>) {
    return make();
  }
}

/// What `call` returns; what a function of the program's own throws is told with `who`.
template <class Call>
auto told(const std::string& who, const Call& call) {
  return policy_call(
      {.name = who}, "the function that makes it", [] { return "one that returns it, or throws a mao::Error"; }, call);
}

}  // namespace detail

/// What a policy is made for: the stage, its classes, labels and batch.
using Stage = mao_program::StageContext;

/// A method: made of `std::shared_ptr<const mao::AnyModel>`, a `mao::ClassList` and, where it has one, its `Options`,
/// whose fields are `--set FIELD=VALUE`. Then `--method NAME` is known in `tune`, the protocols, sweeps, `methods`,
/// `predict`, `eval` and `export`. `prompts_towers`: it needs a CLIP.
template <class BackboneT>
Addition with_method(std::string name, std::string summary = "a method of this program", bool prompts_towers = false) {
  static_assert(explain::backbone<BackboneT>());
  return [=] {
    detail::expect_new(!mao_program::methods().contains(name) && name != "zero-shot", "--method", name);
    using OptionsT = typename detail::OptionsOf<BackboneT>::Type;
    const auto make = [](const mao_program::MethodContext& context, mao_program::OptionReader&, OptionsT options) {
      return detail::make_method<BackboneT>(context, std::move(options));
    };
    mao_program::MethodRegistration({.name = name, .summary = summary, .prompts_towers = prompts_towers},
                                    &detail::read_options<OptionsT>, make);
  };
}

/// The same of a method that is a template over its model.
template <template <PromptedTowers> class MethodT>
Addition with_method(std::string name, std::string summary = "a method of this program", bool prompts_towers = false) {
  return with_method<MethodT<AnyModel>>(std::move(name), std::move(summary), prompts_towers);
}

/// A labeller of MAO's new stage: `make(untuned, tuned)` is given the untuned model and the method after the base
/// stage, both bound to the new classes, and returns a `PseudoLabeler`. Then `--labeler NAME` is known wherever `--mao`
/// is.
template <class Make>
Addition with_labeler(std::string name, Make make) {
  using LabelerT = std::invoke_result_t<const Make&, ZeroShot<AnyModel>, AnyBackbone>;
  static_assert(explain::pseudo_labeler<LabelerT>());
  return [name = std::move(name), make = std::move(make)] {
    detail::expect_new(!mao_program::is_one_of(mao_program::labeler_names(), name), "--labeler", name);
    mao_program::own_labelers().emplace(
        name, [name, make](ZeroShot<AnyModel> untuned, AnyBackbone tuned) -> mao_program::AnyLabeler {
          ClassList classes = tuned.classes();
          auto labeler = std::make_shared<LabelerT>(
              detail::told("--labeler " + name, [&] { return make(std::move(untuned), std::move(tuned)); }));
          return {[labeler](const ImageBatch& images) { return labeler->label(images); },
                  {},
                  std::move(classes),
                  description_of(*labeler)};
        });
    mao_program::labeler_names().push_back(name);
  };
}

/// A sampler of the plain method, or of MAO's base stage in place of hard negatives: `make(stage)`, or `make()`,
/// returns a `Sampler`. Then `--sampler NAME` is known.
template <class Make>
Addition with_sampler(std::string name, Make make) {
  using SamplerT = decltype(detail::made_for(make, std::declval<const Stage&>()));
  static_assert(explain::sampler<SamplerT>());
  static_assert(!LabelsBatches<SamplerT>,
                "mao: with_sampler takes a sampler whose batches have their labels when they are drawn; what labels "
                "images of the new classes is a PseudoLabeler, `with_labeler`; see docs/guides/write-a-policy.md");
  return [name = std::move(name), make = std::move(make)] {
    detail::expect_new(!mao_program::is_one_of(mao_program::sampler_names(), name), "--sampler", name);
    mao_program::own_samplers().emplace(name, [name, make](const Stage& stage) {
      return mao_program::AnySampler(detail::told("--sampler " + name, [&] { return detail::made_for(make, stage); }),
                                     stage);
    });
    mao_program::sampler_names().push_back(name);
  };
}

/// The loss of every stage: `make(stage)`, or `make()`, returns a `Regularizer`; `stage.stage` is "plain", "base" or
/// "new". Then `--regularizer NAME` is known.
template <class Make>
Addition with_regularizer(std::string name, Make make) {
  using RegularizerT = decltype(detail::made_for(make, std::declval<const Stage&>()));
  static_assert(explain::regularizer<RegularizerT>());
  return [name = std::move(name), make = std::move(make)] {
    detail::expect_new(!mao_program::is_one_of(mao_program::regularizer_names(), name), "--regularizer", name);
    mao_program::own_regularizers().emplace(name, [name, make](const Stage& stage) {
      return mao_program::AnyRegularizer(
          detail::told("--regularizer " + name, [&] { return detail::made_for(make, stage); }), stage);
    });
    mao_program::regularizer_names().push_back(name);
  };
}

/// A model: `open(weights)`, given the path of `--weights`, or `open()`, which refuses `--weights`, returns a
/// `VisionLanguageModel`. Then `--model NAME` is known in every command; a file of that name is `./NAME`.
template <class Open>
Addition with_model(std::string name, Open open) {
  constexpr bool takes_weights = std::invocable<const Open&, const std::filesystem::path&>;
  static_assert(takes_weights || std::invocable<const Open&>,
                "mao: what opens a model of this program takes `const std::filesystem::path&` (--weights) or nothing, "
                "and is const; see docs/guides/write-a-policy.md");
  const auto opened = [open = std::move(open)](const std::filesystem::path& weights) {
    if constexpr (takes_weights) {
      return open(weights);
    } else {
      return open();
    }
  };
  static_assert(explain::vision_language_model<decltype(opened(std::declval<const std::filesystem::path&>()))>());
  return [name = std::move(name), opened] {
    detail::expect_new(!mao_program::own_models().contains(name) &&
                           !mao_program::is_one_of(mao_program::built_in_model_names(), name) &&
                           name.find('/') == std::string::npos,
                       "--model", name);
    const auto open_any = [name, opened](const std::filesystem::path& weights) {
      auto model = detail::told("--model " + name, [&] { return opened(weights); });
      if constexpr (std::same_as<decltype(model), AnyModel>) {
        return model;
      } else {
        return AnyModel(std::move(model), mao_program::expect_no_stop);
      }
    };
    mao_program::own_models()[name] = {.open = open_any, .takes_weights = takes_weights};
    mao_program::own_model_names().push_back(name);
  };
}

/// The program with these words of the command line; the exit code. Errors are printed, none is thrown.
int run(int argc, char** argv, const std::vector<Addition>& additions);

/// `return mao::tool::run(argc, argv, mao::tool::with_method<TaskRes>("taskres"));`
template <std::convertible_to<Addition>... Additions>
int run(int argc, char** argv, const Additions&... additions) {
  return run(argc, argv, std::vector<Addition>{Addition(additions)...});
}

}  // namespace mao::tool
