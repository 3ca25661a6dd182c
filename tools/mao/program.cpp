// SPDX-License-Identifier: Apache-2.0
/// \file
/// The program `mao`: the parser, the commands, and how errors end it.

#include "program.hpp"

#include "checked_output.hpp"
#include "colours.hpp"
#include "commands.hpp"
#include "config_file.hpp"
#include "decimal_numbers.hpp"
#include "help_format.hpp"
#include "interrupt.hpp"
#include "models/product_speed.hpp"
#include "nearest_name.hpp"

#include <link.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <ATen/Parallel.h>

#include <mao/core/device.hpp>
#include <mao/core/error.hpp>
#include <mao/core/instruction_set.hpp>
#include <mao/core/detail/memory.hpp>
#include <mao/core/detail/text_encoding.hpp>
#include <mao/version.hpp>
#include <nlohmann/json.hpp>
#if __has_include(<torch/headeronly/version.h>)
#include <torch/headeronly/version.h>
#else
#include <torch/version.h>
#endif

CLI::App* mao_program::add_command(CLI::App& app, const std::string& name, const std::string& summary) {
  return app.add_subcommand(name, summary);
}

namespace {

using mao::text_of;
using mao_program::did_you_mean;

/// A line of usage that fits both an unknown and a missing command.
int help_for(const CLI::App& app, const CLI::ParseError& error) {
  const int code = app.exit(error);
  return code == 0 ? 0 : 2;
}

/// The sections of the list of commands.
void group_commands(CLI::App& app) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> sections{
      {"Train", {"tune", "add", "base2new", "few-shot", "cross-dataset", "domain-generalisation", "sweep", "plan"}},
      {"Use tuned prompts", {"eval", "predict", "encode", "export", "convert"}},
      {"Show results", {"report", "summarize", "inspect"}},
      {"Lists and other commands", {"datasets", "methods", "models", "presets", "replay", "completion"}}};
  for (const auto& [section, commands] : sections) {
    for (const std::string& command : commands) app.get_subcommand(command)->group(section);
  }
}

/// A line at the end of a command's help, which an incomplete command shows too.
void give_examples(CLI::App& app) {
  const std::vector<std::pair<std::string, std::string>> examples{
      {"tune", "mao tune --data sketch --method coop --mao --shots 16 --out run"},
      {"plan", "mao plan --data sketch --method coop --mao --shots 16"},
      {"add", "mao add run --out all.prompts.safetensors"},
      {"eval", "mao eval run/seed1/new.prompts.safetensors --half new"},
      {"predict", "mao predict photo.jpg --prompts run/seed1/new.prompts.safetensors"},
      {"encode", "mao encode --images photos --out features.npz"},
      {"methods", "mao methods coop"},
      {"export", "mao export head.safetensors --prompts run/seed1/new.prompts.safetensors"},
      {"convert", "mao convert run/seed1/plain.prompts.safetensors reference"},
      {"report", "mao report run --out run.html"},
      {"summarize", "mao summarize runs"},
      {"inspect", "mao inspect run/seed1/new.prompts.safetensors"}};
  for (const auto& [command, example] : examples) app.get_subcommand(command)->footer("Example: " + example);
}

/// The commands below `app` that were given, from the outermost on: `datasets`, `check`.
std::vector<const CLI::App*> given_commands(const CLI::App& app) {
  std::vector<const CLI::App*> commands;
  for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    commands.push_back(at);
  }
  return commands;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) {
    if (!command->get_name().empty()) names.push_back(command->get_name());
  }
  return names;
}

/// One line about what a command was not expected to get, in the order it was given. `name`: with those it is below.
std::string extras_message(const CLI::App& command, const std::string& name) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& known : option->get_lnames()) names.push_back("--" + known);
  }
  const std::vector<std::string> extras = command.remaining();
  const auto wrong = std::ranges::find_if(extras, [](const std::string& word) { return word.starts_with("-"); });
  if (extras.empty()) return text_of("mao ", name, " does not take this");
  const std::vector<std::string> below = command_names(command);
  if (!below.empty() && wrong != extras.begin()) {  // the word in the place of a command says what was meant
    return text_of("mao ", name, " has no command '", extras.front(), "'", did_you_mean(extras.front(), below));
  }
  if (wrong == extras.end()) return text_of("mao ", name, " does not take ", extras.front());
  const std::string option = wrong->substr(0, wrong->find('='));
  return text_of("mao ", name, " has no option ", option, did_you_mean(option, names));
}

