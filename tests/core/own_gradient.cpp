// SPDX-License-Identifier: Apache-2.0
#include <mao/core/detail/ops.hpp>
#include <mao/core/detail/own_gradient.hpp>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>

#include <support/catch.hpp>

using namespace mao;

namespace {

// x * y, with a way back that counts its calls.
Tensor product(const Tensor& x, const Tensor& y, int& calls) {
  const Tensor a = x.detach(), b = y.detach();
  return own_gradient(a * b, {x, Tensor(), y}, [a, b, &calls](const Tensor& gradient) {
    ++calls;
    return std::vector<Tensor>{gradient * b, Tensor(), gradient * a};
  });
}

}  // namespace

TEST_CASE("a value brings its own gradient, alone and inside of a graph", "[own_gradient]") {
  const Tensor x = at::tensor({1.0F, 2.0F, 3.0F}).requires_grad_(true),
               y = at::tensor({4.0F, 5.0F, 6.0F}).requires_grad_(true);
  int calls = 0;
  const Tensor z = product(x * 2, y, calls);
  CHECK(z.equal(x.detach() * 2 * y.detach()));
  (z * z + x).sum().backward();  // d/dx = 8 x y^2 + 1, d/dy = 8 x^2 y
  CHECK(calls == 1);
  CHECK(x.grad().allclose(x.detach() * y.detach() * y.detach() * 8 + 1));
  CHECK(y.grad().allclose(x.detach() * x.detach() * y.detach() * 8));
}

TEST_CASE("the way back runs once for each gradient that arrives", "[own_gradient]") {
  const Tensor x = at::ones({2}).requires_grad_(true), y = at::ones({2});
  int calls = 0;
  const Tensor z = product(x, y, calls).sum();
  z.backward({}, true);
  z.backward({}, true);
  CHECK(calls == 2);
  CHECK(x.grad().equal(at::ones({2}) * 2));
}

TEST_CASE("nothing is recorded where nothing trains", "[own_gradient]") {
  int calls = 0;
  CHECK_FALSE(product(at::ones({2}), at::ones({2}), calls).requires_grad());
  const at::NoGradGuard frozen;
  CHECK_FALSE(product(at::ones({2}).requires_grad_(true), at::ones({2}), calls).requires_grad());
  CHECK(calls == 0);
}

TEST_CASE("inputs that are infinite do no harm to the value", "[own_gradient]") {
  const Tensor x = at::tensor({INFINITY, 1.0F}).requires_grad_(true);
  const Tensor z =
      own_gradient(at::ones({2}), {x}, [](const Tensor& gradient) { return std::vector<Tensor>{gradient}; });
  CHECK(z.equal(at::ones({2})));
}
