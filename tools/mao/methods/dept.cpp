// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/coop.hpp>
#include <mao/backbones/dept.hpp>
#include <mao/backbones/kgcoop.hpp>

#include "methods/registry.hpp"

namespace mao_program {

namespace {

template <class HostT>
struct DeptOver {
  typename HostT::Options host;
  DeptOptions dept;
};

/// What the hosts share, and the second head.
template <class HostT>
DeptOver<HostT> dept_options(OptionReader& options) {
  DeptOver<HostT> chosen;
  chosen.host.init = options.init(chosen.host.init);
  chosen.host.context =
      options.context(chosen.host.context, chosen.host.init, "number of context vectors, for a random start");
  if constexpr (std::is_same_v<HostT, KgCoop<AnyModel>>) {
    chosen.host.weight = options.number("weight", 2.0, "weight of KgCoOp's distance (2 as in DePT's code)");
  }
  chosen.dept.weight = options.number("lambda", chosen.dept.weight, "share of the second head");
  chosen.dept.rate = options.number("rate", chosen.dept.rate, "factor of the learning rate for the second head");
  return chosen;
}

template <class HostT>
Dept<HostT> make_dept(const MethodContext& context, OptionReader&, DeptOver<HostT> options) {
  options.host.seed = options.dept.seed = context.seed;
  return Dept<HostT>(HostT(context.opened.model, context.classes, options.host), options.dept);
}

template <class HostT>
MethodRegistration dept_over(const std::string& name, const std::string& summary) {
  return {{.name = name, .summary = summary, .reference = "dept"}, &dept_options<HostT>, &make_dept<HostT>};
}

const auto over_coop =
    dept_over<Coop<AnyModel>>("dept", "CoOp with a second head for the base classes (Zhang et al. 2024)");
const auto over_kgcoop = dept_over<KgCoop<AnyModel>>("dept-kgcoop", "the same over KgCoOp");

}  // namespace

}  // namespace mao_program
