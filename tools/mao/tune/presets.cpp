// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>

#include <mao/core/error.hpp>

#include "commands.hpp"
#include "nearest_name.hpp"
#include "tune/presets.hpp"

namespace mao_program {

namespace {

PresetSetting setting(std::string option, const std::string& value, std::string source) {
  return {std::move(option), value.empty() ? std::vector<std::string>() : std::vector<std::string>{value},
          std::move(source)};
}

PresetSetting method(const std::string& name) { return setting("--method", name, "the row's method"); }

/// Method options are `--set NAME=VALUE`.
PresetSetting set(const std::string& name, const std::string& value, std::string source) {
  return setting("--set", name + "=" + value, std::move(source));
}

std::vector<PresetSetting> schedule(const char* batch, const char* epochs, const char* lr, const std::string& source) {
  return {setting("--batch", batch, source), setting("--epochs", epochs, source), setting("--lr", lr, source)};
}

Preset preset(std::string name, std::string row, std::vector<std::vector<PresetSetting>> parts) {
  Preset result{std::move(name), std::move(row), {}};
  for (auto& part : parts) result.settings.insert(result.settings.end(), part.begin(), part.end());
  return result;
}

/// MAO's own rows: batch and K follow the number of classes (its section 4.1), so they are left to the program.
std::vector<PresetSetting> mao_steps() {
  const std::string source = "MAO, section 4.1";
  return {setting("--mao", "", source),
          setting("--epochs", "10", source),
          setting("--lr", "0.0035", source),
          setting("--new-epochs", "10", source),
          setting("--new-lr", "0.0035", source),
          setting("--new-batch", "32", source),
          setting("--labeler", "zero-shot", "MAO, section 3.4 and Table 5"),
          setting("--columns", "distinct", "MAO, section 3.3")};
}

std::vector<PresetSetting> mao_baseline() { return schedule("32", "20", "0.002", "MAO, section 4.1, baselines"); }

std::vector<PresetSetting> maple_prompts(const std::string& depth, const std::string& source) {
  return {set("context", "2", source), set("depth", depth, source), set("init", "a photo of a", source)};
}

std::vector<PresetSetting> promptsrc_prompts(const std::string& depth, const char* mean, const char* deviation,
                                             const std::string& source) {
  return {set("context", "4", source),      set("vision-context", "4", source),
          set("text-depth", depth, source), set("vision-depth", depth, source),
          set("gpa-mean", mean, source),    set("gpa-deviation", deviation, source)};
}

std::vector<Preset> all_presets() {
  const std::string coop = "CoOp repository, configs/trainers/CoOp", words = "a photo of a";
  const std::string maple = "MaPLe repository, vit_b16_c2_ep5_batch4_2ctx",
                    src = "PromptSRC repository, vit_b16_c2_ep20_batch4_4+4ctx",
                    mao_src = "M.A.O repository, MAO/PromptSRC/vit_b16_c2_ep10_batch4_4+4ctx";
  const std::vector<PresetSetting> four_words{set("init", words, "CoCoOp paper, ctxv1 configurations")};
  return {
      preset("mao/coop", "CoOp + MAO, Table 1",
             {{method("coop"), set("init", words, "spec A15: as in CoCoOp")}, mao_steps()}),
      preset("mao/maple", "MaPLe + MAO, Table 1",
             {{method("maple")}, maple_prompts("9", "M.A.O repository, MAO/MaPLe"), mao_steps()}),
      preset("mao/promptsrc", "PromptSRC + MAO, Table 1",
             {{method("promptsrc")}, promptsrc_prompts("9", "15", "1", mao_src), mao_steps()}),
      preset("mao/coop-baseline", "CoOp, Table 1 of MAO",
             {{method("coop"), set("init", words, "spec A15")}, mao_baseline()}),
      preset("mao/coop-2x", "CoOp with twice the epochs, Table 8 (b) of MAO",
             {{method("coop"), set("init", words, "spec A15")}, schedule("32", "40", "0.002", "MAO, Table 8")}),
      preset("mao/maple-baseline", "MaPLe, Table 1 of MAO",
             {{method("maple")}, maple_prompts("9", "M.A.O repository"), mao_baseline()}),
      preset("mao/promptsrc-baseline", "PromptSRC, Table 1 of MAO",
             {{method("promptsrc")}, promptsrc_prompts("9", "15", "1", "M.A.O repository"), mao_baseline()}),
      preset("mao/promptsrc-released", "PromptSRC + MAO as the released code runs it",
             {{method("promptsrc")},
              promptsrc_prompts("9", "15", "1", mao_src),
              {setting("--mao", "", mao_src), setting("--epochs", "10", mao_src), setting("--lr", "0.0035", mao_src),
               setting("--new-epochs", "10", mao_src), setting("--new-lr", "0.0035", mao_src),
               setting("--new-batch", "32", mao_src),
               setting("--labeler", "tuned", "mao_promptsrc_new.py labels with the base checkpoint"),
               setting("--columns", "per-image", "mao_promptsrc_base.py has one column per image")}}),
      preset("coop/few-shot", "CoOp, 16 vectors, 16 shots",
             {{method("coop"), set("init", "", coop), set("context", "16", coop)},
              schedule("32", "200", "0.002", coop + "/vit_b16.yaml and COOP.md")}),
      preset("coop/cocoop-paper", "CoOp, base-to-new table of the CoCoOp paper",
             {{method("coop")}, four_words, schedule("32", "200", "0.002", coop + "/vit_b16_ctxv1.yaml")}),
      preset("cocoop/paper", "CoCoOp, base-to-new",
             {{method("cocoop")},
              four_words,
              schedule("1", "10", "0.002", "CoOp repository, vit_b16_c4_ep10_batch1_ctxv1.yaml")}),
      preset("kgcoop/paper", "KgCoOp, base-to-new",
             {{method("kgcoop"), set("init", words, "KgCoOp repository"),
               set("weight", "8", "KgCoOp repository, scripts")},
              schedule("128", "100", "0.002", "KgCoOp repository, scripts")}),
      preset(
          "prograd/vit-b16", "ProGrad, ViT-B/16, as re-run by SkipTuning",
          {{method("prograd"), set("init", words, "SkipTuning repository"), set("lambda", "1", "ProGrad repository")},
           schedule("32", "100", "0.002", "SkipTuning repository")}),
      preset("tcp/paper", "TCP, base-to-new",
             {{method("tcp"), set("context", "4", "TCP repository"), set("weight", "8", "TCP repository (hard-wired)"),
               setting("--optimizer", "adam", "TCP repository"),
               setting("--adam-epsilon", "0.001", "TCP repository (for fp16)")},
              schedule("32", "50", "0.002", "TCP repository")}),
      preset("maple/paper", "MaPLe, base-to-new",
             {{method("maple")}, maple_prompts("9", maple), schedule("4", "5", "0.0035", maple)}),
      preset("maple/cross-dataset", "MaPLe, cross-data-set",
             {{method("maple")},
              maple_prompts("3", maple + "_cross_datasets"),
              schedule("4", "2", "0.0026", maple + "_cross_datasets")}),
      preset("promptsrc/paper", "PromptSRC, base-to-new",
             {{method("promptsrc")}, promptsrc_prompts("9", "15", "1", src), schedule("4", "20", "0.0025", src)}),
      preset("promptsrc/cross-dataset", "PromptSRC, cross-data-set",
             {{method("promptsrc")},
              promptsrc_prompts("3", "6", "10", src + "_cross_datasets"),
              schedule("4", "20", "0.0025", src + "_cross_datasets")}),
      preset("promptsrc/few-shot", "PromptSRC, few-shot (ImageNet, Caltech101, Pets, Food101, UCF101, SUN397)",
             {{method("promptsrc")},
              promptsrc_prompts("9", "30", "30", "PromptSRC repository, ep50 few-shot"),
              schedule("4", "50", "0.0025", "PromptSRC repository, ep50 few-shot")}),
      preset("vpt/maple-repository", "VPT in CLIP, base-to-new",
             {{method("vpt"), set("context", "8", "MaPLe repository, trainers/vpt.py"),
               set("depth", "12", "MaPLe repository, trainers/vpt.py")},
              schedule("4", "5", "0.0025", "MaPLe repository, trainers/vpt.py")}),
      preset("dept/coop", "CoOp + DePT, base-to-new",
             {{method("dept"), set("lambda", "0.7", "DePT repository"), set("rate", "6.5", "DePT repository")},
              schedule("4", "10", "0.0035", "DePT repository")}),
      preset("coprompt/paper", "CoPrompt, base-to-new (Caltech101's depth, n and weight)",
             {{method("coprompt"), set("context", "4", "CoPrompt repository, Caltech101"),
               set("depth", "12", "CoPrompt repository, Caltech101"),
               set("weight", "4", "CoPrompt repository, Caltech101")},
              schedule("4", "8", "0.0035", "CoPrompt repository")}),
      preset("promptkd/paper", "PromptKD, base-to-new",
             {{method("promptkd"), set("weight", "1000", "PromptKD repository")},
              schedule("8", "20", "0.005", "PromptKD repository")}),
      preset("upt/paper", "UPT, few-shot",
             {{method("upt"), set("context", "4", "UPT repository (fork)")},
              schedule("32", "200", "0.002", "UPT repository (fork)")}),
  };
}

}  // namespace

const std::vector<Preset>& presets() {
  static const std::vector<Preset> all = all_presets();
  return all;
}

namespace {

const Preset& preset_named(const std::string& name) {
  const auto found = std::ranges::find(presets(), name, &Preset::name);
  if (found != presets().end()) return *found;
  const std::vector<std::string> names = preset_names();
  std::string list;
  for (const std::string& known : names) list += (list.empty() ? "" : ", ") + known;
  throw mao::OptionError(
      mao::text_of("--preset ", name, ": no such preset", did_you_mean(name, names), "; expected one of ", list));
}

}  // namespace

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Preset& known : presets()) names.push_back(known.name);
  return names;
}

