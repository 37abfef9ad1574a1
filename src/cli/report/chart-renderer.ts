import type { TopLevelSpec } from 'vega-lite';

/** Draws a chart as an SVG element. */
export type ChartRenderer = (spec: TopLevelSpec) => Promise<string>;

/** Vega, headless; `undefined` where it is not installed, for it is optional. */
export async function loadChartRenderer(): Promise<ChartRenderer | undefined> {
  try {
    const [vega, { compile }] = await Promise.all([import('vega'), import('vega-lite')]);
    return async (spec) => {
      const view = new vega.View(vega.parse(compile(spec).spec), { renderer: 'none' });
      try {
        return await view.toSVG();
      } finally {
        view.finalize();
      }
    };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
