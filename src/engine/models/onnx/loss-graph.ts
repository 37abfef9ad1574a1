import { EngineError } from '../../errors.js';
import { findLoss } from '../../losses/index.js';
import type { LossInputs } from '../../losses/loss.js';
import { score } from '../../losses/score.js';
import { type GrowingGraph, growGraph } from '../../onnx/builder.js';
import type { StaticGraph, Value } from '../../onnx/graph.js';
import { symbolicOps } from '../../onnx/symbolic-ops.js';
import type { Shape } from '../../tensor/shape.js';
import { withoutAxes } from '../../tensor/shape.js';
import type { TaskInfo } from '../model-info.js';
import { type ProgramInput, type ProgramRequest, SMALLEST_LOSS } from '../network.js';
import { channelShape, isIdentity, type Preprocessing } from '../preprocessing.js';
import { scoreKind } from '../score-kind.js';
import type { Definition } from './definition.js';
import type { RuntimeTensor } from './session.js';

/** Names of a program's own inputs and outputs; labels and masks have that of their task behind them. */
export const NAMES = {
  pixels: 'robustgate:pixels',
  weights: 'robustgate:weights',
  balanced: 'robustgate:balanced',
  labels: 'robustgate:labels:',
  valid: 'robustgate:valid:',
  losses: 'robustgate:losses',
  scores: 'robustgate:scores',
  gradient: 'robustgate:gradient',
} as const;

/** A network joined with pre-processing and losses. */
export interface LossGraph {
  /** What grows, behind `forward`. */
  readonly builder: GrowingGraph;
  /** The network and its losses, without what is weighted and derived. */
  readonly forward: StaticGraph;
  /** dL/d(loss) of the losses, by name, for L = Σ_n Σ_c w_nc L_nc. */
  readonly seeds: ReadonlyMap<string, Value>;
  /** Values that losses take for constants. */
  readonly stopped: ReadonlySet<string>;
  /** Losses and scores [N, T], appended under their names. */
  outputs(): readonly Value[];
}

/** Joins a network that is specialised to one shape with pre-processing and the losses of a request. */
export function lossGraph(definition: Definition, network: StaticGraph, request: ProgramRequest): LossGraph {
  const { batchSize } = request;
  const g = growGraph(withPixels(network, definition, [batchSize, ...request.inputShape]), network.opset);
  const weights = g.addInput(NAMES.weights, 'float32', [batchSize, request.tasks.length]);
  const balanced = g.addInput(NAMES.balanced, 'bool', []);
  const stopped = new Set<string>();
  const ops = symbolicOps(g, stopped);
  const heads = request.tasks.map(({ task, loss }) => {
    const inputs = lossInputs(g, taskOf(definition, task), definition, network);
    return { loss: findLoss(loss).of(ops, inputs), score: score(ops, scoreKind(taskOf(definition, task)), inputs) };
  });

  const forward = g.finish([]);
  const seeds = new Map<string, Value>();
  for (const [i, { loss }] of heads.entries()) {
    const column = g.op('Slice', [weights, g.integers([i]), g.integers([i + 1]), g.integers([1])]);
    const weight = g.op('Reshape', [column, g.integers([batchSize])]);
    const smallest = g.op('Where', [g.op('Greater', [loss, g.scalar(SMALLEST_LOSS)]), loss, g.scalar(SMALLEST_LOSS)]);
    const seed = g.op('Where', [balanced, g.op('Div', [weight, smallest]), weight]);
    const sum = seeds.get(loss.name);
    seeds.set(loss.name, sum === undefined ? seed : g.op('Add', [sum, seed]));
  }
  const of = (what: 'loss' | 'score'): Value =>
    columns(
      g,
      heads.map((head) => head[what]),
    );
  return {
    builder: g,
    forward,
    seeds,
    stopped,
    outputs: () => [g.named(of('loss'), NAMES.losses), g.named(of('score'), NAMES.scores)],
  };
}

/** What a program is fed of its input: pixels, λ, labels and masks, and other inputs, as far as it reads them. */
export function feedsOf(shapes: ReadonlyMap<string, Shape>, input: ProgramInput): Map<string, RuntimeTensor> {
  const feeds = new Map<string, RuntimeTensor>();
  const put = (name: string, dataType: RuntimeTensor['dataType'], data: RuntimeTensor['data']): void => {
    const shape = shapes.get(name);
    if (shape !== undefined) feeds.set(name, { dataType, shape, data });
  };
  put(NAMES.pixels, 'float32', input.pixels.data);
  put(NAMES.weights, 'float32', input.weights);
  put(NAMES.balanced, 'bool', Uint8Array.of(Number(input.isBalanced)));
  for (const [task, labels] of input.labels) put(NAMES.labels + task, 'float32', labels);
  for (const [task, valid] of input.valid) put(NAMES.valid + task, 'bool', valid);
  for (const [name, tensor] of input.extraInputs) put(name, 'float32', tensor.data);
  return feeds;
}

/** The network with levels for its input, instead of what the model itself takes. */
function withPixels(network: StaticGraph, { info, preprocessing }: Definition, shape: Shape): StaticGraph {
  const g = growGraph(undefined, network.opset);
  const pixels = g.addInput(NAMES.pixels, 'float32', shape);
  g.named(normalised(g, pixels, preprocessing), info.input.name);
  const head = g.finish([]);
  return {
    ...network,
    inputs: [...head.inputs, ...network.inputs.filter(({ name }) => name !== info.input.name)],
    nodes: [...head.nodes, ...network.nodes],
    constants: new Map([...head.constants, ...network.constants]),
    values: new Map([...head.values, ...network.values]),
  };
}

function normalised(g: GrowingGraph, pixels: Value, preprocessing: Preprocessing): Value {
  if (isIdentity(preprocessing)) return pixels;
  const shape = channelShape(preprocessing, pixels.shape);
  const scaled = g.op('Mul', [pixels, g.floats(preprocessing.scale, shape)]);
  return g.op('Add', [scaled, g.floats(preprocessing.offset, shape)]);
}

function lossInputs(g: GrowingGraph, task: TaskInfo, { config }: Definition, network: StaticGraph): LossInputs<Value> {
  const output = network.values.get(task.output);
  if (output === undefined) throw new EngineError('INTERNAL', `expected the output ${task.output}, got none`);
  const hasClasses = task.labelForm === 'class' || task.labelForm === 'class-map';
  const shape = hasClasses ? withoutAxes(output.shape, [task.classAxis + 1]) : output.shape;
  const taskConfig = config.tasks.find(({ name }) => name === task.name);
  return {
    output,
    classAxis: task.classAxis + 1,
    activation: taskConfig?.activation ?? 'none',
    labels: g.addInput(NAMES.labels + task.name, 'float32', shape),
    valid: g.addInput(NAMES.valid + task.name, 'bool', shape),
    classWeights: taskConfig?.classWeights,
  };
}

const taskOf = ({ info }: Definition, name: string): TaskInfo => {
  const task = info.tasks.find((candidate) => candidate.name === name);
  if (task === undefined) throw new EngineError('INTERNAL', `expected a task of the model, got ${name}`);
  return task;
};

/** Vectors [N] as the columns of a matrix [N, T]. */
function columns(g: GrowingGraph, vectors: readonly Value[]): Value {
  const axes = g.integers([1]);
  return g.op(
    'Concat',
    vectors.map((vector) => g.op('Unsqueeze', [vector, axes])),
    { axis: 1 },
  );
}
