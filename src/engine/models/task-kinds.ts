/** The form of a task's labels. */
export type LabelForm =
  /** One class per example, shape [N]. */
  | 'class'
  /** One class per position, shape [N, …]: the output's without the class axis. */
  | 'class-map'
  /** 0 or 1 per class, the output's shape. */
  | 'multi-label'
  /** Numbers, the output's shape. */
  | 'numbers';

export interface TaskKind {
  readonly labels: LabelForm;
  readonly loss: string;
  readonly metric: string;
}

const regression = { labels: 'numbers', loss: 'l1', metric: 'absolute-error' } as const satisfies TaskKind;

/** What a task may be, with what it is trained and judged by unless `model.yaml` says otherwise. */
export const TASK_KINDS = {
  classification: { labels: 'class', loss: 'cross-entropy', metric: 'accuracy' },
  'multi-label': { labels: 'multi-label', loss: 'bce', metric: 'accuracy' },
  'semantic-segmentation': { labels: 'class-map', loss: 'cross-entropy', metric: 'miou' },
  regression,
  depth: regression,
  disparity: regression,
  normals: regression,
  edges: regression,
  keypoints: regression,
  curvature: regression,
  reshading: regression,
  reconstruction: { labels: 'numbers', loss: 'mse', metric: 'mse' },
  'score-map': { labels: 'multi-label', loss: 'bce', metric: 'accuracy' },
  'box-regression': regression,
} as const satisfies Readonly<Record<string, TaskKind>>;

export type TaskKindName = keyof typeof TASK_KINDS;
