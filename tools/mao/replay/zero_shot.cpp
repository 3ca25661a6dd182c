// SPDX-License-Identifier: Apache-2.0
/// \file
/// The frozen model: tokens, every intermediate result of both towers, features, logits and probabilities.

#include <ATen/core/grad_mode.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include <mao/backbones/zero_shot.hpp>
#include <mao/text/clean.hpp>
#include <mao/core/detail/ops.hpp>

#include <nlohmann/json.hpp>

#include "replay/table.hpp"

namespace mao_program::replay {

namespace {

using Json = nlohmann::json;

/// Compares a row of ids, or that there is none because the text is too long.
void compare_row(const mao::ClipTokenizer& tokenizer, const std::string& text, const Json& expected,
                 std::int64_t context, bool truncate, Report& report) {
  const std::string quantity = truncate ? "token rows, truncated" : "token rows";
  try {
    const auto row = tokenizer.row(text, context, truncate);
    report.exact(quantity, !expected.is_null() && row == expected.get<std::vector<std::int64_t>>(),
                 "differs for \"" + text + "\"");
  } catch (const mao::DataError&) {
    report.exact(quantity, expected.is_null(), "refuses \"" + text + "\" as too long");
  }
}

void compare_tokenizer(const Trace& trace, const mao::Clip& clip, Report& report) {
  const Json given = trace.json("tokenizer.json");
  const auto& tokenizer = clip.tokenizer();
  const bool same = given.value("sot", tokenizer.start_token()) == tokenizer.start_token() &&
                    given.value("eot", tokenizer.end_token()) == tokenizer.end_token() &&
                    given.value("vocab", tokenizer.size()) == tokenizer.size();
  report.exact("vocabulary", same, "its size, start or end differs");
  for (const Json& row : given.at("rows")) {
    const auto text = row.at("text").get<std::string>();
    const auto ids = row.at("ids").get<std::vector<std::int64_t>>();
    const auto cleaned = mao::clean_text(text);
    report.exact("cleaned text", cleaned == row.at("cleaned").get<std::string>(),
                 "\"" + text + "\" became \"" + cleaned + "\"");
    report.exact("token ids", tokenizer.encode(text) == ids, "differ for \"" + text + "\"");
    report.exact("decoded text", tokenizer.decode(ids) == row.at("decoded").get<std::string>(),
                 "differs for \"" + text + "\"");
    const Json &full = row.at("tokenize"), &truncated = row.at("tokenize_truncate");
    const auto context = static_cast<std::int64_t>(truncated.size());
    compare_row(tokenizer, text, full, context, false, report);
    compare_row(tokenizer, text, truncated, context, true, report);
  }
}

void compare_architecture(const Json& config, const mao::ClipArchitecture& sizes, Report& report) {
  if (!config.contains("arch")) return;
  const std::pair<const char*, std::int64_t> known[] = {{"embed_dim", sizes.embed},
                                                        {"image", sizes.resolution},
                                                        {"patch", sizes.patch},
                                                        {"vision_width", sizes.vision_width},
                                                        {"vision_layers", sizes.vision_layers},
                                                        {"text_width", sizes.text_width},
                                                        {"text_layers", sizes.text_layers},
                                                        {"context", sizes.context},
                                                        {"vocab", sizes.vocabulary}};
  for (const auto& [key, ours] : known) {
    const auto theirs = config.at("arch").value(key, ours);
    report.exact("architecture", theirs == ours, mao::text_of(key, " is ", ours, ", expected ", theirs));
  }
}

/// The reference prints blocks as [length, batch, width] and keeps the first items of the batch.
void compare_intermediates(const mao::TensorMap& expected, const mao::TensorMap& probed, Report& report) {
  for (const auto& [name, value] : expected) {
    const auto ours = probed.find(name);
    if (ours == probed.end()) {
      report.exact("intermediates", false, "the towers have no " + name);
      continue;
    }
    const bool block = name.find(".block") != std::string::npos;
    const mao::Tensor rows = ours->second.narrow(0, 0, std::min(ours->second.size(0), value.size(block ? 1 : 0)));
    report.compare(name, block ? rows.transpose(0, 1) : rows, value, relative(5e-5));
  }
}

}  // namespace

void replay_zero_shot(const Trace& trace, Report& report) {
  const at::NoGradGuard frozen;
  const auto clip = trace.clip();
  compare_architecture(trace.config(), clip->weights().sizes, report);
  if (trace.has("tokenizer.json")) compare_tokenizer(trace, *clip, report);
  const std::string file = "zeroshot.safetensors";
  const auto given = trace.tensors(file);
  const auto prompts = trace.config<std::vector<std::string>>("prompts");
  const auto pattern = trace.config<std::string>("template");
  const mao::ClassList classes = trace.classes();
  std::vector<mao::Tensor> rows;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    rows.push_back(at::tensor(clip->tokenizer().row(prompts[i], clip->context_length())));
    report.exact("prompts", mao::fill_template(pattern, classes.names.at(i)) == prompts[i],
                 "differs: \"" + prompts[i] + "\"");
  }
  const mao::Tensor tokens = at::stack(rows);
  report.exact("tokens", integers(tokens) == integers(entry(given, "tokens", file)), "differ from the trace's");

  mao::TensorMap probed;
  const mao::Probe probe = [&](const std::string& name, const mao::Tensor& value) { probed[name] = value; };
  const mao::Tensor &images = entry(given, "images", file), &text = entry(given, "text_features", file);
  const mao::Tensor dense = clip->text_tower().encode_dense(clip->embed(tokens), tokens.argmax(1), probe);
  report.compare("text features, dense", dense, text, relative(5e-5));
  report.compare("text features, packed", mao::sentence_features(*clip, prompts), text, relative(5e-5));
  const mao::Tensor features = clip->vision_tower().encode(images, {}, probe);
  report.compare("image features", features, entry(given, "image_features", file), relative(5e-5));
  report.compare("image features, in parts", clip->encode_image(images), entry(given, "image_features", file),
                 relative(5e-5));
  if (trace.has("intermediates.safetensors"))
    compare_intermediates(trace.tensors("intermediates.safetensors"), probed, report);

  mao::ZeroShot<mao::Clip> zero_shot(clip, classes, {.templates = {pattern}});
  const auto output = zero_shot.forward({.pixels = images, .features = {}}, mao::Candidates::all(classes.size()));
  report.compare("logits per image", output.logits, entry(given, "logits_per_image", file), absolute(5e-5));
  report.compare("logits per text", output.logits.t(), entry(given, "logits_per_text", file), absolute(5e-5));
  report.compare("probabilities", at::softmax(output.logits, 1), entry(given, "probs", file), absolute(5e-5));
}

}  // namespace mao_program::replay
