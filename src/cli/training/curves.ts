import type { TopLevelSpec } from 'vega-lite';
import type { MetricsRecord } from '../../lab/index.js';
import type { ChartRenderer } from '../report/chart-renderer.js';

/** Most points of a curve: with more of them a file grows and shows nothing new. */
const MOST_POINTS = 400;

const SOURCES = ['training', 'validation'] as const;

interface Point {
  readonly step: number;
  readonly task: string;
  readonly loss: number;
  readonly source: (typeof SOURCES)[number];
}

/** The losses of a training over its steps, one chart per task, and the learning rate below: an SVG file. */
export async function drawCurves(records: readonly MetricsRecord[], render: ChartRenderer): Promise<string> {
  const points = records.flatMap(pointsOf);
  const tasks = [...new Set(points.map(({ task }) => task))];
  const thinned = tasks.flatMap((task) =>
    SOURCES.flatMap((source) => thin(points.filter((point) => point.task === task && point.source === source))),
  );
  const rates = thin(records.flatMap((record) => (record.type === 'step' ? [record] : []))).map(
    ({ step, learningRate }) => ({ step, learningRate }),
  );
  const x = { field: 'step', type: 'quantitative', title: 'step', axis: { format: '~s' } } as const;
  const size = { width: 480, height: 150 };
  const spec: TopLevelSpec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    description: 'Losses of a training over its steps',
    padding: 8,
    background: 'white',
    vconcat: [
      ...tasks.map((task) => ({
        ...size,
        title: task,
        data: { values: thinned.filter((point) => point.task === task) },
        mark: { type: 'line' as const, strokeWidth: 1.5 },
        encoding: {
          x,
          y: { field: 'loss', type: 'quantitative' as const, title: 'loss', scale: { zero: false } },
          color: {
            field: 'source',
            type: 'nominal' as const,
            title: null,
            scale: { domain: [...SOURCES], range: ['#2f7de1', '#e8710a'] },
          },
        },
      })),
      {
        ...size,
        height: 80,
        title: 'learning rate',
        data: { values: rates },
        mark: { type: 'line' as const, strokeWidth: 1.5, color: '#8b8f98' },
        encoding: { x, y: { field: 'learningRate', type: 'quantitative' as const, title: null } },
      },
    ],
  };
  return await render(spec);
}

function pointsOf({ type, step, losses }: MetricsRecord): readonly Point[] {
  const source = type === 'step' ? 'training' : 'validation';
  return Object.entries(losses).map(([task, loss]) => ({ step, task, loss, source }));
}

/** Every so manieth record, each with the mean loss of those that it stands for. */
function thin<Entry extends { readonly loss?: number; readonly step: number }>(
  entries: readonly Entry[],
): readonly Entry[] {
  const size = Math.ceil(entries.length / MOST_POINTS);
  if (size <= 1) return entries;
  return Array.from({ length: Math.ceil(entries.length / size) }, (_, i) => {
    const group = entries.slice(i * size, (i + 1) * size);
    const loss = group.reduce((sum, entry) => sum + (entry.loss ?? 0), 0) / group.length;
    return { ...(group.at(-1) as Entry), loss };
  });
}
