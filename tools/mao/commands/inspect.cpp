// SPDX-License-Identifier: Apache-2.0
// mao inspect: what a file of tensors holds, and what mao would make of it.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <vector>

#include <c10/core/ScalarType.h>

#include <mao/io/tensor_file.hpp>
#include <mao/models/weights.hpp>
#include <mao/models/wrappers.hpp>

#include "commands.hpp"
#include "tune/settings.hpp"

namespace mao_program {

namespace {

void print_clip(const TensorFile& file, const std::string& path) {
  const ClipWeights clip = prepare_clip_weights(file, path);
  const auto& sizes = clip.sizes;
  std::cout << (clip.pieces.empty() ? "a CLIP" : "a SigLIP") << " model with " << name_of(clip.layout)
            << " names\n  image tower: ";
  if (sizes.is_resnet()) {
    std::cout << "ResNet, width " << sizes.vision_width << ", blocks " << shape_text(sizes.resnet_blocks);
  } else {
    std::cout << "ViT, width " << sizes.vision_width << ", " << sizes.vision_layers << " layers, MLP "
              << sizes.vision_mlp << ", patch " << sizes.patch;
  }
  std::cout << ", " << sizes.resolution << " px\n    " << describe_vision(clip.form, sizes)
            << "\n  text tower: width " << sizes.text_width << ", " << sizes.text_layers << " layers, MLP "
            << sizes.text_mlp << ", " << sizes.context << " tokens, vocabulary " << sizes.vocabulary << "\n    "
            << describe_text(clip.form, sizes.text_width) << "\n  joint embedding: " << sizes.embed
            << "\n  heads: " << clip.heads_reason << "\n  activation: " << clip.activation_reason
            << "\n  pictures: " << describe(clip.preprocess) << " (" << clip.preprocess_reason << ")\n";
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

/// A line for each file of mao's own in a folder, or for one file: whether its content is what was written. The exit
/// code.
int verify(const std::string& path) {
  std::vector<std::filesystem::path> files{path};
  if (std::filesystem::is_directory(path)) {
    files.clear();
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      if (entry.is_regular_file() && entry.path().extension() == ".safetensors") files.push_back(entry.path());
    }
    std::ranges::sort(files);
    require<FileError>(!files.empty(), path, ": there is no *.safetensors file here; expected a run, or a file");
  }
  require<FileError>(std::filesystem::exists(files.front()), "there is no file or folder ", path);
  int damaged = 0;
  for (const auto& file : files) {
    try {
      const std::string checksum = read_tensors(file.string()).checksum;
      std::cout << file.string() << ": " << (checksum.empty() ? "no checksum in it" : "right, " + checksum) << "\n";
    } catch (const Error& failure) {  // also an empty file, and one that cannot be opened
      ++damaged;
      std::cout << failure.what() << "\n";
    }
  }
  std::cout << files.size() << (files.size() == 1 ? " file, " : " files, ") << damaged << " damaged\n";
  return damaged == 0 ? 0 : 1;
}

int run(const std::string& path, bool all) {
  const TensorFile file = read_tensors(path);
  std::int64_t elements = 0;
  std::size_t bytes = 0;
  for (const auto& [name, value] : file.tensors) {
    elements += value.numel();
    bytes += value.nbytes();
  }
  std::cout << path << ": " << file.tensors.size() << " tensors, " << elements << " elements, " << bytes << " bytes\n";
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
  command->add_option("file", *path, "file, or folder of a checkpoint")->required();
  command->add_flag("--all", *all, "list every tensor, and metadata in full");
  auto check = std::make_shared<bool>(false);
  command->add_flag("--verify", *check, "check that a file, or every *.safetensors in a folder, is not damaged");
  command->callback([path, all, check, &status] { status = *check ? verify(*path) : run(*path, *all); });
}

}  // namespace mao_program