GivenOptions take_preset(CLI::App& command, MethodSettings& settings) {
  GivenOptions given = GivenOptions::of(command, settings);
  if (!given.options.contains("--preset")) return given;
  const auto is_given = [&](const std::string& option) {
    return given.options.contains(option) || (option == "--method" && given.options.contains("--learner"));
  };
  for (const PresetSetting& setting : preset_named(command.get_option("--preset")->as<std::string>()).settings) {
    if (setting.option == "--set") {
      const std::size_t equals = setting.values.at(0).find('=');
      settings.options.emplace(setting.values[0].substr(0, equals), setting.values[0].substr(equals + 1));
    } else if (!is_given(setting.option)) {
      CLI::Option* option = command.get_option(setting.option);
      for (const std::string& value : setting.values) option->add_result(value);
      if (setting.values.empty()) option->add_result("true");
      option->run_callback();
    }
  }
  return given;
}

void add_presets(CLI::App& app, int& status) {
  auto name = std::make_shared<std::string>();
  CLI::App* command = add_command(app, "presets", "list the settings of published rows, with their sources");
  command->add_option("name", *name, "one preset in full (default: the list)");
  command->callback([name, &status] {
    bool found = name->empty();
    for (const Preset& known : presets()) {
      if (name->empty())
        std::cout << known.name << std::string(28 - std::min<std::size_t>(27, known.name.size()), ' ') << known.row
                  << "\n";
      if (known.name != *name) continue;
      found = true;
      std::cout << known.name << ": " << known.row << "\n";
      for (const PresetSetting& setting : known.settings) {
        std::cout << "  " << setting.option << (setting.values.empty() ? "" : " " + setting.values[0]) << "   ("
                  << setting.source << ")\n";
      }
    }
    if (found) {
      status = 0;
      return;
    }
    throw mao::OptionError(
        mao::text_of("no preset ", *name, did_you_mean(*name, preset_names()), "; `mao presets` lists them"));
  });
}

}  // namespace mao_program
