// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The classes that a backbone is bound to, and those that its learned parameters belong to.

#include <string>

#include <mao/backbones/detail/backbone_calls.hpp>

namespace mao {

/// The classes that the learned parameters belong to. If a backbone does not state them (`ClassBound`), shapes decide:
/// a tensor with one row per bound class belongs to these classes.
template <Backbone B>
ClassList learned_for(B& backbone) {
  return detail::CallsOf<B>(backbone).learned_for();
}

namespace detail {

void bind_to(BackboneCalls& backbone, const ClassList& classes, const std::string& who);

}  // namespace detail

/// Binds a backbone to `classes` unless it is bound to them already. **Throws** `DataError` for names that
/// `check_class_names` refuses, `PolicyError` if `bind` fails, `OptionError` for no classes and for a `bind` that has
/// no effect.
template <Backbone BackboneT>
void bind_to(BackboneT& backbone, const ClassList& classes, const std::string& who) {
  detail::CallsOf<BackboneT> calls(backbone);
  detail::bind_to(calls, classes, who);
}

namespace detail {

/// `BoundFor` for any backbone.
class CallsBoundFor {
 public:
  CallsBoundFor(BackboneCalls& backbone, const ClassList& classes);
  CallsBoundFor(const CallsBoundFor&) = delete;
  CallsBoundFor& operator=(const CallsBoundFor&) = delete;
  ~CallsBoundFor();

 private:
  BackboneCalls& backbone_;
  ClassList found_;
};

}  // namespace detail

/// Binds a backbone to `classes`, and its destructor restores the earlier binding.
template <Backbone BackboneT>
class BoundFor {
 public:
  BoundFor(BackboneT& backbone, const ClassList& classes) : calls_(backbone), bound_(calls_, classes) {}

 private:
  detail::CallsOf<BackboneT> calls_;
  detail::CallsBoundFor bound_;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/backbones/impl/binding.ipp>
#endif
