import { zeroGradientReason } from '../../../autodiff/zero-gradient.js';
import type { GraphDef, NodeDef, TensorValue } from '../../../onnx/graph.js';
import { nodesFor } from '../../../onnx/pixel-dependence.js';
import { readsOf } from '../../../onnx/reads.js';
import type { RunningStatistics } from '../../trainable.js';

/** Weights of a file by what training does with them. */
export interface TrainableWeights {
  readonly parameters: readonly string[];
  readonly statistics: readonly RunningStatistics[];
}

/** Inputs of operators that are numbers of a plan, not weights, although they are float32: a program is built around them. */
const SETTINGS: Readonly<Record<string, readonly number[]>> = {
  Clip: [1, 2],
  Pad: [2],
  Range: [0, 1, 2],
  Resize: [1, 2],
  Upsample: [1],
};

/**
 * The weights of a graph that a gradient reaches from `outputs`, and the running statistics of its batch norms.
 *
 * A number without axes is a constant of the network, as exporters write the 2 of x², not a weight.
 *
 * @param graph with its nodes in topological order
 * @param candidates the tensors of the file, by name
 * @param frozen names that are left out; `*` stands for any text
 */
export function trainableWeights(
  graph: Pick<GraphDef, 'nodes'>,
  outputs: readonly string[],
  candidates: ReadonlyMap<string, TensorValue>,
  frozen: readonly string[],
): TrainableWeights {
  const nodes = nodesFor(graph.nodes, outputs);
  const originalOf = originals(nodes);
  const isWeight = (name: string): boolean => candidates.get(name)?.dataType === 'float32';
  const statistics = uniqueStatistics(
    nodes.filter(isBatchNorm).flatMap(({ inputs }): RunningStatistics[] => {
      const [mean, variance] = [originalOf(inputs[3] ?? ''), originalOf(inputs[4] ?? '')];
      return isWeight(mean) && isWeight(variance) ? [{ mean, variance }] : [];
    }),
  );
  const excluded = new Set([
    ...statistics.flatMap(({ mean, variance }) => [mean, variance]),
    ...nodes.flatMap(settingsOf).map(originalOf),
  ]);
  const patterns = frozen.map(patternOf);
  const reached = reachedFrom(nodes, outputs);
  const parameters = [...candidates].flatMap(([name, { shape }]) => {
    if (!isWeight(name) || shape.length === 0 || shape.includes(0)) return [];
    if (excluded.has(name) || !reached.has(name) || patterns.some((pattern) => pattern.test(name))) return [];
    return [name];
  });
  return { parameters, statistics };
}

const isBatchNorm = ({ opType, domain }: NodeDef): boolean => domain === '' && opType === 'BatchNormalization';

const settingsOf = ({ opType, domain, inputs }: NodeDef): readonly string[] =>
  domain === '' ? (SETTINGS[opType] ?? []).map((index) => inputs[index] ?? '') : [];

/** What a name is a copy of: exporters give a tensor that several layers share to each of them by `Identity`. */
function originals(nodes: readonly NodeDef[]): (name: string) => string {
  const sources = new Map<string, string>();
  for (const { opType, domain, inputs, outputs } of nodes) {
    const [input = ''] = inputs;
    if (domain === '' && opType === 'Identity') sources.set(outputs[0] ?? '', sources.get(input) ?? input);
  }
  return (name) => sources.get(name) ?? name;
}

/** Names from which a path leads to an output on which nothing has derivative 0. */
function reachedFrom(nodes: readonly NodeDef[], outputs: readonly string[]): ReadonlySet<string> {
  const reached = new Set(outputs);
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((name) => reached.has(name)) || zeroGradientReason(node) !== undefined) continue;
    for (const name of readsOf(node)) reached.add(name);
  }
  return reached;
}

/** Two norms may share their statistics. */
const uniqueStatistics = (all: readonly RunningStatistics[]): readonly RunningStatistics[] => [
  ...new Map(all.map((each) => [JSON.stringify([each.mean, each.variance]), each])).values(),
];

/** A whole name, with `*` for any text. */
const patternOf = (text: string): RegExp =>
  new RegExp(
    `^${text
      .split('*')
      .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
      .join('.*')}$`,
    's',
  );
