import { differentiate } from '../../src/engine/autodiff/differentiate.js';
import { createStaticSession } from '../../src/engine/models/onnx/create-static-session.js';
import { runProbes } from '../../src/engine/models/onnx/probes.js';
import { createSession, type RuntimeTensor } from '../../src/engine/models/onnx/session.js';
import { specialise } from '../../src/engine/models/onnx/specialise.js';
import { PROVIDERS, type ProviderName } from '../../src/engine/models/providers.js';
import { growGraph } from '../../src/engine/onnx/builder.js';
import { encodeStaticGraph } from '../../src/engine/onnx/encode-model.js';
import type {
  Attribute,
  AttributeInputs,
  GraphDef,
  ModelDef,
  StaticGraph,
  TensorValue,
  Value,
} from '../../src/engine/onnx/graph.js';
import { float32Tensor, int64Tensor } from '../../src/engine/onnx/tensor-value.js';
import { keyedRandom } from '../../src/engine/tensor/random.js';
import { type Shape, sizeOf } from '../../src/engine/tensor/shape.js';

const runtime = { threads: 1, allowSpinning: false };

/** What computes derivatives: the CPU, or what `ROBUSTGATE_TEST_PROVIDER` says. */
const providerOfTests = (): ProviderName =>
  PROVIDERS.find((provider) => provider === process.env['ROBUSTGATE_TEST_PROVIDER']) ?? 'cpu';

/** The newest operator set of the ONNX Runtime in use. */
const NEWEST_OPSET = 26;

