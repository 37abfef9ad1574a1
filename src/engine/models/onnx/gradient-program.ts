import { differentiate } from '../../autodiff/differentiate.js';
import { EngineError } from '../../errors.js';
import { findLoss } from '../../losses/index.js';
import type { LossInputs } from '../../losses/loss.js';
import { score } from '../../losses/score.js';
import { type GrowingGraph, growGraph } from '../../onnx/builder.js';
import type { StaticGraph, Value } from '../../onnx/graph.js';
import { symbolicOps } from '../../onnx/symbolic-ops.js';
import type { Shape } from '../../tensor/shape.js';
import { withoutAxes } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { TaskInfo } from '../model-info.js';
import { type GradientProgram, type ProgramRequest, SMALLEST_LOSS } from '../network.js';
import { channelShape, isIdentity, type Preprocessing } from '../preprocessing.js';
import type { RuntimeOptions } from '../runtime-options.js';
import { scoreKind } from '../score-kind.js';
import { createStaticSession } from './create-static-session.js';
import type { Definition } from './definition.js';
import { runProbes } from './probes.js';
import type { RuntimeTensor, Session } from './session.js';

/** Names of the program's own inputs and outputs; labels and masks have that of their task behind them. */
const NAMES = {
  pixels: 'robustgate:pixels',
  weights: 'robustgate:weights',
  balanced: 'robustgate:balanced',
  labels: 'robustgate:labels:',
  valid: 'robustgate:valid:',
  losses: 'robustgate:losses',
  scores: 'robustgate:scores',
  gradient: 'robustgate:gradient',
} as const;

export interface CompiledProgram extends GradientProgram {
  /** Estimate of what it keeps, in bytes. */
  readonly sizeBytes: number;
  dispose(): Promise<void>;
}

/**
 * Joins a network that is specialised to one shape with pre-processing, losses, and their derivative by the pixels.
 *
 * @throws EngineError `UNSUPPORTED_OP`, `GRADIENT_UNAVAILABLE`. Thrown when there is no gradient.
 */
export async function compileProgram(
  definition: Definition,
  network: StaticGraph,
  request: ProgramRequest,
  sizeBytes: number,
  runtime: RuntimeOptions,
): Promise<CompiledProgram> {
  const graph = await gradientGraph(definition, network, request, runtime);
  const session = await createStaticSession(graph, runtime, definition.info.provider);
  const shapes = new Map(graph.inputs.map((input) => [input.name, input.shape]));
  return {
    batchSize: request.batchSize,
    sizeBytes,
    run: (input) => runProgram(session, shapes, input),
    dispose: () => session.release(),
  };
}

/** The whole program as a graph. */
async function gradientGraph(
  definition: Definition,
  network: StaticGraph,
  request: ProgramRequest,
  runtime: RuntimeOptions,
): Promise<StaticGraph> {
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
  const { gradient, cuts } = differentiate({
    graph: forward,
    builder: g,
    seeds,
    input: NAMES.pixels,
    stopped,
    probes: await runProbes(forward, runtime),
  });
  if (gradient === undefined) {
    const where = cuts
      .map(({ opType, node, reason }) => `${opType} (node ${node}) cuts the path: ${reason}`)
      .join('; ');
    throw new EngineError('GRADIENT_UNAVAILABLE', `expected a gradient by the pixels, got none: ${where}`);
  }
  return g.finish([
    g.named(
      columns(
        g,
        heads.map(({ loss }) => loss),
      ),
      NAMES.losses,
    ),
    g.named(
      columns(
        g,
        heads.map((head) => head.score),
      ),
      NAMES.scores,
    ),
    g.named(gradient, NAMES.gradient),
  ]);
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

async function runProgram(
  session: Session,
  shapes: ReadonlyMap<string, Shape>,
  input: Parameters<GradientProgram['run']>[0],
): ReturnType<GradientProgram['run']> {
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
  const results = await session.run(feeds, [NAMES.losses, NAMES.scores, NAMES.gradient]);
  const tensor = (name: string): Tensor => {
    const { data, shape } = results.get(name) as RuntimeTensor;
    return { data: data as Float32Array, shape };
  };
  return { losses: tensor(NAMES.losses), scores: tensor(NAMES.scores), gradient: tensor(NAMES.gradient) };
}
