// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/core/detail/mapped_pages.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

#if defined(__linux__)
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

#include <mao/config.hpp>

namespace mao::detail {

#if defined(__linux__)

/// What Linux says of each page from `first` on, see pagemap in its documentation; empty when it does not say.
MAO_INLINE std::vector<std::uint64_t> page_entries(std::uintptr_t first, std::size_t pages, std::size_t page_size) {
  std::vector<std::uint64_t> entries(pages);
  const int file = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  const auto size = static_cast<ssize_t>(pages * sizeof(std::uint64_t));
  const ssize_t got = ::pread(file, entries.data(), static_cast<std::size_t>(size),
                              static_cast<off_t>(first / page_size * sizeof(std::uint64_t)));
  ::close(file);
  if (got != size) entries.clear();
  return entries;
}

MAO_INLINE bool drop_mapped_pages(std::span<const std::byte> bytes) {
  const auto page_size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data()), end = begin + bytes.size();
  const std::uintptr_t first = (begin + page_size - 1) / page_size * page_size, last = end / page_size * page_size;
  if (last <= first) return false;
  constexpr std::uint64_t present = 1ULL << 63, swapped = 1ULL << 62, of_file = 1ULL << 61;
  const auto entries = page_entries(first, (last - first) / page_size, page_size);
  const auto is_there = [](std::uint64_t entry) { return (entry & present) != 0; };
  const auto is_own = [](std::uint64_t entry) {
    return (entry & swapped) != 0 || ((entry & present) != 0 && (entry & of_file) == 0);
  };
  if (std::ranges::none_of(entries, is_there) || std::ranges::any_of(entries, is_own)) return false;
  return ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED) == 0;
}

#else

MAO_INLINE bool drop_mapped_pages(std::span<const std::byte>) { return false; }

#endif

MAO_INLINE bool drop_mapped_pages(const Tensor& weight) {
  if (!weight.is_cpu() || !weight.is_non_overlapping_and_dense()) return false;
  return drop_mapped_pages({static_cast<const std::byte*>(weight.const_data_ptr()), weight.nbytes()});
}

}  // namespace mao::detail
