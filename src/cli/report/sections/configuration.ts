import type { EvaluationResult, SkippedExample } from '../../../engine/index.js';
import { secondsOf } from '../../format.js';
import { type Html, html, specHtml } from '../html.js';

/** Everything that decides the figures, so that they can be had again. */
export function configurationSection(result: EvaluationResult): Html {
  const { identity, provenance } = result;
  const { model, dataset } = identity;
  const facts: readonly (readonly [string, Html])[] = [
    ['model', html`${model.name} version ${model.version}`],
    ['SHA-256 of the model', html`<code class="hash">${model.sha256}</code>`],
    ['dataset', html`${dataset.name} (${dataset.kind}), the first ${identity.limit} of ${dataset.size} examples`],
    ['digest of the dataset', html`<code class="hash">${dataset.digest}</code>`],
    [
      'labels',
      html`${identity.labelFree ? "the dataset's, and the model's own predictions where it has none" : "the dataset's"}`,
    ],
    ['attacks', html`${identity.suite.map((spec) => html`<div>${specHtml(spec)}</div>`)}`],
    ['seed', html`${identity.seed}`],
    ['provider', html`${provenance.provider}, batches of ${provenance.batchSize}`],
    ['gradient program', html`<code>${provenance.programVersion}</code>`],
    ['robustgate', html`${result.robustgate}`],
    ['started', html`<time>${result.startedAt}</time>, took ${secondsOf(result.durationSeconds)}`],
  ];
  return html`
<section>
<h2>Configuration</h2>
<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
</section>`;
}

/** The examples that no figure counts: nothing where there are none. */
export function skippedSection(skipped: readonly SkippedExample[]): Html | undefined {
  if (skipped.length === 0) return undefined;
  return html`
<section>
<h2>Skipped examples</h2>
<p>${skipped.length} could not be evaluated, and are in no figure.</p>
<ul>${skipped.map(({ key, reason }) => html`<li><code>${key}</code>: ${reason}</li>`)}</ul>
</section>`;
}
