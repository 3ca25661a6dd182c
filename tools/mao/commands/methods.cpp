// SPDX-License-Identifier: Apache-2.0
// mao methods: which methods there are, and the options of each.
#include <algorithm>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>

#include "commands.hpp"
#include "methods/registry.hpp"
#include "tune/next_steps.hpp"

namespace mao_program {

namespace {

std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(text.size() < width ? width - text.size() : 1, ' ');
}

void print_options(const MethodInfo& info) {
  OptionReader options;
  info.describe(options);
  std::cout << info.name << ": " << info.summary << "\n";
  for (const OptionDescription& option : options.known()) {
    std::cout << "  --set " << padded(option.name + "=" + shell_word(option.fallback), 34) << option.help << "\n";
  }
  if (info.prompts_towers) std::cout << "needs a CLIP (--model embedded, or a checkpoint)\n";
}

}  // namespace

void add_methods(CLI::App& app, int& status) {
  auto name = std::make_shared<std::string>();
  CLI::App* command = add_command(app, "methods", "list the methods, or the options of one");
  command->add_option("name", *name, "a method (default: the list)")->type_name("NAME");
  command->callback([name, &status] {
    status = 0;
    if (!name->empty()) return print_options(method_named(*name));
    std::cout << padded("zero-shot", 20) << "the untuned model with hand-written prompts\n";
    for (const auto& [known, info] : methods()) std::cout << padded(known, 20) << info.summary << "\n";
  });
}

}  // namespace mao_program
