import { EngineError } from '../errors.js';
import { broadcastShapes, type Shape, withoutAxes } from '../tensor/shape.js';
import { DATA_TYPES, type DataType, dataTypeOf } from './data-types.js';
import type { AttributeInput, AttributeInputs, Value } from './graph.js';

/** Type and shape of an output. */
export type OutputType = Pick<Value, 'dataType' | 'shape'>;

/** What a rule knows of a node that is appended. */
interface NodeView {
  readonly inputs: readonly (Value | undefined)[];
  /** @throws EngineError `INTERNAL`. Thrown when the input is left out. */
  input(index: number): Value;
  int(name: string, otherwise: number): number;
  ints(name: string, otherwise: readonly number[]): readonly number[];
  string(name: string): string;
  /** The whole numbers of a constant input; `undefined` when it is left out. */
  integers(index: number): readonly number[] | undefined;
  readonly outputCount: number;
}

/**
 * Types and shapes of the outputs of a node that we append ourselves. Those of a model's own nodes come from running it.
 *
 * @throws EngineError `INTERNAL`. Thrown when the operator is not one that we append, or its inputs do not fit.
 */
export function inferShapes(
  opType: string,
  inputs: readonly (Value | undefined)[],
  attributes: AttributeInputs,
  outputCount: number,
  integersOf: (value: Value) => readonly number[] | undefined,
): readonly OutputType[] {
  const rule = SHAPES[opType];
  if (rule === undefined) throw new EngineError('INTERNAL', `expected an operator whose shape is known, got ${opType}`);
  const fail = (what: string): never => {
    throw new EngineError('INTERNAL', `expected ${opType} to have ${what}`);
  };
  const attribute = (name: string): AttributeInput | undefined => attributes[name];
  return rule({
    inputs,
    outputCount,
    input: (index) => inputs[index] ?? fail(`an input ${index}`),
    int(name, otherwise) {
      const value = attribute(name) ?? otherwise;
      return typeof value === 'number' ? value : fail(`a whole number for ${name}`);
    },
    ints(name, otherwise) {
      const value = attribute(name) ?? otherwise;
      return Array.isArray(value) ? (value as readonly number[]) : fail(`whole numbers for ${name}`);
    },
    string(name) {
      const value = attribute(name);
      return typeof value === 'string' ? value : fail(`text for ${name}`);
    },
    integers(index) {
      const value = inputs[index];
      return value === undefined ? undefined : (integersOf(value) ?? fail(`a constant input ${index}`));
    },
  });
}

type ShapeRule = (node: NodeView) => readonly OutputType[];

const one = (dataType: DataType, shape: Shape): readonly OutputType[] => [{ dataType, shape }];
const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** The output has the type and the shape of input 0. */
const same: ShapeRule = ({ input }) => one(input(0).dataType, input(0).shape);
const sameType = (node: NodeView, shape: Shape): readonly OutputType[] => one(node.input(0).dataType, shape);

const broadcast = (inputs: readonly (Value | undefined)[]): Shape =>
  broadcastShapes(inputs.map((input) => input?.shape ?? []));
const arithmetic: ShapeRule = (node) => sameType(node, broadcast(node.inputs));
const comparison: ShapeRule = ({ inputs }) => one('bool', broadcast(inputs));

const reduction: ShapeRule = (node) => {
  const { dataType, shape } = node.input(0);
  const axes = (node.integers(1) ?? shape.map((_, axis) => axis)).map((axis) => axisOf(axis, shape.length));
  const isKept = node.int('keepdims', 1) === 1;
  return one(dataType, isKept ? shape.map((n, axis) => (axes.includes(axis) ? 1 : n)) : withoutAxes(shape, axes));
};

const argument: ShapeRule = (node) => {
  const { shape } = node.input(0);
  const axis = axisOf(node.int('axis', 0), shape.length);
  return one('int64', node.int('keepdims', 1) === 1 ? shape.with(axis, 1) : withoutAxes(shape, [axis]));
};

