import type { Chart, Charts } from '../charts.js';
import { type Html, html, specHtml } from '../html.js';

/** Metrics over ε, and IoU per class. `undefined` charts mean that nothing here can draw. */
export function plotSections(charts: Charts | undefined): Html {
  if (charts === undefined) {
    return html`
<section>
<h2>Plots</h2>
<p class="note">Plots need vega and vega-lite, which are not installed here: <code>npm install vega vega-lite</code>.</p>
</section>`;
  }
  return html`${curveSection(charts)}${classSection(charts)}`;
}

function curveSection({ curves, series }: Charts): Html | undefined {
  if (curves.length === 0) return undefined;
  return html`
<section>
<h2>Metrics over ε</h2>
<ul class="legend">${series.map(
    ({ name, color, glyph }) => html`<li><span style="color:${color}">${glyph}</span> ${specHtml(name)}</li>`,
  )}</ul>
<div class="charts">${curves.map(figure)}</div>
<p class="note">ε 0 is the clean input; bars are 95 % confidence intervals. <span class="doubted">✕</span> is a figure in doubt.</p>
</section>`;
}

function classSection({ classes: [first, ...others] }: Charts): Html | undefined {
  if (first === undefined) return undefined;
  return html`
<section>
<h2>IoU per class</h2>
<ul class="legend"><li><span class="clean-mark">■</span> clean</li><li><span class="attacked-mark">■</span> under attack</li></ul>
<div class="charts">${figure(first)}</div>
${
  others.length === 0
    ? undefined
    : html`<details><summary>${others.length} more</summary><div class="charts">${others.map(figure)}</div></details>`
}
</section>`;
}

/** Vega escapes the texts of its charts. */
const figure = ({ title, svg }: Chart): Html =>
  html`<figure class="chart"><figcaption>${specHtml(title)}</figcaption>${{ html: svg }}</figure>`;
