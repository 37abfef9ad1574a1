import type { NodeDef } from '../../graph.js';
import { attributeValue } from '../../node.js';
import type { NodeWriter } from '../rewrite-nodes.js';
import type { Lowering } from './lowering.js';

/** What is added to a score that must not count: as good as −∞, and finite, so that a row of them is no NaN. */
const MASKED = -3.4e38;

/**
 * `Attention` of ONNX: Y = softmax(scale · Q Kᵀ + mask) V, for each head.
 *
 * Inputs of three axes hold the heads side by side, and the attributes say how many; of four, the second axis counts them. Fewer heads of
 * K and V than of Q are shared by groups. What keeps a state (past and present keys and values) stays as it is.
 *
 * Source: https://onnx.ai/onnx/operators/onnx__Attention.html
 */
export const attention: Lowering = (node, writer) => {
  const [query = '', key = '', value = '', mask = '', ...state] = node.inputs;
  const isStateful = state.some((name) => name !== '') || node.outputs.slice(1).some((name) => name !== '');
  const bias = mask === '' ? [] : maskBias(mask, writer);
  if (isStateful || bias === undefined) return writer.write(node);
  const queryHeads = attributeValue(node, 'q_num_heads', 'int');
  const keyHeads = attributeValue(node, 'kv_num_heads', 'int');
  const isSplit = queryHeads === undefined || keyHeads === undefined;
  const heads = (x: string, count: number | undefined): string => (isSplit ? x : splitHeads(x, count ?? 1, writer));
  const y = attend(
    {
      query: heads(query, queryHeads),
      key: heads(key, keyHeads),
      value: heads(value, keyHeads),
      scale: attributeValue(node, 'scale', 'float'),
      bias,
      isCausal: (attributeValue(node, 'is_causal', 'int') ?? 0) !== 0,
      softcap: attributeValue(node, 'softcap', 'float') ?? 0,
    },
    writer,
  );
  if (isSplit) writer.op('Identity', [y], {}, node.outputs.slice(0, 1));
  else joinHeads(y, writer, node.outputs.slice(0, 1));
};

/**
 * `MultiHeadAttention` of ONNX Runtime, with queries, keys and values apart.
 *
 * Source: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
 */
export const multiHeadAttention: Lowering = (node, writer) => {
  const [query = '', key = '', value = '', bias = '', paddingMask = '', scoreBias = '', ...state] = node.inputs;
  const heads = attributeValue(node, 'num_heads', 'int') ?? 1;
  const isStateful = state.some((name) => name !== '') || node.outputs.slice(1).some((name) => name !== '');
  if (isStateful || key === '' || value === '' || paddingMask !== '') return writer.write(node);
  const parts = [query, key, value];
  const biased = bias === '' ? parts : addBias(parts, bias, writer);
  if (biased === undefined) return writer.write(node);
  const [q, k, v] = biased.map((part) => splitHeads(part, heads, writer)) as [string, string, string];
  joinHeads(
    attend({ query: q, key: k, value: v, ...optionsOf(node, scoreBias) }, writer),
    writer,
    node.outputs.slice(0, 1),
  );
};

/** `Attention` of ONNX Runtime: queries, keys and values are one product of the input. */
export const packedAttention: Lowering = (node, writer) => {
  const [x = '', weights = '', bias = '', mask = '', past = '', scoreBias = '', ...state] = node.inputs;
  const heads = attributeValue(node, 'num_heads', 'int') ?? 1;
  const isStateful = [mask, past, ...state, ...node.outputs.slice(1)].some((name) => name !== '');
  const width = writer.constantOf(weights)?.shape[1];
  if (isStateful || width === undefined || attributeValue(node, 'do_rotary', 'int') === 1) return writer.write(node);
  const sizes = attributeValue(node, 'qkv_hidden_sizes', 'ints') ?? [width / 3, width / 3, width / 3];
  const product = writer.op('MatMul', [x, weights]);
  const all = bias === '' ? product : writer.op('Add', [product, bias]);
  let start = 0;
  const [q, k, v] = sizes.map((size) => {
    const bounds = [start, start + size].map((bound) => writer.integers([bound]));
    start += size;
    return splitHeads(writer.op('Slice', [all, ...bounds, writer.integers([-1])]), heads, writer);
  }) as [string, string, string];
  joinHeads(
    attend({ query: q, key: k, value: v, ...optionsOf(node, scoreBias) }, writer),
    writer,
    node.outputs.slice(0, 1),
  );
};

const optionsOf = (node: NodeDef, scoreBias: string) => {
  const scale = attributeValue(node, 'scale', 'float');
  return {
    scale: scale === 0 ? undefined : scale, // 0 stands for "by the size of a head" there
    bias: scoreBias === '' ? [] : [scoreBias],
    isCausal: (attributeValue(node, 'unidirectional', 'int') ?? 0) !== 0,
    softcap: 0,
  };
};