/** Spatial output lengths of Conv and the pools. */
function windowLengths(node: NodeView, lengths: Shape, kernel: Shape, hasCeil: boolean): number[] {
  const strides = node.ints(
    'strides',
    kernel.map(() => 1),
  );
  const dilations = node.ints(
    'dilations',
    kernel.map(() => 1),
  );
  const pads = node.ints(
    'pads',
    [...kernel, ...kernel].map(() => 0),
  );
  const round = hasCeil && node.int('ceil_mode', 0) === 1 ? Math.ceil : Math.floor;
  return lengths.map((n, i) => {
    const [k = 1, s = 1, d = 1] = [kernel[i], strides[i], dilations[i]];
    const [begin = 0, end = 0] = [pads[i], pads[i + kernel.length]];
    const length = round((n + begin + end - d * (k - 1) - 1) / s) + 1;
    // A last window that would begin in the padding at the end does not exist.
    return hasCeil && (length - 1) * s >= n + begin ? length - 1 : length;
  });
}

const conv: ShapeRule = (node) => {
  const [batch = 1, , ...lengths] = node.input(0).shape;
  const [channels = 1, , ...kernel] = node.input(1).shape;
  return sameType(node, [batch, channels, ...windowLengths(node, lengths, kernel, false)]);
};

const convTranspose: ShapeRule = (node) => {
  const [batch = 1, , ...lengths] = node.input(0).shape;
  const [, channels = 1, ...kernel] = node.input(1).shape;
  const strides = node.ints(
    'strides',
    kernel.map(() => 1),
  );
  const dilations = node.ints(
    'dilations',
    kernel.map(() => 1),
  );
  const pads = node.ints(
    'pads',
    [...kernel, ...kernel].map(() => 0),
  );
  const extra = node.ints(
    'output_padding',
    kernel.map(() => 0),
  );
  const spatial = lengths.map((n, i) => {
    const reach = (dilations[i] ?? 1) * ((kernel[i] ?? 1) - 1) + 1;
    return (n - 1) * (strides[i] ?? 1) + (extra[i] ?? 0) + reach - (pads[i] ?? 0) - (pads[i + kernel.length] ?? 0);
  });
  return sameType(node, [batch, channels * node.int('group', 1), ...spatial]);
};

const pool: ShapeRule = (node) => {
  const [batch = 1, channels = 1, ...lengths] = node.input(0).shape;
  const shape = [batch, channels, ...windowLengths(node, lengths, node.ints('kernel_shape', []), true)];
  const types: readonly DataType[] = [node.input(0).dataType, 'int64'];
  return types.slice(0, node.outputCount).map((dataType) => ({ dataType, shape }));
};

const globalPool: ShapeRule = (node) =>
  sameType(
    node,
    node.input(0).shape.map((n, axis) => (axis < 2 ? n : 1)),
  );

const matMul: ShapeRule = (node) => {
  const [a, b] = [node.input(0).shape, node.input(1).shape];
  const batch = broadcastShapes([a.slice(0, -2), b.slice(0, -2)]);
  const rows = a.length > 1 ? [a.at(-2) as number] : [];
  const columns = b.length > 1 ? [b.at(-1) as number] : [];
  return sameType(node, [...batch, ...rows, ...columns]);
};

const gemm: ShapeRule = (node) => {
  const [a, b] = [node.input(0).shape, node.input(1).shape];
  const rows = a[node.int('transA', 0) === 1 ? 1 : 0] as number;
  const columns = b[node.int('transB', 0) === 1 ? 0 : 1] as number;
  return sameType(node, [rows, columns]);
};

const pad: ShapeRule = (node) => {
  const { shape } = node.input(0);
  const pads = node.integers(1) ?? [];
  const axes = (node.integers(3) ?? shape.map((_, axis) => axis)).map((axis) => axisOf(axis, shape.length));
  return sameType(
    node,
    shape.map((n, axis) => {
      const i = axes.indexOf(axis);
      return i < 0 ? n : n + (pads[i] ?? 0) + (pads[i + axes.length] ?? 0);
    }),
  );
};

