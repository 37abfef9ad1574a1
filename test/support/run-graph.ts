import { createSession } from '../../src/engine/models/onnx/session.js';
import { type GrowingGraph, growGraph } from '../../src/engine/onnx/builder.js';
import { encodeStaticGraph } from '../../src/engine/onnx/encode-model.js';
import type { Value } from '../../src/engine/onnx/graph.js';
import type { Float64Tensor } from '../../src/engine/tensor/float64-tensor.js';

/** Builds a graph over float32 inputs and runs it with ONNX Runtime; outputs come back in float64. */
export async function runGraph(
  inputs: readonly Float64Tensor[],
  build: (g: GrowingGraph, values: readonly Value[]) => readonly Value[],
): Promise<readonly Float64Tensor[]> {
  const g = growGraph();
  const values = inputs.map(({ shape }, i) => g.addInput(`input ${i}`, 'float32', shape));
  const outputs = build(g, values).map((value, i) => g.named(value, `output ${i}`));
  const options = { threads: 1, allowSpinning: false, optimization: 'all', prepacking: true } as const;
  const session = await createSession(encodeStaticGraph(g.finish(outputs)), options);
  try {
    const feeds = inputs.map(
      ({ data, shape }, i): [string, { dataType: 'float32'; data: Float32Array; shape: readonly number[] }] => [
        `input ${i}`,
        { dataType: 'float32', data: Float32Array.from(data), shape },
      ],
    );
    const results = await session.run(
      new Map(feeds),
      outputs.map(({ name }) => name),
    );
    return outputs.map(({ name }) => {
      const { data, shape } = results.get(name) ?? { data: [], shape: [] };
      return { data: Float64Array.from(data as Float32Array), shape };
    });
  } finally {
    await session.release();
  }
}
