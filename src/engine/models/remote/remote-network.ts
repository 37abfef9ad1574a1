import { createHash } from 'node:crypto';
import { EngineError } from '../../errors.js';
import type { Tensor } from '../../tensor/tensor.js';
import { outputOf } from '../describe-tasks.js';
import type { ModelConfig } from '../model-config.js';
import type { ModelInfo } from '../model-info.js';
import type { ModelSource } from '../model-source.js';
import type { ExtraInputs, Network } from '../network.js';
import { countClasses } from '../onnx/count-classes.js';
import { define } from '../onnx/definition.js';
import { planOfOriginal } from '../onnx/plan.js';
import type { Session } from '../onnx/session.js';
import { normalise } from '../preprocessing.js';
import { rawConstant, runRaw } from '../raw.js';
import { feedOf, runOriginal } from '../run-original.js';
import type { OpenRemote, RemoteDescription, RemoteModel } from './remote-model.js';
import { remoteSession } from './remote-session.js';

/** Why no task of a remote model has a gradient. */
const OBSTACLE =
  'the model is remote, and all that can be seen of it is what it answers: attack it with square, which needs no gradient';
const obstacleOf = (surrogate: string | undefined): string =>
  surrogate === undefined ? OBSTACLE : `${OBSTACLE}, or with the gradients of its surrogate ${surrogate}`;

/** A file that is not there: nothing of it can be read. */
const NOTHING = {
  irVersion: 8,
  opsets: new Map([['', 18]]),
  graph: { name: 'remote', inputs: [], outputs: [], nodes: [], initializers: new Map() },
  functions: [],
  producer: '',
} as const;

/**
 * A model that another server runs, as a network: pixels are prepared here, and predictions come from there. It has no gradient.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when `model.yaml` does not fit what the remote says of its model.
 * @throws EngineError `MODEL_NOT_READY`. Thrown when the remote does not answer, or does not have the model.
 */
export async function openRemoteNetwork(
  source: ModelSource,
  config: ModelConfig,
  openRemote: OpenRemote | undefined,
): Promise<Network> {
  if (config.remote === undefined) throw new EngineError('INTERNAL', 'expected a remote in model.yaml, got none');
  if (openRemote === undefined) {
    throw new EngineError(
      'INVALID_MODEL',
      'expected a model file, for no remote can be reached from here, got a remote',
    );
  }
  const remote = await openRemote(config.remote);
  try {
    return await networkOf(source, config, remote);
  } catch (error) {
    remote.close();
    throw isAway(error) ? notThere(error) : error;
  }
}

async function networkOf(source: ModelSource, config: ModelConfig, remote: RemoteModel): Promise<Network> {
  const description = await remote.describe();
  const limits = [config.remote?.maxBatch, description.maxBatch].filter((limit) => limit !== undefined);
  const session = remoteSession(remote, description, limits.length === 0 ? undefined : Math.min(...limits));
  const wanted = config.tasks.map(outputOf);
  requireOutputs(wanted, description);
  const used = session.outputs.filter(({ name }) => wanted.includes(name));
  const surrogate = config.remote?.surrogate;
  const obstacle = obstacleOf(surrogate?.model);
  const reading = { imported: NOTHING, judged: NOTHING, refusal: obstacle };
  const counted = await countClasses(session, used, config);
  const definition = define(source, config, reading, session.inputs, counted, session.outputs);
  const info: ModelInfo = {
    ...definition.info,
    engine: 'remote',
    provider: 'remote',
    sha256: digestOf(source, description),
    surrogate: surrogate && { name: surrogate.model, version: surrogate.version },
  };
  const { preprocessing } = definition;
  const outputs = new Map(info.tasks.map(({ name, output }) => [name, output]));
  return {
    info,
    config,
    programVersion: 'remote-1',
    normalise: (pixels) => normalise(pixels, preprocessing),
    async plan() {
      return planOfOriginal(info, 0);
    },
    hasProgram: () => false,
    async program() {
      throw new EngineError('GRADIENT_UNAVAILABLE', `expected a model with a gradient, but ${obstacle}`);
    },
    async predict(pixels: Tensor, extraInputs: ExtraInputs) {
      const input = normalise(pixels, preprocessing);
      const feeds = session.inputs.map((each) => ({
        input: each,
        tensor: feedOf(each.name, input, extraInputs, definition),
      }));
      const results = await runOriginal(session, feeds, [...new Set(outputs.values())], info.fixedBatch);
      return new Map([...outputs].map(([task, output]) => [task, results.get(output) as Tensor]));
    },
    async infer(feeds, fetches) {
      return await runRaw(session, new Map([...constantsOf(info, config, session, feeds), ...feeds]), fetches);
    },
    keptBytes: () => 0,
    dispose: () => session.release(),
  };
}

/** The constants of `model.yaml` for inputs that a request leaves out. */
const constantsOf = (info: ModelInfo, config: ModelConfig, session: Session, feeds: ReadonlyMap<string, unknown>) =>
  info.signature.inputs
    .filter(({ name, hasDefault }) => hasDefault && !feeds.has(name))
    .map(({ name }) => [name, rawConstant(session.inputs, name, config)] as const);

/** @throws EngineError `INVALID_MODEL`. Thrown when a task reads an output that the remote does not have. */
function requireOutputs(wanted: readonly string[], { outputs }: RemoteDescription): void {
  const names = outputs.map(({ name }) => name);
  const missing = wanted.filter((name) => !names.includes(name));
  if (missing.length === 0) return;
  throw new EngineError(
    'INVALID_MODEL',
    `expected outputs of the remote model (${names.join(', ') || 'none'}) for all tasks, got ${missing.join(', ')}`,
  );
}

/** SHA-256 of `model.yaml` and of the remote's description: of what is known, which its weights are not. */
function digestOf({ configText }: ModelSource, description: RemoteDescription): string {
  return createHash('sha256')
    .update(JSON.stringify([configText, description]))
    .digest('hex');
}

const isAway = (error: unknown): error is EngineError =>
  error instanceof EngineError && error.code === 'HOST_UNAVAILABLE';

/** A host that is unavailable is started again, which helps nobody here. */
const notThere = (error: EngineError): EngineError =>
  new EngineError('MODEL_NOT_READY', error.message, error.details, { cause: error });