const slice: ShapeRule = (node) => {
  const { shape } = node.input(0);
  const [starts = [], ends = []] = [node.integers(1), node.integers(2)];
  const axes = (node.integers(3) ?? starts.map((_, axis) => axis)).map((axis) => axisOf(axis, shape.length));
  const steps = node.integers(4) ?? starts.map(() => 1);
  return sameType(
    node,
    shape.map((n, axis) => {
      const i = axes.indexOf(axis);
      if (i < 0) return n;
      const step = steps[i] ?? 1;
      const clamp = (value: number): number => {
        const index = value < 0 ? value + n : value;
        return step > 0 ? Math.min(Math.max(index, 0), n) : Math.min(Math.max(index, -1), n - 1);
      };
      return Math.max(0, Math.ceil((clamp(ends[i] ?? n) - clamp(starts[i] ?? 0)) / step));
    }),
  );
};

const split: ShapeRule = (node) => {
  const { dataType, shape } = node.input(0);
  const axis = axisOf(node.int('axis', 0), shape.length);
  const whole = shape[axis] as number;
  const part = Math.ceil(whole / node.outputCount);
  const even = Array.from({ length: node.outputCount }, (_, i) => Math.min(part, whole - i * part));
  return (node.integers(1) ?? even).map((length) => ({ dataType, shape: shape.with(axis, length) }));
};

/** Of an equation that names every axis and its output. */
const einsum: ShapeRule = (node) => {
  const [terms = '', output = ''] = node.string('equation').split('->');
  const lengths = new Map<string, number>();
  for (const [i, labels] of terms.split(',').entries()) {
    for (const [axis, label] of [...labels].entries()) lengths.set(label, node.input(i).shape[axis] as number);
  }
  return sameType(
    node,
    [...output].map((label) => lengths.get(label) as number),
  );
};

