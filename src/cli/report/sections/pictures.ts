import { type Html, html, pngUri, specHtml } from '../html.js';
import type { ReportPicture } from '../report-picture.js';

/** The examples that lost most, as images. */
export function pictureSection(pictures: readonly ReportPicture[]): Html | undefined {
  if (pictures.length === 0) return undefined;
  const specs = [...new Set(pictures.map(({ spec }) => spec))];
  return html`
<section>
<h2>Worst examples</h2>
${specs.map((spec, i) => {
  const examples = pictures.filter((picture) => picture.spec === spec).map(example);
  return html`<details${i === 0 ? html` open` : undefined}><summary>${specHtml(spec)}</summary>${examples}</details>`;
})}
</section>`;
}

const example = ({ key, panels }: ReportPicture): Html => html`
<div class="example">
<h3>${key}</h3>
<div class="panels">${panels.map(
  ({ label, png }) => html`
<figure><img src="${pngUri(png)}" alt="${`${key}, ${label}`}"><figcaption>${label}</figcaption></figure>`,
)}</div>
</div>`;