/** Numbers that depend on pixels. */
export interface Variable {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** One node with its operands: variables, constants, and optional inputs that are left out. */
export interface OneNode {
  readonly opType: string;
  readonly inputs: readonly (Variable | TensorValue | undefined)[];
  readonly attributes?: AttributeInputs;
  readonly outputCount?: number;
  readonly opset?: number;
}

const isConstant = (input: OneNode['inputs'][number]): input is TensorValue => input !== undefined && 'bytes' in input;
export const isVariable = (input: OneNode['inputs'][number]): input is Variable =>
  input !== undefined && 'data' in input;

/** Uniform draws from [low, high), always the same for a shape and a key. */
export function variable(shape: Shape, key = '', low = -1, high = 1): Variable {
  const random = keyedRandom('start', 1, `${shape}/${key}`, 0);
  return { shape, data: new Float32Array(sizeOf(shape)).map(() => low + (high - low) * random()) };
}

/**
 * The numbers offset, offset ± 1/16, offset ± 2/16, … in an order that is always the same for a shape and a key: none of two is
 * within 1/16 of another, so that a small step changes no order.
 */
export function distinct(shape: Shape, key = '', offset = 0): Variable {
  const size = sizeOf(shape);
  const order = variable(shape, key).data;
  const ranks = [...order.keys()].toSorted((a, b) => (order[a] as number) - (order[b] as number));
  const data = new Float32Array(size);
  for (const [rank, i] of ranks.entries()) data[i] = offset + (rank - Math.floor(size / 2)) / 16;
  return { shape, data };
}

/** A step that leaves the order of `distinct` numbers, and of those 1/32 beside them, as it is. */
export const SMALL_STEP = 1 / 128;

export const constant = (shape: Shape, key = 'constant'): TensorValue =>
  float32Tensor(variable(shape, key).data, shape);
export const floats = (values: readonly number[], shape: Shape = [values.length]): TensorValue =>
  float32Tensor(Float32Array.from(values), shape);
export const integers = int64Tensor;

const outputsOf = ({ outputCount = 1 }: OneNode): readonly string[] =>
  Array.from({ length: outputCount }, (_, i) => `y${i}`);

/** A model of nothing but the node, whose inputs are `x0`, `x1`, … and whose outputs are `y0`, `y1`, … */
export function modelOf(node: OneNode): ModelDef {
  const { opType, inputs, attributes = {}, opset = 18 } = node;
  const graph: GraphDef = {
    name: 'one node',
    inputs: inputs.flatMap((input, i) =>
      isVariable(input) ? [{ name: `x${i}`, dataType: 'float32', shape: input.shape }] : [],
    ),
    outputs: [],
    nodes: [
      {
        opType,
        domain: '',
        name: 'node',
        inputs: inputs.map((input, i) => (input === undefined ? '' : `x${i}`)),
        outputs: outputsOf(node),
        attributes: new Map(Object.entries(attributes).map(([name, value]) => [name, attributeOf(value)])),
      },
    ],
    initializers: new Map(
      inputs.flatMap((input, i): [string, TensorValue][] => (isConstant(input) ? [[`x${i}`, input]] : [])),
    ),
  };
  return { irVersion: opset > 20 ? 10 : 8, opsets: new Map([['', opset]]), graph, functions: [], producer: '' };
}

function attributeOf(value: AttributeInputs[string]): Attribute {
  if (typeof value === 'number') return { type: 'int', value };
  if (typeof value === 'string') return { type: 'string', value };
  return 'float' in value ? { type: 'float', value: value.float } : { type: 'ints', value };
}

/** A node that can be run, and its derivative by one input. */
export interface Differentiable {
  /** Outputs of type float32, by their index. */
  readonly outputs: ReadonlyMap<number, Value>;
  /** Runs it with other values for the variables; gives the outputs, and dL/d(input) for L = Σ Y ⊙ dY. */
  run(
    inputs: OneNode['inputs'],
    cotangents: ReadonlyMap<number, Float32Array>,
  ): Promise<{ readonly outputs: ReadonlyMap<number, Float32Array>; readonly gradient: Float32Array }>;
  release(): Promise<void>;
}

/** Joins a node with its derivative by input `by`. */
export const differentiateNode = (node: OneNode, by: number): Promise<Differentiable> =>
  differentiateModel(modelOf(node), node.inputs, outputsOf(node), by);

/** Joins a model with the derivative of its outputs `names` by input `by`. The inputs are called `x0`, `x1`, … */
export async function differentiateModel(
  model: ModelDef,
  operands: OneNode['inputs'],
  names: readonly string[],
  by: number,
): Promise<Differentiable> {
  const network = await specialise(model, {
    inputShapes: new Map(
      operands.flatMap((input, i): [string, Shape][] => (isVariable(input) ? [[`x${i}`, input.shape]] : [])),
    ),
    outputs: names,
    runtime,
  });
  const outputs = new Map(
    names
      .map((name, i): [number, Value] => [i, network.values.get(name) as Value])
      .filter(([, { dataType }]) => dataType === 'float32'),
  );
  const graph = await withGradient(network, outputs, `x${by}`);
  const session = await createStaticSession(graph, runtime, providerOfTests());
  return {
    outputs,
    async run(inputs, cotangents) {
      const feeds = new Map<string, RuntimeTensor>();
      for (const [i, input] of inputs.entries())
        if (isVariable(input)) feeds.set(`x${i}`, { dataType: 'float32', ...input });
      for (const [i, { shape }] of outputs)
        feeds.set(`dy${i}`, { dataType: 'float32', shape, data: cotangents.get(i) as Float32Array });
      const results = await session.run(
        feeds,
        graph.outputs.map(({ name }) => name),
      );
      const data = (name: string): Float32Array => results.get(name)?.data as Float32Array;
      return { outputs: new Map([...outputs.keys()].map((i) => [i, data(`out${i}`)])), gradient: data('gradient') };
    },
    release: () => session.release(),
  };
}

async function withGradient(
  network: StaticGraph,
  outputs: ReadonlyMap<number, Value>,
  input: string,
): Promise<StaticGraph> {
  const g = growGraph(network, network.opset);
  const seeds = new Map([...outputs].map(([i, { name, shape }]) => [name, g.addInput(`dy${i}`, 'float32', shape)]));
  const { gradients } = differentiate({
    graph: network,
    builder: g,
    seeds,
    inputs: [input],
    stopped: new Set(),
    probes: await runProbes(network, runtime),
  });
  const gradient = gradients.get(input);
  if (gradient === undefined) throw new Error(`expected a gradient by ${input}, got none`);
  const named = g.named(gradient, 'gradient');
  await expectPortable(network, g.finish([named]));
  return g.finish([...[...outputs].map(([i, value]) => g.named(value, `out${i}`)), named]);
}

/** Operators that ONNX Runtime runs on the CPU even where the rest runs on WebGPU, with copies there and back. */
const WITHOUT_WEBGPU_KERNEL = new Set(
  'Max Mean Min Mish Mod NonMaxSuppression OneHot Or PRelu Round Scan Selu Sign SpaceToDepth Sum Xor HardSwish Loop'.split(
    ' ',
  ),
);

/** Refuses what a rule must not append: operators without a WebGPU kernel, and forms that not every opset from 18 on has. */
async function expectPortable(network: StaticGraph, graph: StaticGraph): Promise<void> {
  const appended = graph.nodes.slice(network.nodes.length);
  for (const { opType } of appended) {
    if (WITHOUT_WEBGPU_KERNEL.has(opType)) throw new Error(`expected operators with a WebGPU kernel, got ${opType}`);
  }
  const made = new Set(appended.flatMap(({ outputs }) => outputs));
  const read = [...new Set([...appended.flatMap(({ inputs }) => inputs), ...graph.outputs.map(({ name }) => name)])];
  const inputs = read.filter((name) => name !== '' && !made.has(name) && !graph.constants.has(name));
  for (const opset of [18, NEWEST_OPSET]) {
    const backward = {
      ...graph,
      nodes: appended,
      inputs: inputs.map((name) => graph.values.get(name) as Value),
      opset,
    };
    const session = await createSession(encodeStaticGraph(backward), {
      ...runtime,
      optimization: 'disabled',
      prepacking: false,
    });
    await session.release();
  }
}

/** Random cotangents of all float outputs. */
export const cotangentsOf = ({ outputs }: Differentiable): ReadonlyMap<number, Float32Array> =>
  new Map([...outputs].map(([i, { shape }]) => [i, variable(shape, `cotangent ${i}`).data]));

export const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