const SHAPES: Readonly<Record<string, ShapeRule>> = {
  Abs: same,
  Add: arithmetic,
  And: comparison,
  ArgMax: argument,
  ArgMin: argument,
  Atanh: same,
  AveragePool: pool,
  BatchNormalization: same,
  Cast: (node) => one(dataTypeOf(node.int('to', DATA_TYPES.float32)) ?? 'float32', node.input(0).shape),
  Ceil: same,
  Clip: same,
  Concat(node) {
    const { shape } = node.input(0);
    const axis = axisOf(node.int('axis', 0), shape.length);
    const length = node.inputs.reduce((sum, input) => sum + (input?.shape[axis] ?? 0), 0);
    return sameType(node, shape.with(axis, length));
  },
  Conv: conv,
  ConvTranspose: convTranspose,
  Cos: same,
  Cosh: same,
  CumSum: same,
  DepthToSpace(node) {
    const [n = 1, c = 1, h = 1, w = 1] = node.input(0).shape;
    const block = node.int('blocksize', 1);
    return sameType(node, [n, c / block ** 2, h * block, w * block]);
  },
  Div: arithmetic,
  Einsum: einsum,
  Equal: comparison,
  Erf: same,
  Exp: same,
  Expand: (node) => sameType(node, broadcastShapes([node.input(0).shape, node.integers(1) ?? []])),
  Floor: same,
  Gather(node) {
    const { shape } = node.input(0);
    const axis = axisOf(node.int('axis', 0), shape.length);
    return sameType(node, [...shape.slice(0, axis), ...node.input(1).shape, ...shape.slice(axis + 1)]);
  },
  GatherElements: (node) => sameType(node, node.input(1).shape),
  GatherND(node) {
    const indices = node.input(1).shape;
    const depth = (indices.at(-1) as number) + node.int('batch_dims', 0);
    return sameType(node, [...indices.slice(0, -1), ...node.input(0).shape.slice(depth)]);
  },
  Gemm: gemm,
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  Greater: comparison,
  GreaterOrEqual: comparison,
  Identity: same,
  LayerNormalization(node) {
    const { dataType, shape } = node.input(0);
    const first = axisOf(node.int('axis', -1), shape.length);
    const kept = shape.map((n, axis) => (axis < first ? n : 1));
    return [shape, kept, kept].slice(0, node.outputCount).map((output) => ({ dataType, shape: output }));
  },
  Less: comparison,
  LessOrEqual: comparison,
  Log: same,
  LogSoftmax: same,
  MatMul: matMul,
  Max: arithmetic,
  MaxPool: pool,
  Min: arithmetic,
  Mul: arithmetic,
  Neg: same,
  Not: same,
  Or: comparison,
  Pad: pad,
  Pow: arithmetic,
  Reciprocal: same,
  ReduceL1: reduction,
  ReduceL2: reduction,
  ReduceMax: reduction,
  ReduceMean: reduction,
  ReduceMin: reduction,
  ReduceProd: reduction,
  ReduceSum: reduction,
  Relu: same,
  Reshape(node) {
    const { shape } = node.input(0);
    return sameType(node, resolveReshape(shape, node.integers(1) ?? []));
  },
  ReverseSequence: same,
  Round: same,
  ScatterElements: same,
  ScatterND: same,
  Sigmoid: same,
  Sign: same,
  Sin: same,
  Sinh: same,
  Slice: slice,
  Softmax: same,
  Softplus: same,
  SpaceToDepth(node) {
    const [n = 1, c = 1, h = 1, w = 1] = node.input(0).shape;
    const block = node.int('blocksize', 1);
    return sameType(node, [n, c * block ** 2, h / block, w / block]);
  },
  Split: split,
  Sqrt: same,
  Squeeze(node) {
    const { shape } = node.input(0);
    const axes = node.integers(1) ?? shape.flatMap((n, axis) => (n === 1 ? [axis] : []));
    return sameType(
      node,
      withoutAxes(
        shape,
        axes.map((axis) => axisOf(axis, shape.length)),
      ),
    );
  },
  Sub: arithmetic,
  Sum: arithmetic,
  Tanh: same,
  Tile(node) {
    const repeats = node.integers(1) ?? [];
    return sameType(
      node,
      node.input(0).shape.map((n, axis) => n * (repeats[axis] ?? 1)),
    );
  },
  TopK(node) {
    const { dataType, shape } = node.input(0);
    const axis = axisOf(node.int('axis', -1), shape.length);
    const picked = shape.with(axis, node.integers(1)?.[0] ?? 0);
    return [
      { dataType, shape: picked },
      { dataType: 'int64', shape: picked },
    ];
  },
  Transpose(node) {
    const { shape } = node.input(0);
    const perm = node.ints(
      'perm',
      shape.map((_, axis) => shape.length - 1 - axis),
    );
    return sameType(
      node,
      perm.map((axis) => shape[axis] as number),
    );
  },
  Unsqueeze(node) {
    const { shape } = node.input(0);
    const axes = node.integers(1) ?? [];
    const rank = shape.length + axes.length;
    const added = axes.map((axis) => axisOf(axis, rank)).toSorted((a, b) => a - b);
    return sameType(
      node,
      added.reduce((result: Shape, axis) => result.toSpliced(axis, 0, 1), shape),
    );
  },
  Where: ({ inputs, input }) => one(input(1).dataType, broadcast(inputs)),
};

/** The shape that `Reshape` gives: 0 keeps a length, −1 takes what is left. */
function resolveReshape(shape: Shape, wanted: readonly number[]): Shape {
  const kept = wanted.map((n, axis) => (n === 0 ? (shape[axis] ?? 0) : n));
  const rest = kept.reduce((product, n) => (n === -1 ? product : product * n), 1);
  const size = shape.reduce((product, n) => product * n, 1);
  return kept.map((n) => (n === -1 ? size / rest : n));
}
