// SPDX-License-Identifier: Apache-2.0
// mao completion: a script that teaches a shell the commands and options which the parser knows.
#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "commands.hpp"
#include "known_values.hpp"

namespace mao_program {

namespace {

/// An option as a shell needs it.
struct CompletedOption {
  std::string name;     ///< "--data" or "-h"
  std::string summary;  ///< the first clause of its help
  bool takes_value = false;
  std::vector<std::string> choices;  ///< values that it takes; none: anything
  bool takes_files = false;          ///< paths as well as `choices`
};

/// A command, or the program itself, whose path is empty.
struct CompletedCommand {
  std::string path;  ///< " datasets check"
  std::string name;
  std::string summary;
  std::vector<std::string> commands;
  std::vector<CompletedOption> options;
};

/// The part of a help text that fits beside a name.
std::string first_clause(const std::string& help) { return help.substr(0, help.find_first_of(";:\n")); }

/// `{a,b}` in a description, as CLI11 writes what `IsMember` takes.
std::vector<std::string> choices_in(const std::string& type) {
  const std::size_t open = type.find('{'), close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) return {};
  return CLI::detail::split(type.substr(open + 1, close - open - 1), ',');
}

/// The values that `known_values` or `known_values_or_path` marked the option with; empty where it was not.
std::vector<std::string> marked_values(CLI::Option& option, const char* mark) {
  try {
    return choices_in(CLI::Validator(*option.get_validator(mark)).active().get_description());
  } catch (const CLI::OptionNotFound&) {
    return {};
  }
}

/// The option under one of its names.
CompletedOption completed(CLI::Option& option, const std::string& name) {
  CompletedOption result{name, first_clause(option.get_description()), option.get_items_expected_max() > 0,
                         choices_in(option.get_type_name())};
  if (result.choices.empty()) result.choices = marked_values(option, known_values_name);
  if (!result.choices.empty()) return result;
  result.choices = marked_values(option, known_values_or_path_name);
  result.takes_files = !result.choices.empty();
  return result;
}

/// The program, its commands, and theirs.
void collect(CLI::App& app, const std::string& path, std::vector<CompletedCommand>& all) {
  CompletedCommand command{path, app.get_name(), first_clause(app.get_description()), {}, {}};
  for (CLI::Option* option : app.get_options([](const CLI::Option*) { return true; })) {
    if (option->get_group().empty()) continue;  // hidden from the help too
    for (const std::string& name : option->get_snames()) command.options.push_back(completed(*option, "-" + name));
    for (const std::string& name : option->get_lnames()) command.options.push_back(completed(*option, "--" + name));
  }
  const auto below = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* each : below) command.commands.push_back(each->get_name());
  all.push_back(std::move(command));
  for (CLI::App* each : below) collect(*each, path + " " + each->get_name(), all);
}

std::string joined(const std::vector<std::string>& words, const char* between = " ") {
  return CLI::detail::join(words, between);
}

/// For bash and zsh alike: the command that the words before the cursor name, as $place.
void print_place(const std::vector<CompletedCommand>& all, const char* word) {
  std::vector<std::string> paths;
  for (const CompletedCommand& command : all) {
    if (!command.path.empty()) paths.push_back("\"" + command.path + "\"");
  }
  std::cout << "    case \"$place " << word << "\" in\n      " << joined(paths, "|") << ") place=\"$place " << word
            << "\" ;;\n    esac\n";
}

/// For bash and zsh alike: `choices=(a b)` for the option before the cursor, and `files=1` if it takes paths too.
void print_choices(const std::vector<CompletedCommand>& all) {
  std::cout << "  case \"$place $before\" in\n";
  for (const CompletedCommand& command : all) {
    for (const CompletedOption& option : command.options) {
      if (option.choices.empty()) continue;
      std::cout << "    \"" << command.path << " " << option.name << "\") choices=(" << joined(option.choices) << ")"
                << (option.takes_files ? " files=1" : "") << " ;;\n";
    }
  }
  std::cout << "  esac\n";
}

