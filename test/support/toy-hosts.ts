// Hosts for tests of the server: a toy model that is computed at once, by rules simple enough to check by hand, and that a test
// can replace by something that is slow, fails or dies.
import type {
  AttackEvent,
  AttackJob,
  AttackResult,
  GradientNormEvent,
  MemoryQuestion,
  MetricValue,
  ModelInfo,
  ModelSource,
  Payload,
  Prediction,
  PredictJob,
  RawTensor,
  TaskInfo,
  TaskOutcome,
} from '../../src/engine/index.js';
import type { CallOptions, Hosts, Lane, ModelRef } from '../../src/host/index.js';

const task = (
  name: string,
  labelForm: TaskInfo['labelForm'],
  shape: number[],
  change: Partial<TaskInfo> = {},
): TaskInfo => ({
  name,
  kind: 'regression',
  labelForm,
  output: name,
  shape,
  classAxis: 0,
  classCount: labelForm === 'numbers' ? 0 : (shape[0] ?? 0),
  classes: [],
  palette: undefined,
  unit: '',
  activation: 'none',
  loss: labelForm === 'numbers' ? 'l1' : 'cross-entropy',
  losses: labelForm === 'numbers' ? ['l1', 'mse'] : ['cross-entropy', 'margin', 'houdini'],
  metric: labelForm === 'numbers' ? 'absolute-error' : 'accuracy',
  ignoreIndex: undefined,
  labelScale: [1],
  labelOffset: [0],
  invalid: undefined,
  isReconstruction: false,
  weight: 1,
  attackable: true,
  gradientObstacles: [],
  ...change,
});

/** An image model: 3 × 2 × 2 pixels, one task of each form. The name says what is different. */
export function toyInfo({ name, version }: ModelRef): ModelInfo {
  const isFeatures = name === 'features';
  return {
    name,
    version,
    sha256: `sha of ${version}`,
    description: 'a toy',
    labels: { kind: 'toy' },
    engine: 'onnx',
    provider: 'cpu',
    providerFallbacks: [],
    input: {
      name: 'x',
      kind: isFeatures ? 'features' : 'image',
      shape: isFeatures ? [3] : name === 'dynamic' ? [3, -1, -1] : [3, 2, 2],
      layout: 'NCHW',
      colorOrder: name === 'bgr' ? 'BGR' : 'RGB',
      range: isFeatures ? [-1, 1] : [0, 255],
    },
    extraInputs: name === 'extra' ? [{ name: 'k', shape: [2] }] : [],
    tasks: isFeatures
      ? [task('y', 'numbers', [2])]
      : [
          task('segmentation', 'class-map', name === 'dynamic' ? [3, -1, -1] : [3, 2, 2], { ignoreIndex: 255 }),
          task('scene', 'class', [5]),
          task('tags', 'multi-label', [4], { losses: ['bce'], loss: 'bce' }),
          task('depth', 'numbers', [1, 2, 2], { labelScale: [0.5], labelOffset: [1], invalid: 0, unit: 'm' }),
          task('reconstruction', 'numbers', [3, 2, 2], { isReconstruction: true }),
        ],
    operators: [{ type: 'Conv', count: 2, gradient: 'rule' }],
    fixedBatch: undefined,
    signature: {
      inputs: [{ name: 'x', dataType: 'float32', shape: [-1, 3, 2, 2], hasDefault: false }],
      outputs: [{ name: 'y', dataType: 'float32', shape: [-1, 3, 2, 2], hasDefault: false }],
    },
  };
}

/** What a call of a lane was given. */
export interface LaneCall<Job = unknown> {
  readonly model: ModelRef;
  readonly job: Job;
  readonly options: CallOptions;
}

/** What a test has of its own; the rest is the toy. */
export interface HostScript {
  readonly load?: (source: ModelSource, lane: 'serve' | 'attack') => Promise<ModelInfo>;
  readonly unload?: (model: ModelRef) => Promise<void>;
  readonly requireMemory?: (call: LaneCall<MemoryQuestion>) => Promise<void>;
  readonly predict?: (call: LaneCall<PredictJob>) => Promise<readonly Prediction[]>;
  readonly attack?: (call: LaneCall<AttackJob>) => AsyncGenerator<AttackEvent, void, void>;
  readonly gradientNorm?: (call: LaneCall) => AsyncGenerator<GradientNormEvent, void, void>;
  readonly quarantineReason?: (model: ModelRef) => string | undefined;
  readonly keptBytes?: (model: ModelRef) => number;
  readonly drain?: () => void;
  readonly close?: () => void;
}

export function toyHosts(script: HostScript = {}): Hosts {
  const lane = (name: 'serve' | 'attack'): Lane => ({
    isReady: true,
    pid: process.pid,
    quarantineReason: (model) => script.quarantineReason?.(model),
    releaseQuarantine: () => undefined,
    keptBytes: (model) => script.keptBytes?.(model) ?? 0,
    load: async (source) => (await script.load?.(source, name)) ?? toyInfo(source),
    unload: async (model) => await script.unload?.(model),
    requireMemory: async (model, question, options) => await script.requireMemory?.({ model, job: question, options }),
    predict: async (model, job, options) =>
      (await script.predict?.({ model, job, options })) ?? job.inputs.map((input) => toyPrediction(input, job)),
    // What it gets as its first input, by the name of each output.
    infer: async (_, { inputs, outputs }) =>
      new Map(outputs.map((output) => [output, [...inputs.values()][0] as RawTensor])),
    attack: (model, job, options) => (script.attack ?? toyAttack)({ model, job, options }),
    gradientNorm: (model, job, options) => (script.gradientNorm ?? toyGradientNorm)({ model, job, options }),
  });
  return {
    serve: lane('serve'),
    attack: lane('attack'),
    drain: () => script.drain?.(),
    close: async () => script.close?.(),
  };
}

