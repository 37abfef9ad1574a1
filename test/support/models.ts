import type { ExecutionContext } from 'ava';
import { createSession, type RuntimeTensor } from '../../src/engine/models/onnx/session.js';
import type { DataType } from '../../src/engine/onnx/data-types.js';
import { decodeModel } from '../../src/engine/onnx/decode-model.js';
import { type EncodedModel, encodeModel } from '../../src/engine/onnx/encode-model.js';
import type {
  Attribute,
  AttributeInput,
  FunctionDef,
  GraphDef,
  ModelDef,
  NodeDef,
  TensorValue,
  ValueInfo,
} from '../../src/engine/onnx/graph.js';
import { attributesOf } from '../../src/engine/onnx/node.js';
import { float32Tensor, int64Tensor } from '../../src/engine/onnx/tensor-value.js';
import { type Shape, sizeOf } from '../../src/engine/tensor/shape.js';
import { randomFloat64 } from './tensors.js';

type NodeAttributes = Readonly<Record<string, AttributeInput | Attribute>>;

/** A node; names of inputs and outputs are separated by spaces, and `-` leaves one out. */
export function node(opType: string, inputs: string, outputs: string, attributes: NodeAttributes = {}): NodeDef {
  const [domain, type] = opType.includes(':') ? (opType.split(':') as [string, string]) : ['', opType];
  return {
    opType: type,
    domain,
    name: `${type} ${outputs}`,
    inputs: namesOf(inputs),
    outputs: namesOf(outputs),
    attributes: new Map(
      Object.entries(attributes).map(([name, value]): [string, Attribute] => [
        name,
        isAttribute(value) ? value : (attributesOf({ [name]: value }).get(name) as Attribute),
      ]),
    ),
  };
}

const namesOf = (list: string): string[] =>
  list === '' ? [] : list.split(' ').map((name) => (name === '-' ? '' : name));
const isAttribute = (value: AttributeInput | Attribute): value is Attribute =>
  typeof value === 'object' && 'type' in value;

/** A declared value. */
export const value = (
  name: string,
  dataType: DataType = 'float32',
  shape: readonly (number | string)[] | undefined = undefined,
): ValueInfo => ({ name, dataType, shape });

/** A value whose type is left to be inferred. */
export const untyped = (name: string): ValueInfo => ({ name, dataType: undefined, shape: undefined });

export const floats = (values: readonly number[], shape: Shape = [values.length]): TensorValue =>
  float32Tensor(Float32Array.from(values), shape);
export const integers = (values: readonly number[], shape: Shape = [values.length]): TensorValue =>
  int64Tensor(values, shape);
export const bytes = (dataType: 'uint8' | 'int8' | 'bool', values: readonly number[], shape: Shape): TensorValue => ({
  dataType,
  shape,
  bytes: Uint8Array.from(values),
});

/** A constant of uniform draws from [−1, 1). */
export const randomFloats = (shape: Shape, key: string): TensorValue =>
  float32Tensor(Float32Array.from(randomFloat64(shape, key).data), shape);

/** A float32 tensor of uniform draws from [−1, 1), as an input of a run. */
export const randomInput = (shape: Shape, key = 'input'): RuntimeTensor => ({
  dataType: 'float32',
  shape,
  data: Float32Array.from(randomFloat64(shape, key).data),
});

/** An input of a run with these values. */
export function input(dataType: DataType, values: readonly number[], shape: Shape = [values.length]): RuntimeTensor {
  switch (dataType) {
    case 'float32':
      return { dataType, shape, data: Float32Array.from(values) };
    case 'float64':
      return { dataType, shape, data: Float64Array.from(values) };
    case 'int32':
      return { dataType, shape, data: Int32Array.from(values) };
    case 'int64':
      return { dataType, shape, data: BigInt64Array.from(values, BigInt) };
    case 'uint8':
    case 'bool':
      return { dataType, shape, data: Uint8Array.from(values) };
    default:
      throw new Error(`the tests do not feed ${dataType}`);
  }
}

export interface GraphParts {
  readonly nodes: readonly NodeDef[];
  readonly inputs?: readonly ValueInfo[];
  /** Names or declared values. */
  readonly outputs?: readonly (string | ValueInfo)[];
  readonly initializers?: Readonly<Record<string, TensorValue>>;
}

