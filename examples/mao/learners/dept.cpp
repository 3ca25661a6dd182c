// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/coop.hpp>
#include <mao/backbones/dept.hpp>

#include "registry.hpp"

namespace mao_program {

namespace {

struct DeptOverCoopOptions {
  Coop<AnyModel>::Options host;
  DeptOptions dept;
};

DeptOverCoopOptions read(OptionReader& options) {
  DeptOverCoopOptions chosen;
  chosen.host.init = options.text("init", chosen.host.init, "words the context starts from; empty: random");
  chosen.host.context = options.integer("context", chosen.host.context, "context vectors, with a random start");
  chosen.dept.weight = options.number("lambda", chosen.dept.weight, "share of the second head");
  chosen.dept.rate = options.number("rate", chosen.dept.rate, "multiple of the learning rate for the second head");
  return chosen;
}

Dept<Coop<AnyModel>> make(const LearnerContext& context, OptionReader&, DeptOverCoopOptions options) {
  options.host.seed = options.dept.seed = context.seed;
  return Dept<Coop<AnyModel>>(Coop<AnyModel>(context.opened.model, context.classes, options.host), options.dept);
}

const LearnerRegistration registration({.name = "dept",
                                        .summary = "CoOp with a second head for the base classes (Zhang et al. 2024)",
                                        .reference = "dept"},
                                       read, make);

}  // namespace

}  // namespace mao_program
