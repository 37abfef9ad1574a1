/** The look of a report: one column on a phone, a page on paper, light or dark as the reader has it. */
export const REPORT_STYLE = `
:root { color-scheme: light dark;
  --paper: #fff; --card: #f6f7f9; --ink: #1b1e24; --soft: #5c6370; --line: #dfe2e8;
  --good: #1a7f4b; --bad: #c5303c; --warn: #a35a00; --heat-color: #e8710a; --accent: #2f7de1; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #15171c; --card: #1e2128; --ink: #e6e8ec; --soft: #9aa1ad; --line: #333843;
  --good: #4cc38a; --bad: #ff7b82; --warn: #f0a94a; --heat-color: #e8710a; --accent: #6aa9ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px 20px 64px; max-width: 1040px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: break-word;
  -webkit-text-size-adjust: 100%; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 18px; margin: 40px 0 12px; }
h3 { font-size: 14px; margin: 16px 0 6px; font-weight: 600; }
header p, .note { color: var(--soft); margin: 8px 0 0; }
.note, small { font-size: 12.5px; }
code { font: 0.87em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.badge { display: inline-block; padding: 1px 9px; border-radius: 99px; font-size: 12px; line-height: 18px; font-weight: 600;
  letter-spacing: 0; vertical-align: middle; white-space: nowrap; color: var(--soft); border: 1px solid currentColor; }
.badge.pass, .badge.ok { color: var(--good); }
.badge.regression { color: var(--bad); }
.badge.inconclusive { color: var(--warn); }
.badge.suspect { color: var(--paper); background: var(--bad); border-color: var(--bad); }
.doubted { color: var(--soft); font-weight: 400; }
.doubts { border: 2px solid var(--bad); border-radius: 8px; padding: 4px 18px 10px; margin-top: 24px; }
.doubts h2 { color: var(--bad); margin: 10px 0 4px; }
.doubts p { margin: 0; }
ul { padding-left: 20px; margin: 6px 0; }
.gates, .legend { list-style: none; padding: 0; }
.gates li { display: flex; gap: 12px; align-items: baseline; padding: 8px 0; border-bottom: 1px solid var(--line); }
.gates li > span:last-child { min-width: 0; }
.gates small { color: var(--soft); }
.legend { display: flex; flex-wrap: wrap; gap: 2px 20px; }
.clean-mark { color: #8b8f98; }
.attacked-mark { color: #e8710a; }
.target { color: var(--accent); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; }
.figures { width: 100%; }
.figures thead th { font-size: 12.5px; font-weight: 400; color: var(--soft); padding: 4px 12px 4px 0; white-space: nowrap; }
.figures td { padding: 5px 12px 5px 0; border-top: 1px solid var(--line); vertical-align: baseline; }
.figures td:last-child { padding-right: 0; }
.figures .attack th { padding: 16px 0 6px; border-top: 1px solid var(--soft); }
.figures thead + tbody .attack th { padding-top: 10px; }
.epsilon { color: var(--soft); font-weight: 400; margin: 0 6px; white-space: nowrap; }
.interval { color: var(--soft); display: inline-block; white-space: nowrap; }
.worse { color: var(--bad); }
.scroll { overflow-x: auto; }
.damage { min-width: min(100%, 560px); }
.damage th, .damage td { padding: 8px 12px; border: 1px solid var(--line); font-size: 14px; }
.damage th small { font-weight: 400; color: var(--soft); }
.damage tbody th { font-weight: 400; max-width: 420px; }
.damage td { text-align: right; }
.damage .heat { background: color-mix(in srgb, var(--heat-color) calc(var(--heat) * 0.75), transparent); }
.damage .attacked { box-shadow: inset 0 0 0 2px var(--accent); }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); gap: 12px; }
figure { margin: 0; }
.chart { background: var(--card); border-radius: 8px; padding: 10px 12px; max-width: 520px; break-inside: avoid; }
.chart svg { display: block; width: 100%; height: auto; }
figcaption { color: var(--soft); font-size: 12.5px; }
.chart figcaption { color: var(--ink); padding-bottom: 4px; }
details { margin: 10px 0; }
summary { cursor: pointer; padding: 6px 0; }
.example { margin: 4px 0 20px; break-inside: avoid; }
.panels { display: grid; grid-auto-flow: column; grid-template-rows: auto auto; grid-auto-columns: minmax(0, 250px); gap: 10px; }
.panels img { display: block; width: 100%; height: auto; image-rendering: pixelated; border-radius: 4px; background: var(--card); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 6px 20px; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; min-width: 0; }
@media (max-width: 640px) {
  body { padding: 16px 16px 48px; }
  h1 { font-size: 22px; }
  .figures thead { display: none; }
  .figures, .figures tbody, .figures tr, .figures .attack th { display: block; }
  .figures tr:not(.attack) { display: grid; grid-template-columns: repeat(6, minmax(0, 1fr)); gap: 2px 12px; padding: 8px 0; border-top: 1px solid var(--line); }
  .figures td { display: block; border: 0; padding: 0; grid-column: span 2; }
  .figures td:nth-child(-n + 4) { grid-column: span 3; }
  .baseline td:nth-child(n + 5) { grid-column: span 3; }
  .baseline td:last-child { grid-column: 1 / -1; }
  .figures td:first-child { font-weight: 600; }
  .figures td::before { content: attr(data-label); display: block; font-size: 11.5px; font-weight: 400; color: var(--soft); }
  .figures td:nth-child(-n + 2)::before { display: none; }
  .panels { grid-auto-flow: row; grid-template: none / repeat(2, minmax(0, 1fr)); }
  .damage th, .damage td { padding: 6px 8px; font-size: 13px; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { padding-bottom: 8px; }
}
@media print {
  :root { color-scheme: light; --paper: #fff; --card: #fff; --ink: #000; --soft: #555; --line: #ccc;
    --good: #1a7f4b; --bad: #b3202c; --warn: #8a4b00; --accent: #2f7de1; }
  @page { margin: 14mm; }
  body { max-width: none; padding: 0; font-size: 10.5pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h2, h3, summary { break-after: avoid; }
  tr, .gates li, dl > * { break-inside: avoid; }
  .figures .attack { break-after: avoid; }
  .chart { border: 1px solid var(--line); }
  details::details-content { content-visibility: visible; block-size: auto; }
  details:not([open]) { display: none; }
}
`;
