import type { Example, Label } from '../../src/contract/robustgate/v1/example.js';
import { encodeModel } from '../../src/engine/onnx/encode-model.js';
import type { NodeDef } from '../../src/engine/onnx/graph.js';
import { float32Tensor } from '../../src/engine/onnx/tensor-value.js';

/** One output y = x W + b of a model of features; W has a column per element of y. */
export interface LinearHead {
  readonly name: string;
  /** Rows: one per output, with a number per feature. */
  readonly weights: readonly (readonly number[])[];
  readonly bias: readonly number[];
}

/** A file of a model with linear heads over one input `x` of shape [N, D]. */
export function linearModel(heads: readonly LinearHead[]): Uint8Array {
  const features = heads[0]?.weights[0]?.length ?? 0;
  const node = ({ name }: LinearHead): NodeDef => ({
    opType: 'Gemm',
    domain: '',
    name,
    inputs: ['x', `${name}.weight`, `${name}.bias`],
    outputs: [name],
    attributes: new Map([['transB', { type: 'int', value: 1 }]]),
  });
  const { file } = encodeModel({
    irVersion: 8,
    opsets: new Map([['', 18]]),
    graph: {
      name: 'linear',
      inputs: [{ name: 'x', dataType: 'float32', shape: ['N', features] }],
      outputs: heads.map(({ name, bias }) => ({ name, dataType: 'float32', shape: ['N', bias.length] })),
      nodes: heads.map(node),
      initializers: new Map(
        heads.flatMap(({ name, weights, bias }) => [
          [`${name}.weight`, float32Tensor(Float32Array.from(weights.flat()), [bias.length, features])] as const,
          [`${name}.bias`, float32Tensor(Float32Array.from(bias), [bias.length])] as const,
        ]),
      ),
    },
    functions: [],
    producer: 'test',
  });
  return file;
}

/** A float32 tensor of a request. */
export const floatTensor = (values: readonly number[], shape: readonly number[] = [values.length]) => ({
  datatype: 'FP32',
  shape: shape.map(BigInt),
  data: new Uint8Array(Float32Array.from(values).buffer),
});

/** An example of features with labels: a class, or a list of numbers. */
export function featureExample(
  key: string,
  features: readonly number[],
  labels: Readonly<Record<string, number | readonly number[]>>,
): Example {
  const label = (value: number | readonly number[]): Label => ({
    value:
      typeof value === 'number'
        ? { $case: 'classId', value: BigInt(value) }
        : { $case: 'tensor', value: floatTensor(value) },
  });
  return {
    key,
    input: { $case: 'tensor', value: floatTensor(features) },
    labels: Object.fromEntries(Object.entries(labels).map(([task, value]) => [task, label(value)])),
    extraInputs: {},
  };
}
