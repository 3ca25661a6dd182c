// SPDX-License-Identifier: Apache-2.0
/// \file
/// `mao replay DIR...`: does this library compute what the Python reference computed?

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "interrupt.hpp"
#include "replay/table.hpp"
#include "runs/progress.hpp"

namespace mao_program {

namespace {

namespace fs = std::filesystem;
using replay::Replay;
using replay::Report;
using replay::Settings;
using replay::Trace;

/// What one folder came to.
enum class Verdict { Passed, Failed, Unknown };

std::string known_methods() {
  std::string names;
  for (const auto& [name, function] : replay::method_replays()) names += (names.empty() ? "" : ", ") + name;
  return names;
}

bool has_sentence_sets(const Trace& trace) {
  const auto files = fs::directory_iterator(trace.folder());
  return std::any_of(begin(files), end(files), [&](const fs::directory_entry& file) {
    const std::string set = file.path().stem().string();
    return file.path().extension() == ".safetensors" && trace.has(set + ".json") &&
           trace.json(set + ".json").contains("top8_clean");
  });
}

/// The replay of a folder by what lies in it; empty for a method that there is none of yet.
Replay replay_of(const Trace& trace) {
  if (const std::string trainer = trace.trainer(); !trainer.empty()) {
    const auto found = replay::method_replays().find(trainer);
    return found == replay::method_replays().end() ? Replay() : found->second;
  }
  if (trace.has("zeroshot.safetensors")) return replay::replay_zero_shot;
  if (trace.has("regB.safetensors")) return replay::replay_regularizer;
  mao::require<mao::FormatError>(has_sentence_sets(trace), trace.folder().string(),
                                 " is not a folder of golden traces: neither a config.json with a \"reference\", nor "
                                 "zeroshot.safetensors, regB.safetensors or sentence embeddings with their .json");
  return replay::replay_mini_lm;
}

/// Compares one folder; `progress` is cleared before anything else is written.
Verdict replay_folder(const fs::path& folder, const std::string& label, Settings settings,
                      mao::ProgressLine& progress) {
  settings.progress = stoppable([&](std::int64_t done, std::int64_t total) { progress.update(label, done, total); });
  const Trace trace(folder, settings);
  const std::string reference = trace.config().value("reference", std::string());
  const Replay replay = replay_of(trace);
  if (!replay) {
    std::cerr << "mao: " << trace.folder().string() << ": no replay for " << reference
              << " yet; known: " << known_methods() << '\n';
    return Verdict::Unknown;
  }
  Report report(trace.folder().string() + (reference.empty() ? "" : "  (" + reference + ")"));
  try {
    replay(trace, report);
    progress.finish();
  } catch (const Stopped&) {
    throw;
  } catch (...) {
    progress.finish();
    report.exact("the whole trace", false, "could not be compared to its end");
    report.print(std::cout);
    throw;
  }
  report.print(std::cout);
  return report.passed() ? Verdict::Passed : Verdict::Failed;
}

/// `replay 3/18 coop`.
std::string label_of(const std::vector<fs::path>& folders, std::size_t index) {
  const std::string name = folders[index].lexically_normal().filename().string();
  const std::string place = folders.size() == 1 ? "" : mao::text_of(index + 1, "/", folders.size(), " ");
  return "replay " + place + name;
}

/// 0 when all pass, 1 when one fails, 2 when there is one that cannot be replayed and none fails.
int replay_folders(const std::vector<fs::path>& folders, const Settings& settings) {
  std::vector<Verdict> verdicts;
  mao::ProgressLine progress(std::cerr, mao::ProgressLine::is_terminal());
  for (std::size_t index = 0; index < folders.size(); ++index) {
    const fs::path& folder = folders[index];
    expect_no_stop();
    try {
      verdicts.push_back(replay_folder(folder, label_of(folders, index), settings, progress));
    } catch (const mao::Error& error) {
      std::cerr << "mao: " << error.what() << '\n';
      verdicts.push_back(Verdict::Failed);
    } catch (const nlohmann::json::exception& error) {
      std::cerr << "mao: " << folder.string() << ": a JSON file is not as expected: " << error.what() << '\n';
      verdicts.push_back(Verdict::Failed);
    }
  }
  const auto count = [&](Verdict verdict) { return std::count(verdicts.begin(), verdicts.end(), verdict); };
  if (folders.size() > 1) {
    std::cout << count(Verdict::Passed) << " of " << folders.size() << " passed, " << count(Verdict::Failed)
              << " failed, " << count(Verdict::Unknown) << " without a replay\n";
  }
  return count(Verdict::Failed) > 0 ? 1 : count(Verdict::Unknown) > 0 ? 2 : 0;
}

}  // namespace

void add_replay(CLI::App& app, int& status) {
  struct Arguments {
    std::vector<std::string> folders;
    std::string clip, batches, vocabulary, mini_lm;
  };
  auto arguments = std::make_shared<Arguments>();
  auto* command = add_command(app, "replay", "compare this library with traces of the reference implementations");
  command->footer(
      "Each DIR contains the trace of one method, of the frozen model, of reg-B or of the sentence encoder.\n"
      "Exit code: 0 all pass, 1 one fails, 2 there is no replay for one of the references.");
  command->add_option("DIR", arguments->folders, "folders of golden traces")->type_name("DIR")->required();
  command
      ->add_option("--clip", arguments->clip, "CLIP checkpoint (default: tiny_clip.safetensors in a folder above DIR)")
      ->type_name("FILE");
  command->add_option("--batches", arguments->batches, "batches (default: batches.safetensors in a folder above DIR)")
      ->type_name("FILE");
  command->add_option("--vocab", arguments->vocabulary, "CLIP's byte-pair vocabulary (default: searched for)")
      ->type_name("FILE");
  command->add_option("--minilm", arguments->mini_lm, "folder of all-MiniLM-L6-v2 (default: searched for)")
      ->type_name("DIR");
  command->callback([arguments, &status] {
    stop_on_signals();
    status =
        replay_folders({arguments->folders.begin(), arguments->folders.end()}, {.clip = arguments->clip,
                                                                                .batches = arguments->batches,
                                                                                .vocabulary = arguments->vocabulary,
                                                                                .mini_lm = arguments->mini_lm});
  });
}

}  // namespace mao_program
