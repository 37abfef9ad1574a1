import { status } from '@grpc/grpc-js';
import {
  AttackField,
  type AttackRequest,
  assembleAttack,
  type Client,
  Combination,
  type DeepPartial,
  type Example,
  HoudiniPush,
  Iterate,
  Norm,
  PredictField,
  RandomStart,
  RobustgateError,
  TerminatedBy,
} from '../../clients/index.js';
import {
  type AttackSpecRequest,
  type AttackTarget,
  EngineError,
  ERROR_CODES,
  type Provenance,
  type ReplyTensor,
  type TargetEvent,
  type TargetModel,
  type TargetResult,
} from '../../engine/index.js';
import { readProgress, readProvenance, readRaw, readResult } from './from-wire.js';
import { createPatience, type RetryOptions } from './retry.js';
import { requestParts, wireExample } from './wire-examples.js';
import { memberOf } from './wire-words.js';

/** Two of the largest batches. */
const MAX_EXAMPLES = 32;

/**
 * A gateway at the other end of a connection as the target of an evaluation. Its model is pinned by version and held against
 * its hash after every call; a gateway that goes away is waited for, and the call is made again.
 */
export function gatewayTarget(client: Client, model: TargetModel, options: RetryOptions): AttackTarget {
  const pinned = { modelName: model.name, modelVersion: model.version };
  return {
    model,
    maxExamples: MAX_EXAMPLES,
    async *attack(spec, examples, { signal, pictures }) {
      const fields = [pictures ? AttackField.ADVERSARIAL_PNG : AttackField.NONE];
      const request = { ...pinned, ...attackRequest(spec), fields };
      let provenance: Provenance | undefined;
      let done = 0;
      for (const part of requestParts(examples.map((example) => wireExample(example, model)))) {
        const run = runWithRetries(client, model, request, part, signal, options);
        for await (const event of run) {
          if (event.type === 'summary') provenance = event.provenance;
          else if (event.type === 'result') yield event;
          else {
            const examplesDone = done + event.progress.examplesDone;
            yield { ...event, progress: { ...event.progress, examplesDone, examplesTotal: examples.length } };
          }
        }
        done += part.length;
      }
      if (provenance !== undefined) yield { type: 'summary', provenance };
    },
    async predict(examples, { signal }) {
      const outputs: ReadonlyMap<string, ReplyTensor>[] = [];
      for (const part of requestParts(examples.map((example) => wireExample(example, model)))) {
        const request = { ...pinned, examples: [...part], fields: [PredictField.RAW] };
        const { predictions } = await predictWithRetries(client, request, signal, options);
        for (const { tasks } of predictions) {
          outputs.push(new Map(tasks.flatMap(({ task, raw }) => (raw === undefined ? [] : [[task, readRaw(raw)]]))));
        }
      }
      return outputs;
    },
  };
}

async function* runWithRetries(
  client: Client,
  model: TargetModel,
  request: DeepPartial<AttackRequest>,
  examples: readonly Example[],
  signal: AbortSignal,
  options: RetryOptions,
): AsyncGenerator<TargetEvent, void, void> {
  const patience = createPatience(options);
  while (true) {
    try {
      yield* runOnce(client, model, request, examples, signal);
      return;
    } catch (error) {
      await patience.wait(error, signal).catch(rethrow);
    }
  }
}

/** The gateway's errors as the engine's own, which say which example is wrong. */
function rethrow(error: unknown): never {
  if (!(error instanceof RobustgateError)) throw error;
  const code = ERROR_CODES.find((candidate) => candidate === error.reason);
  if (code === undefined) throw error;
  throw new EngineError(code, error.message, { violations: error.violations }, { cause: error });
}

/**
 * One run. Results come once it has ended well, on the model that was meant, and in the order of the examples: after a failure
 * none is there twice.
 */
async function* runOnce(
  client: Client,
  model: TargetModel,
  request: DeepPartial<AttackRequest>,
  examples: readonly Example[],
  signal: AbortSignal,
): AsyncGenerator<TargetEvent, void, void> {
  const results = new Map<string, TargetResult>();
  let provenance: Provenance | undefined;
  const events = client.attack({ ...request, examples: [...examples] }, { signal });
  for await (const event of assembleAttack(events)) {
    if (event.$case === 'progress') yield { type: 'progress', progress: readProgress(event.value) };
    else if (event.$case === 'result') results.set(event.value.result.exampleKey, readResult(event.value));
    else if (event.$case === 'summary') {
      // What a gateway gives before it goes is the best so far, which is no attack of so many steps.
      if (event.value.terminatedBy === TerminatedBy.DRAIN) throw unavailable('a whole run', 'a gateway that is going');
      provenance = event.value.provenance && readProvenance(event.value.provenance);
    }
  }
  if (provenance === undefined) throw new EngineError('INTERNAL', 'expected a provenance in the summary, got none');
  checkModel(provenance, model);
  for (const { key = '' } of examples) {
    const result = results.get(key);
    if (result === undefined) throw new EngineError('INTERNAL', `expected a result of ${key}, got none`);
    yield { type: 'result', result };
  }
  yield { type: 'summary', provenance };
}

const unavailable = (expected: string, got: string): RobustgateError =>
  new RobustgateError(`expected ${expected}, got ${got}`, { status: status.UNAVAILABLE, retryAfterMs: 500 });

async function predictWithRetries(
  client: Client,
  request: Parameters<Client['predict']>[0],
  signal: AbortSignal,
  options: RetryOptions,
): ReturnType<Client['predict']> {
  const patience = createPatience(options);
  while (true) {
    try {
      return await client.predict(request, { signal });
    } catch (error) {
      await patience.wait(error, signal).catch(rethrow);
    }
  }
}

function checkModel(provenance: Provenance, { name, version, sha256 }: TargetModel): void {
  if (provenance.modelSha256 === sha256) return;
  throw new EngineError(
    'MODEL_CHANGED',
    `expected ${name} version ${version} with SHA-256 ${sha256}, got ${provenance.modelSha256}: it was replaced meanwhile`,
  );
}

/** The attack of a request, without its examples. */
function attackRequest(spec: AttackSpecRequest): DeepPartial<AttackRequest> {
  const { parameters } = spec;
  return {
    attack: {
      name: spec.attack,
      epsilon: parameters.epsilon,
      stepSize: parameters.stepSize,
      steps: parameters.steps,
      restarts: parameters.restarts,
      randomStart: memberOf(RandomStart, parameters.randomStart),
      decay: parameters.decay,
      norm: memberOf(Norm, parameters.norm),
      houdiniPush: memberOf(HoudiniPush, parameters.houdiniPush),
      iterate: memberOf(Iterate, parameters.iterate),
      earlyStop: parameters.earlyStop,
      normalizeGradient: parameters.normalizeGradient,
      mtrobustCompat: spec.mtrobustCompat,
    },
    objective: {
      combination: memberOf(Combination, spec.combination),
      tasks: spec.tasks.map(({ task, weight, loss }) => ({ task, weight, loss })),
    },
    targeted: spec.targeted,
    labelFree: spec.labelFree,
    seed: spec.seed === undefined ? undefined : BigInt(spec.seed),
    batchSize: spec.batchSize,
    fullBatches: spec.fullBatches ?? true,
  };
}
