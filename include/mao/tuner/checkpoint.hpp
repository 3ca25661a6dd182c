// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Saves a tuner's state after every epoch, so that an interrupted run loses at most one epoch.

#include <concepts>
#include <filesystem>
#include <functional>
#include <type_traits>

#include <mao/tuner/detail/reports.hpp>
#include <mao/tuner/prompts_file.hpp>

namespace mao {

/// Writes a state atomically: the file is either the old one or the new one.
/// `before_rename` as in `write_file_atomically`.
void save_checkpoint(const std::filesystem::path& path, const TunerState& state, const PromptInfo& info,
                     const std::function<void()>& before_rename = {});

/// Reads a state of the run described by `info`.
///
/// **Throws** `OptionError` if method, model, classes or settings differ, because this would mix two runs.
TunerState load_checkpoint(const std::filesystem::path& path, const PromptInfo& info);

/// Trains with a checkpoint after each epoch, and resumes from an existing one. With several workers, all read it and
/// the first one writes it.
template <class TunerT>
FitResult fit_with_checkpoints(TunerT& tuner, ImageSource& images, const std::filesystem::path& path,
                               const PromptInfo& info, Observer observer = {}) {
  if (std::filesystem::exists(path)) tuner.resume(load_checkpoint(path, info));
  const auto report = observer.on_epoch;
  observer.on_epoch = [&](const EpochReport& epoch) {
    if (report) report(epoch);  // first: a run that is killed in between tells this epoch again rather than never
    if (is_first(tuner.options().workers.get())) save_checkpoint(path, tuner.state(), info, observer.before_save);
  };
  return tuner.fit(images, observer);
}

namespace detail {

/// Calls `before_save` of an observer that has it.
template <class ObserverT>
void ask_before_save(ObserverT& observer) {
  if constexpr (requires { static_cast<bool>(observer.before_save); }) {
    if (!observer.before_save) return;
  }
  if constexpr (requires { observer.before_save(); }) observer.before_save();
}

}  // namespace detail

/// The same with observers of any kind, which are called in order before the checkpoint is written; `before_save()` of
/// those that have it just before the checkpoint is put in place.
template <class TunerT, class First, class... Others>
requires(sizeof...(Others) > 0 || !std::same_as<std::remove_cvref_t<First>, Observer>) FitResult
    fit_with_checkpoints(TunerT& tuner, ImageSource& images, const std::filesystem::path& path, const PromptInfo& info,
                         First&& first, Others&&... others) {
  if (std::filesystem::exists(path)) tuner.resume(load_checkpoint(path, info));
  Observer saver;
  saver.on_epoch = [&](const EpochReport&) {
    if (!is_first(tuner.options().workers.get())) return;
    save_checkpoint(path, tuner.state(), info, [&] {
      detail::ask_before_save(first);
      (detail::ask_before_save(others), ...);
    });
  };
  return tuner.fit(images, first, others..., saver);
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/impl/checkpoint.ipp>
#endif
