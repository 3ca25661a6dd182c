// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/backbones/binding.hpp>

#include <mao/config.hpp>
#include <mao/core/detail/policy_call.hpp>
#include <mao/data/class_key.hpp>

namespace mao::detail {

MAO_INLINE void bind_to(BackboneCalls& backbone, const ClassList& classes, const std::string& who) {
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

MAO_INLINE CallsBoundFor::CallsBoundFor(BackboneCalls& backbone, const ClassList& classes)
    : backbone_(backbone), found_(backbone.classes()) {
  bind_to(backbone_, classes, "evaluation");
}

MAO_INLINE CallsBoundFor::~CallsBoundFor() {
  try {
    if (!(backbone_.classes() == found_)) backbone_.bind(found_);
  } catch (...) {  // a destructor has nobody to tell; a tuner whose list is not bound any more says so
  }
}

}  // namespace mao::detail
