// SPDX-License-Identifier: Apache-2.0
/// \file
/// CoOp, in all its forms: shared or class-specific, random or from words, the name at the end, in the middle or in
/// front.

#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include <mao/backbones/coop.hpp>
#include <mao/core/detail/ops.hpp>

#include "replay/coop.hpp"
#include "replay/method.hpp"
#include "replay/table.hpp"

namespace mao_program::replay {

mao::ClassPosition class_position(const Trace& trace) {
  const auto name = trace.override_or<std::string>("TRAINER.COOP.CLASS_TOKEN_POSITION", "end");
  for (const auto position : {mao::ClassPosition::End, mao::ClassPosition::Middle, mao::ClassPosition::Front}) {
    if (mao::name_of(position) == name) return position;
  }
  throw mao::OptionError("CLASS_TOKEN_POSITION is \"" + name + "\", expected \"end\", \"middle\" or \"front\"");
}

void expect_shared_context(const Trace& trace, const std::string& method) {
  mao::require<mao::OptionError>(!trace.override_or("TRAINER.COOP.CSC", false), trace.folder().string(),
                                 ": TRAINER.COOP.CSC is true, a context of its own for each class; ", method,
                                 " has a shared one here, expected false");
}

namespace {

using CoopClip = mao::Coop<mao::Clip>;

/// The reference's own defaults for what the trace does not override.
CoopClip::Options options_of(const Trace& trace) {
  CoopClip::Options options;
  options.init = trace.override_or<std::string>("TRAINER.COOP.CTX_INIT", "");
  options.context = trace.override_or<std::int64_t>("TRAINER.COOP.N_CTX", 16);
  options.class_specific = options.init.empty() && trace.override_or("TRAINER.COOP.CSC", false);  // as CoOp reads it
  options.position = class_position(trace);
  return options;
}

/// token_prefix and token_suffix are the embeddings of the tokenised prompts, except for the context.
void compare_buffers(const Trace& trace, const mao::Clip& clip, const CoopClip::Options& options, Report& report) {
  if (!trace.has("buffers.safetensors")) return;
  const auto buffers = trace.tensors("buffers.safetensors");
  const auto phrase = options.init.empty() ? mao::ContextPhrase::placeholders(options.context)
                                           : mao::ContextPhrase::words(options.init);
  std::vector<mao::Tensor> rows;
  for (const std::string& name : trace.classes().names) {
    rows.push_back(
        at::tensor(clip.tokenizer().row(phrase.prefix + " " + mao::readable(name) + ".", clip.context_length())));
  }
  const mao::Tensor embedded = clip.embed(at::stack(rows));
  const std::int64_t begin = 1 + phrase.length;
  report.compare("token_prefix", embedded.narrow(1, 0, 1),
                 entry(buffers, "prompt_learner.token_prefix", "buffers.safetensors"), absolute(0));
  report.compare("token_suffix", embedded.narrow(1, begin, embedded.size(1) - begin),
                 entry(buffers, "prompt_learner.token_suffix", "buffers.safetensors"), absolute(0));
}

/// Class-specific prompts do not transfer: the library must say so.
void expect_refusal(CoopClip& coop, Report& report) {
  bool refused = false;
  try {
    coop.bind(mao::ClassList{{"another class"}});
  } catch (const mao::OptionError&) {
    refused = true;
  }
  report.exact("other classes are refused", refused, "class-specific prompts were bound to other classes");
}

void replay_coop(const Trace& trace, Report& report) {
  const auto clip = trace.clip();
  const auto options = options_of(trace);
  CoopClip coop(clip, trace.classes(), options);
  const bool class_specific = coop.parameters().front().value.dim() == 3;
  compare_buffers(trace, *clip, options, report);
  replay_method(trace, coop, trace.steps(), {.start_is_known = !options.init.empty()}, report);
  if (class_specific) expect_refusal(coop, report);
}

const Registration coop_registration("CoOp", replay_coop);

}  // namespace

}  // namespace mao_program::replay
