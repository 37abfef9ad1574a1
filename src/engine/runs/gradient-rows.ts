import { EngineError } from '../errors.js';
import type { GradientProgram, Network } from '../models/network.js';
import type { Shape } from '../tensor/shape.js';
import { examplesOf } from '../tensor/tensor.js';
import { extraInputShapes, stack, stackExtraInputs } from './batches.js';
import type { Example } from './examples.js';
import type { KnownLabels } from './labels.js';
import { batchLabels } from './objective-source.js';

/** One gradient: of one task's loss, for one example. */
export interface GradientRow {
  readonly example: Example;
  /** With fewer valid positions than the example has, for a subset of the output. */
  readonly labels: KnownLabels;
  /** Index among the tasks of the program. */
  readonly task: number;
}

export interface RowGradient {
  readonly loss: number;
  /** Per level. */
  readonly gradient: Float32Array;
}

/** The gradients of at most as many rows as the program takes, in one native call. */
export async function gradientsOfRows(
  network: Network,
  program: GradientProgram,
  tasks: readonly string[],
  rows: readonly GradientRow[],
  shape: Shape,
): Promise<readonly RowGradient[]> {
  const { batchSize } = program;
  const sizes = new Map(
    tasks.map((task) => [task, Math.max(...rows.map(({ labels }) => labels.get(task)?.data.length ?? 0))]),
  );
  const weights = new Float32Array(batchSize * tasks.length);
  for (const [n, { task }] of rows.entries()) weights[n * tasks.length + task] = 1;
  const { losses, gradient } = await program.run({
    pixels: stack(
      rows.map(({ example }) => example.clean),
      shape,
      batchSize,
    ),
    extraInputs: stackExtraInputs(
      rows.map(({ example }) => example),
      extraInputShapes(network.info),
      batchSize,
    ),
    weights,
    isBalanced: false,
    ...batchLabels(
      rows.map(({ labels }) => labels),
      tasks,
      sizes,
      batchSize,
    ),
  });
  const gradients = examplesOf(gradient);
  return rows.map(({ example, task }, n) => {
    const loss = losses.data[n * tasks.length + task] as number;
    const values = gradients[n] as Float32Array;
    if (!Number.isFinite(loss) || !values.every(Number.isFinite)) {
      throw new EngineError(
        'GRADIENT_UNAVAILABLE',
        `expected a finite loss and gradient of ${tasks[task]} for example ${example.key}, got a loss of ${loss} ` +
          'and infinite or NaN elements: the network overflows at this input',
        { metadata: { task: tasks[task] ?? '', example: example.key } },
      );
    }
    return { loss, gradient: values };
  });
}