interface Attention {
  /** [batch, heads, positions, size of a head] */
  readonly query: string;
  readonly key: string;
  readonly value: string;
  /** Default: 1 / √ size of a head. */
  readonly scale: number | undefined;
  /** What is added to the scores. */
  readonly bias: readonly string[];
  readonly isCausal: boolean;
  /** Scores s become c · tanh(s / c), unless it is 0. */
  readonly softcap: number;
}

function attend(attention: Attention, writer: NodeWriter): string {
  const { query, key, value, scale, isCausal, softcap } = attention;
  const keyCount = lengthOf(key, 1, writer);
  // Queries in groups that share a key: [batch, heads of K, queries of each, positions, size].
  const zero = writer.integers([0]);
  const groups = writer.op(
    'Concat',
    [zero, keyCount, writer.integers([-1]), lengthOf(query, 2, writer), lengthOf(query, 3, writer)],
    { axis: 0 },
  );
  const grouped = writer.op('Reshape', [query, groups]);
  const second = writer.integers([2]);
  const turned = writer.op('Transpose', [key], { perm: [0, 1, 3, 2] });
  const product = writer.op('MatMul', [grouped, writer.op('Unsqueeze', [turned, second])]);
  const factor = scale === undefined ? inverseRoot(lengthOf(query, 3, writer), writer) : writer.scalar(scale);
  let scores = writer.op('Mul', [product, factor]);
  if (softcap !== 0) {
    const cap = writer.scalar(softcap);
    scores = writer.op('Mul', [writer.op('Tanh', [writer.op('Div', [scores, cap])]), cap]);
  }
  const flat = (x: string, like: string): string =>
    writer.op('Reshape', [
      x,
      writer.op('Concat', [zero, lengthOf(query, 1, writer), lengthOf(query, 2, writer), like], { axis: 0 }),
    ]);
  const positions = lengthOf(key, 2, writer);
  scores = flat(scores, positions);
  const biases = isCausal
    ? [...attention.bias, causalBias(lengthOf(query, 2, writer), positions, writer)]
    : attention.bias;
  for (const bias of biases) scores = writer.op('Add', [scores, bias]);
  const shares = writer.op('Softmax', [scores], { axis: -1 });
  const groupedShares = writer.op('Reshape', [
    shares,
    writer.op('Concat', [zero, keyCount, writer.integers([-1]), lengthOf(query, 2, writer), positions], { axis: 0 }),
  ]);
  const mixed = writer.op('MatMul', [groupedShares, writer.op('Unsqueeze', [value, second])]);
  return flat(mixed, lengthOf(value, 3, writer));
}

/** [batch, positions, heads · size] to [batch, heads, positions, size]. */
function splitHeads(x: string, heads: number, writer: NodeWriter): string {
  return writer.op('Transpose', [writer.op('Reshape', [x, writer.integers([0, 0, heads, -1])])], {
    perm: [0, 2, 1, 3],
  });
}

/** The reverse. */
function joinHeads(x: string, writer: NodeWriter, outputs: readonly string[]): void {
  const turned = writer.op('Transpose', [x], { perm: [0, 2, 1, 3] });
  writer.op('Reshape', [turned, writer.integers([0, 0, -1])], {}, outputs);
}

const lengthOf = (x: string, axis: number, writer: NodeWriter): string =>
  writer.op('Slice', [writer.op('Shape', [x]), writer.integers([axis]), writer.integers([axis + 1])]);

const inverseRoot = (length: string, writer: NodeWriter): string =>
  writer.op('Reciprocal', [writer.op('Sqrt', [writer.op('Cast', [length], { to: FLOAT })])]);

const FLOAT = 1;
const BOOL = 9;

/** 0 up to a position's own, and as good as −∞ for later ones. */
function causalBias(queries: string, keys: string, writer: NodeWriter): string {
  const shape = writer.op('Concat', [queries, keys], { axis: 0 });
  const lower = writer.op('Trilu', [writer.op('Expand', [writer.scalar(1), shape])], { upper: 0 });
  return writer.op('Where', [writer.op('Cast', [lower], { to: BOOL }), writer.scalar(0), writer.scalar(MASKED)]);
}

/** A mask as what is added to scores; `undefined` where nothing tells whether it is one of truths or of numbers. */
function maskBias(mask: string, writer: NodeWriter): readonly string[] | undefined {
  const type = writer.constantOf(mask)?.dataType;
  if (type === undefined) return undefined;
  return type === 'bool' ? [writer.op('Where', [mask, writer.scalar(0), writer.scalar(MASKED)])] : [mask];
}

/** Queries, keys and values with the parts of one bias; `undefined` where its length is not known. */
function addBias(parts: readonly string[], bias: string, writer: NodeWriter): readonly string[] | undefined {
  const length = writer.constantOf(bias)?.shape[0];
  if (length === undefined || length % parts.length !== 0) return undefined;
  const each = length / parts.length;
  return parts.map((part, i) => {
    const own = writer.op('Slice', [bias, writer.integers([i * each]), writer.integers([(i + 1) * each])]);
    return writer.op('Add', [part, own]);
  });
}