void print_bash(const std::vector<CompletedCommand>& all) {
  std::cout << "# mao completion bash\n"
               "_mao() {\n"
               "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} place='' i\n"
               "  local -a choices=() commands=() options=()\n"
               "  local files=''\n"
               "  for ((i = 1; i < COMP_CWORD; ++i)); do\n";
  print_place(all, "${COMP_WORDS[i]}");
  std::cout << "  done\n  case $place in\n";
  for (const CompletedCommand& command : all) {
    std::vector<std::string> options;
    for (const CompletedOption& option : command.options) options.push_back(option.name);
    std::cout << "    \"" << command.path << "\") commands=(" << joined(command.commands) << ") options=("
              << joined(options) << ") ;;\n";
  }
  std::cout << "  esac\n";
  print_choices(all);
  std::cout << "  if [ ${#choices[@]} -eq 0 ]; then\n"
               "    case $word in -*) choices=(\"${options[@]}\") ;; *) choices=(\"${commands[@]}\") ;; esac\n"
               "  fi\n"
               "  COMPREPLY=($(compgen -W \"${choices[*]}\" -- \"$word\"))\n"
               "  if [ -n \"$files\" ]; then COMPREPLY+=($(compgen -f -- \"$word\")); fi\n"
               "}\n"
               "complete -o default -F _mao mao\n";
}

/// In single quotes, whatever is in it.
std::string single_quoted(const std::string& text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

/// `'name:summary'`, as zsh's _describe takes it.
std::string described(const std::string& name, const std::string& summary) {
  return single_quoted(name + ":" + summary);
}

void print_zsh(const std::vector<CompletedCommand>& all) {
  std::cout << "#compdef mao\n"
               "# mao completion zsh\n"
               "_mao() {\n"
               "  local place='' before=${words[CURRENT-1]} word\n"
               "  local -a choices commands options\n"
               "  local files=''\n"
               "  for word in ${words[2,CURRENT-1]}; do\n";
  print_place(all, "$word");
  std::cout << "  done\n  case $place in\n";
  for (const CompletedCommand& command : all) {
    std::cout << "    \"" << command.path << "\")\n";
    for (const std::string& name : command.commands) {
      const auto at = std::ranges::find(all, command.path + " " + name, &CompletedCommand::path);
      std::cout << "      commands+=(" << described(name, at->summary) << ")\n";
    }
    for (const CompletedOption& option : command.options) {
      std::cout << "      options+=(" << described(option.name, option.summary) << ")\n";
    }
    std::cout << "      ;;\n";
  }
  std::cout << "  esac\n";
  print_choices(all);
  std::cout << "  if (( ${#choices} )); then\n"
               "    compadd -a choices\n"
               "    if [[ -n $files ]]; then _files; fi\n"
               "  elif [[ $PREFIX == -* ]]; then _describe option options\n"
               "  elif (( ${#commands} )); then _describe command commands\n"
               "  else _files\n"
               "  fi\n"
               "}\n"
               "if [[ ${funcstack[1]} == _mao ]]; then _mao \"$@\"; else compdef _mao mao; fi\n";
}

void print_fish(const std::vector<CompletedCommand>& all) {
  std::cout << "# mao completion fish\n";
  for (const CompletedCommand& command : all) {
    std::vector<std::string> words = CLI::detail::split(command.path, ' ');
    std::string where = "__fish_use_subcommand";
    if (!command.path.empty()) where = "__fish_seen_subcommand_from " + words.back();
    const std::string begin = "complete -c mao -n " + single_quoted(where);
    for (const std::string& name : command.commands) {
      const auto at = std::ranges::find(all, command.path + " " + name, &CompletedCommand::path);
      std::cout << begin << (command.path.empty() ? " -f" : "") << " -a " << name << " -d "
                << single_quoted(at->summary) << "\n";
    }
    for (const CompletedOption& option : command.options) {
      const bool is_long = option.name.starts_with("--");
      std::cout << begin << (is_long ? " -l " : " -s ") << option.name.substr(is_long ? 2 : 1);
      if (option.takes_value) {
        std::cout << (option.takes_files || option.choices.empty() ? " -r" : " -x")
                  << (option.choices.empty() ? std::string() : " -a " + single_quoted(joined(option.choices)));
      }
      std::cout << " -d " << single_quoted(option.summary) << "\n";
    }
  }
}

}  // namespace

void add_completion(CLI::App& app, int& status) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = add_command(app, "completion", "print a script that completes commands and options in a shell");
  command->add_option("shell", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(
      "bash: `source <(mao completion bash)` in ~/.bashrc\n"
      "zsh:  `source <(mao completion zsh)` in ~/.zshrc, after compinit\n"
      "fish: `mao completion fish > ~/.config/fish/completions/mao.fish`");
  command->callback([&app, shell, &status] {
    std::vector<CompletedCommand> all;
    collect(app, "", all);
    if (*shell == "bash") print_bash(all);
    if (*shell == "zsh") print_zsh(all);
    if (*shell == "fish") print_fish(all);
    status = 0;
  });
}

}  // namespace mao_program
