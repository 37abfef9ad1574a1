import { BinaryReader } from '@bufbuild/protobuf/wire';
import test from 'ava';
import { EngineError } from '../../../src/engine/errors.js';
import { readExternalFrom } from '../../../src/engine/models/onnx/external-files.js';
import { decodeModel } from '../../../src/engine/onnx/decode-model.js';
import { encodeModel } from '../../../src/engine/onnx/encode-model.js';
import type { Attribute, GraphDef, ModelDef, NodeDef, TensorValue } from '../../../src/engine/onnx/graph.js';
import { importModel } from '../../../src/engine/onnx/import/import-model.js';
import { pixelDependence } from '../../../src/engine/onnx/pixel-dependence.js';
import { keyedRandom } from '../../../src/engine/tensor/random.js';
import { SEEDS, wholeFile } from './seeds.js';

const noFiles = readExternalFrom(new Map());

type Outcome = 'imported' | 'refused';

/** Imports what is made; anything but a model or `INVALID_MODEL` is a defect. */
function outcomeOf(make: () => ModelDef): Outcome {
  try {
    const imported = importModel(make());
    pixelDependence(imported.graph);
    encodeModel(imported);
    return 'imported';
  } catch (error) {
    if (error instanceof EngineError && error.code === 'INVALID_MODEL') return 'refused';
    throw error;
  }
}

type Random = () => number;
const below = (random: Random, count: number): number => Math.floor(random() * count);
const pick = <T>(random: Random, list: readonly T[]): T => list[below(random, list.length)] as T;

/** Some bytes changed, removed, repeated or made up. */
function mutateBytes(file: Uint8Array, random: Random): Uint8Array {
  let bytes = [...file];
  for (let edits = 1 + below(random, 3); edits > 0; edits--) {
    const [at, length] = [below(random, bytes.length), below(random, 12)];
    switch (below(random, 5)) {
      case 0:
        bytes[at] = below(random, 256);
        break;
      case 1:
        bytes[at] = (bytes[at] as number) ^ (1 << below(random, 8));
        break;
      case 2:
        bytes.splice(at, length);
        break;
      case 3:
        bytes.splice(at, 0, ...bytes.slice(at, at + length));
        break;
      default:
        bytes = [...bytes.slice(0, at), ...Array.from({ length }, () => below(random, 256)), ...bytes.slice(at)];
    }
    if (bytes.length === 0) return new Uint8Array();
  }
  return Uint8Array.from(bytes);
}

/** A model that is well-formed, and makes no sense in a few places. */
function mutateModel(model: ModelDef, random: Random): ModelDef {
  switch (below(random, 8)) {
    case 0:
      return { ...model, opsets: new Map(model.opsets).set('', pick(random, [7, 8, 9, 10, 11, 12, 13, 17, 18, 20])) };
    case 1:
      return { ...model, functions: model.functions.filter(() => random() < 0.5) };
    default:
      return { ...model, graph: mutateGraph(model.graph, random) };
  }
}

function mutateGraph(graph: GraphDef, random: Random): GraphDef {
  if (graph.nodes.length === 0) return graph;
  const names = [...graph.initializers.keys(), ...graph.nodes.flatMap((node) => [...node.inputs, ...node.outputs])];
  const [at, name] = [below(random, graph.nodes.length), pick(random, [...names, '', 'nobody'])];
  const node = graph.nodes[at] as NodeDef;
  const withNode = (changed: Partial<NodeDef>): GraphDef => ({
    ...graph,
    nodes: graph.nodes.with(at, { ...node, ...changed }),
  });
  switch (below(random, 9)) {
    case 0:
      return withNode({
        inputs: node.inputs.length === 0 ? [name] : node.inputs.with(below(random, node.inputs.length), name),
      });
    case 1:
      return withNode({ inputs: node.inputs.slice(0, below(random, node.inputs.length + 1)) });
    case 2:
      return withNode({ outputs: [...node.outputs.slice(0, below(random, 2)), name] });
    case 3:
      return withNode({ opType: pick(random, graph.nodes).opType, domain: pick(random, graph.nodes).domain });
    case 4:
      return withNode({
        attributes: new Map([...node.attributes].map(([key, value]) => [key, mutateAttribute(value, random)])),
      });
    case 5:
      return withNode({ attributes: new Map([...node.attributes].filter(() => random() < 0.5)) });
    case 6:
      return { ...graph, nodes: graph.nodes.toSpliced(at, 1) };
    case 7:
      return { ...graph, inputs: graph.inputs.slice(1) };
    default:
      return {
        ...graph,
        initializers: new Map(
          [...graph.initializers].map(([key, tensor]) => [key, random() < 0.2 ? mutateTensor(tensor, random) : tensor]),
        ),
      };
  }
}

