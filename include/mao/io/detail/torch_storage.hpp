// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Private to torch_archive.hpp: tensors out of the storages of a PyTorch archive, every index checked.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <mao/core/tensor.hpp>
#include <mao/io/detail/bytes.hpp>
#include <mao/io/detail/pickle_value.hpp>
#include <mao/io/detail/zip_archive.hpp>

namespace mao::detail {

/// The functions by which PyTorch's pickles make tensors; all others stay records.
bool is_tensor_function(std::string_view name);

/// The element type of `torch.FloatStorage` and its like. **Throws** `FormatError`.
at::ScalarType torch_storage_type(std::string_view name, const std::string& what);

/// Where in a file the storage of that key lies. **Throws** `FormatError` for a key that the file does not have.
using TorchRecords = std::function<ZipEntry(const std::string& key)>;

/// The storages of one file, each read once.
class TorchStorages {
 public:
  TorchStorages(SharedBytes bytes, TorchRecords records) : bytes_(std::move(bytes)), records_(std::move(records)) {}

  /// The tensor that an object with a `_rebuild_` function stands for; `name` is for messages.
  Tensor tensor(const PickleValue& object, const std::string& name);

 private:
  /// `arguments` = (storage, offset, shape, strides, ...).
  Tensor rebuild(const PickleValue& arguments, const std::string& what);

  /// `persistent` = ("storage", type, key, device, number of elements).
  Tensor storage(const PickleValue& persistent, const std::string& what);

  Tensor map_storage(const std::string& key, at::ScalarType type, std::int64_t count, const std::string& what);

  static std::vector<std::int64_t> integers(const PickleValue& values, const std::string& what);

  SharedBytes bytes_;
  TorchRecords records_;
  std::map<std::string, Tensor> storages_;
  std::uint64_t total_ = 0;
};

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/detail/impl/torch_storage.ipp>
#endif
