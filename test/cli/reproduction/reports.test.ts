import test from 'ava';
import { loadChartRenderer } from '../../../src/cli/report/chart-renderer.js';
import { reproductionHtml } from '../../../src/cli/reproduction/html-report.js';
import { reproductionMarkdown } from '../../../src/cli/reproduction/markdown-report.js';
import { drawOutcomeCharts } from '../../../src/cli/reproduction/outcome-charts.js';
import { reproductionText } from '../../../src/cli/reproduction/reproduction-text.js';
import type { Measured, Reproduction } from '../../../src/lab/index.js';

const measured = (value: number, change: Partial<Measured> = {}): Measured => ({
  value,
  lower: value - 0.5,
  upper: value + 0.5,
  examples: 64,
  seeds: 3,
  over: 'seeds',
  ...change,
});

const reproduction: Reproduction = {
  scale: 'small',
  warning: undefined,
  caveat: 'Not the paper’s data.',
  robustgate: '1.2.3',
  commit: 'abc',
  provenance: ['program 1 on cpu'],
  experiments: [
    {
      name: 'table2',
      title: 'Table <2>',
      setting: ['A setting & more.'],
      measured: 3,
      planned: 4,
      doubts: ['pgd of s: its loss does not rise'],
      claims: [
        { text: 'sd is better.', source: 'paper', verdict: 'reproduced', reason: 'all above', comparisons: [] },
        { text: 'sum flatters.', source: 'later work', verdict: 'not reproduced', reason: '', comparisons: [] },
      ],
      tables: [
        {
          title: 'Segmentation',
          unit: 'mIoU in %',
          higherIsBetter: true,
          columns: ['s', 'sd'],
          rows: [
            {
              label: 'Clean',
              cells: [
                { paper: 48.58, ours: measured(81.25) },
                { paper: 48.61, ours: measured(82) },
              ],
            },
            {
              label: 'PGD10',
              cells: [
                { paper: 13.04, ours: measured(9.5) },
                { paper: 13.64, ours: undefined },
              ],
            },
          ],
        },
      ],
      charts: [],
    },
    {
      name: 'fig4a',
      title: 'Fig. 4a',
      setting: [],
      measured: 1,
      planned: 1,
      doubts: [],
      claims: [],
      tables: [],
      charts: [
        {
          title: 'Norm',
          x: { title: 'output dimension M', scale: 'log' },
          y: { title: 'L2 norm', scale: 'log' },
          series: [
            {
              name: 's',
              points: [
                { x: 1, measured: measured(0.02, { lower: 0.01, upper: 0.03 }) },
                { x: 16, measured: measured(0.01, { lower: 0.005, upper: 0.02, over: 'examples', seeds: 1 }) },
              ],
            },
          ],
        },
      ],
    },
  ],
};

test('the page has our numbers beside the paper’s, with interval, images and seeds, and what is missing', async (t) => {
  const render = await loadChartRenderer();
  if (render === undefined) return t.fail('expected vega');
  const page = reproductionHtml(reproduction, await drawOutcomeCharts(reproduction, render));
  t.regex(page, /81\.25 <span class="paper">48\.58<\/span><br><small class="interval">80\.75 … 81\.75<\/small>/);
  // The best of a row, ours and theirs.
  t.regex(page, /<b>82\.00<\/b> <span class="paper"><b>48\.61<\/b><\/span>/);
  t.regex(page, /<td>– <span class="paper"><b>13\.64<\/b><\/span><\/td>/);
  t.regex(page, /n = 64 images, 3 seeds, 95 % intervals over seeds/);
  t.regex(page, /3 of 4 cells are measured so far/);
  t.regex(page, /class="badge pass">reproduced</);
  t.regex(page, /class="badge regression">not reproduced</);
  t.regex(page, /Table &lt;2&gt;/);
  t.regex(page, /<svg[^>]*>/);
  t.regex(page, /<dt>commit<\/dt><dd>abc<\/dd>/);
  t.notRegex(page, /\b(src|href)="(?!#|data:)/);
});

test('Markdown has the same, and charts as tables of their points', (t) => {
  const text = reproductionMarkdown(reproduction);
  t.regex(text, /\| Clean \| 81\.25 80\.75 … 81\.75 \[48\.58\] \| 82\.00 81\.50 … 82\.50 \[48\.61\] \|/);
  t.regex(text, /\| PGD10 \| 9\.50 9\.00 … 10\.00 \[13\.04\] \| – \[13\.64\] \|/);
  t.regex(text, /- \*\*reproduced\*\*: sd is better\. all above\./);
  t.regex(text, /- \*\*not reproduced\*\*: sum flatters\. \(later work\)\n/);
  // What its points are of differs, so each says it.
  t.regex(text, /\| 16 \| 0\.01 0\.005 … 0\.02 \(n = 64 images, 1 seed, 95 % intervals over images\) \|/);
  t.regex(text, /commit abc/);
});

test('the terminal has a line for each claim', (t) => {
  const text = reproductionText({ ...reproduction, warning: 'It proves nothing.' });
  t.regex(text, /table2 {2,}3\/4 {2}reproduced {2,}sd is better\./);
  t.regex(text, /\n {2,}not reproduced {2}sum flatters\.\n/);
  t.regex(text, /It proves nothing\.\n$/);
});
