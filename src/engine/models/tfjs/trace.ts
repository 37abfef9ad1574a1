import { EngineError } from '../../errors.js';
import type { DataType } from '../../onnx/data-types.js';
import { type Shape, sizeOf } from '../../tensor/shape.js';
import type { OperatorInfo } from '../model-info.js';
import { dataTypeOf } from './open-graph.js';
import { isFlat } from './repairs/elementwise.js';
import type { Tensor, Tf } from './runtime.js';

/** A kernel that TF.js ran; tensors by their number in the run. */
interface TracedKernel {
  readonly name: string;
  readonly inputs: readonly TracedTensor[];
  readonly outputs: readonly TracedTensor[];
  readonly hasGradient: boolean;
}

interface TracedTensor {
  readonly id: number;
  readonly shape: Shape;
}

/** A tensor that was asked for. */
export interface TracedOutput extends TracedTensor {
  readonly dataType: DataType;
}

/** What TF.js did for one forward pass. */
export interface Trace {
  readonly input: number;
  readonly outputs: ReadonlyMap<string, TracedOutput>;
  readonly kernels: readonly TracedKernel[];
}

/**
 * Runs a network once on grey pixels as for a gradient, and tells what ran.
 *
 * @param shape of the pixels, with the batch axis
 * @param forward gives outputs by name
 */
export function traceForward(tf: Tf, shape: Shape, forward: (pixels: Tensor) => ReadonlyMap<string, Tensor>): Trace {
  let trace: Trace | undefined;
  tf.tidy(() => {
    const record = (x: Tensor): Tensor => {
      trace = tracedOf(tf, x, forward(x));
      // What TF.js differentiates then: nothing of the network.
      return tf.sum(x);
    };
    tf.grad(record)(tf.fill([...shape], GREY));
  });
  if (trace === undefined) throw new EngineError('INTERNAL', 'expected TF.js to run the network, it did not');
  return trace;
}

/** The middle of levels. */
const GREY = 127.5;

function tracedOf(tf: Tf, x: Tensor, outputs: ReadonlyMap<string, Tensor>): Trace {
  const traced = ({ id, shape }: Tensor): TracedTensor => ({ id, shape: [...shape] });
  return {
    input: x.id,
    outputs: new Map(
      [...outputs].map(([name, output]) => [name, { ...traced(output), dataType: dataTypeOf(name, output.dtype) }]),
    ),
    kernels: tf.engine().state.activeTape.map((node) => ({
      name: node.kernelName,
      inputs: Object.values(node.inputs).map(traced),
      outputs: node.outputs.map(traced),
      hasGradient: node.gradient !== undefined,
    })),
  };
}

/** Why there is no gradient from an output to the pixels; empty where there is one. */
export function obstaclesOf({ input, outputs, kernels }: Trace, output: string): readonly string[] {
  const [reached, dependent] = [new Set([input]), new Set([input])];
  const cuts = new Map<number, TracedKernel>();
  for (const kernel of kernels) {
    if (!kernel.inputs.some(({ id }) => dependent.has(id))) continue;
    for (const { id } of kernel.outputs) dependent.add(id);
    if (!kernel.inputs.some(({ id }) => reached.has(id))) continue;
    for (const { id } of kernel.outputs) {
      if (isFlat(kernel.name)) cuts.set(id, kernel);
      else reached.add(id);
    }
  }
  const wanted = new Set([outputs.get(output)?.id ?? -1]);
  const missing = new Set<string>();
  const flat = new Set<string>();
  for (const kernel of kernels.toReversed()) {
    if (!kernel.outputs.some(({ id }) => wanted.has(id))) continue;
    if (!kernel.inputs.some(({ id }) => dependent.has(id))) continue;
    if (kernel.outputs.some(({ id }) => cuts.has(id))) flat.add(kernel.name);
    else if (!kernel.hasGradient) missing.add(kernel.name);
    for (const { id } of kernel.inputs) wanted.add(id);
  }
  if (missing.size > 0) return [...missing].map((name) => `${name} has no gradient in TF.js`);
  const id = outputs.get(output)?.id ?? -1;
  if (reached.has(id)) return [];
  if (flat.size > 0) return [...flat].map((name) => `${name} cuts the path: it is flat`);
  return [`${output} does not depend on the input`];
}

/** The kernels that ran with what is known of their derivative, by name. */
export function operatorsOf({ kernels }: Trace): readonly OperatorInfo[] {
  const counts = new Map<string, number>();
  for (const { name } of kernels) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .map(([type, count]): OperatorInfo => {
      const hasGradient = kernels.some((kernel) => kernel.name === type && kernel.hasGradient);
      return { type, count, gradient: isFlat(type) ? 'zero' : hasGradient ? 'rule' : 'missing' };
    })
    .toSorted((a, b) => (a.type < b.type ? -1 : 1));
}

/** Multiplications of convolutions and matrix products. */
export const multiplyAdds = ({ kernels }: Trace): number =>
  kernels.reduce((sum, kernel) => sum + multiplyAddsOf(kernel), 0);

function multiplyAddsOf({ name, inputs, outputs: [output] }: TracedKernel): number {
  const [x, weights] = inputs;
  if (x === undefined || weights === undefined || output === undefined) return 0;
  const results = sizeOf(output.shape);
  switch (name) {
    case 'Conv2D':
    case 'Conv3D':
      return (results * sizeOf(weights.shape)) / (weights.shape.at(-1) ?? 1);
    case 'Conv2DBackpropInput':
      return (sizeOf(x.shape) * sizeOf(weights.shape)) / (weights.shape[3] ?? 1);
    case 'DepthwiseConv2dNative':
      return results * (weights.shape[0] ?? 1) * (weights.shape[1] ?? 1);
    case 'BatchMatMul':
      // Whichever of its axes is summed over: √(|A| |B| / |Y|) of equal batches.
      return Math.sqrt((sizeOf(x.shape) * sizeOf(weights.shape) * results) / (output.shape[0] ?? 1));
    default:
      return 0;
  }
}

/** Bytes of everything that the pass made. */
export const activationBytes = ({ kernels }: Trace): number =>
  kernels.reduce((sum, { outputs }) => sum + outputs.reduce((bytes, { shape }) => bytes + 4 * sizeOf(shape), 0), 0);