/// `mao add needs RUN (folder of a run ...) and --out (...)`, with the example of the command.
std::string missing_message(const CLI::App& command, const std::string& name, const CLI::Error& error) {
  std::string missing;
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_required() || option->count() > 0) continue;
    std::string named = option->get_name();
    if (option->get_positional()) {
      std::ranges::transform(named, named.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    }
    missing += text_of(missing.empty() ? "" : " and ", named, " (", option->get_description(), ")");
  }
  if (missing.empty()) return error.what();
  const std::string footer = command.get_footer();
  return text_of("mao ", name, " needs ", missing, footer.starts_with("Example: ") ? "\n" + footer : std::string());
}

/// `--labeler tunned: no such value (did you mean tuned?); expected zero-shot, tuned or none` for what CLI11 says of a
/// value that is not in a list; the text itself if it is about something else.
std::string list_message(const std::string& text) {
  const std::size_t begin = text.find(": "), middle = text.find(" not in {"), end = text.rfind('}');
  if (begin == std::string::npos || middle == std::string::npos || end == std::string::npos || middle < begin)
    return text;
  const std::string value = text.substr(begin + 2, middle - begin - 2);
  const std::vector<std::string> names = CLI::detail::split(text.substr(middle + 9, end - middle - 9), ',');
  std::string list;
  for (std::size_t i = 0; i < names.size(); ++i) {
    list += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
  }
  return text_of(text.substr(0, begin), " ", value, ": no such value", did_you_mean(value, names), "; expected ", list);
}

/// A complaint about a value; an option that is given too often, or without a value, is named.
std::string value_message(const CLI::App& command, const CLI::Error& error) {
  const std::string text = error.what();
  if (error.get_exit_code() != static_cast<int>(CLI::ExitCodes::ArgumentMismatch)) return list_message(text);
  if (text.ends_with(" missing")) return text.substr(0, text.find(':')) + " needs a value";
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_items_expected_max() == 1 && option->count() > 1) {
      return option->get_name() + " is given more than once; expected once";
    }
  }
  return error.what();
}

/// What is wrong in front of a command, or without one.
std::string top_message(const CLI::App& app, const CLI::Error& error) {
  const std::vector<std::string> extras = app.remaining();
  const std::string what = extras.empty() ? std::string(error.what()) : "mao has no option " + extras.front();
  return text_of(what, "; `mao --help` lists all commands\n");
}

std::string failure_message(const CLI::App* parsed, const CLI::Error& error) {
  const std::vector<const CLI::App*> given = given_commands(*parsed);
  if (given.empty()) return top_message(*parsed, error);
  const auto has_extras = [](const CLI::App* each) { return !each->remaining().empty(); };
  const bool missing = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError);
  const bool extra = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError) ||
                     (missing && std::ranges::any_of(given, has_extras));  // perhaps the missing one, misspelt
  const CLI::App* command = given.back();
  std::string name;
  for (const CLI::App* each : given) {
    name += (name.empty() ? "" : " ") + each->get_name();
    if (!extra || each->remaining().empty()) continue;
    command = each;
    break;
  }
  const std::string message = extra     ? extras_message(*command, name)
                              : missing ? missing_message(*command, name, error)
                                        : value_message(*command, error);
  return text_of(message, "\nSee `mao ", name, " --help`.\n");
}

/// The limit that the shell has set for this program; empty when there is none.
std::string memory_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return {};
  return text_of(" within the ", limit.rlim_cur >> 20U, " MiB of `ulimit -v`, of which LibTorch alone takes about 500");
}

/// That memory ran out, and what asks for less.
std::string memory_message(const std::string& what) {
  const std::size_t host = what.find("you tried to allocate ");
  std::string asked;
  if (host != std::string::npos) {
    const std::string bytes = what.substr(host + 22);
    asked = " for " + bytes.substr(0, bytes.find_first_not_of("0123456789")) + " bytes at once";
  }
  return text_of("there is not enough memory", asked, memory_limit(),
                 "; fewer --shots, a smaller --batch or context, --memory-limit or --cache-mib need less, and "
                 "`mao plan` says how much a run needs");
}

