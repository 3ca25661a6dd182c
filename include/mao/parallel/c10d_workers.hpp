// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Workers based on LibTorch's c10d: Gloo between CPUs, NCCL between GPUs. Link mao::c10d to use them; otherwise, with
/// several processes, the error says how to get it.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <mao/core/error.hpp>
#include <mao/core/tensor.hpp>
#include <mao/parallel/detail/heartbeat.hpp>
#include <mao/parallel/detail/meeting_place.hpp>
#include <mao/parallel/launch.hpp>
#include <mao/parallel/workers.hpp>

#ifdef MAO_HAS_C10D
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#ifdef MAO_HAS_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif
#endif

namespace mao {

#ifdef MAO_HAS_C10D

/// Processes that connect through the address of the first one.
///
/// Gloo sums tensors on the host. NCCL sums tensors on GPUs if it was built in and each process has its own GPU
/// (`device`); otherwise they go through the host, because prompts are small.
class C10dWorkers final : public Workers {
 public:
  /// Waits for all processes, at most `timeout`, here and in each sum. While it waits, it calls `should_stop`: as long
  /// as the others give signs of life, all stop at the same step; if one is silent or has ended, this process stops
  /// immediately. `ask_to_stop` is called, from another thread, if another process was asked to stop; afterwards
  /// `should_stop` has to be true. With it, a process that stops outside of training stops the others, and waits for
  /// them at its end.
  ///
  /// **Throws** `Error` naming the missing process.
  explicit C10dWorkers(Launch launch, at::Device device = at::Device(at::kCPU),
                       std::chrono::milliseconds timeout = std::chrono::minutes(5),
                       std::function<bool()> should_stop = {}, std::function<void()> ask_to_stop = {})
      : launch_(std::move(launch)),
        timeout_(timeout),
        should_stop_(std::move(should_stop)),
        stops_others_(ask_to_stop != nullptr) {
    say_who([&] {
      place_.emplace(launch_, timeout_);
      place_->meet(should_stop_);
      heartbeat_ = place_->heartbeat(stops_others_ ? should_stop_ : std::function<bool()>(), std::move(ask_to_stop));
      host_ = c10::make_intrusive<c10d::ProcessGroupGloo>(place_->store(), launch_.rank, launch_.count, gloo_options());
      connect_devices(device);
    });
  }

  ~C10dWorkers() override {
    try {
      if (in_order_) leave();
    } catch (const std::exception&) {  // the others are gone: nobody is left to wait for
    }
    heartbeat_.reset();
  }
  C10dWorkers(const C10dWorkers&) = delete;
  C10dWorkers& operator=(const C10dWorkers&) = delete;

  [[nodiscard]] int rank() const override { return launch_.rank; }
  [[nodiscard]] int count() const override { return launch_.count; }

  /// **Throws** `Error` naming another process that is gone or did not arrive within the timeout; `StoppedWaiting`.
  void sum(Tensor& values) override {
    say_who([&] {
      const bool direct = values.is_cpu() || devices_;
      std::vector<Tensor> sent{direct ? values.contiguous() : values.cpu().contiguous()};
      heartbeat_->come_to_sum();
      ++sums_;
      if (values.is_cpu() || !devices_) {
        wait_for(host_->allreduce(sent));
      } else {
        devices_->allreduce(sent)->wait();
      }
      if (!sent.front().is_same(values)) values.copy_(sent.front());
    });
  }

 private:
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

  [[nodiscard]] bool stops() const { return should_stop_ && should_stop_(); }

  /// A launcher ends the other processes when the first one has ended: those that stop end together.
  void leave() {
    place_->say_done(sums_);
    if (stops_others_ && stops()) {
      const auto begin = std::chrono::steady_clock::now();
      place_->wait_for_all(
          [&] { return !heartbeat_->silent().empty() || std::chrono::steady_clock::now() - begin > timeout_; });
    }
    heartbeat_.reset();
    place_->part();
  }

