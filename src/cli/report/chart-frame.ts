import type { TopLevelSpec } from 'vega-lite';

/** What points of a series look like: strong enough on white and on black paper, and apart from each other for most eyes. */
const MARKS = [
  { color: '#2f7de1', glyph: '●', shape: 'circle' },
  { color: '#e8710a', glyph: '■', shape: 'square' },
  { color: '#12a36d', glyph: '▲', shape: 'triangle-up' },
  { color: '#c04ac0', glyph: '◆', shape: 'diamond' },
  { color: '#d33f49', glyph: '▼', shape: 'triangle-down' },
  { color: '#8a7a00', glyph: '✚', shape: 'cross' },
] as const;
/** What has no colour of its own takes that of the text around the chart, in the dark as on paper. */
const INK = 'currentColor';
/** Of what is only there to compare with. */
export const GREY = '#8b8f98';

/** The look of a series by its place. */
export const markOf = (index: number): (typeof MARKS)[number] => MARKS[index % MARKS.length] ?? MARKS[0];

/** What all charts have in common. */
export const frame = (description: string) =>
  ({
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    description,
    padding: 4,
    config: {
      background: 'transparent',
      font: 'system-ui, sans-serif',
      view: { stroke: null },
      axis: {
        labelColor: INK,
        titleColor: INK,
        domainColor: GREY,
        tickColor: GREY,
        gridColor: GREY,
        gridOpacity: 0.25,
        labelFontSize: 11,
        titleFontSize: 12,
        titleFontWeight: 'normal',
      },
    },
  }) satisfies Partial<TopLevelSpec>;

/** As wide as its place on the page. */
export const responsive = (svg: string): string => svg.replace(/ width="[\d.]+" height="[\d.]+"/, '');
