import { negate, reshape, scale, sumBeside } from '../../../autodiff/emit.js';
import type { GradientRule } from '../../../autodiff/gradient-rule.js';
import { EngineError } from '../../../errors.js';
import { growGraph } from '../../../onnx/builder.js';
import type { GraphBuilder, NodeDef, StaticGraph, Value } from '../../../onnx/graph.js';
import { describeNode } from '../../../onnx/node.js';
import { sizeOf } from '../../../tensor/shape.js';

/** What a batch norm has of its batch. */
export interface NormStatistics {
  /** Names of the running mean and variance that it would divide by when it is served. */
  readonly running: { readonly mean: string; readonly variance: string };
  /** Mean per channel. */
  readonly mean: Value;
  /** Variance per channel, Σ (x − μ)² / M: what is divided by. */
  readonly variance: Value;
  /** M: elements of each channel. */
  readonly count: number;
}

/** A graph whose batch norms divide by the statistics of the batch. */
export interface TrainedNorms {
  readonly graph: StaticGraph;
  readonly norms: readonly NormStatistics[];
  /** Rules of the batch norms, by their output: what comes through the statistics too. */
  readonly rules: ReadonlyMap<string, GradientRule>;
}

/**
 * Gives every batch norm the mean and the variance of its batch.
 *
 * Not by `BatchNormalization` with `training_mode`: ONNX Runtime 1.30 takes that, and divides by other numbers than those of the batch.
 *
 * @throws EngineError `INVALID_REQUEST`. Thrown when a channel has only one element, whose variance is 0.
 */
export function withBatchStatistics(graph: StaticGraph): TrainedNorms {
  const g = growGraph(graph, graph.opset);
  const norms: NormStatistics[] = [];
  const rules = new Map<string, GradientRule>();
  const replaced = new Map<NodeDef, readonly NodeDef[]>();
  let appended = graph.nodes.length;
  for (const node of graph.nodes) {
    if (node.opType !== 'BatchNormalization' || node.domain !== '') continue;
    const [input = '', weight = '', bias = '', mean = '', variance = ''] = node.inputs;
    const x = graph.values.get(input);
    if (x === undefined) throw new EngineError('INTERNAL', `expected a value ${input}, got none`);
    const count = sizeOf(x.shape) / (x.shape[1] ?? 1);
    if (count < 2) {
      throw new EngineError(
        'INVALID_REQUEST',
        `expected 2 or more elements per channel for the batch statistics of ${describeNode(node)}, got ${count}`,
      );
    }
    const own = statisticsOf(g, x, count);
    norms.push({ running: { mean, variance }, mean: own.mean, variance: own.variance, count });
    rules.set(node.outputs[0] ?? '', trainedNorm(own.centred, count));
    const { nodes } = g.finish([]);
    const normalising = { ...node, inputs: [input, weight, bias, own.mean.name, own.variance.name] };
    replaced.set(node, [...nodes.slice(appended), normalising]);
    appended = nodes.length;
  }
  const { constants, values } = g.finish([]);
  const nodes = graph.nodes.flatMap((node) => replaced.get(node) ?? [node]);
  return {
    graph: { ...graph, nodes, constants, values },
    norms,
    rules,
  };
}

/** μ, X − μ and σ². Around the mean: Σ x² / M − μ² loses all digits where |μ| is much larger than σ. */
function statisticsOf(g: GraphBuilder, x: Value, count: number): Record<'mean' | 'centred' | 'variance', Value> {
  const mean = scale(g, sumBeside(g, x, [1]), 1 / count);
  const centred = g.op('Sub', [x, reshape(g, mean, perChannel(x))]);
  const variance = scale(g, sumBeside(g, g.op('Mul', [centred, centred]), [1]), 1 / count);
  return { mean, centred, variance };
}

/**
 * Gradient of a batch norm by the statistics of its batch, through them too: Y = γ X̂ + β with X̂ = r (X − μ), r = 1 / √(σ² + ε),
 * per channel of M elements.
 *
 *   dX = γ r (dY − Σ dY / M − X̂ Σ dY X̂ / M)        dγ = Σ dY X̂        dβ = Σ dY
 *
 * Source: Ioffe and Szegedy, "Batch Normalization", 2015 (arXiv:1502.03167), section 3.
 *
 * @param centred X − μ
 */
const trainedNorm = (centred: Value, count: number): GradientRule => ({
  backward(g, node) {
    const dY = node.cotangent(0);
    const [gamma, variance] = [node.input(1), node.input(4)];
    const sum = sumBeside(g, dY, [1]);
    const deviation = g.op('Sqrt', [g.op('Add', [variance, g.scalar(node.float('epsilon', 1e-5))])]);
    const dGamma = g.op('Div', [sumBeside(g, g.op('Mul', [dY, centred]), [1]), deviation]);
    return [
      () => {
        const slope = g.op('Div', [gamma, deviation]);
        const perElement = negate(g, scale(g, slope, 1 / count));
        const tilt = g.op('Div', [g.op('Mul', [perElement, dGamma]), deviation]);
        const shift = g.op('Mul', [perElement, sum]);
        const [a, b, c] = [slope, tilt, shift].map((each) => reshape(g, each, perChannel(dY))) as [Value, Value, Value];
        return g.op('Add', [g.op('Add', [g.op('Mul', [dY, a]), g.op('Mul', [centred, b])]), c]);
      },
      () => dGamma,
      () => sum,
      // What comes through the mean and the variance is in dX.
      undefined,
      undefined,
    ];
  },
});

/** The shape of a number per channel that broadcasts over `value`. */
const perChannel = ({ shape }: Value): readonly number[] => shape.map((length, axis) => (axis === 1 ? length : 1));
