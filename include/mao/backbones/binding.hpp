// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Which classes a backbone is bound to, and which ones what it learned belongs to.

#include <concepts>
#include <string>

#include <mao/backbones/concepts.hpp>
#include <mao/core/detail/policy_call.hpp>
#include <mao/data/class_key.hpp>

namespace mao {

/// A backbone that says which classes what it learned belongs to (a context, a residual, a row of a head for each):
/// saved, and compared when it is restored. An empty list: it belongs to none, and serves all.
template <class B>
concept ClassBound = Backbone<B> && requires(const B& backbone) {
  { backbone.learned_for() } -> std::convertible_to<ClassList>;
};

/// The classes that what is learned belongs to. A backbone that does not say so is taken at its shapes: a tensor with a
/// row for each of the bound classes belongs to them.
template <Backbone B>
ClassList learned_for(B& backbone) {
  if constexpr (ClassBound<B>) {
    return backbone.learned_for();
  } else {
    const std::int64_t count = backbone.classes().size();
    for (const Parameter& parameter : backbone.parameters()) {
      if (parameter.value.defined() && parameter.value.dim() > 0 && parameter.value.size(0) == count) {
        return backbone.classes();
      }
    }
    return {};
  }
}

/// Binds a backbone to `classes` unless it is bound to them already. **Throws** `DataError` for names that
/// `check_class_names` refuses, `PolicyError` when `bind` fails, `OptionError` for no classes and for a `bind` that does
/// not do what it says.
template <Backbone BackboneT>
void bind_to(BackboneT& backbone, const ClassList& classes, const std::string& who) {
  require<OptionError>(classes.size() > 0, who, ": the class list is empty; expected the classes to tell apart");
  check_class_names(classes, who);
  if (backbone.classes() == classes) return;
  policy_call(
      {.name = who}, "the backbone's `bind`", [&] { return "a backbone for " + class_text(classes); },
      [&] { backbone.bind(classes); });
  require<OptionError>(
      backbone.classes() == classes, who, ": after `bind` to ", classes.size(), " classes the backbone's ",
      "`classes()` gives another list; `bind` has to make the backbone one for the classes it is given");
}

/// Binds a backbone to `classes` and, at the end of its life, to those that it found: an evaluation leaves no trace.
template <Backbone BackboneT>
class BoundFor {
 public:
  BoundFor(BackboneT& backbone, const ClassList& classes) : backbone_(backbone), found_(backbone.classes()) {
    bind_to(backbone_, classes, "evaluation");
  }
  BoundFor(const BoundFor&) = delete;
  BoundFor& operator=(const BoundFor&) = delete;
  ~BoundFor() {
    try {
      if (!(backbone_.classes() == found_)) backbone_.bind(found_);
    } catch (...) {  // a destructor has nobody to tell; a tuner whose list is not bound any more says so
    }
  }

 private:
  BackboneT& backbone_;
  ClassList found_;
};

}  // namespace mao
