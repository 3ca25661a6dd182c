// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The style sheet of report pages: colours for light and dark, type, tables, and the classes that charts use.

#include <string_view>

namespace mao::detail {

/// Colours. `--s0` to `--s7` are those of series, told apart with impaired colour vision too.
inline constexpr std::string_view page_colours = R"css(
:root {
  color-scheme: light dark;
  --paper: #fdfdfb; --card: #ffffff; --ink: #1d2126; --soft: #5d6570; --rule: #c9ced6; --grid: #e8eaee;
  --accent: #2b62a8;
  --gain: #2b62a8; --loss: #c2571a; --s0: #2b62a8; --s1: #c2571a; --s2: #2a7f55; --s3: #8e4a9e; --s4: #8f6d00;
  --s5: #14808b; --s6: #b8344a; --s7: #5d6570; --hs: 58%; --hl: 42%;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --card: #1a1e23; --ink: #e3e6ea; --soft: #9aa3ae; --rule: #464d57; --grid: #2a3037;
  --accent: #86b6f2;
    --gain: #7fb2f0; --loss: #f0a266; --s0: #7fb2f0; --s1: #f0a266; --s2: #78cba0; --s3: #cf9ade; --s4: #dfc067;
    --s5: #6accd4; --s6: #f08c9a; --s7: #a5adb8; --hs: 62%; --hl: 68%;
  }
}
)css";

/// Type, sections, tables, figures.
inline constexpr std::string_view page_layout = R"css(
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 17px/1.55 Charter, "Bitstream Charter", "Iowan Old Style", Cambria, Georgia, "Liberation Serif", serif; }
main { max-width: 74rem; margin: 0 auto; padding: 2.5rem 1.25rem 5rem; }
header p, section > p { max-width: 44rem; }
h1 { font-size: 2rem; line-height: 1.2; font-weight: 600; margin: 0 0 .4rem; }
h2 { font-size: 1.35rem; font-weight: 600; margin: 3.2rem 0 .5rem; padding-top: .9rem;
  border-top: 1px solid var(--rule); }
h3 { font-size: 1.05rem; font-weight: 600; margin: 1.8rem 0 .5rem; }
p { margin: .5rem 0 1rem; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: 2px; }
.soft, figcaption, nav, footer { color: var(--soft); }
nav, table, summary, figcaption, .key, .chips, footer, .note {
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif; }
nav { font-size: .85rem; display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; margin: 1.2rem 0 0; }
nav a { color: inherit; }
.note { font-size: .82rem; color: var(--soft); max-width: 46rem; }
footer { margin-top: 4rem; font-size: .8rem; border-top: 1px solid var(--rule); padding-top: .8rem; }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-size: .84rem; font-variant-numeric: tabular-nums lining-nums;
  margin: .3rem 0; }
th, td { padding: .28rem .55rem; text-align: left; vertical-align: baseline; }
th:first-child, td:first-child { padding-left: 0; }
td.n, th.n { text-align: right; white-space: nowrap; }
thead th { font-weight: 500; color: var(--soft); border-bottom: 1px solid var(--rule); white-space: nowrap; }
tbody tr + tr td { border-top: 1px solid var(--grid); }
tr.published td { color: var(--soft); }
tr.published .from, td .from { display: block; font-size: .74rem; color: var(--soft); }
tr.first-published td { border-top: 1px solid var(--rule); }
.best { font-weight: 700; }
.dev { display: block; color: var(--soft); font-size: .78em; line-height: 1.2; font-weight: 400; }
td.wide { white-space: normal; overflow-wrap: anywhere; }
.sticky td:first-child { min-width: 6.8rem; }
.sticky thead th { white-space: normal; vertical-align: bottom; }
.sticky th:first-child, .sticky td:first-child { position: sticky; left: 0; background: var(--paper); }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20.5rem), 1fr));
  gap: 1.6rem 2.2rem; align-items: start; }
.grid > * { min-width: 0; }
.pair { grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); }
.grid h3 { margin-top: 0; }
.grid table { width: 100%; }
.scores td:first-child { min-width: 7.5rem; line-height: 1.3; }
figure { margin: 0; }
figure h4, .block h4 { font: 600 .88rem/1.35 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans",
  Arial, sans-serif; margin: 0 0 .3rem; }
figcaption { font-size: .8rem; line-height: 1.45; margin-top: .35rem; }
figcaption table { color: var(--ink); }
.wide svg { min-width: 26rem; }
figcaption a, .note a { color: inherit; white-space: nowrap; }
svg { display: block; width: 100%; max-width: calc(var(--w) * 1.2); height: auto; }
details { margin: .8rem 0; }
summary { cursor: pointer; font-size: .92rem; font-weight: 600; padding: .35rem 0; }
summary .soft { font-weight: 400; }
details[open] > summary { margin-bottom: .6rem; }
details details { margin-left: 0; }
.key { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; font-size: .82rem; margin: .2rem 0 .7rem; padding: 0;
  list-style: none; }
.key i { display: inline-block; width: 1.3rem; height: 0; border-top: 3px solid; margin-right: .4rem;
  vertical-align: middle; }
.chips { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 13rem), 1fr));
  gap: .45rem 1.2rem; font-size: .8rem; margin: .8rem 0 0; padding: 0; list-style: none; }
.chips li { display: flex; gap: .45rem; align-items: center; min-width: 0; }
.chips b { flex: none; width: .75rem; height: .75rem; border-radius: 50%;
  background: hsl(var(--h) var(--hs) var(--hl)); }
.chips span { min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; flex: 1; }
.chips img { flex: none; width: 26px; height: 26px; object-fit: cover; border-radius: 3px; }
@media (max-width: 40rem) { body { font-size: 16px; } main { padding: 1.4rem 1rem 3rem; } h1 { font-size: 1.55rem;
  } h2 { margin-top: 2.4rem; } }
@media print { details > * { display: block; } nav { display: none; } }
)css";

/// What charts draw with.
inline constexpr std::string_view chart_style = R"css(
svg text { font: 11px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif;
  fill: var(--soft); }
svg .label { fill: var(--ink); } svg .small { font-size: 10px; fill: var(--ink); }
svg .halo { paint-order: stroke; stroke: var(--paper); stroke-width: 3px; stroke-linejoin: round; }
svg .grid { stroke: var(--grid); } svg .rule { stroke: var(--rule); } svg .mark { stroke: var(--rule);
  stroke-dasharray: 3 3; }
svg .frame { fill: none; stroke: var(--grid); }
.s0 { --c: var(--s0); } .s1 { --c: var(--s1); } .s2 { --c: var(--s2); } .s3 { --c: var(--s3); }
.s4 { --c: var(--s4); } .s5 { --c: var(--s5); } .s6 { --c: var(--s6); } .s7 { --c: var(--s7); }
svg .line { fill: none; stroke: var(--c); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
svg .faint { stroke-width: 1; opacity: .38; } svg .dashed { stroke-dasharray: 5 4; }
svg text.ends { fill: var(--c); font-weight: 600; }
svg .dot { fill: var(--c); stroke: var(--paper); stroke-width: 1.5; }
svg .gain { fill: var(--gain); } svg .loss { fill: var(--loss); } svg .light { opacity: .5; }
svg .cell { fill: var(--loss); } svg .right { fill: var(--s7); opacity: .45; }
svg .hue { fill: hsl(var(--h) var(--hs) var(--hl)); stroke: var(--paper); stroke-width: 1; } svg .star {
  stroke: var(--ink); stroke-width: 1; }
svg .point { fill-opacity: .85; }
)css";

}  // namespace mao::detail
