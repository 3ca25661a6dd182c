// SPDX-License-Identifier: Apache-2.0
#include <mao/io/detail/pickle_stack.hpp>

#include <support/catch.hpp>

namespace {

struct Stack : mao::detail::PickleStack {
  explicit Stack(std::span<const char> code) : PickleStack(code, "some.pkl", {}) {}
  using PickleStack::line;
  using PickleStack::marks_;
  using PickleStack::pop;
  using PickleStack::pop_to_mark;
  using PickleStack::push_integer;
  using PickleStack::take;
};

}  // namespace

TEST_CASE("input is taken piece by piece and never beyond its end") {
  const std::string code = "abc\nd";
  Stack stack({code.data(), code.size()});
  CHECK(stack.take(1) == "a");
  CHECK(stack.line() == "bc");
  CHECK_THROWS_WITH(stack.line(), ContainsSubstring("does not end"));
  CHECK_THROWS_WITH(stack.take(2), ContainsSubstring("truncated"));
}

TEST_CASE("nothing is popped from below a mark") {
  Stack stack({});
  stack.push_integer(1);
  stack.marks_.push_back(1);
  CHECK_THROWS_WITH(stack.pop(), ContainsSubstring("empty stack"));
  stack.push_integer(2);
  CHECK(stack.pop_to_mark().size() == 1);
  CHECK_NOTHROW(stack.pop());
}