export const graph = ({ nodes, inputs = [], outputs = ['y'], initializers = {} }: GraphParts): GraphDef => ({
  name: 'test',
  inputs,
  outputs: outputs.map((output) => (typeof output === 'string' ? untyped(output) : output)),
  nodes,
  initializers: new Map(Object.entries(initializers)),
});

export const graphAttribute = (parts: GraphParts): Attribute => ({ type: 'graph', value: graph(parts) });

export interface ModelParts extends GraphParts {
  readonly opset?: number;
  readonly irVersion?: number;
  readonly functions?: readonly FunctionDef[];
  /** Other domains, by version. */
  readonly domains?: Readonly<Record<string, number>>;
}

/** A model of one or a few nodes. */
export const model = ({ opset = 18, irVersion = 8, functions = [], domains = {}, ...parts }: ModelParts): ModelDef => ({
  irVersion,
  opsets: new Map([['', opset], ...Object.entries(domains)]),
  graph: graph(parts),
  functions,
  producer: 'tests',
});

/** A function that a model brings along, in opset 18. */
export const functionOf = (
  name: string,
  inputs: string,
  outputs: string,
  nodes: readonly NodeDef[],
  more: Partial<FunctionDef> = {},
): FunctionDef => ({
  domain: 'tests',
  name,
  overload: '',
  opsets: new Map([['', 18]]),
  inputs: namesOf(inputs),
  outputs: namesOf(outputs),
  attributes: [],
  defaults: new Map(),
  nodes,
  ...more,
});

/** Declares the inputs of a run. */
export const inputsOf = (feeds: Readonly<Record<string, RuntimeTensor>>): readonly ValueInfo[] =>
  Object.entries(feeds).map(([name, { dataType, shape }]) => value(name, dataType, shape));

export type Feeds = Readonly<Record<string, RuntimeTensor>>;

/** Runs a model in ONNX Runtime, node by node unless it may optimise. */
export async function runModel(
  file: ModelDef | EncodedModel,
  feeds: Feeds,
  optimization: 'disabled' | 'all' = 'disabled',
): Promise<ReadonlyMap<string, RuntimeTensor>> {
  const encoded = 'file' in file ? file : encodeModel(file);
  const options = { threads: 1, allowSpinning: false, optimization, prepacking: true } as const;
  const session = await createSession(encoded, options);
  try {
    return await session.run(
      new Map(Object.entries(feeds)),
      session.outputs.map(({ name }) => name),
    );
  } finally {
    await session.release();
  }
}

/** A model as a file says it, read back. */
export function reread(source: ModelDef): ModelDef {
  const { file, externalTensors } = encodeModel(source);
  return decodeModel(file, ({ location }) => externalTensors.get(location) ?? new Uint8Array());
}

/** Numbers of a tensor that came out of a run. */
export const numbersIn = ({ data }: RuntimeTensor): number[] => Array.from(data as Float32Array, Number);

/** The largest difference: a share of the largest value, or a number. */
export type Tolerance = number | { readonly absolute: number };

/** Fails unless all outputs of `expected` are among `actual`, with values that differ by at most `tolerance`. */
export function expectSameOutputs(
  t: ExecutionContext,
  actual: ReadonlyMap<string, RuntimeTensor>,
  expected: ReadonlyMap<string, RuntimeTensor>,
  tolerance: Tolerance = 0,
): void {
  t.true(expected.size > 0);
  for (const [name, tensor] of expected) {
    const other = actual.get(name);
    t.deepEqual(other?.shape, tensor.shape, name);
    const [got, want] = [numbersIn(other as RuntimeTensor), numbersIn(tensor)];
    if (tolerance === 0) {
      t.deepEqual(got, want, name);
      continue;
    }
    const largest = want.reduce((most, number) => Math.max(most, Math.abs(number)), 0);
    const worst = want.reduce((most, number, i) => Math.max(most, Math.abs(number - (got[i] ?? NaN))), 0);
    const most = typeof tolerance === 'number' ? tolerance * largest : tolerance.absolute;
    t.true(worst <= most, `${name}: expected a difference of at most ${most}, got ${worst}`);
  }
}

/** As many numbers as a shape has, each made of its index. */
export const numbers = (shape: Shape, make: (index: number) => number): number[] =>
  Array.from({ length: sizeOf(shape) }, (_, i) => make(i));
