// SPDX-License-Identifier: Apache-2.0
// mao inspect: what a file of tensors holds, and what mao would make of it.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include <c10/core/ScalarType.h>

#include <mao/io/files.hpp>
#include <mao/io/tensor_file.hpp>
#include <mao/models/weights.hpp>
#include <mao/models/wrappers.hpp>

#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "models/model_text.hpp"
#include "runs/find_runs.hpp"
#include "runs/json_checksum.hpp"
#include "tune/settings.hpp"

namespace mao_program {

namespace {

void print_clip(const TensorFile& file, const std::string& path) {
  const ClipWeights clip = prepare_clip_weights(file, path);
  const auto& sizes = clip.sizes;
  const char* const kind = clip.form.text_bert   ? "a CLIP with a BERT for texts,"
                           : clip.pieces.empty() ? "a CLIP model"
                                                 : "a SigLIP model";
  std::cout << kind << " with " << name_of(clip.layout) << " names\n  image tower: ";
  if (sizes.is_resnet()) {
    std::cout << "ResNet, width " << sizes.vision_width << ", blocks " << shape_text(sizes.resnet_blocks);
  } else {
    std::cout << "ViT, width " << sizes.vision_width << ", " << sizes.vision_layers << " layers, MLP "
              << sizes.vision_mlp << ", patch " << sizes.patch;
  }
  std::cout << ", " << sizes.resolution << " px\n    " << describe_vision(clip.form, sizes) << "\n  text tower: width "
            << sizes.text_width << ", " << sizes.text_layers << " layers, MLP " << sizes.text_mlp << ", "
            << sizes.context << " tokens, vocabulary " << sizes.vocabulary << "\n    "
            << describe_text(clip.form, sizes.text_width) << "\n  joint embedding: " << sizes.embed
            << "\n  heads: " << clip.form.vision.heads_in(sizes.vision_channels()) << " of the image tower, "
            << clip.form.text.heads_in(sizes.text_width) << " of the text tower (" << clip.heads_reason
            << ")\n  activation: " << with_reason(clip.activation_reason)
            << "\n  images: " << pixels_text(clip.preprocess) << " (" << clip.preprocess_reason << ")\n";
  if (clip.form.text_bert) std::cout << "  texts: WordPiece, cleaned as " << clip.words << "\n";
  if (!clip.pieces.empty()) std::cout << "  texts: SentencePiece, cleaned as " << clip.pieces << "\n";
}

/// What stands in the way of a checkpoint that cannot be used as it is does not hide its tensors.
void describe_clip(const TensorFile& file, const std::string& path) {
  try {
    print_clip(file, path);
  } catch (const Error& error) {
    std::cout << "not a CLIP that can be used unchanged: " << error.what() << "\n";
  }
}

bool looks_like_clip(const TensorMap& tensors) {
  return tensors.contains("visual.proj") || tensors.contains("visual.conv1.weight") ||
         layout_of(tensors) != ClipLayout::OpenAi;
}

/// Whether the content of a file is what mao wrote.
struct Verified {
  bool right = true;
  std::string words;
};

Verified words_of(const JsonCheck& check) {
  if (check.written.empty()) return {true, "no checksum in it"};
  return check.right() ? Verified{true, "intact, " + check.found}
                       : Verified{false, "damaged, or edited: " + check.text()};
}

Verified verify_json(const std::filesystem::path& file) {
  auto value = nlohmann::json::parse(read_text_file(file), nullptr, false);
  if (value.is_discarded()) return {false, "damaged: not JSON"};
  return words_of(take_checksum(value));
}

/// Each line has a checksum. The last one may be half-written, which the run that continues writes again.
Verified verify_lines(const std::filesystem::path& file) {
  const std::string text = read_text_file(file);
  std::istringstream lines(text);
  std::size_t number = 0, without = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    auto value = nlohmann::json::parse(line, nullptr, false);
    const JsonCheck check = take_checksum(value);
    if (!check.right()) return {false, text_of("line ", number, " is damaged, or edited: ", check.text())};
    if (value.is_discarded() && lines.eof()) return {true, text_of("intact, ", number - 1, " lines and a part of one")};
    if (value.is_discarded()) return {false, text_of("line ", number, " is damaged: not JSON")};
    without += check.written.empty() ? 1 : 0;
  }
  if (without > 0) return {true, text_of("no checksum in ", without, " of ", number, " lines")};
  return {true, text_of("intact, ", number, number == 1 ? " line" : " lines")};
}

Verified verify_file(const std::filesystem::path& file) {
  try {
    const auto extension = file.extension();
    const bool json = extension == ".json", lines = extension == ".jsonl";
    if ((json || lines) && !std::filesystem::is_regular_file(file)) return {false, "not a regular file"};
    if (json) return verify_json(file);
    if (lines) return verify_lines(file);
    const std::string checksum = read_tensors(file.string()).checksum;
    return {true, checksum.empty() ? "no checksum in it" : "intact, " + checksum};
  } catch (const Error& failure) {  // also an empty file, and one that cannot be opened
    return {false, failure.what()};
  }
}

/// The files in a folder that may have a checksum, or one file.
std::vector<std::filesystem::path> files_to_verify(const std::string& path) {
  require<FileError>(std::filesystem::exists(path), "there is no file or folder ", path);
  if (!std::filesystem::is_directory(path)) return {path};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
    const auto extension = entry.path().extension();
    const bool ours = extension == ".safetensors" || extension == ".json" || extension == ".jsonl";
    if (ours && entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  require<FileError>(!files.empty(), path,
                     ": there is no *.safetensors, *.json or *.jsonl file here; expected a run, or a file");
  return files;
}

/// A line for each file. The exit code.
int verify(const std::string& path) {
  const auto files = files_to_verify(path);
  int damaged = 0;
  for (const auto& file : files) {
    const auto [right, words] = verify_file(file);
    damaged += right ? 0 : 1;
    const bool named = words.starts_with(file.string());
    std::cout << (named ? "" : file.string() + ": ") << words << "\n";
  }
  std::cout << files.size() << (files.size() == 1 ? " file, " : " files, ") << damaged << " damaged\n";
  return damaged == 0 ? 0 : 1;
}

int run(const std::string& path, bool all) {
  require<OptionError>(!is_run_folder(path), path, " is a run of mao tune: `mao report ", path,
                       "` shows its results, `mao inspect --verify ", path,
                       "` checks its files, and `mao inspect FILE` describes one, such as seed1/*.prompts.safetensors");
  const TensorFile file = read_tensors(path);
  std::int64_t elements = 0;
  std::size_t bytes = 0;
  for (const auto& [name, value] : file.tensors) {
    elements += value.numel();
    bytes += value.nbytes();
  }
  std::cout << path << ": " << file.tensors.size() << (file.tensors.size() == 1 ? " tensor, " : " tensors, ")
            << elements << " elements, " << bytes << " bytes\n";
  if (!file.checksum.empty()) std::cout << "  checksum: " << file.checksum << ", verified\n";
  for (const auto& [key, value] : file.metadata) {
    std::cout << "  " << key << ": " << (value.size() > 160 && !all ? value.substr(0, 160) + "... (--all)" : value)
              << "\n";
  }
  const TensorFile inner = unwrapped(file, path);
  if (looks_like_clip(inner.tensors)) describe_clip(inner, path);
  constexpr std::size_t few = 20;
  std::size_t shown = 0;
  for (const auto& [name, value] : file.tensors) {
    if (++shown > few && !all) break;
    std::cout << "  " << name << "  " << c10::toString(value.scalar_type()) << ' ' << shape_text(value.sizes()) << "\n";
  }
  if (shown > few && !all) std::cout << "  ... and " << file.tensors.size() - few << " more (--all)\n";
  return 0;
}

}  // namespace

void add_inspect(CLI::App& app, int& status) {
  auto path = std::make_shared<std::string>();
  auto all = std::make_shared<bool>(false);
  CLI::App* command =
      add_command(app, "inspect", "list a safetensors file or PyTorch archive; describe a CLIP checkpoint");
  command->add_option("file", *path, "file, or folder of a checkpoint")->type_name("PATH")->required();
  command->add_flag("--all", *all, "list every tensor, and metadata in full");
  auto check = std::make_shared<bool>(false);
  command->add_flag("--verify", *check,
                    "check that a file, or every *.safetensors, *.json and *.jsonl file in a folder, is not damaged");
  command->callback([path, all, check, &status] { status = *check ? verify(*path) : run(*path, *all); });
}

}  // namespace mao_program
