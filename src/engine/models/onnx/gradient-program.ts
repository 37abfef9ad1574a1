import { type Differentiated, differentiate } from '../../autodiff/differentiate.js';
import { EngineError } from '../../errors.js';
import type { StaticGraph } from '../../onnx/graph.js';
import type { Shape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { GradientProgram, ProgramRequest } from '../network.js';
import type { RuntimeOptions } from '../runtime-options.js';
import { createStaticSession } from './create-static-session.js';
import type { Definition } from './definition.js';
import { feedsOf, lossGraph, NAMES } from './loss-graph.js';
import { runProbes } from './probes.js';
import type { RuntimeTensor, Session } from './session.js';

export interface CompiledProgram extends GradientProgram {
  /** Estimate of what it keeps, in bytes. */
  readonly sizeBytes: number;
  dispose(): Promise<void>;
}

/**
 * Joins a network that is specialised to one shape with pre-processing, losses, and their derivative by the pixels.
 *
 * @throws EngineError `UNSUPPORTED_OP`, `GRADIENT_UNAVAILABLE`. Thrown when there is no gradient.
 */
export async function compileProgram(
  definition: Definition,
  network: StaticGraph,
  request: ProgramRequest,
  sizeBytes: number,
  runtime: RuntimeOptions,
): Promise<CompiledProgram> {
  const graph = await gradientGraph(definition, network, request, runtime);
  const session = await createStaticSession(graph, runtime, definition.info.provider);
  const shapes = new Map(graph.inputs.map((input) => [input.name, input.shape]));
  return {
    batchSize: request.batchSize,
    sizeBytes,
    run: (input) => runProgram(session, shapes, input),
    dispose: () => session.release(),
  };
}

/** The whole program as a graph. */
async function gradientGraph(
  definition: Definition,
  network: StaticGraph,
  request: ProgramRequest,
  runtime: RuntimeOptions,
): Promise<StaticGraph> {
  const { builder, forward, seeds, stopped, outputs } = lossGraph(definition, network, request);
  const { gradients, cuts } = differentiate({
    graph: forward,
    builder,
    seeds,
    inputs: [NAMES.pixels],
    stopped,
    probes: await runProbes(forward, runtime),
  });
  const gradient = gradients.get(NAMES.pixels);
  if (gradient === undefined) throw unreached('the pixels', cuts);
  return builder.finish([...outputs(), builder.named(gradient, NAMES.gradient)]);
}

/** What is thrown where no path leads from `what` to a loss. */
export function unreached(what: string, cuts: Differentiated['cuts']): EngineError {
  const where = cuts.map(({ opType, node, reason }) => `${opType} (node ${node}) cuts the path: ${reason}`).join('; ');
  return new EngineError('GRADIENT_UNAVAILABLE', `expected a gradient by ${what}, got none: ${where}`);
}

async function runProgram(
  session: Session,
  shapes: ReadonlyMap<string, Shape>,
  input: Parameters<GradientProgram['run']>[0],
): ReturnType<GradientProgram['run']> {
  const results = await session.run(feedsOf(shapes, input), [NAMES.losses, NAMES.scores, NAMES.gradient]);
  const tensor = (name: string): Tensor => tensorOf(results, name);
  return { losses: tensor(NAMES.losses), scores: tensor(NAMES.scores), gradient: tensor(NAMES.gradient) };
}

/** A float32 result by its name. */
export function tensorOf(results: ReadonlyMap<string, RuntimeTensor>, name: string): Tensor {
  const { data, shape } = results.get(name) as RuntimeTensor;
  return { data: data as Float32Array, shape };
}
