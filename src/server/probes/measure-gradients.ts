import {
  EngineError,
  type ErrorCode,
  type GradientNormJob,
  type JobInput,
  type ModelInfo,
  resolveGradientNormSpec,
} from '../../engine/index.js';
import type { CallOptions, Lane } from '../../host/index.js';
import { labelledTasks } from './host-target.js';
import type { ProbeRun } from './probe-run.js';

/** What says that there is nothing to measure, and not that something broke. */
const NOTHING_TO_MEASURE: readonly ErrorCode[] = ['GRADIENT_UNAVAILABLE', 'INVALID_REQUEST', 'UNSUPPORTED_OP'];

/**
 * Gradient norms of some tasks at the clean inputs, means over the inputs, and Theorem 1's factor; `undefined` where they have none.
 *
 * @param tasks names; those that no input has a label for are left out
 * @throws EngineError as a measurement does. Thrown when the lane breaks.
 */
export async function measureGradients(
  lane: Lane,
  info: ModelInfo,
  tasks: readonly string[],
  inputs: readonly JobInput[],
  options: CallOptions,
): Promise<ProbeRun['gradients']> {
  const labelled = labelledTasks(inputs);
  const wanted = info.tasks.filter(
    ({ name, isReconstruction }) => tasks.includes(name) && (labelled.has(name) || isReconstruction),
  );
  if (inputs.length === 0 || wanted.length === 0) return undefined;
  try {
    const request = {
      tasks: wanted.map(({ name }) => ({ task: name })),
      labelFree: false,
      seed: 0,
      batchSize: undefined,
      sweep: undefined,
    };
    const job: GradientNormJob = { spec: resolveGradientNormSpec(request, info, labelled), inputs, labelFree: false };
    for await (const event of lane.gradientNorm(info, job, options)) {
      if (event.type !== 'summary') continue;
      const { tasks: measured, theorem1Factor } = event.summary;
      return {
        tasks: measured.map(({ task, norms }) => ({ task, meanL2: norms.l2 })),
        ...(theorem1Factor !== undefined && { theorem1Factor }),
      };
    }
  } catch (error) {
    if (!(error instanceof EngineError && NOTHING_TO_MEASURE.includes(error.code))) throw error;
  }
  return undefined;
}
