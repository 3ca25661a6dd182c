// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The folders in which Python packages lie on this machine; no Python is started.

#include <filesystem>
#include <string_view>
#include <vector>

namespace mao::detail {

namespace fs = std::filesystem;

/// The folders above the running program, nearest first.
std::vector<fs::path> folders_above_program();

/// The package folder that holds `library`, SITE/torch/lib/libtorch_cpu.so; empty for a LibTorch from elsewhere.
fs::path site_of_libtorch(std::string_view library);

/// That of the LibTorch which this program has loaded, wherever the program lies.
fs::path site_of_loaded_libtorch();

/// The package folders of the active environment, of .venv here and above the program, beside LibTorch, of python3 and
/// of the system.
std::vector<fs::path> site_folders();

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/site_folders.ipp>
#endif