  void wait_for(const c10::intrusive_ptr<c10d::Work>& work) {
    std::string silent;
    const auto gives_up = [&] {
      if (stops()) silent = heartbeat_->silent();
      const int gone = silent.empty() && stops() ? place_->gone_before(sums_) : -1;
      if (gone >= 0) {
        silent = text_of("process ", gone, ", which has stopped");
        place_->say_done(sums_);
      }
      return !silent.empty();
    };
    if (detail::wait_until([&] { return work->isCompleted(); }, gives_up)) {
      work->wait();  // throws what went wrong
      return;
    }
    static_cast<void>(host_.release());  // its destructor would wait for the sum
    throw StoppedWaiting(text_of("stopped while process ", launch_.rank, " of ", launch_.count, " waited for ", silent,
                                 "; the same command resumes from the last complete epoch"));
  }

  void connect_devices([[maybe_unused]] at::Device device) {
#ifdef MAO_HAS_NCCL
    if (!device.is_cuda()) return;
    const auto store = c10::make_intrusive<c10d::PrefixStore>("nccl", place_->store());
    devices_ = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, launch_.rank, launch_.count,
                                                           c10d::ProcessGroupNCCL::Options::create());
    devices_->setBoundDeviceId(device);
#endif
  }

  /// Calls `work`; errors of the transport become errors of mao that name the process.
  template <class WorkT>
  void say_who(WorkT&& work) {
    const auto begin = std::chrono::steady_clock::now();
    try {
      work();
    } catch (const StoppedWaiting&) {
      in_order_ = false;
      throw;
    } catch (const std::exception& error) {
      in_order_ = false;
      const bool waited = std::chrono::steady_clock::now() - begin > timeout_ / 2;  // else one of them has gone
      std::string missing = !heartbeat_ ? "" : waited ? heartbeat_->missing() : heartbeat_->silent();
      if (!missing.empty()) missing += ": ";
      const std::string reason = error.what();
      throw Error(text_of("process ", launch_.rank, " of ", launch_.count, " (", launch_.launcher, ", ", launch_.host,
                          ":", launch_.port,
                          ") lost the other processes, did not find them, or did not hear from them for ",
                          static_cast<double>(timeout_.count()) / 1000, " s (--rank-timeout): ", missing,
                          reason.substr(0, reason.find('\n'))));
    }
  }

  Launch launch_;
  std::chrono::milliseconds timeout_;
  std::function<bool()> should_stop_;
  bool stops_others_ = false, in_order_ = true;
  std::int64_t sums_ = 0;
  std::optional<detail::MeetingPlace> place_;
  c10::intrusive_ptr<c10d::Backend> host_, devices_;  // devices_: null without NCCL
  std::unique_ptr<detail::Heartbeat> heartbeat_;
};

#endif

/// The processes that were started together with this one (`launch_of`); null if it is alone. `device`: the device of
/// this process's tensors. `should_stop`, `ask_to_stop`: those of `C10dWorkers`.
///
/// **Throws** `OptionError` if there are several and the program was built without c10d.
inline std::shared_ptr<Workers> workers_from_environment(
    [[maybe_unused]] at::Device device = at::Device(at::kCPU),
    [[maybe_unused]] std::chrono::milliseconds timeout = std::chrono::minutes(5),
    [[maybe_unused]] std::function<bool()> should_stop = {}, [[maybe_unused]] std::function<void()> ask_to_stop = {}) {
  Launch launch = launch_of();
  if (launch.count == 1) return nullptr;
#ifdef MAO_HAS_C10D
  return std::make_shared<C10dWorkers>(std::move(launch), device, timeout, std::move(should_stop),
                                       std::move(ask_to_stop));
#else
  throw OptionError(text_of(launch.launcher, " started ", launch.count,
                            " processes, but this program was built without c10d, which lets them train together: "
                            "install libgloo-dev (headers alone are used) and build with -DMAO_C10D=ON and mao::c10d"));
#endif
}

}  // namespace mao
