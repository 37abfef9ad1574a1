import type { OutcomeChart, Reproduction } from '../../lab/index.js';
import { type Html, html } from '../report/html.js';
import { page } from '../report/page.js';
import { experimentSection, verdictBadge } from './html-sections.js';

/** What the reports of evaluations do not have. */
const STYLE = `
.reproduction th, .reproduction td { padding: 6px 16px 6px 0; border-top: 1px solid var(--line); vertical-align: baseline; text-align: left; white-space: nowrap; }
.reproduction thead th { border-top: 0; color: var(--soft); font-weight: 400; }
.reproduction tbody th { font-weight: 400; white-space: nowrap; }
.paper { color: var(--soft); }
.series { white-space: nowrap; margin-right: 10px; }
.summary th { font-weight: 400; }
.summary a { color: var(--accent); }
.warning { border: 2px solid var(--warn); border-radius: 8px; padding: 8px 18px; }
.summary td, .summary th { padding: 5px 14px 5px 0; border-top: 1px solid var(--line); vertical-align: baseline; }
.summary thead th { border-top: 0; }
`;

/** The report of a reproduction as one HTML page that needs nothing else. */
export function reproductionHtml(
  reproduction: Reproduction,
  charts: ReadonlyMap<OutcomeChart, string> | undefined,
): string {
  const { scale, warning, caveat, experiments } = reproduction;
  return page({
    title: `Reproduction at scale ${scale}`,
    style: STYLE,
    lead: '“Multitask Learning Strengthens Adversarial Robustness” (Mao et al., ECCV 2020, arXiv:2007.07236)',
    main: [
      warning === undefined ? undefined : html`<p class="warning"><b>${warning}</b></p>`,
      caveat === undefined ? undefined : html`<p>${caveat}</p>`,
      summarySection(reproduction),
      experiments.map((experiment) => experimentSection(experiment, charts)),
      provenanceSection(reproduction),
    ],
  });
}

const VERDICTS = ['reproduced', 'not reproduced', 'inconclusive'] as const;

function summarySection({ experiments }: Reproduction): Html {
  return html`<h2>Claims</h2>
<div class="scroll"><table class="summary">
<thead><tr><th></th>${VERDICTS.map((verdict) => html`<th>${verdictBadge(verdict)}</th>`)}<th>measured</th></tr></thead>
<tbody>${experiments.map(
    ({ name, title, claims, measured, planned }) =>
      html`<tr><th><a href="#${name}">${title}</a></th>${VERDICTS.map(
        (verdict) => html`<td>${claims.filter((claim) => claim.verdict === verdict).length}</td>`,
      )}<td>${measured}/${planned}</td></tr>`,
  )}</tbody>
</table></div>
<p class="note">A claim is reproduced if the 95 % intervals of all of its comparisons lie on its side of 0, not reproduced if one
lies on the other side, and else inconclusive. Intervals are over seeds where there are three or more, else over images of
the same models, resampled in pairs; those say nothing of how another training would have come out.</p>`;
}

function provenanceSection({ robustgate, commit, provenance, scale }: Reproduction): Html {
  const rows: readonly (readonly [string, string])[] = [
    ['robustgate', robustgate],
    ['commit', commit ?? 'unknown'],
    ['scale', scale],
    ...provenance.map((text) => ['attacks by', text] as const),
  ];
  return html`<h2>Provenance</h2><dl>${rows.map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>`)}</dl>`;
}
