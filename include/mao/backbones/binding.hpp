// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Which classes a backbone is bound to, and which ones what it learned belongs to.

#include <string>

#include <mao/backbones/detail/backbone_calls.hpp>

namespace mao {

/// The classes that what is learned belongs to. A backbone that does not say so (`ClassBound`) is taken at its shapes:
/// a tensor with a row for each of the bound classes belongs to them.
template <Backbone B>
ClassList learned_for(B& backbone) {
  return detail::CallsOf<B>(backbone).learned_for();
}

namespace detail {

void bind_to(BackboneCalls& backbone, const ClassList& classes, const std::string& who);

}  // namespace detail

/// Binds a backbone to `classes` unless it is bound to them already. **Throws** `DataError` for names that
/// `check_class_names` refuses, `PolicyError` when `bind` fails, `OptionError` for no classes and for a `bind` that
/// does not do what it says.
template <Backbone BackboneT>
void bind_to(BackboneT& backbone, const ClassList& classes, const std::string& who) {
  detail::CallsOf<BackboneT> calls(backbone);
  detail::bind_to(calls, classes, who);
}

namespace detail {

/// `BoundFor` of any backbone.
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

/// Binds a backbone to `classes` and, at the end of its life, to those that it found: an evaluation leaves no trace.
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
