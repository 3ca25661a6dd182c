// SPDX-License-Identifier: Apache-2.0
#pragma once
// Changes pickles operation by operation, so that a changed one is read beyond its first bytes.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mutation.hpp"

namespace mao_fuzz {

template <class Int>
std::string bytes_of(Int value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

/// The bytes of the operation that `code` begins with; nothing where the format has no such operation.
inline std::optional<std::size_t> length_of_operation(std::string_view code) {
  const auto counted = [&](std::size_t width) -> std::optional<std::size_t> {
    if (code.size() < 1 + width) return std::nullopt;
    std::uint64_t length = 0;
    std::memcpy(&length, code.data() + 1, width);
    if (length > code.size()) return std::nullopt;
    return 1 + width + static_cast<std::size_t>(length);
  };
  const auto lines = [&](int count) -> std::optional<std::size_t> {
    std::size_t end = 0;
    for (; count > 0; --count) {
      end = code.find('\n', end + 1);
      if (end == std::string_view::npos) return std::nullopt;
    }
    return end + 1;
  };
  switch (static_cast<unsigned char>(code.front())) {
    case 'K': case 'q': case 'h': case 0x80: return 2;
    case 'M': return 3;
    case 'J': case 'r': case 'j': return 5;
    case 'G': case 0x95: return 9;
    case 0x8a: case 0x8c: case 'U': case 'C': return counted(1);
    case 0x8b: case 'X': case 'T': case 'B': return counted(4);
    case 0x8d: case 0x8e: case 0x96: return counted(8);
    case 'c': return lines(2);
    default: return 1;
  }
}

/// The operations of one pickle, or of several behind each other; what is no operation is one piece.
inline std::vector<std::string> operations_of(std::string_view code) {
  std::vector<std::string> parts;
  while (!code.empty()) {
    const auto length = length_of_operation(code);
    const std::size_t taken = length && *length <= code.size() ? *length : code.size();
    parts.emplace_back(code.substr(0, taken));
    code.remove_prefix(taken);
  }
  return parts;
}

inline std::string text_operation(std::string_view text) {
  return "X" + bytes_of(static_cast<std::uint32_t>(text.size())) + std::string(text);
}

/// An operation with operands, of those that readers of tensors and of few-shot files look for.
inline std::string random_operation(Dice& dice) {
  static const std::vector<std::string> texts{
      "train", "val", "_impath", "_label", "_classname", "impath", "label", "a/0.jpg", "state_dict", "storage", "0", "1",
      "cpu", "cuda:0", "_parameters", "_buffers", "_modules", "_forward_hooks", "_non_persistent_buffers_set",
      "weight", "training", "module", "eps", "", "../x", std::string(300, 'n')};
  static const std::vector<std::string> classes{
      "torch._utils\n_rebuild_tensor_v2\n", "torch._utils\n_rebuild_parameter\n", "torch\nFloatStorage\n",
      "torch\nHalfStorage\n", "torch\nBFloat16Storage\n", "torch\nLongStorage\n", "torch\nBoolStorage\n",
      "torch\nByteStorage\n", "collections\nOrderedDict\n", "torch\nSize\n", "torch\ndevice\n", "builtins\nset\n",
      "dassl.data.datasets.base_dataset\nDatum\n", "torch.nn.modules.linear\nLinear\n", "__torch__\nNet\n",
      "__torch__.a.___torch_mangle_3\nNet\n", "numpy.core.multiarray\nscalar\n", "\n\n"};
  static const std::vector<std::int64_t> numbers{0, 1, 2, 3, 4, 16, 255, 65536, -1, -2, INT32_MAX, INT32_MIN};
  static const std::string plain("()]}t.l\x85\x86\x87\x91\x8fue\x90" "as012bRQNN\x81\x92\x93\x94\x88\x89");
  switch (below(dice, 8)) {
    case 0: return text_operation(one_of(texts, dice));
    case 1: return "c" + one_of(classes, dice);
    case 2: return "J" + bytes_of(static_cast<std::int32_t>(one_of(numbers, dice)));
    case 3: {  // 0x8a: an integer of up to 10 bytes
      const std::size_t size = below(dice, 11);
      return "\x8a" + std::string(1, static_cast<char>(size)) + std::string(size, static_cast<char>(dice()));
    }
    case 4: return (below(dice, 2) == 0 ? "h" : "q") + std::string(1, static_cast<char>(below(dice, 24)));
    case 5: return "G" + bytes_of(dice()) + bytes_of(static_cast<std::uint32_t>(dice()));
    default: return {1, plain[below(dice, plain.size())]};
  }
}

/// `pickle` with one to four changes.
inline std::string mutated_pickle(std::string_view pickle, Dice& dice) {
  std::vector<std::string> parts = operations_of(pickle);
  for (std::size_t count = 1 + below(dice, 4); count > 0; --count) change_sequence(parts, random_operation(dice), dice);
  return joined(parts);
}

}  // namespace mao_fuzz
