import type { Example } from '../../contract/robustgate/v1/example.js';
import { EngineError, type JobInput, type MemoryQuestion, type ModelInfo, type Shape } from '../../engine/index.js';
import type { CallOptions, Lane, ModelRef } from '../../host/index.js';
import type { Ticket } from '../admission/admission.js';
import type { CallContext } from '../grpc/call-context.js';
import type { StreamMessage } from '../grpc/handlers.js';
import type { HeldModel } from '../repository/repository.js';
import type { RunFacts } from '../runs/run-registry.js';
import type { RunEvent } from '../telemetry/observe-runs.js';
import type { RunKindName } from '../telemetry/serving-metrics.js';
import { labelledTasks, readExamples } from '../translate/examples.js';
import { together } from '../translate/together.js';
import { callOptions, type GatewayContext, refOf } from './gateway-context.js';
import { firstOf, MAX_SILENCE_MS, neverSilent, SILENCE } from './never-silent.js';
import { requireServing, requireTime } from './requirements.js';

/** What every request for a run says. */
export interface RunRequest {
  readonly modelName: string;
  readonly modelVersion?: string | undefined;
  readonly examples: readonly Example[];
}

/** A run that is about to begin. */
export interface Run<Job> {
  readonly id: string;
  readonly model: ModelInfo;
  readonly job: Job;
  /** Seconds since it was admitted. */
  elapsed(): number;
}

/** One kind of run: how its request is read, how it is computed, and how it is told. */
export interface RunKind<
  Wish,
  Job extends Wish & { readonly inputs: readonly JobInput[] },
  Event extends RunEvent,
  Response,
> {
  readonly name: RunKindName;
  /** @param labelled names of the tasks for which some example has a label */
  readWish(model: ModelInfo, labelled: ReadonlySet<string>): Wish;
  joined(wish: Wish, inputs: readonly JobInput[], model: Pick<HeldModel, 'surrogate'>): Job;
  /** Whose gradients it takes, and what they need memory for; `undefined` where it takes none. */
  memory(model: ModelInfo, job: Job): readonly [model: ModelRef, question: MemoryQuestion] | undefined;
  /** What is computed, in one line. */
  specText(model: ModelInfo, job: Job): string;
  /** Most gradients of one example each that it takes. */
  imageSteps(job: Job): number;
  start(lane: Lane, model: ModelRef, job: Job, options: CallOptions): AsyncGenerator<Event, void, void>;
  started(run: Run<Job>): StreamMessage<Response>;
  /** Progress of a run that waits for its turn. */
  queued(run: Run<Job>, position: number): StreamMessage<Response>;
  /** The same progress, some time later. */
  stillAt(message: StreamMessage<Response>, run: Run<Job>): StreamMessage<Response>;
  messages(event: Event, run: Run<Job>): AsyncIterable<StreamMessage<Response>> | Iterable<StreamMessage<Response>>;
}

/**
 * Runs something in the attack lane, and tells of it as it goes. It says `started` only once it is admitted.
 *
 * @param admitted called then, before
 */
export async function* streamRun<
  Wish,
  Job extends Wish & { readonly inputs: readonly JobInput[] },
  Event extends RunEvent,
  Response,
>(
  request: RunRequest,
  context: CallContext,
  gateway: GatewayContext,
  kind: RunKind<Wish, Job, Event, Response>,
  admitted: (facts: RunFacts) => void,
): AsyncGenerator<StreamMessage<Response>, void, void> {
  requireServing(gateway);
  const { pool, config, hosts, repository, attacks } = gateway;
  const model = repository.acquire(request.modelName, request.modelVersion);
  try {
    const { info } = model;
    const [inputs, wish] = await together(
      () => readExamples(request.examples, { model: info, pool, limits: config.limits }),
      () => kind.readWish(info, labelledTasks(request.examples)),
    );
    requireTime(context);
    requireServing(gateway);
    requireNoQuarantine(hosts.attack, refOf(info));
    const job = kind.joined(wish, inputs, model);
    const ticket = attacks.enter(context.principal.name);
    try {
      const memory = kind.memory(info, job);
      if (memory !== undefined) await requireMemory(...memory, context, gateway);
      yield* admittedRun(job, info, ticket, context, gateway, kind, admitted);
    } finally {
      ticket.leave();
    }
  } finally {
    model.release();
  }
}

/** A run that has its place, or one in the queue: so a call for which there is none takes nothing off its caller's quota. */
async function* admittedRun<
  Wish,
  Job extends Wish & { readonly inputs: readonly JobInput[] },
  Event extends RunEvent,
  Response,