/// A sentence about what is not one of our own errors, without the stack that LibTorch hangs on. `command` is what was
/// asked for.
std::string foreign_message(const std::exception& error, const std::string& command) {
  const std::string what = error.what();
  const bool memory = dynamic_cast<const std::bad_alloc*>(&error) != nullptr ||
                      what.find("you tried to allocate ") != std::string::npos ||
                      what.find("out of memory") != std::string::npos || what.find("bad_alloc") != std::string::npos;
  if (memory) return memory_message(what);
  if (const auto* file = dynamic_cast<const std::filesystem::filesystem_error*>(&error)) {
    return text_of("the system refuses ", file->path1().empty() ? "a file" : file->path1().string(), ": ",
                   file->code().message(), "; check that the path, and each folder above it, can be read or written");
  }
  const std::string first = what.substr(0, what.find('\n'));
  const char* const who = dynamic_cast<const nlohmann::json::exception*>(&error) != nullptr
                              ? "a JSON file, or a name in it, is not as expected"
                              : "a step failed in an unexpected way";
  return text_of(who, " (", first, ") in `", command, "`; this is a bug in mao: please report it with that command");
}

/// The words as they were typed.
std::string command_of(int argc, char** argv) {
  std::string command = "mao";
  for (int i = 1; i < argc; ++i) command += std::string(" ") + argv[i];
  return command;
}

/// True if the first word is not a command; prints a message.
bool is_mistyped(const CLI::App& app, const std::string& word) {
  const std::vector<std::string> names = command_names(app);
  if (word.starts_with("-") || std::ranges::find(names, word) != names.end()) return false;
  std::cerr << "mao: there is no command '" << word << "'" << did_you_mean(word, names)
            << "\n`mao --help` lists all commands.\n";
  return true;
}

/// What `mao` alone says: three commands that work on a fresh machine, in this order.
void print_first_commands() {
  const auto colours = mao_program::Colours::of(STDOUT_FILENO);
  std::cout << "mao " << mao::version << ": prompt tuning of vision-language models (CoOp, MAO, ...)\n\n"
            << "Three commands that work now, on the small model and the images that come with mao:\n";
  for (const auto& [command, summary] : std::vector<std::pair<std::string, std::string>>{
           {"mao tune --data sketch --mao --out first",
            "tunes prompts with CoOp + MAO, three seeds; takes a few minutes"},
           {"mao report first --out first.html", "writes a page about that run: tables and curves"},
           {"mao methods", "lists the methods for mao tune --method"}}) {
    std::cout << "  " << colours.bold(command) << "\n      " << summary << "\n";
  }
  std::cout << "\n`mao --help` lists all commands, `mao COMMAND --help` the options of one.\n";
}

/// The folder of the LibTorch that is loaded; empty where the loader does not say.
std::string libtorch_folder() {
  std::string folder;
  const auto look = [](dl_phdr_info* loaded, std::size_t, void* found) {
    const std::filesystem::path library = loaded->dlpi_name == nullptr ? "" : loaded->dlpi_name;
    if (library.stem() != "libtorch_cpu") return 0;
    *static_cast<std::string*>(found) = library.parent_path().string();
    return 1;
  };
  ::dl_iterate_phdr(look, &folder);
  return folder;
}

/// `LibTorch 2.11.0, for the CPU only, in FOLDER`
std::string libtorch_text() {
  const auto found = mao::cuda::DevicesFound::here();
  const std::string devices = !found.has_cuda
                                  ? "for the CPU only"
                                  : text_of("with CUDA, ", found.count, found.count == 1 ? " device" : " devices");
  const std::string folder = libtorch_folder();
  return text_of("LibTorch ", TORCH_VERSION, ", ", devices, folder.empty() ? "" : ", in ", folder);
}

/// What a report of a fault should begin with.
std::string version_text() {
  return text_of("mao ", mao::version, "\n", libtorch_text(), "\n", mao_program::cpu_description(), ", ",
                 at::get_num_threads(), " threads");
}

