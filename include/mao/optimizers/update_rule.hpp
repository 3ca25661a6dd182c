// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// An optimizer of your own: a class with one function, which moves one parameter along its gradient.

#include <concepts>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <mao/core/describe.hpp>
#include <mao/core/tensor.hpp>

namespace mao {

/// Tensors that an optimizer keeps of one parameter from step to step, by a name of its choice. They are saved with the
/// training and restored with it.
class KeptTensors {
 public:
  KeptTensors(TensorMap& all, std::string before, std::string after)
      : all_(&all), before_(std::move(before)), after_(std::move(after)) {}

  /// Undefined before it was first assigned.
  Tensor& operator[](const std::string& name) const { return (*all_)[before_ + name + after_]; }

 private:
  TensorMap* all_;
  std::string before_, after_;
};

/// One step of one parameter.
struct Update {
  Tensor value;     ///< of the parameter, to be changed in place
  Tensor gradient;  ///< of the same shape; to be left as it is
  double rate;      ///< the schedule's learning rate times the multiple of the parameter
  double decay;     ///< weight decay, times the multiple of the parameter
  KeptTensors kept;
};

/// What an optimizer of your own must offer: `void step(const mao::Update&) const`, called without gradients being
/// recorded. Its members are settings; what it remembers is in `update.kept`.
template <class R>
concept UpdateRule = std::copy_constructible<R> && requires(const R& rule, const Update& update) {
  rule.step(update);
};

namespace explain {

/// True for an `UpdateRule`; otherwise the compiler says what is missing.
template <class R>
consteval bool update_rule() {
  constexpr bool is_class = std::is_class_v<R>;
  static_assert(is_class,
                "mao: not an optimizer: this is not a class (is it a pointer?), pass the optimizer itself by value; "
                "settings of mao's own belong into `.optimizer`; see docs/concepts/optimizer.md");
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

/// An optimizer of your own, held by value; empty: none. Made of any `UpdateRule`.
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