export const metric = (name: string, value: number): MetricValue => ({
  name,
  value,
  unit: '',
  higherIsBetter: true,
  part: { count: 1, sum: value },
});

/** Of every task the first pixel, as one number. */
const toyPrediction = ({ key, pixels, labels }: PredictJob['inputs'][number], { tasks }: PredictJob): Prediction => ({
  key,
  tasks: tasks.map((name) => ({
    task: name,
    labels: undefined,
    values: { datatype: 'FP32', shape: [1], data: pixels.slice(0, 1) },
    raw: undefined,
    metric: labels.has(name) ? metric('accuracy', 1) : undefined,
  })),
});

export const toyProgress = (step: number, steps: number): AttackEvent => ({
  type: 'progress',
  progress: {
    phase: 'attacking',
    queuePosition: 0,
    examplesDone: 0,
    examplesTotal: 1,
    step,
    steps,
    restart: 0,
    restarts: 1,
    losses: [{ task: 'scene', value: step }],
    objective: step,
    gradientNorm: 1,
    examplesBroken: undefined,
    elapsedSeconds: 0,
    etaSeconds: undefined,
  },
});

const outcome = (name: string): TaskOutcome => ({
  task: name,
  attacked: true,
  labelSource: 'request',
  clean: metric('accuracy', 1),
  adversarial: metric('accuracy', 0),
  adversarial8bit: undefined,
  cleanLoss: 0,
  adversarialLoss: 1,
  broken: true,
  cleanBroken: false,
});

export const toyResult = (
  key: string,
  payloads: readonly Payload[] = [],
): AttackEvent & { readonly result: AttackResult } => ({
  type: 'result',
  result: {
    key,
    tasks: [outcome('scene')],
    perturbation: { linf: 1, l2: 2 },
    perturbation8bit: undefined,
    steps: 2,
    restart: 0,
    terminatedBy: 'completed',
    batchSize: 1,
    payloads,
    warnings: [],
  },
});

export const toySummary = (exampleCount: number): AttackEvent => ({
  type: 'summary',
  summary: {
    terminatedBy: 'completed',
    tasks: [outcome('scene')],
    exampleCount,
    examplesBroken: exampleCount,
    imageSteps: 2 * exampleCount,
    remoteQueries: 0,
    provenance: { modelSha256: 'sha', programVersion: '1', provider: 'cpu', batchSize: 1, seed: 7 },
  },
});

/** Adds ε to every pixel, in as many steps as were asked for. */
async function* toyAttack({ job }: LaneCall<AttackJob>): AsyncGenerator<AttackEvent, void, void> {
  const { steps, epsilon } = job.spec.parameters;
  for (let step = 1; step <= steps; step++) yield toyProgress(step, steps);
  for (const { key, pixels, shape } of job.inputs) {
    const moved = pixels.map((level) => Math.min(255, level + epsilon));
    yield toyResult(
      key,
      job.fields.flatMap((field): Payload[] => {
        const whole = { field, task: undefined, condition: undefined };
        if (field === 'adversarial-8bit')
          return [{ ...whole, tensor: { datatype: 'UINT8', shape, data: Uint8Array.from(moved) } }];
        if (field === 'adversarial-tensor') return [{ ...whole, tensor: { datatype: 'FP32', shape, data: moved } }];
        return [];
      }),
    );
  }
  yield toySummary(job.inputs.length);
}

async function* toyGradientNorm(): AsyncGenerator<GradientNormEvent, void, void> {
  const norms = { l1: 3, l2: 2, linf: 1 };
  const tasks = [{ task: 'scene', loss: 1, norms, labelSource: 'request' }] as const;
  yield {
    type: 'progress',
    progress: {
      phase: 'attacking',
      queuePosition: 0,
      gradientsDone: 1,
      gradientsTotal: 1,
      elapsedSeconds: 0,
      etaSeconds: undefined,
    },
  };
  const joint = { tasks, jointMean: norms, jointSum: norms };
  yield { type: 'result', result: { key: '0', ...joint, gram: [4], cosine: [1], warnings: [] } };
  yield { type: 'sweep-point', point: { outputCount: 1, meanL2: 2, standardDeviationL2: 0, sampleCount: 1 } };
  yield {
    type: 'summary',
    summary: {
      ...joint,
      theorem1Factor: undefined,
      theorem1AbsentReason: 'a toy',
      gramFactor: 1,
      meanGram: [4],
      terminatedBy: 'completed',
      provenance: { modelSha256: 'sha', programVersion: '1', provider: 'cpu', batchSize: 1, seed: 7 },
    },
  };
}