/// In a file of options, false leaves out a flag, and an option has as many values as it takes. **Throws**
/// `OptionError`.
void expect_file_options(const CLI::App& app, const std::vector<std::string>& arguments,
                         const mao_program::OptionPlaces& places) {
  const CLI::App* command = &app;
  for (const std::string& word : arguments) {
    for (const CLI::App* below : command->get_subcommands({})) {
      if (below->get_name() == word) command = below;
    }
  }
  for (const auto& [name, place] : places) {
    const bool is_left_out = std::ranges::find(arguments, name) == arguments.end();
    if (is_left_out) mao_program::expect_flag(*command, name);
    mao_program::expect_values(*command, arguments, name);
  }
}

void add_commands(CLI::App& app, int& status) {
  mao_program::add_tune(app, status);
  mao_program::add_add(app, status);
  mao_program::add_protocols(app, status);
  mao_program::add_plan(app, status);
  mao_program::add_sweep(app, status);
  mao_program::add_summarize(app, status);
  mao_program::add_report(app, status);
  mao_program::add_eval(app, status);
  mao_program::add_predict(app, status);
  mao_program::add_encode(app, status);
  mao_program::add_inspect(app, status);
  mao_program::add_export(app, status);
  mao_program::add_convert(app, status);
  mao_program::add_datasets(app, status);
  mao_program::add_methods(app, status);
  mao_program::add_models(app, status);
  mao_program::add_presets(app, status);
  mao_program::add_replay(app, status);
  mao_program::add_completion(app, status);
  group_commands(app);
  give_examples(app);
  mao_program::expect_decimal_numbers(app);
}

int run_command(int argc, char** argv) {
  CLI::App app("Prompt tuning of vision-language models (CoOp, MAO, ...)", "mao");
  app.set_version_flag("--version", version_text);
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.formatter(std::make_shared<mao_program::HelpFormat>());  // of the commands too
  app.require_subcommand(1);
  mao_program::OptionPlaces places;
  app.failure_message([&](const CLI::App* parsed, const CLI::Error& error) {
    return mao_program::with_place(failure_message(parsed, error), places);
  });
  int status = 0;
  add_commands(app, status);
  app.footer(
      "To begin: `mao tune --data sketch --mao --out first`, then `mao report first --out first.html`.\n"
      "`mao COMMAND --help` explains a command, and docs/index.md everything else.");
  if (argc == 1) {
    print_first_commands();
    return 2;
  }
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.front() == "help") {  // `mao help tune` is `mao tune --help`
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  if (is_mistyped(app, words.front())) return 2;
  static_cast<void>(mao::instruction_set());  // a mistyped MAO_INSTRUCTION_SET is said before any work
  try {
    auto arguments = mao_program::with_config(words, places);
    expect_file_options(app, arguments, places);
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes a vector
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    return help_for(app, error);
  } catch (const mao::OptionError& error) {
    throw mao::OptionError(mao_program::with_place(error.what(), places));
  }
  return status;
}

void print_error(const std::string& what) {
  std::cerr << mao_program::Colours::of(STDERR_FILENO).red("mao:") << ' ' << mao::escaped(what) << '\n';
}

}  // namespace

namespace mao::tool {

void detail::expect_new(bool is_new, const std::string& kind, const std::string& name) {
  require<OptionError>(is_new && !name.empty(), "this program adds ", kind, " '", name,
                       "', which mao already has, or which is not a valid name; choose another one");
}

int run(int argc, char** argv, const std::vector<Addition>& additions) {
  keep_freed_memory();
  mao_program::CheckedOutput& output = mao_program::check_output();
  try {
    for (const Addition& add : additions) add();
    return mao_program::status_with_output(output, run_command(argc, argv));
  } catch (const mao_program::Stopped&) {
    std::cerr << "mao: stopped; nothing was written" << std::endl;
    return mao_program::status_with_output(output, mao_program::stopped_status);
  } catch (const Error& error) {
    print_error(error.what());
  } catch (const std::exception& error) {
    print_error(foreign_message(error, command_of(argc, argv)));
  }
  return mao_program::status_with_output(output, 1);
}

}  // namespace mao::tool