>(
  job: Job,
  info: ModelInfo,
  ticket: Ticket,
  context: CallContext,
  gateway: GatewayContext,
  kind: RunKind<Wish, Job, Event, Response>,
  admitted: (facts: RunFacts) => void,
): AsyncGenerator<StreamMessage<Response>, void, void> {
  const imageSteps = kind.imageSteps(job);
  const lease = gateway.quotas.enter(context.principal.name, imageSteps);
  const ref = refOf(info);
  const id = gateway.newRunId();
  const { traceParent } = context;
  const observed = gateway.telemetry.runs.begin({ id, kind: kind.name, model: ref, traceParent });
  try {
    const startMs = performance.now();
    const run: Run<Job> = { id, model: info, job, elapsed: () => (performance.now() - startMs) / 1000 };
    admitted({ ...factsOf(run, kind.specText(info, job), ticket), imageSteps });
    yield kind.started(run);
    yield* untilAdmitted(ticket, [context.signal, gateway.draining], (position) => kind.queued(run, position));
    context.signal.throwIfAborted();
    requireServing(gateway);
    requireTime(context);
    observed.admitted();
    const options = callOptions(id, { ...context, traceParent: observed.traceParent });
    const events = kind.start(gateway.hosts.attack, ref, job, options);
    let newest = kind.queued(run, 0);
    for await (const event of neverSilent(events, MAX_SILENCE_MS)) {
      if (event === SILENCE) {
        yield kind.stillAt(newest, run);
        continue;
      }
      observed.saw(event);
      for await (const message of kind.messages(event, run)) {
        if (message.isProgress) newest = message;
        yield message;
      }
    }
  } catch (error) {
    observed.failed(error);
    throw error;
  } finally {
    observed.close();
    lease.leave();
  }
}

/** How long a run waits to hear whether it fits, in milliseconds: a host that is busy says so when the run has its turn. */
const MEMORY_ANSWER_MS = 1000;

/** @throws EngineError `MEMORY_BUDGET_EXCEEDED`. Thrown when its gradients would need more than they may. */
async function requireMemory(
  model: ModelRef,
  question: MemoryQuestion,
  context: CallContext,
  { hosts, newRunId }: GatewayContext,
): Promise<void> {
  const answer = hosts.attack.requireMemory(model, question, callOptions(newRunId(), context));
  const refusal = answer.catch((error) => {
    // Whatever else is wrong is the run's to tell, and may be over when it has its turn.
    if (error instanceof EngineError && error.code === 'MEMORY_BUDGET_EXCEEDED') throw error;
  });
  await firstOf(refusal, MEMORY_ANSWER_MS, context.signal);
}

/** Shapes of inputs, each once. */
export const shapesOf = (inputs: readonly JobInput[]): readonly Shape[] => [
  ...new Map(inputs.map(({ shape }) => [shape.join('×'), shape])).values(),
];

const factsOf = <Job extends { readonly inputs: readonly JobInput[] }>(
  { id, model, job }: Run<Job>,
  specText: string,
  { position }: Ticket,
): Omit<RunFacts, 'imageSteps'> => ({
  id,
  modelName: model.name,
  modelVersion: model.version,
  modelSha256: model.sha256,
  specText,
  examplesTotal: job.inputs.length,
  state: position > 0 ? 'queued' : 'running',
});
function requireNoQuarantine(lane: Lane, ref: ModelRef): void {
  const reason = lane.quarantineReason(ref);
  if (reason === undefined) return;
  throw new EngineError('MODEL_QUARANTINED', `expected a model that can be attacked, but ${reason}`, {
    metadata: { model: ref.name, version: ref.version },
  });
}

/** Waits in the queue, telling the reader the place: at once, when that changes, and now and then; no longer than any of `ends`. */
async function* untilAdmitted<Message>(
  ticket: Ticket,
  ends: readonly AbortSignal[],
  queued: (position: number) => Message,
): AsyncGenerator<Message, void, void> {
  // Not AbortSignal.any: it would leave something behind on the signal that lives as long as the gateway.
  const ended = new AbortController();
  const end = (): void => ended.abort();
  for (const signal of ends) signal.addEventListener('abort', end, { once: true });
  try {
    while (ticket.position > 0 && !ends.some(({ aborted }) => aborted)) {
      const moved = ticket.moved();
      yield queued(ticket.position);
      await firstOf(moved, MAX_SILENCE_MS, ended.signal);
    }
  } finally {
    for (const signal of ends) signal.removeEventListener('abort', end);
  }
}
