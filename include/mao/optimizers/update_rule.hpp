// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Your own optimizer: a class with one function, which updates one parameter.

#include <concepts>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <mao/core/describe.hpp>
#include <mao/core/tensor.hpp>

namespace mao {

/// The state of an optimizer for one parameter: tensors by name. Checkpoints save it, and resuming restores it.
/// The optimizer chooses the names.
class KeptTensors {
 public:
  KeptTensors(TensorMap& all, std::string before, std::string after)
      : all_(&all), before_(std::move(before)), after_(std::move(after)) {}

  /// Undefined until it is first assigned.
  Tensor& operator[](const std::string& name) const { return (*all_)[before_ + name + after_]; }

 private:
  TensorMap* all_;
  std::string before_, after_;
};

/// One step of one parameter.
struct Update {
  Tensor value;     ///< the parameter; change it in place
  Tensor gradient;  ///< of the same shape; do not change it
  double rate;      ///< the schedule's learning rate times the factor of the parameter
  double decay;     ///< weight decay times the factor of the parameter
  KeptTensors kept;
};

/// The requirement for your own optimizer: `void step(const mao::Update&) const`, which is called with gradients
/// disabled. Its members are settings; its state is in `update.kept`.
template <class R>
concept UpdateRule = std::copy_constructible<R> && requires(const R& rule, const Update& update) {
  rule.step(update);
};

namespace explain {

/// True for an `UpdateRule`; otherwise the compiler says what is missing.
template <class R>
consteval bool update_rule() {
  constexpr bool is_class = std::is_class_v<R>;
  static_assert(
      is_class,
      "mao: not an optimizer: this is not a class (a pointer?), pass the optimizer itself by value; settings of "
      "mao's own belong in `.optimizer`; see docs/concepts/optimizer.md");
  if constexpr (is_class) {
    constexpr bool steps_unless_const = requires(R & rule, const Update& update) { rule.step(update); };
    static_assert(
        UpdateRule<R> || !steps_unless_const,
        "mao: not an optimizer: its `step` is not const, or it cannot be copied; add `const` and keep what it "
        "remembers in `update.kept`, which is saved with the training; see docs/concepts/optimizer.md");
    static_assert(
        UpdateRule<R> || steps_unless_const,
        "mao: not an optimizer: no `step` of one parameter, add `void step(const mao::Update& update) const`; "
        "see docs/concepts/optimizer.md");
  }
  return UpdateRule<R>;
}

}  // namespace explain

/// Your own optimizer, by value; may be empty. Made from any `UpdateRule`.
class OwnOptimizer {
 public:
  OwnOptimizer() = default;
  template <class R>
  requires(!std::same_as<R, OwnOptimizer>) OwnOptimizer(R rule) {  // NOLINT: converts on purpose
    if constexpr (explain::update_rule<R>()) held_ = std::make_shared<const Held<R>>(std::move(rule));
  }

  explicit operator bool() const { return held_ != nullptr; }
  /// **Throws** whatever the optimizer throws.
  void step(const Update& update) const { held_->step(update); }
  [[nodiscard]] Description describe() const { return held_ ? held_->describe() : Description(); }

 private:
  struct Interface {
    virtual ~Interface() = default;
    virtual void step(const Update& update) const = 0;
    [[nodiscard]] virtual Description describe() const = 0;
  };
  template <class R>
  struct Held final : Interface {
    explicit Held(R of) : rule(std::move(of)) {}
    void step(const Update& update) const override { rule.step(update); }
    [[nodiscard]] Description describe() const override { return description_of(rule); }
    R rule;
  };

  std::shared_ptr<const Interface> held_;  // shared by copies: it does not change
};

}  // namespace mao
