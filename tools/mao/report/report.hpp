// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The sections of `mao report`. Each returns its markup, nothing when the runs have nothing for it.

#include <map>
#include <string>
#include <vector>

#include "report/html.hpp"
#include "report/summary.hpp"
#include "report/transfer.hpp"

namespace mao_program {

using namespace mao;

/// What the sections draw from, and the tables behind their figures.
struct ReportData {
  const std::vector<RunRecord>& runs;
  Summary summary;                       ///< scores; without transfer runs
  Summary all;                           ///< all runs in groups, without scores
  std::vector<TransferTable> transfers;  ///< by source
  std::map<std::string, TextTable> tables{};

  /// Keeps the table behind a figure under a name of its own and links to it.
  std::string link(const std::string& what, const TextTable& table);
};

std::string overview_section(ReportData& data);
std::string transfer_section(ReportData& data);
std::string settings_section(ReportData& data);

std::string curves_section(ReportData& data);
/// How scores follow one setting, `/data/shots` or `/method/k`, where runs differ in it.
std::string series_section(ReportData& data, const std::string& setting);

std::string classes_section(ReportData& data);
std::string confusion_section(ReportData& data);

std::string all_classes_section(ReportData& data);

std::string batches_section(ReportData& data);

}  // namespace mao_program
