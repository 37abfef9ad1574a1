import type { AttackFigures, EvaluationResult, TaskFigures } from '../../src/engine/index.js';

const CLASSES = ['road', 'sidewalk', 'building', 'pole', 'sky', 'person', 'car', 'truck'];
const HASH = '9f2c4f6ad1e0b8837a5c6d7e8f90123456789abcdef0123456789abcdef01234';

/** Segmentation and depth under PGD at four radii on segmentation, and one on depth: what a small evaluation comes to. */
export function evaluationResult(changes: Partial<EvaluationResult> = {}): EvaluationResult {
  const attacks = [
    ...[1, 2, 4, 8].map((epsilon) => attackFigures(`pgd(steps=50,eps=${epsilon})@sum(segmentation=1)`, epsilon)),
    attackFigures('pgd(steps=50,eps=4)@sum(depth=1)', 4),
  ];
  return {
    schemaVersion: 1,
    robustgate: '0.1.0',
    identity: {
      model: { name: 'street', version: '1', sha256: HASH },
      dataset: { name: 'scenes', kind: 'cityscapes', digest: HASH.split('').reverse().join(''), size: 16 },
      suite: attacks.map(({ spec }) => spec),
      seed: 0,
      labelFree: false,
      limit: 16,
    },
    provenance: { programVersion: '1', provider: 'cpu', batchSize: 8 },
    attacks,
    skipped: [],
    verdict: attacks.some(({ verdict }) => verdict === 'suspect') ? 'suspect' : 'ok',
    gates: [],
    startedAt: '2026-01-02T03:04:05.678Z',
    durationSeconds: 12.5,
    examples: [],
    ...changes,
  };
}

/** Figures that fall with ε, on the task that the text form names. */
export function attackFigures(spec: string, epsilon: number, changes: Partial<AttackFigures> = {}): AttackFigures {
  const isOnDepth = spec.includes('(depth');
  const robust = (isOnDepth ? 0.8 : 0.86) - (isOnDepth ? 0.002 : 0.06) * epsilon;
  const error = 0.3163 + (isOnDepth ? 0.3 : 0.07) * epsilon;
  return {
    spec,
    attack: 'pgd',
    objective: spec.slice(spec.indexOf('@') + 1),
    epsilon,
    examples: 16,
    tasks: [
      taskFigures({
        attacked: !isOnDepth,
        adversarial: { value: robust, lower: robust - 0.04, upper: robust + 0.03 },
        perClass: CLASSES.map((name, i) => ({
          name,
          clean: i === 7 ? null : 0.95 - 0.02 * i,
          adversarial: i === 7 ? null : robust - 0.05 * i,
        })),
      }),
      taskFigures({
        task: 'depth',
        metric: 'absolute-error',
        unit: 'disparity',
        higherIsBetter: false,
        attacked: isOnDepth,
        clean: { value: 0.3163, lower: 0.29, upper: 0.34 },
        adversarial: { value: error, lower: error * 0.9, upper: error * 1.12 },
      }),
    ],
    verdict: 'ok',
    doubts: [],
    worst: ['street_000003', 'street_000001'],
    ...changes,
  };
}

const taskFigures = (changes: Partial<TaskFigures>): TaskFigures => ({
  task: 'segmentation',
  attacked: true,
  metric: 'miou',
  unit: '',
  higherIsBetter: true,
  examples: 16,
  clean: { value: 0.8631, lower: 0.84, upper: 0.88 },
  adversarial: { value: 0.5996, lower: 0.55, upper: 0.64 },
  ...changes,
});

/** The first attack of an evaluation, in doubt. */
export const SUSPECT = {
  verdict: 'suspect',
  doubts: [{ reason: 'ZERO_GRADIENT', message: 'The gradient is 0 on 14 of 16 examples.' }],
} as const satisfies Partial<AttackFigures>;
