// SPDX-License-Identifier: Apache-2.0
/// \file
/// TCP: class prompts inside the text tower.

#include <mao/backbones/tcp.hpp>

#include "replay/coop.hpp"
#include "replay/method.hpp"
#include "replay/table.hpp"

namespace mao_program::replay {

namespace {

/// The block of a setting that reads "layers=[1] ...".
std::int64_t block_of(const std::string& text) {
  const std::string before = "layers=[";
  const auto begin = text.find(before);
  mao::require<mao::FormatError>(begin != std::string::npos, "config.json: inject_layer is \"", text,
                                 "\", expected \"layers=[\" and a number");
  return std::stoll(text.substr(begin + before.size()));
}

/// What follows the first `words` words of the student's template.
std::string after_words(std::string text, std::int64_t words) {
  for (std::int64_t i = 0; i < words; ++i) text.erase(0, text.find(' ') + 1);
  return text;
}

void replay_tcp(const Trace& trace, Report& report) {
  const bool from_words = trace.override_or("TRAINER.COOP.CTX_INIT", false);
  expect_shared_context(trace, "TCP");
  const auto context = trace.override_or<std::int64_t>("TRAINER.COOP.N_CTX", 16);
  mao::require<mao::OptionError>(from_words || context == 4, trace.folder().string(), ": TRAINER.COOP.N_CTX is ",
                                 context, "; the reference makes four class prompts whatever it is and its templates ",
                                 "have four words, so only 4 can be replayed");
  mao::Tcp<mao::Clip> backbone(trace.clip(), trace.classes(),
                               {.init = from_words ? "a photo of a" : "",
                                .context = context,
                                .suffix_template = after_words(trace.config<std::string>("template_student"), 4),
                                .templates = {trace.config<std::string>("template_teacher")},
                                .block = block_of(trace.config<std::string>("inject_layer"))});
  if (trace.has("frozen.safetensors")) {
    const auto frozen = trace.tensors("frozen.safetensors");
    report.compare("teacher", backbone.teacher(), mao::unit_rows(entry(frozen, "text_features", "frozen.safetensors")),
                   relative(5e-5));
  }
  replay_method(trace, backbone, trace.steps(), {}, report);
}

const Registration tcp_registration("TCP", replay_tcp);

}  // namespace

}  // namespace mao_program::replay
