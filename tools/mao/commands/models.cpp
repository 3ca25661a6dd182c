// SPDX-License-Identifier: Apache-2.0
// mao models: the families of models that are read, and the files that each needs.
#include <array>
#include <iostream>

#include <CLI/CLI.hpp>

#include "commands.hpp"

namespace mao_program {

namespace {

/// Models that are read in one way.
struct Family {
  const char *name, *members, *files, *prompts;
};

constexpr const char *both = "both towers", *text_alone = "the text context";

constexpr std::array families{
    Family{"embedded", "the small CLIP that comes with mao", "none: --model embedded", both},
    Family{"embedded-siglip", "the small SigLIP that comes with mao", "none: --model embedded-siglip", both},
    Family{"CLIP, ViT", "OpenAI's archives, open_clip's ViTs with CLIP's tokenizer, Hugging Face's CLIPModel",
           "the weights; open_clip_config.json or config.json (OpenAI's archives and most files that contain the whole "
           "model do not need it); "
           "CLIP's vocabulary beside them, by --vocab or from the Python package open_clip_torch",
           both},
    Family{"CLIP, ResNet", "RN50, RN101, RN50x4, RN50x16, RN50x64 of OpenAI and open_clip", "the same as for CLIP, ViT",
           text_alone},
    Family{"SigLIP, SigLIP 2", "B, L, So400m, gopt of one resolution: Hugging Face's SiglipModel, open_clip's SigLIPs",
           "a folder with the weights, config.json or open_clip_config.json, and spiece.model or tokenizer.json; "
           "preprocessor_config.json where there is one",
           both},
    Family{"CLIP, timm ViT",
           "MobileCLIP-B, MobileCLIP2-L-14, Perception Encoders (PE-Core), plain ViTs of timm in open_clip",
           "a folder with the weights and open_clip_config.json; CLIP's vocabulary, as for CLIP, ViT", both},
    Family{"CLIP, BERT for texts", "BiomedCLIP, and other ViTs with an uncased BERT in open_clip",
           "a folder with the weights, open_clip_config.json, and vocab.txt or tokenizer.json of the BERT; the BERT's "
           "own config.json where mao does not know the hf_model_name",
           text_alone},
    Family{"mobilenet-minilm", "MobileNetV2 beside all-MiniLM-L6-v2",
           "--model mobilenet-minilm --weights DIR with mobilenet_v2_tf2ptq.safetensors, its .graph.json and "
           "imagenet_classnames.txt; all-MiniLM-L6-v2 by --minilm, $MAO_MINILM or its Python package",
           text_alone},
};

}  // namespace

void add_models(CLI::App& app, int& status) {
  CLI::App* command =
      app.add_subcommand("models", "list the families of models that are read, and the files each needs");
  command->callback([&status] {
    status = 0;
    for (const Family& family : families) {
      std::cout << family.name << ": " << family.members << "\n  files: " << family.files
                << "\n  methods can prompt: " << family.prompts << "\n";
    }
    std::cout
        << "`mao inspect PATH` says what a checkpoint is; docs/models.md has what was compared with which library.\n";
  });
}

}  // namespace mao_program
