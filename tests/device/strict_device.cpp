// SPDX-License-Identifier: Apache-2.0
// A device of type CUDA where there is none. Its memory faults when the host touches it, its operators refuse tensors
// of different devices as CUDA's do, and then compute on the CPU. So a run that ends well, and with the CPU's numbers,
// mixes no devices. Follows LibTorch's inner interfaces, so it is built for the version of scripts/setup alone.
#include <ATen/EmptyTensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/view_native.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <mao/core/detail/ops.hpp>

namespace {

constexpr auto device_type = c10::DeviceType::CUDA;
constexpr std::uintptr_t shift = std::uintptr_t{1} << 62;  // such an address faults on every processor

void* hidden(void* address) { return reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(address) + shift); }
void* shown(const void* address) {
  return address == nullptr ? nullptr : reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(address) - shift);
}
void release(void* address) { std::free(shown(address)); }

class HiddenMemory final : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t bytes) override {
    void* address = hidden(std::calloc(bytes + 64, 1));
    return {address, address, &release, c10::Device(device_type, 0)};
  }
  [[nodiscard]] c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    std::memcpy(shown(to), shown(from), bytes);
  }
};

HiddenMemory memory;
REGISTER_ALLOCATOR(device_type, &memory);

/// One device, one stream, events that have always happened.
struct Guard final : c10::impl::NoOpDeviceGuardImpl<device_type> {
  c10::Device exchangeDevice(c10::Device) const override { return {device_type, 0}; }
  c10::Device getDevice() const override { return {device_type, 0}; }
  c10::Stream getStream(c10::Device) const noexcept override { return stream(); }
  c10::Stream getNewStream(c10::Device, int) const override { return stream(); }
  c10::Stream exchangeStream(c10::Stream) const noexcept override { return stream(); }
  void record(void**, const c10::Stream&, const c10::DeviceIndex, const c10::EventFlag) const override {}
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  void* getStreamNativeHandle(const c10::Stream) const override { return nullptr; }
  void synchronizeEvent(void*) const override {}
  void recordDataPtrOnStream(const c10::DataPtr&, const c10::Stream&) const override {}

 private:
  static c10::Stream stream() { return c10::Stream(c10::Stream::DEFAULT, c10::Device(device_type, 0)); }
};
C10_REGISTER_GUARD_IMPL(CUDA, Guard);

bool is_hidden(const at::Tensor& tensor) { return tensor.defined() && tensor.device().type() == device_type; }

/// The same memory as a CPU tensor.
at::Tensor seen_by_host(const at::Tensor& tensor) {
  if (!is_hidden(tensor)) return tensor;
  return at::from_blob(shown(tensor.unsafeGetTensorImpl()->data()), tensor.sizes(), tensor.strides(),
                       at::TensorOptions(tensor.scalar_type()));
}

at::Tensor empty_strided(c10::IntArrayRef size, c10::IntArrayRef stride, std::optional<at::ScalarType> dtype,
                         std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>) {
  return at::detail::empty_strided_generic(size, stride, &memory, c10::DispatchKeySet(c10::DispatchKey::CUDA),
                                           dtype.value_or(at::kFloat));
}

at::Tensor empty(c10::IntArrayRef size, std::optional<at::ScalarType> dtype, std::optional<at::Layout>,
                 std::optional<at::Device>, std::optional<bool>, std::optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(size, &memory, c10::DispatchKeySet(c10::DispatchKey::CUDA),
                                   dtype.value_or(at::kFloat), format);
}

at::Tensor hidden_copy(const at::Tensor& tensor) {
  at::Tensor copy = empty_strided(tensor.sizes(), tensor.strides(), tensor.scalar_type(), {}, {}, {});
  seen_by_host(copy).copy_(tensor);
  return copy;
}

at::Tensor& copy_in_place(at::Tensor& self, const at::Tensor& source, bool) {
  seen_by_host(self).copy_(seen_by_host(source));
  return self;
}

at::Scalar scalar_of(const at::Tensor& tensor) { return seen_by_host(tensor).item(); }

const at::Tensor& resize(const at::Tensor& self, c10::IntArrayRef size, std::optional<at::MemoryFormat>) {
  self.unsafeGetTensorImpl()->set_sizes_contiguous(size);
  const std::size_t bytes = static_cast<std::size_t>(self.numel() + self.storage_offset()) * self.element_size();
  auto* storage = self.storage().unsafeGetStorageImpl();
  if (storage->nbytes() < bytes) {
    storage->set_data_ptr(memory.allocate(bytes));
    storage->set_nbytes(bytes);
  }
  return self;
}

at::Tensor as_strided(const at::Tensor& self, c10::IntArrayRef size, c10::IntArrayRef stride,
                      std::optional<std::int64_t> offset) {
  return at::native::as_strided_tensorimpl(self, size, stride, offset);
}