function mutateAttribute(attribute: Attribute, random: Random): Attribute {
  if (attribute.type === 'graph' && random() < 0.8)
    return { type: 'graph', value: mutateGraph(attribute.value, random) };
  return pick<Attribute>(random, [
    attribute,
    { type: 'int', value: pick(random, [-(2 ** 63), -1, 0, 1, 7, 10, 2 ** 40]) },
    { type: 'float', value: pick(random, [Number.NaN, Infinity, -1, 0]) },
    { type: 'ints', value: pick(random, [[], [-9, 2 ** 63], [0, 0, 0]]) },
    { type: 'string', value: pick(random, ['', 'linear', 'constructor', '__proto__']) },
    { type: 'reference', value: 'nothing' },
  ]);
}

function mutateTensor({ dataType, shape, bytes }: TensorValue, random: Random): TensorValue {
  return pick<TensorValue>(random, [
    { dataType, shape: [0, ...shape], bytes: new Uint8Array() },
    { dataType, shape: [1, ...shape, 1], bytes },
    { dataType: 'int64', shape: [1], bytes: new Uint8Array(BigInt64Array.of(-(2n ** 63n)).buffer) },
    { dataType: 'string', shape: [1], bytes: new Uint8Array(), texts: ['x'] },
    { dataType: 'bool', shape: [], bytes: Uint8Array.of(7) },
  ]);
}

/** Where a file may be cut and still be a message: as if it never had the parts behind. */
function fieldEnds(file: Uint8Array): number[] {
  const reader = new BinaryReader(file);
  const ends = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    reader.skip(wireType, field);
    ends.push(reader.pos);
  }
  return ends;
}

for (const [name, seed] of Object.entries(SEEDS)) {
  const file = wholeFile(seed);

  test(`${name}: the seed is fine`, (t) => {
    t.is(
      outcomeOf(() => decodeModel(file, noFiles)),
      'imported',
    );
  });

  test(`${name}: a file that is cut anywhere but between its outermost parts is refused`, (t) => {
    const whole = new Set(fieldEnds(file));
    for (let length = 0; length < file.length; length++) {
      const outcome = outcomeOf(() => decodeModel(file.subarray(0, length), noFiles));
      if (outcome !== 'refused' && !whole.has(length)) t.fail(`cut at ${length} of ${file.length}`);
    }
    t.true(whole.size > 3);
  });

  test(`${name}: 1500 files of random bytes changed are models or refused`, (t) => {
    const random = keyedRandom('start', 1, name, 0);
    const outcomes = Array.from({ length: 1500 }, () =>
      outcomeOf(() => decodeModel(mutateBytes(file, random), noFiles)),
    );
    t.true(outcomes.includes('imported') && outcomes.includes('refused'));
  });

  test(`${name}: 1500 models of random parts changed are models or refused`, (t) => {
    const random = keyedRandom('start', 2, name, 0);
    const outcomes = Array.from({ length: 1500 }, () => {
      const source = mutateModel(mutateModel(seed, random), random);
      return outcomeOf(() => decodeModel(wholeFile(source), noFiles));
    });
    t.true(outcomes.includes('imported') && outcomes.includes('refused'));
  });
}
