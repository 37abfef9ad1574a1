import { type Html, type HtmlValue, html } from './html.js';
import { REPORT_STYLE } from './style.js';

export interface Page {
  readonly title: string;
  /** Rules beside those that all reports have. */
  readonly style?: string;
  /** Beside the title, in the headline. */
  readonly badge?: Html;
  /** Below the headline. */
  readonly lead: HtmlValue;
  /** Sections, one below the other. */
  readonly main: readonly HtmlValue[];
  /** What nobody sees. */
  readonly data?: Html;
}

/** A report as one HTML page that needs nothing else, in light and dark, for a screen of any width and for paper. */
export const page = ({ title, style = '', badge, lead, main, data }: Page): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${{ html: REPORT_STYLE + style }}</style>
</head>
<body>
<header>
<h1>${title}${badge && html` ${badge}`}</h1>
<p>${lead}</p>
</header>
<main>
${main.map((section) => html`${section}\n`)}</main>
${data && html`${data}\n`}</body>
</html>
`.html;