std::int64_t plain_attention(const at::Tensor&, const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                             double, bool, std::optional<double>, bool) {
  return 0;
}

/// Every other operator: on the CPU, on the same memory.
class OnHost {
 public:
  OnHost(const c10::OperatorHandle& op, torch::jit::Stack* stack) : op_(op), stack_(*stack) {}

  void run() {
    const auto& arguments = op_.schema().arguments();
    const std::size_t begin = stack_.size() - arguments.size();
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const auto* aliased = arguments[i].alias_info();
      show(stack_[begin + i], aliased != nullptr && aliased->isWrite());
    }
    TORCH_CHECK(hidden_ == 0 || host_ == 0, "strict device: ", c10::toString(op_.operator_name()), " is given ",
                hidden_, " tensors on cuda:0 and ", host_, " on the CPU");
    op_.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), &stack_);
    for (const auto& [original, alias] : written_) {
      if (alias.sizes() == original.sizes()) continue;
      resize(original, alias.sizes(), std::nullopt);
      seen_by_host(original).copy_(alias);
    }
    const std::size_t returns = op_.schema().returns().size();
    for (std::size_t i = stack_.size() - returns; i < stack_.size(); ++i) hide(stack_[i]);
  }

 private:
  at::Tensor shown_argument(const at::Tensor& tensor) {
    if (is_hidden(tensor)) ++hidden_;
    if (tensor.defined() && !is_hidden(tensor) && tensor.dim() > 0) ++host_;  // CUDA takes scalars of the CPU
    return tensor.defined() ? seen_by_host(tensor) : tensor;
  }

  void show(c10::IValue& value, bool write) {
    if (value.isTensor()) {
      const at::Tensor original = value.toTensor();
      at::Tensor alias = shown_argument(original);
      if (write && is_hidden(original)) {
        if (original.numel() == 0) alias = at::empty(original.sizes(), alias.options());  // may be resized
        written_.emplace_back(original, alias);
      }
      value = alias;
    } else if (value.isTensorList()) {
      auto list = value.toTensorVector();
      for (at::Tensor& tensor : list) tensor = shown_argument(tensor);
      value = list;
    } else if (value.isOptionalTensorList()) {
      c10::List<std::optional<at::Tensor>> list;
      for (const std::optional<at::Tensor>& tensor : value.toOptionalTensorVector()) {
        list.push_back(tensor ? std::optional(shown_argument(*tensor)) : std::nullopt);
      }
      value = list;
    } else if (value.isDevice()) {
      value = c10::Device(c10::kCPU);
    }
  }

  void hide(c10::IValue& value) {
    if (value.isTensorList()) {
      auto list = value.toTensorVector();
      for (at::Tensor& tensor : list) tensor = hidden_copy(tensor);
      value = list;
    }
    if (!value.isTensor()) return;
    const at::Tensor result = value.toTensor();
    for (const auto& [original, alias] : written_) {
      if (alias.is_same(result)) {
        value = original;
        return;
      }
    }
    if (result.defined() && !is_hidden(result)) value = hidden_copy(result);
  }

  const c10::OperatorHandle& op_;
  torch::jit::Stack& stack_;
  int hidden_ = 0, host_ = 0;
  std::vector<std::pair<at::Tensor, at::Tensor>> written_;  // the original and what the CPU wrote to
};

void on_host(const c10::OperatorHandle& op, c10::DispatchKeySet, torch::jit::Stack* stack) { OnHost(op, stack).run(); }

TORCH_LIBRARY_IMPL(aten, CUDA, library) {
  library.impl("empty.memory_format", empty);
  library.impl("empty_strided", empty_strided);
  library.impl("copy_", copy_in_place);
  library.impl("_local_scalar_dense", scalar_of);
  library.impl("resize_", resize);
  library.impl("as_strided", as_strided);
  library.impl("view", [](const at::Tensor& self, c10::IntArrayRef size) { return at::native::view(self, size); });
  library.impl("_reshape_alias", [](const at::Tensor& self, c10::IntArrayRef size, c10::IntArrayRef stride) {
    return at::native::_reshape_alias(self, size, stride);
  });
  library.impl("_fused_sdp_choice", plain_attention);
}

TORCH_LIBRARY_IMPL(_, CUDA, library) { library.fallback(torch::CppFunction::makeFromBoxedFunction<&on_host>()); }

}  // namespace

namespace at {

/// LibTorch looks it up by this name.
struct CUDAHooks final : CUDAHooksInterface {
  explicit CUDAHooks(CUDAHooksArgs) {}
  void init() const override {}
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasCUDA() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  c10::DeviceIndex deviceCount() const override { return 1; }
  c10::DeviceIndex current_device() const override { return 0; }
  int getNumGPUs() const override { return 1; }
};
REGISTER_CUDA_HOOKS(CUDAHooks)

}  // namespace at
