import { createHash } from 'node:crypto';
import { parse, stringify } from 'yaml';
import type { ModelSource } from '../../src/engine/models/model-source.js';
import { readExternalFrom } from '../../src/engine/models/onnx/external-files.js';
import type { TfjsBackend } from '../../src/engine/models/providers.js';
import { openBackend } from '../../src/engine/models/tfjs/open-backend.js';
import { type Tensor, type TfjsRuntime, useBackend } from '../../src/engine/models/tfjs/runtime.js';
import { decodeModel } from '../../src/engine/onnx/decode-model.js';
import type { TensorValue } from '../../src/engine/onnx/graph.js';
import { type Shape, sizeOf } from '../../src/engine/tensor/shape.js';
import type { Tensor as FloatTensor } from '../../src/engine/tensor/tensor.js';
import { layersModel } from '../../src/lab/networks/layers-model.js';

/** The backends that every machine has. */
export const BUNDLED = ['wasm', 'cpu'] as const satisfies readonly TfjsBackend[];

/** TF.js on a backend, which computes from now on. */
export async function onBackend(
  backend: TfjsBackend,
  warn: (message: string) => void = () => undefined,
): Promise<TfjsRuntime> {
  const runtime = await openBackend(backend, warn);
  useBackend(runtime);
  return runtime;
}

/** Values of a tensor, which is disposed of. */
export function valuesOf(tensor: Tensor): number[] {
  const values = [...tensor.dataSync()];
  tensor.dispose();
  return values;
}

/** ∂(Σ w · f(x))/∂x for fixed w, so that no element's gradient hides another's. */
export function gradientOf(
  { tf }: TfjsRuntime,
  f: (x: Tensor) => Tensor,
  x: readonly number[],
  shape: Shape,
): number[] {
  return valuesOf(
    tf.tidy(() =>
      tf.grad((input) => {
        const y = f(input);
        const weights = Float32Array.from({ length: y.size }, (_, i) => 1 + ((7 * i) % 5));
        return tf.sum(tf.mul(y, tf.tensor(weights, y.shape)));
      })(tf.tensor([...x], [...shape])),
    ),
  );
}

/** The same ONNX model for TF.js: the same weights, channels last unless it is to be as ONNX has it. */
export function twinOf(
  source: ModelSource,
  backend: TfjsBackend,
  layout: 'NHWC' | 'NCHW' = 'NHWC',
  size?: readonly [height: number, width: number],
): ModelSource {
  const decoded = decodeModel(source.file, readExternalFrom(source.externalFiles));
  const { modelJson, weights } = layersModel(decoded, layout, size);
  const config = parse(source.configText);
  const isMap = ({ kind }: { kind: string }): boolean => layout === 'NHWC' && kind === 'semantic-segmentation';
  return {
    ...tfjsSource(modelJson, weights, {
      ...config,
      backends: [backend],
      input: { ...config.input, ...(config.input.kind === 'image' && { layout }) },
      tasks: config.tasks.map((task: { kind: string }) => ({ ...task, ...(isMap(task) && { classAxis: -1 }) })),
    }),
    name: source.name,
  };
}

/** A version of a TF.js model whose weights lie in `weights.bin`. */
export function tfjsSource(modelJson: string, weights: Uint8Array, config: object): ModelSource {
  const file = Buffer.from(modelJson);
  return {
    name: 'small',
    version: '1',
    configText: stringify({ engine: 'tfjs', ...config }),
    file,
    externalFiles: new Map([['weights.bin', weights]]),
    sha256: createHash('sha256').update(file).update(weights).digest('hex'),
  };
}

/** A node of a GraphModel; attributes as the file has them. */
export const graphNode = (op: string, input: string, name: string, attr: object = {}): object => ({
  name,
  op,
  input: input === '' ? [] : input.split(' '),
  attr,
});

const TYPES = { float32: 'DT_FLOAT', int32: 'DT_INT32', bool: 'DT_BOOL' } as const;
export type GraphType = keyof typeof TYPES;

/** An input of a GraphModel; −1 where any length is taken. */
export const placeholder = (name: string, shape: Shape, type: GraphType = 'float32'): object =>
  graphNode('Placeholder', '', name, {
    dtype: { type: TYPES[type] },
    shape: { shape: { dim: shape.map((size) => ({ size: `${size}` })) } },
  });

/** The text of a GraphModel with weights, which are its `Const` nodes; and their bytes. */
export function graphModel(
  nodes: readonly object[],
  weights: Readonly<Record<string, TensorValue>> = {},
  signature?: object,
): [modelJson: string, weights: Uint8Array] {
  const entries = Object.entries(weights);
  const constants = entries.map(([name, { shape, dataType }]) => {
    const dtype = TYPES[dataType as GraphType];
    const tensorShape = { dim: shape.map((size) => ({ size: `${size}` })) };
    return graphNode('Const', '', name, { dtype: { type: dtype }, value: { tensor: { dtype, tensorShape } } });
  });
  const manifest = entries.map(([name, { shape, dataType }]) => ({ name, shape, dtype: dataType }));
  return [
    JSON.stringify({
      format: 'graph-model',
      modelTopology: { node: [...nodes, ...constants], library: {}, versions: { producer: 1 } },
      weightsManifest: [{ paths: ['weights.bin'], weights: manifest }],
      ...(signature !== undefined && { signature }),
    }),
    Buffer.concat(entries.map(([, { bytes }]) => bytes)),
  ];
}

/** A weight of whole numbers. */
export const int32s = (values: readonly number[], shape: Shape = [values.length]): TensorValue => ({
  dataType: 'int32',
  shape,
  bytes: new Uint8Array(Int32Array.from(values).buffer),
});

/** Ints and words as attributes of a GraphModel. */
export const ints = (...values: readonly number[]): object => ({ list: { i: values.map(String) } });
export const words = (...values: readonly string[]): object => ({ list: { s: values.map(base64) } });
export const word = (value: string): object => ({ s: base64(value) });
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** [N, C, H, W] as [N, H, W, C]. */
export function channelsLast({ data, shape }: FloatTensor): FloatTensor {
  const [count = 1, channels = 1, ...spatial] = shape;
  if (spatial.length === 0) return { data, shape };
  const positions = sizeOf(spatial);
  const result = new Float32Array(data.length);
  for (let n = 0; n < count; n++)
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < positions; p++)
        result[(n * positions + p) * channels + c] = data[(n * channels + c) * positions + p] as number;
  return { data: result, shape: [count, ...spatial, channels] };
}

/** Largest difference of two tensors, over the largest element of the second; 0 where they are equal. */
export function relativeDistance(actual: FloatTensor, expected: FloatTensor): number {
  if (actual.data.length !== expected.data.length) return Number.POSITIVE_INFINITY;
  const largest = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const difference = actual.data.reduce((most, v, i) => Math.max(most, Math.abs(v - (expected.data[i] as number))), 0);
  return difference === 0 ? 0 : difference / largest;
}
