// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/site_folders.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

#include <link.h>

#include <mao/config.hpp>

namespace mao::detail {

/// Adds `site`, unless it is among `sites` by whatever name.
MAO_INLINE void append_site(fs::path site, std::vector<fs::path>& sites) {
  std::error_code ignored;
  const auto same = [&](const fs::path& known) { return fs::equivalent(known, site, ignored); };
  if (std::ranges::none_of(sites, same)) sites.push_back(std::move(site));
}

/// Adds those of an environment.
MAO_INLINE void append_site_folders(const fs::path& environment, std::vector<fs::path>& sites) {
  std::vector<fs::path> here;
  std::error_code ignored;
  for (const char* library : {"lib", "lib64", "local/lib"}) {
    for (const auto& entry : fs::directory_iterator(environment / library, ignored)) {
      if (!entry.path().filename().string().starts_with("python3")) continue;
      for (const char* name : {"site-packages", "dist-packages"}) {
        if (fs::is_directory(entry.path() / name, ignored)) here.push_back(entry.path() / name);
      }
    }
  }
  std::sort(here.begin(), here.end());
  for (fs::path& site : here) append_site(std::move(site), sites);
}

MAO_INLINE std::vector<fs::path> folders_above_program() {
  std::vector<fs::path> folders;
  std::error_code failure;
  fs::path folder = fs::read_symlink("/proc/self/exe", failure);
  while (!failure && folder.has_relative_path()) {
    folder = folder.parent_path();
    folders.push_back(folder);
  }
  return folders;
}

/// The environment of the `python3` that the shell would start.
MAO_INLINE fs::path python_environment() {
  const char* variable = std::getenv("PATH");
  std::string_view rest = variable == nullptr ? "" : variable;
  std::error_code ignored;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const fs::path program = fs::path(rest.substr(0, end)) / "python3";
    if (fs::exists(program, ignored)) return program.parent_path().parent_path();
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

MAO_INLINE fs::path site_of_libtorch(std::string_view library) {
  constexpr std::string_view in_package = "/torch/lib/libtorch_cpu.so";
  if (!library.ends_with(in_package)) return {};
  return library.substr(0, library.size() - in_package.size());
}

MAO_INLINE fs::path site_of_loaded_libtorch() {
  fs::path site;
  const auto look = [](dl_phdr_info* loaded, std::size_t, void* found) {
    const fs::path here = site_of_libtorch(loaded->dlpi_name == nullptr ? "" : loaded->dlpi_name);
    if (!here.empty()) *static_cast<fs::path*>(found) = here;
    return here.empty() ? 0 : 1;
  };
  ::dl_iterate_phdr(look, &site);
  return site;
}

MAO_INLINE std::vector<fs::path> site_folders() {
  std::vector<fs::path> sites;
  if (const char* active = std::getenv("VIRTUAL_ENV")) append_site_folders(active, sites);
  append_site_folders(".venv", sites);
  for (const fs::path& folder : folders_above_program()) append_site_folders(folder / ".venv", sites);
  if (fs::path site = site_of_loaded_libtorch(); !site.empty()) append_site(std::move(site), sites);
  const fs::path python = python_environment();
  if (!python.empty()) append_site_folders(python, sites);
  for (const char* prefix : {"/usr/local", "/usr"}) append_site_folders(prefix, sites);
  return sites;
}

}  // namespace mao::detail
