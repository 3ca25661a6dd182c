// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/io/detail/torch_storage.hpp>

#include <ATen/ops/empty.h>

#include <mao/config.hpp>
#include <mao/io/named_tensors.hpp>

namespace mao::detail {

MAO_INLINE bool is_tensor_function(std::string_view name) {
  return name.starts_with("torch._utils._rebuild_") || name.starts_with("torch._tensor._rebuild_") ||
         name == "torch.storage._load_from_bytes";
}

MAO_INLINE at::ScalarType torch_storage_type(std::string_view name, const std::string& what) {
  static const std::map<std::string_view, at::ScalarType> types{
      {"torch.DoubleStorage", at::kDouble},     {"torch.FloatStorage", at::kFloat}, {"torch.HalfStorage", at::kHalf},
      {"torch.BFloat16Storage", at::kBFloat16}, {"torch.LongStorage", at::kLong},   {"torch.IntStorage", at::kInt},
      {"torch.ShortStorage", at::kShort},       {"torch.CharStorage", at::kChar},   {"torch.ByteStorage", at::kByte},
      {"torch.BoolStorage", at::kBool}};
  const auto found = types.find(name);
  require<FormatError>(found != types.end(), what, " lies in a ", name.empty() ? "nameless storage" : name,
                       "; supported are real tensors of 8 to 64 bits, re-save it converted");
  return found->second;
}

MAO_INLINE Tensor TorchStorages::tensor(const PickleValue& object, const std::string& name) {
  const std::string what = text_of(bytes_.name, ": tensor \"", name, "\"");
  const std::string_view function = object.class_name();
  if (function == "torch._utils._rebuild_tensor_v2") return rebuild(object.arguments(), what);
  if (function == "torch._tensor._rebuild_from_type_v2") {  // (function, class, its arguments, attributes)
    const PickleValue arguments = object.arguments();
    const bool plain = arguments.size() == 4 && arguments[0].class_name() == "torch._utils._rebuild_tensor_v2" &&
                       arguments[1].class_name() == "torch.Tensor";
    require<FormatError>(plain, what,
                         " is of a class of its own; only plain dense tensors can be read, re-save it as one");
    return rebuild(arguments[2], what);
  }
  const bool is_parameter =
      function == "torch._utils._rebuild_parameter" || function == "torch._utils._rebuild_parameter_with_state";
  require<FormatError>(is_parameter, what, " is stored through ", function,
                       "; only plain dense tensors can be read, re-save it as one");
  const PickleValue data = object.arguments()[0];
  require<FormatError>(data.class_name() == "torch._utils._rebuild_tensor_v2", what,
                       " is a parameter without a plain tensor");
  return rebuild(data.arguments(), what);
}

MAO_INLINE Tensor TorchStorages::rebuild(const PickleValue& arguments, const std::string& what) {
  const Tensor base = storage(arguments[0], what);
  const std::int64_t offset = arguments[1].integer();
  const auto shape = integers(arguments[2], what);
  const auto strides = integers(arguments[3], what);
  const std::int64_t count = checked_element_count(shape, what);
  // (storage, offset, shape, strides, requires_grad, hooks[, metadata]): the metadata of a view of complex numbers
  // say that its values are the negatives or conjugates of those that are stored.
  require<FormatError>(arguments.size() < 7 || arguments[6].entry_count() == 0, what,
                       " is stored as a view whose values have to be negated or conjugated; save it again after ",
                       "`tensor.resolve_neg().resolve_conj()`");
  require<FormatError>(shape.size() == strides.size(), what, " has ", shape.size(), " extents and ", strides.size(),
                       " strides");
  if (count == 0) return at::empty(shape, base.options());
  require<FormatError>(count <= base.numel(), what, " of shape ", shape_text(shape),
                       " has more elements than its storage of ", base.numel(),
                       "; if it was expanded, re-save it with .contiguous()");
  std::int64_t last = offset;
  bool fits = offset >= 0;
  for (std::size_t i = 0; fits && i < shape.size(); ++i) {
    std::int64_t reach = 0;
    fits = strides[i] >= 0 && multiply(shape[i] - 1, strides[i], reach) && add(last, reach, last);
  }
  require<FormatError>(fits && last < base.numel(), what, " of shape ", shape_text(shape), ", strides ",
                       shape_text(strides), " and offset ", offset, " reaches outside its storage of ", base.numel(),
                       " elements");
  return base.as_strided(shape, strides, offset);
}

MAO_INLINE Tensor TorchStorages::storage(const PickleValue& persistent, const std::string& what) {
  require<FormatError>(persistent.is(PickleKind::persistent), what, " has no storage");
  const PickleValue id = persistent.arguments();
  require<FormatError>(id.size() >= 5 && id[0].text() == "storage", what, " names its storage in an unknown way");
  require<FormatError>(id.size() == 5 || id[5].is(PickleKind::none), what,
                       " is in a view of a storage, as PyTorch before 0.4 wrote it; re-save it with a newer one");
  const at::ScalarType type = torch_storage_type(id[1].class_name(), what);
  const std::string key = id[2].text();
  const auto cached = storages_.find(key);
  if (cached != storages_.end()) {
    require<FormatError>(cached->second.scalar_type() == type, what, " shares storage ", key,
                         " with a tensor of another type");
    return cached->second;
  }
  return storages_[key] = map_storage(key, type, id[4].integer(), what);
}

MAO_INLINE Tensor TorchStorages::map_storage(const std::string& key, at::ScalarType type, std::int64_t count,
                                             const std::string& what) {
  const ZipEntry entry = records_(key);
  std::int64_t length = 0;
  const bool fits = count >= 0 && multiply(count, static_cast<std::int64_t>(c10::elementSize(type)), length) &&
                    static_cast<std::uint64_t>(length) <= entry.size;
  require<FormatError>(fits, what, ": storage ", key, " of ", count, " elements of type ", c10::toString(type),
                       " does not fit into its record of ", entry.size, " bytes");
  total_ += static_cast<std::uint64_t>(length);
  require<FormatError>(total_ <= bytes_.size, what, ": the storages overlap, together they exceed the file");
  if (type == at::kBool) {
    check_booleans(bytes_.span().subspan(entry.offset, static_cast<std::size_t>(length)), what);
  }
  return tensor_over(bytes_, entry.offset, static_cast<std::uint64_t>(length), {count}, type);
}

MAO_INLINE std::vector<std::int64_t> TorchStorages::integers(const PickleValue& values, const std::string& what) {
  require<FormatError>(values.size() <= max_tensor_rank, what, " has ", values.size(), " dimensions, at most ",
                       max_tensor_rank, " are supported");
  std::vector<std::int64_t> result;
  for (std::size_t i = 0; i < values.size(); ++i) result.push_back(values[i].integer());
  return result;
}

}  // namespace mao::detail
