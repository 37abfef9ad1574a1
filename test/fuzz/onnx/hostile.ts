import type { Graph, Model, Tensor } from '../../../src/engine/onnx/schema/onnx.js';
import { fileOf, wireAttribute, wireGraph, wireModel, wireNode, wireTensor } from '../../support/wire.js';
import { SEEDS, wholeFile } from './seeds.js';

/** The bytes of a protobuf field that holds bytes. */
function field(number: number, content: Uint8Array, length = content.length): Buffer {
  return Buffer.concat([varint(8 * number + 2), varint(length), content]);
}

function varint(value: number): Buffer {
  const bytes = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

const text = (value: string): Buffer => Buffer.from(value);

/** A model in whose graph stands a node with a graph, in whose graph stands a node with a graph, and so on. */
export function nestedFile(depth: number): Uint8Array {
  const innermost = field(1, Buffer.concat([field(2, text('y')), field(4, text('Relu'))]));
  // What stands before each graph, from the inside out: its lengths depend on all that is inside.
  const heads: Buffer[] = [];
  let length = innermost.length;
  const wrap = (number: number, before: Uint8Array = new Uint8Array()): void => {
    const head = Buffer.concat([varint(8 * number + 2), varint(before.length + length), before]);
    heads.push(head);
    length += head.length;
  };
  for (let i = 0; i < depth; i++) {
    wrap(6);
    wrap(5, field(1, text('then_branch')));
    wrap(1, field(4, text('If')));
  }
  wrap(7);
  return Buffer.concat([...heads.toReversed(), innermost, field(8, Buffer.from([0x10, 18]))]);
}

const withTensor = (tensor: Partial<Tensor>): Uint8Array =>
  fileOf(wireModel({ initializer: [wireTensor({ name: 'w', ...tensor })] }));
const relu = (input: string, output: string) => wireNode({ input: [input], output: [output] });
const nodes = (...node: Graph['node']): Uint8Array => fileOf(wireModel({ node }));
const opset = (version: bigint): Uint8Array => fileOf(wireModel({}, { opsetImport: [{ domain: '', version }] }));
const elsewhere = (location: string): Partial<Tensor> => ({
  dims: [1n],
  dataLocation: 1,
  externalData: [{ key: 'location', value: location }],
});

/** Functions of which each calls the next one twice. */
const doubling = (count: number): Model['functions'] =>
  Array.from({ length: count }, (_, i) => ({
    name: `F${i}`,
    domain: 'f',
    overload: '',
    input: ['a'],
    output: ['b'],
    attribute: [],
    attributeProto: [],
    opsetImport: [{ domain: '', version: 18n }],
    node: [
      wireNode({ opType: `F${i + 1}`, domain: 'f', input: ['a'], output: ['t'] }),
      wireNode({ opType: `F${i + 1}`, domain: 'f', input: ['t'], output: ['b'] }),
    ],
  }));
const calling = (functions: Model['functions']): Uint8Array =>
  fileOf(wireModel({ node: [wireNode({ opType: 'F0', domain: 'f', input: ['x'], output: ['y'] })] }, { functions }));

const relation = (x: Tensor['dims'], values: number): Graph['sparseInitializer'] => [
  {
    values: wireTensor({ name: 'w', dims: [BigInt(values)], floatData: new Array(values).fill(1) }),
    indices: wireTensor({ dataType: 7, dims: [BigInt(values)], int64Data: new Array(values).fill(0n) }),
    dims: x,
  },
];
/** A packed list that says it is 2 GiB long, in a tensor, a graph and a model that say so too. */
function endlessFloats(): Uint8Array {
  const tensor = Buffer.concat([field(8, text('w')), field(4, Buffer.alloc(8), 2 ** 31)]);
  const graph = Buffer.concat([
    field(1, Buffer.concat([field(1, text('x')), field(2, text('y'))])),
    field(5, tensor, 2 ** 31 + 20),
  ]);
  return field(7, graph, 2 ** 31 + 40);
}

const old = wholeFile(SEEDS.old);

/** Models that must be refused with `INVALID_MODEL`, by what is wrong with them. */
export const HOSTILE: Readonly<Record<string, Uint8Array>> = {
  'attribute-of-a-wrong-type': fileOf(
    wireModel(
      {
        node: [
          wireNode({
            opType: 'Softmax',
            input: ['x'],
            output: ['y'],
            attribute: [wireAttribute({ name: 'axis', type: 3 })],
          }),
        ],
      },
      { opsetImport: [{ domain: '', version: 9n }] },
    ),
  ),
  'axis-length-2e62': withTensor({ dims: [2n ** 62n] }),
  'axis-length-negative': withTensor({ dims: [-5n, -5n], floatData: new Array(25).fill(0) }),
  'axis-lengths-overflow': withTensor({ dims: [2n ** 31n, 2n ** 31n, 2n ** 31n] }),
  cut: old.subarray(0, Math.floor(old.length / 2)),
  cycle: nodes(
    relu('x', 'a'),
    wireNode({ opType: 'Add', input: ['a', 'c'], output: ['b'] }),
    relu('b', 'c'),
    relu('b', 'y'),
  ),
  'data-too-long': withTensor({ dims: [2n], rawData: new Uint8Array(9) }),
  'data-too-short': withTensor({ dims: [2n], rawData: new Uint8Array(7) }),
  'external-above': withTensor(elsewhere('../../../../etc/passwd')),
  'external-absolute': withTensor(elsewhere('/dev/zero')),
  'floats-endless': endlessFloats(),
  'functions-call-each-other': calling(
    doubling(2).map((f) => ({ ...f, node: f.node.map((n) => ({ ...n, opType: 'F0' })) })),
  ),
  'functions-grow': calling([
    ...doubling(60),
    { ...(doubling(1)[0] as Model['functions'][0]), name: 'F60', node: [relu('a', 'b')] },
  ]),
  'graphs-nested-1000-deep': nestedFile(1000),
  'name-defined-never': nodes(relu('nobody', 'y')),
  'name-defined-twice': nodes(relu('x', 'y'), relu('x', 'y')),
  'name-of-two-constants': fileOf(
    wireModel({ initializer: [wireTensor({ name: 'w', floatData: [1] }), wireTensor({ name: 'w', floatData: [2] })] }),
  ),
  'nodes-none': fileOf(wireModel({ node: [] })),
  'opset-6': opset(6n),
  'opset-999': opset(999n),
  'opset-negative': opset(-(2n ** 63n)),
  'opset-none': fileOf(wireModel({}, { opsetImport: [] })),
  'sparse-bomb': fileOf(wireModel({ sparseInitializer: relation([2n ** 31n, 2n ** 31n], 1) })),
  'type-unknown': withTensor({ dataType: 2 ** 31 - 1 }),
};

/** Odd models that are fine all the same. */
export const ODD: Readonly<Record<string, Uint8Array>> = {
  'constants-are-inputs-of-ir-3': old,
  'graphs-nested-20-deep': fileOf(
    wireModel({
      node: [
        Array.from({ length: 20 }).reduce<Graph['node'][0]>(
          (inner, _, i) =>
            wireNode({
              opType: 'If',
              input: ['x'],
              output: [`y${i}`],
              attribute: [
                wireAttribute({
                  name: 'then_branch',
                  type: 5,
                  g: wireGraph({ node: [inner], output: [{ name: inner.output[0] ?? '', type: undefined }] }),
                }),
              ],
            }),
          relu('x', 'innermost'),
        ),
      ],
      output: [{ name: 'y19', type: undefined }],
    }),
  ),
  'names-of-objects': fileOf(
    wireModel({
      node: [relu('x', '__proto__'), wireNode({ opType: 'constructor', input: ['__proto__'], output: ['toString'] })],
      output: [{ name: 'toString', type: undefined }],
    }),
  ),
  'names-without-nodes': nodes(relu('x', 'y'), wireNode({ opType: '', input: [], output: [] })),
  'sparse-constant': fileOf(wireModel({ sparseInitializer: relation([3n], 1) })),
  'text-unread': withTensor({ dims: [1n], dataType: 8, stringData: [text('cat')] }),
};
