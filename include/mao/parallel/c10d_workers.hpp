// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Workers over LibTorch's own c10d: Gloo between processors, NCCL between GPUs. Link mao::c10d to have them; without
/// it this header says how to get it when there are several processes.

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <mao/core/error.hpp>
#include <mao/core/tensor.hpp>
#include <mao/parallel/launch.hpp>
#include <mao/parallel/workers.hpp>

#ifdef MAO_HAS_C10D
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#ifdef MAO_HAS_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif
#endif

namespace mao {

#ifdef MAO_HAS_C10D

/// Processes that found each other through the address of the first one.
///
/// Tensors on the host are added up by Gloo. Those on a GPU by NCCL where it was built in and each process has a GPU of
/// its own (`device`), through the host otherwise: prompts are small.
class C10dWorkers final : public Workers {
 public:
  /// Waits until all have come, `timeout` at most, and so long for the others in each sum. **Throws** `Error` when they
  /// do not come.
  explicit C10dWorkers(Launch launch, at::Device device = at::Device(at::kCPU),
                       std::chrono::milliseconds timeout = std::chrono::minutes(5))
      : launch_(std::move(launch)), timeout_(timeout) {
    say_who([&] {
      store_ = c10::make_intrusive<c10d::PrefixStore>(text_of("mao/", launch_.restarts), meeting_place());
      host_ = c10::make_intrusive<c10d::ProcessGroupGloo>(store_, launch_.rank, launch_.count, gloo_options());
      connect_devices(device);
    });
  }

  [[nodiscard]] int rank() const override { return launch_.rank; }
  [[nodiscard]] int count() const override { return launch_.count; }

  /// **Throws** `Error` when another process is gone, or has been silent for the timeout.
  void sum(Tensor& values) override {
    say_who([&] {
      const bool direct = values.is_cpu() || devices_;
      std::vector<Tensor> sent{direct ? values.contiguous() : values.cpu().contiguous()};
      (values.is_cpu() || !devices_ ? host_ : devices_)->allreduce(sent)->wait();
      if (!sent.front().is_same(values)) values.copy_(sent.front());
    });
  }

 private:
  [[nodiscard]] c10::intrusive_ptr<c10d::Store> meeting_place() const {
    c10d::TCPStoreOptions options;
    options.port = static_cast<std::uint16_t>(launch_.port);
    options.isServer = launch_.rank == 0 && !launch_.launcher_listens;
    options.numWorkers = static_cast<std::size_t>(launch_.count);
    options.waitWorkers = !launch_.launcher_listens;
    options.timeout = timeout_;
    return c10::make_intrusive<c10d::TCPStore>(launch_.host, options);
  }

  [[nodiscard]] c10::intrusive_ptr<c10d::ProcessGroupGloo::Options> gloo_options() const {
    auto options = c10d::ProcessGroupGloo::Options::create();
    options->timeout = timeout_;
    const bool loopback = launch_.host == "localhost" || launch_.host.starts_with("127.");
    if (const auto interface = process_environment("GLOO_SOCKET_IFNAME")) {
      options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForInterface(*interface));
    } else if (loopback) {
      options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1"));
    } else {
      options->devices.push_back(c10d::ProcessGroupGloo::createDefaultDevice());
    }
    return options;
  }

  void connect_devices([[maybe_unused]] at::Device device) {
#ifdef MAO_HAS_NCCL
    if (!device.is_cuda()) return;
    const auto store = c10::make_intrusive<c10d::PrefixStore>("nccl", store_);
    devices_ = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, launch_.rank, launch_.count,
                                                           c10d::ProcessGroupNCCL::Options::create());
    devices_->setBoundDeviceId(device);
#endif
  }

  /// Does `work`; errors of the transport become ours and say which process had them.
  template <class WorkT>
  void say_who(WorkT&& work) const {
    try {
      work();
    } catch (const std::exception& error) {
      const std::string reason = error.what();
      throw Error(text_of("process ", launch_.rank, " of ", launch_.count, " (", launch_.launcher, ", ", launch_.host,
                          ":", launch_.port,
                          ") lost the others, did not find them, or heard nothing of them for ",
                          static_cast<double>(timeout_.count()) / 1000,
                          " s (--rank-timeout): ", reason.substr(0, reason.find('\n'))));
    }
  }

  Launch launch_;
  std::chrono::milliseconds timeout_;
  c10::intrusive_ptr<c10d::Store> store_;
  c10::intrusive_ptr<c10d::Backend> host_, devices_;  // devices_: null without NCCL
};

#endif

/// The processes that were started together with this one (`launch_of`); null when it is alone. `device`: where this
/// one's tensors are.
///
/// **Throws** `OptionError` when they are several and the program was built without c10d.
inline std::shared_ptr<Workers> workers_from_environment(
    [[maybe_unused]] at::Device device = at::Device(at::kCPU),
    [[maybe_unused]] std::chrono::milliseconds timeout = std::chrono::minutes(5)) {
  Launch launch = launch_of();
  if (launch.count == 1) return nullptr;
#ifdef MAO_HAS_C10D
  return std::make_shared<C10dWorkers>(std::move(launch), device, timeout);
#else
  throw OptionError(text_of(launch.launcher, " started ", launch.count,
                            " processes, but this program was built without c10d, which lets them train together: "
                            "install libgloo-dev (headers alone are used) and build with -DMAO_C10D=ON and mao::c10d"));
#endif
}

}  // namespace mao
