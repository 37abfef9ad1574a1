import { bilinearMatrix, numbersOf } from '../../../engine/index.js';
import { bilinearKernel } from '../bilinear-kernel.js';
import { type Draft, type Feature, first, intsOf, unsupported } from './draft.js';

/** Weights of interpolation along one axis, [to × from] row by row. */
type Matrix = (from: number, to: number) => Float32Array;

/** `Resize`, bilinear with half-pixel centres. */
export function resize(draft: Draft): Feature {
  const mode = draft.node.attributes.get('mode');
  if (mode?.type !== 'string' || mode.value !== 'linear') throw unsupported(draft.node, 'bilinear resizing');
  const [, , down = 1, across = 1] = draft.constant(2).values;
  return resampled(draft, [down, across], (from, to) => bilinearMatrix(from, to, false, true));
}

/** `ConvTranspose`: without padding in one group; or the bilinear upsampling, with one for each channel. */
export function transposedConvolution(draft: Draft): Feature {
  const { node } = draft;
  const ints = intsOf(node);
  const [strides, pads, [group = 1]] = [ints('strides', [1, 1]), ints('pads', [0, 0, 0, 0]), ints('group', [1])];
  if (ints('dilations', [1]).some((n) => n !== 1) || ints('output_padding', [0]).some((n) => n !== 0)) {
    throw unsupported(node, 'no dilation and no output padding');
  }
  const [factor = 1] = strides;
  if (isBilinear(draft, group, strides, pads)) {
    return resampled(draft, [factor, factor], (from, to) => triangleMatrix(from, to, factor));
  }
  if (group > 1) throw unsupported(node, 'one group, or the bilinear kernel');
  if (pads.some((pad) => pad !== 0)) throw unsupported(node, 'no padding in one group');
  return plainTransposed(draft, strides);
}

function plainTransposed(draft: Draft, strides: readonly number[]): Feature {
  const { node, constant } = draft;
  const { values, shape } = constant(1);
  const [inputs = 0, outputs = 0, ...kernel] = shape;
  if (kernel.some((n, i) => n < (strides[i] ?? 1))) throw unsupported(node, 'a kernel no smaller than the stride');
  const positions = kernel.reduce((product, n) => product * n, 1);
  const weights = new Float32Array(values.length);
  // [C, M, h, w] as [h, w, M, C].
  for (let c = 0; c < inputs; c++)
    for (let m = 0; m < outputs; m++)
      for (let k = 0; k < positions; k++)
        weights[(k * outputs + m) * inputs + c] = values[(c * outputs + m) * positions + k] as number;
  const hasBias = node.inputs.length > 2;
  const bias = hasBias ? [{ name: 'bias', shape: [outputs], values: Float32Array.from(constant(2).values) }] : [];
  const input = first(draft);
  const lengths = kernel.map((n, i) => ((input.shape[i] ?? 0) - 1) * (strides[i] ?? 1) + n);
  const config = {
    filters: outputs,
    kernel_size: kernel,
    strides,
    padding: 'valid',
    data_format: 'channels_last',
    activation: 'linear',
    use_bias: hasBias,
  };
  return draft.layer(
    'Conv2DTranspose',
    config,
    [input],
    [...lengths, outputs],
    [{ name: 'kernel', shape: [...kernel, outputs, inputs], values: weights }, ...bias],
  );
}

function isBilinear(draft: Draft, group: number, strides: readonly number[], pads: readonly number[]): boolean {
  const [factor = 1] = strides;
  if (factor % 2 !== 0 || strides.some((n) => n !== factor) || pads.some((pad) => pad !== factor / 2)) return false;
  const expected = numbersOf(bilinearKernel(group, factor));
  const { values } = draft.constant(1);
  return (
    draft.node.inputs.length === 2 &&
    values.length === expected.length &&
    values.every((value, i) => value === expected[i])
  );
}

/** What the bilinear kernel does along one axis: zeros lie beyond the border. */
function triangleMatrix(from: number, to: number, factor: number): Float32Array {
  const matrix = new Float32Array(to * from);
  for (let row = 0; row < to; row++)
    for (let column = 0; column < from; column++) {
      const tap = row + factor / 2 - factor * column;
      const rise = 2 * Math.min(tap, 2 * factor - 1 - tap) + 1;
      matrix[row * from + column] = Math.max(rise, 0) / (2 * factor);
    }
  return matrix;
}

/** Both directions one after the other: the direction goes last, is multiplied by its matrix, and goes back. */
function resampled(draft: Draft, [down, across]: readonly [number, number], matrixOf: Matrix): Feature {
  const input = first(draft);
  const [height = 0, width = 0, channels = 0] = input.shape;
  const [tall, wide] = [Math.floor(height * down), Math.floor(width * across)];
  const permute = (dims: readonly number[], from: Feature): Feature =>
    draft.layer(
      'Permute',
      { dims },
      [from],
      dims.map((axis) => from.shape[axis - 1] as number),
    );
  const product = (from: Feature, to: number): Feature => {
    const length = from.shape[2] as number;
    const matrix = matrixOf(length, to);
    const values = new Float32Array(matrix.length);
    for (let i = 0; i < to; i++) for (let j = 0; j < length; j++) values[j * to + i] = matrix[i * length + j] as number;
    return draft.layer('Dense', { units: to, activation: 'linear', use_bias: false }, [from], from.shape.with(2, to), [
      { name: 'kernel', shape: [length, to], values },
    ]);
  };
  const widened = product(permute([1, 3, 2], input), wide);
  const grown = product(permute([3, 2, 1], widened), tall);
  return { ...permute([3, 1, 2], grown), shape: [tall, wide, channels] };
}
