// SPDX-License-Identifier: Apache-2.0
#include "tune/seed_records.hpp"

#include "runs/append_line.hpp"
#include "runs/json_checksum.hpp"

#include <mao/io/files.hpp>
#include <nlohmann/json.hpp>

namespace mao_program {

namespace {

/// Dassl's default for the batches between two lines.
constexpr int print_every = 5;

double seconds_between(std::chrono::steady_clock::time_point from, std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

/// How often a class was taken for another, without the zeros.
nlohmann::json confusion(const std::vector<std::int64_t>& predicted, const TaskHalf& half) {
  const ConfusionMatrix counts = confusion_matrix(predicted, half.test_labels, half.classes.size());
  nlohmann::json pairs = nlohmann::json::array();
  for (Eigen::Index truth = 0; truth < counts.rows(); ++truth) {
    for (Eigen::Index taken = 0; taken < counts.cols(); ++taken) {
      if (counts(truth, taken) > 0) pairs.push_back({truth, taken, counts(truth, taken)});
    }
  }
  return {{"classes", half.classes.names}, {"pairs", std::move(pairs)}};
}

}  // namespace

SeedRecords::SeedRecords(const std::filesystem::path& folder, std::function<void()> fence)
    : folder_(folder),
      fence_(std::move(fence)),
      board_((fence_(), folder / "tensorboard")),
      start_(std::chrono::steady_clock::now()),
      last_(start_) {}

void SeedRecords::line(const std::string& text) {
  fence_();
  append_line(folder_ / "log.txt", text);
}

void SeedRecords::point(const std::string& tag, std::int64_t step, double value) {
  fence_();
  board_.scalar(tag, step, value);
}

void SeedRecords::step(const std::string& stage, const StepReport& report) {
  if (stage != stage_) {
    stage_ = stage;
    now_ = {};
    line("stage " + stage);
  }
  if (report.step == 0) now_.time = now_.loss = now_.accuracy = {};  // Dassl's means are of the epoch
  const auto time = std::chrono::steady_clock::now();
  now_.time.update(seconds_between(last_, time));
  last_ = time;
  now_.loss.update(report.loss);
  now_.accuracy.update(report.accuracy);
  now_.epoch = report.epoch + 1;
  now_.epochs = report.epochs;
  now_.batch = report.step + 1;
  now_.batches = report.steps;
  now_.learning_rate = report.learning_rate;
  if (report.steps < print_every || (report.step + 1) % print_every == 0) line(dassl_step_line(now_));
  const std::string tag = stage == "new" ? "new/" : "train/";
  const std::int64_t number = std::int64_t{report.epoch} * report.steps + report.step;
  if (!report.skipped) {
    point(tag + "loss", number, report.loss);
    point(tag + "acc", number, report.accuracy);
  }
  point(tag + "lr", number, report.learning_rate);
}

void SeedRecords::epoch(const std::string& stage, const EpochReport& report) {
  point(stage + "/epoch_loss", report.epoch + 1, report.loss);
  point(stage + "/epoch_acc", report.epoch + 1, report.accuracy);
}

void SeedRecords::half(Half half, const Metrics& metrics) {
  const std::string name = name_of(half);
  line("Evaluate on the " + name + " classes");
  for (const std::string& text :
       dassl_result_lines({.total = metrics.total, .correct = metrics.correct, .macro_f1 = metrics.macro_f1})) {
    line(text);
  }
  point("test/" + name, 0, metrics.accuracy);
}

void SeedRecords::result(const BaseToNewResult& result, const BaseToNewTask& task) {
  line(dassl_training_end());
  nlohmann::json taken;
  taken["base"] = confusion(result.base_winners, task.base);
  if (result.fresh.total > 0) {
    half(Half::New, result.fresh);
    taken["new"] = confusion(result.fresh_winners, task.fresh);
  }
  half(Half::Base, result.base);  // last, as their scripts read the last
  line(dassl_elapsed(seconds_between(start_, std::chrono::steady_clock::now())));
  write_file_atomically(
      folder_ / "confusion.json", [&](std::ostream& out) { out << checked_json_text(taken) << "\n"; }, fence_);
}

}  // namespace mao_program
