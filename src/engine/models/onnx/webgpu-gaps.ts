import type { NodeDef, TensorValue } from '../../onnx/graph.js';
import { attributeValue } from '../../onnx/node.js';
import { numbersOf } from '../../onnx/tensor-value.js';
import type { Shape } from '../../tensor/shape.js';

/** What is known of the tensors of a graph, by name. */
export interface KnownTensors {
  shapeOf(name: string): Shape | undefined;
  constantOf(name: string): TensorValue | undefined;
}

/** A node with what is known of it. */
interface NodeFacts {
  readonly node: NodeDef;
  /** Shape of an input, where it is known. */
  readonly shape: (input: number) => Shape | undefined;
  readonly outputShape: Shape | undefined;
  /** The numbers of a constant input. */
  readonly numbers: (input: number) => readonly number[] | undefined;
}

/** WGSL lets an implementation be 2⁻¹¹ off (https://www.w3.org/TR/WGSL/#concrete-float-accuracy); SwiftShader is 2e-4. */
const isCoarse = (): boolean => true;

const isOverflowing = (): boolean => true;

/** Reductions over no axes at all, which are the identity of each element: WebGPU sums over all of them. */
const reducesNothing = ({ node, numbers }: NodeFacts): boolean =>
  attributeValue(node, 'noop_with_empty_axes', 'int') === 1 && (numbers(1) ?? []).length === 0;

/** Threads add as they come, so that the last bits differ from run to run, and no result could be repeated. */
const addsInAnyOrder = ({ node }: NodeFacts): boolean =>
  (attributeValue(node, 'reduction', 'string') ?? 'none') !== 'none';

const rank = ({ shape }: NodeFacts): number => shape(0)?.length ?? 0;
const groups = ({ node }: NodeFacts): number => attributeValue(node, 'group', 'int') ?? 1;

/**
 * Nodes that ONNX Runtime 1.30 gives to WebGPU, and that WebGPU then refuses to run, gets wrong or does not repeat, by operator.
 * Found by running every node of the tests of the gradient rules on both; what has no kernel at all goes to the CPU by itself.
 */
const GAPS: Readonly<Record<string, (facts: NodeFacts) => boolean>> = {
  Acos: isCoarse,
  Asin: isCoarse,
  Cos: isCoarse,
  Sin: isCoarse,
  Tan: isCoarse,
  // "The Indices output is not supported yet."
  MaxPool: ({ node }) => (node.outputs[1] ?? '') !== '',
  // "Conv3D does not support grouped convolution"
  Conv: (facts) => rank(facts) > 4 && groups(facts) > 1,
  // "Only Conv2d or Conv1d are supported."; wrong where groups have several inputs and one output.
  ConvTranspose: (facts) =>
    rank(facts) > 4 || (groups(facts) > 1 && facts.shape(1)?.[1] === 1 && facts.shape(1)?.[0] !== groups(facts)),
  Einsum: broadcasts,
  // exp(x) of large x, where the maximum should be taken out before.
  ReduceLogSumExp: isOverflowing,
  ReduceL1: reducesNothing,
  ReduceL2: reducesNothing,
  ReduceLogSum: reducesNothing,
  ReduceSumSquare: reducesNothing,
  Resize: isUnusualResize,
  ScatterElements: addsInAnyOrder,
  ScatterND: addsInAnyOrder,
  // Wrong for steps of −3, and where two axes have steps.
  Slice: ({ numbers }) => (numbers(4) ?? []).some((step) => step < 0),
};

/** Whether a node must be left to the CPU. What is not known is taken for usual. */
export function isWebGpuGap(node: NodeDef, { shapeOf, constantOf }: KnownTensors): boolean {
  const isGap = node.domain === '' && Object.hasOwn(GAPS, node.opType) ? GAPS[node.opType] : undefined;
  const numbers = (input: number): readonly number[] | undefined => {
    const tensor = constantOf(node.inputs[input] ?? '');
    return tensor && numbersOf(tensor);
  };
  const shape = (input: number): Shape | undefined => shapeOf(node.inputs[input] ?? '');
  return isGap?.({ node, shape, outputShape: shapeOf(node.outputs[0] ?? ''), numbers }) ?? false;
}

/** Ellipses of unequal rank are refused, and an axis of length 1 is not repeated. */
function broadcasts({ node, shape }: NodeFacts): boolean {
  const equation = attributeValue(node, 'equation', 'string') ?? '';
  if (equation.includes('.')) return true;
  const lengths = new Map<string, number>();
  const terms = equation.replaceAll(' ', '').split('->')[0]?.split(',') ?? [];
  return terms.some((term, input) =>
    [...term].some((label, axis) => {
      const length = shape(input)?.[axis];
      const known = lengths.get(label) ?? length;
      if (known !== undefined) lengths.set(label, known);
      return length !== known;
    }),
  );
}

/**
 * Antialiasing is refused; only the last two axes are interpolated along; and where the length of no axis changes the input is
 * copied, although scales may shift it.
 */
function isUnusualResize({ node, shape, outputShape, numbers }: NodeFacts): boolean {
  if (attributeValue(node, 'antialias', 'int') === 1) return true;
  const input = shape(0);
  const isNearest = (attributeValue(node, 'mode', 'string') ?? 'nearest') === 'nearest';
  if (input === undefined || outputShape === undefined) return false;
  const resized = input.flatMap((length, axis) => (outputShape[axis] === length ? [] : [axis]));
  if (resized.length === 0) return !(numbers(2) ?? []).every((scale) => scale === 1);
  return !isNearest && resized.some((axis) => axis < input.length - 2 && input.length < 5);
}

/**
 * Names of the nodes of a file that must be left to the CPU, as far as it can be told before shapes are known: a node without a
 * name cannot be.
 */
export function gapsIn(nodes: readonly NodeDef[], constants: ReadonlyMap<string, TensorValue>): readonly string[] {
  const known = {
    shapeOf: (name: string) => constants.get(name)?.shape,
    constantOf: (name: string) => constants.get(name),
  };
  return nodes.filter((node) => node.name !== '' && isWebGpuGap(node, known)).map(({ name }) => name);
}
