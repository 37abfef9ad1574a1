/** Text that is HTML already: it is not escaped again. */
export interface Html {
  readonly html: string;
}

/** What a template takes: text and numbers are escaped, nothing is written for `undefined`. */
export type HtmlValue = string | number | undefined | Html | readonly HtmlValue[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** HTML in which every value is escaped, so that a name cannot become markup: in text and between quotes. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return { html: strings.map((text, i) => text + (i < values.length ? htmlOf(values[i]) : '')).join('') };
}

function htmlOf(value: HtmlValue): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return value.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
  if (typeof value === 'number') return String(value);
  if ('html' in value) return value.html;
  return value.map(htmlOf).join('');
}

/** An attack in the text form, which may break where its parts end: it is longer than a phone is wide. */
export function specHtml(spec: string): Html {
  const parts = spec.split(/(?<=[@(,])/);
  return html`<code>${parts.map((part, i) => (i === 0 ? part : html`<wbr>${part}`))}</code>`;
}

/** An image as a part of the page. */
export const pngUri = (png: Uint8Array): string => `data:image/png;base64,${Buffer.from(png).toString('base64')}`;

/** A value as a JSON document that may stand in a `<script>`: it cannot end the element. */
export const embeddedJson = (value: unknown): Html => ({
  html: JSON.stringify(value).replaceAll('<', '\\u003c'),
});
