// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/io/torch_writer.hpp>

#include <string_view>

#include <nlohmann/json.hpp>

#include <mao/config.hpp>
#include <mao/io/detail/pickle_writer.hpp>
#include <mao/io/detail/torch_storage.hpp>
#include <mao/io/detail/zip_writer.hpp>
#include <mao/io/files.hpp>

namespace mao::detail {

/// Turns values into a pickle and collects the tensors whose bytes lie beside it.
class TorchPickler {
 public:
  /// `file` is for error messages.
  explicit TorchPickler(std::string file) : file_(std::move(file)) {}

  void dict(const TorchDict& entries) {
    pickle_.empty_dict();
    pickle_.group();
    for (const auto& [name, value] : entries) {
      text(name);
      std::visit([&](const auto& content) { visit(content); }, value);
    }
    pickle_.items();
  }

  void state_dict(const TensorMap& tensors) {
    pickle_.global("collections", "OrderedDict");
    pickle_.empty_tuple();
    pickle_.call();
    pickle_.group();
    for (const auto& [name, value] : tensors) {
      text(name);
      tensor(value, text_of("cannot write ", file_, ": tensor \"", name, "\""));
    }
    pickle_.items();
  }

  [[nodiscard]] std::string finish() { return pickle_.finish(); }
  /// On the CPU and contiguous; the place of each is the name of its record.
  [[nodiscard]] const std::vector<Tensor>& storages() const { return storages_; }

 private:
  void visit(std::monostate) { pickle_.none(); }
  void visit(bool value) { pickle_.boolean(value); }
  void visit(std::int64_t value) { pickle_.integer(value); }
  void visit(double value) { pickle_.real(value); }
  void visit(const std::string& value) { text(value); }
  void visit(const TensorMap& value) { state_dict(value); }

  void text(const std::string& value) {
    try {
      static_cast<void>(nlohmann::json(value).dump());  // throws for what is not UTF-8
    } catch (const nlohmann::json::exception& failure) {
      throw FormatError(text_of("cannot write ", file_, ": a name or text is not UTF-8: ", failure.what()));
    }
    pickle_.text(value);
  }

  /// A call of the function that makes a tensor from storage, offset, extents, strides, whether it trains, and hooks.
  void tensor(const Tensor& value, const std::string& what) {
    require<FormatError>(value.defined(), what, " is undefined");
    require<FormatError>(value.layout() == at::kStrided, what, " is not dense; convert it with to_dense()");
    const Tensor dense = value.detach().cpu().contiguous();
    pickle_.global("torch._utils", "_rebuild_tensor_v2");
    pickle_.group();
    storage(dense, what);
    pickle_.integer(0);
    integers(dense.sizes());
    integers(dense.strides());
    pickle_.boolean(false);
    pickle_.global("collections", "OrderedDict");
    pickle_.empty_tuple();
    pickle_.call();
    pickle_.tuple();
    pickle_.call();
    storages_.push_back(dense);
  }

  void storage(const Tensor& dense, const std::string& what) {
    const std::string type = text_of(c10::toString(dense.scalar_type()), "Storage");
    torch_storage_type("torch." + type, what);  // throws for what could not be read back
    pickle_.group();
    pickle_.text("storage");
    pickle_.global("torch", type);
    pickle_.text(std::to_string(storages_.size()));
    pickle_.text("cpu");
    pickle_.integer(dense.numel());
    pickle_.tuple();
    pickle_.persistent();
  }

  void integers(at::IntArrayRef values) {
    pickle_.group();
    for (const std::int64_t value : values) pickle_.integer(value);
    pickle_.tuple();
  }

  std::string file_;
  PickleWriter pickle_;
  std::vector<Tensor> storages_;
};

/// Puts a pickle and its storages at `path`.
MAO_INLINE void write_torch_records(const std::filesystem::path& path, TorchPickler& pickler) {
  constexpr std::size_t alignment = 64;  // where torch.save starts the tensors, too
  const std::string pickle = pickler.finish();
  write_file_atomically(path, [&](std::ostream& out) {
    ZipWriter archive(out, path.string());
    archive.add("archive/data.pkl", pickle);
    archive.add("archive/byteorder", std::string_view("little"));
    for (std::size_t i = 0; i < pickler.storages().size(); ++i) {
      const Tensor& tensor = pickler.storages()[i];
      const auto* bytes = static_cast<const char*>(tensor.const_data_ptr());
      archive.add("archive/data/" + std::to_string(i), {bytes, tensor.nbytes()}, alignment);
    }
    archive.add("archive/version", std::string_view("3\n"));
    archive.finish();
  });
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE void write_torch_archive(const std::filesystem::path& path, const TorchDict& entries) {
  detail::TorchPickler pickler(path.string());
  pickler.dict(entries);
  detail::write_torch_records(path, pickler);
}

MAO_INLINE void write_torch_archive(const std::filesystem::path& path, const TensorMap& tensors) {
  detail::TorchPickler pickler(path.string());
  pickler.state_dict(tensors);
  detail::write_torch_records(path, pickler);
}

}  // namespace mao
