import { EngineError } from '../../engine/index.js';
import type { GatewayConfig } from '../config.js';
import type { CallContext } from '../grpc/call-context.js';
import type { StreamMessage } from '../grpc/handlers.js';
import type { OpenCalls } from '../grpc/open-calls.js';
import type { Logger } from '../logger.js';
import type { Principal } from '../security/principal.js';
import { ActiveRun } from './active-run.js';
import { followRun, notKept, replayRun } from './follow-run.js';
import { type RunTicket, readRunTicket, requestDigestOf, type StartRequest } from './read-run-ticket.js';
import { ATTACK_CODEC, GRADIENT_NORM_CODEC, type RunCodec, type RunResponse } from './run-codec.js';
import type { NewRun, RunRow } from './run-row.js';
import type { RunFilter, RunStore } from './run-store.js';
import { wrongReplica } from './wrong-replica.js';

/** What is known of a run once it is admitted. */
export interface RunFacts
  extends Pick<NewRun, 'id' | 'modelName' | 'modelVersion' | 'modelSha256' | 'specText' | 'examplesTotal' | 'state'> {
  /** Most gradients of one example each that it takes. */
  readonly imageSteps: number;
}

/**
 * Computes a run and tells of it.
 *
 * @param context of the call, or of the run where it outlives its call
 * @param admitted called once, before `started` is told
 */
export type StartRun<Response> = (
  context: CallContext,
  admitted: (facts: RunFacts) => void,
) => AsyncGenerator<StreamMessage<Response>, void, void>;

/** The same, for a run that the registry knows. */
type Begin<Response extends RunResponse> = (
  run: ActiveRun<Response>,
  context: CallContext,
) => AsyncGenerator<StreamMessage<Response>, void, void>;

export interface RunRegistryOptions {
  readonly store: RunStore;
  readonly config: Pick<GatewayConfig, 'replica' | 'advertisedAddress' | 'limits'>;
  /** Runs that outlive their calls are calls of their own: a drain waits for them too. */
  readonly calls: OpenCalls;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** How often what is too old is forgotten, in milliseconds. */
const PRUNE_MS = 60_000;

/** The runs of this gateway: those that go on, and those that the store remembers. */
export class RunRegistry {
  readonly #options: RunRegistryOptions;
  readonly #byId = new Map<string, ActiveRun>();
  readonly #byRequest = new Map<string, ActiveRun>();
  readonly #all = new Set<ActiveRun>();
  readonly #pruning: NodeJS.Timeout;

  constructor(options: RunRegistryOptions) {
    this.#options = options;
    const { store, log, now } = options;
    const lost = store.recover(now());
    if (lost > 0) log.warn({ runs: lost }, 'runs of a gateway that ended without a word are told as failed');
    store.prune(now());
    this.#pruning = setInterval(() => this.#prune(), PRUNE_MS);
    this.#pruning.unref();
  }

  #prune(): void {
    const { store, log, now } = this.#options;
    try {
      store.prune(now());
    } catch (error) {
      log.error({ error }, 'old runs could not be forgotten');
    }
  }

  /**
   * Answers a request for a run: begins it or, where its `request_id` says so, attaches to it or replays it.
   *
   * @throws EngineError `REQUEST_ID_REUSED`. Thrown when another request had the same id.
   */
  async *serve<Response extends RunResponse>(
    request: StartRequest,
    context: CallContext,
    codec: RunCodec<Response>,
    start: StartRun<Response>,
  ): AsyncGenerator<StreamMessage<Response>, void, void> {
    const ticket = readRunTicket(codec.kind, request, context.principal.name);
    const begin: Begin<Response> = (run, own) => start(own, (facts) => this.#admit(run, ticket, request, facts));
    if (ticket.requestId === undefined) {
      if (ticket.isDetached) yield* this.#read(this.#begin(ticket, context, codec, begin), context.signal);
      else yield* this.#attached(ticket, context, codec, begin);
      return;
    }
    const active = await this.#underWay(ticket, context.signal);
    if (active !== undefined) {
      if (ticket.isDetached) active.detach();
      yield* this.#read(active as ActiveRun<Response>, context.signal);
      return;
    }
    const row = this.#options.store.findRequest(ticket.principal, ticket.requestId);
    if (row !== undefined) requireSame(ticket, row.requestDigest);
    if (row?.state === 'completed') yield* replayRun(row, this.#options.store, codec);
    else yield* this.#read(this.#begin(ticket, context, codec, begin), context.signal);
  }

  /** The run of a request id that goes on; one that was told to end is waited for. */
  async #underWay(ticket: RunTicket, signal: AbortSignal): Promise<ActiveRun | undefined> {
    for (;;) {
      const active = this.#byRequest.get(keyOf(ticket));
      if (active !== undefined) requireSame(ticket, active.requestDigest);
      if (active === undefined || !active.isStopping) return active;
      signal.throwIfAborted();
      await active.changed(signal);
    }
  }

  /** Runs it in its own call: what it says is told, and only its row is stored. */
  async *#attached<Response extends RunResponse>(
    ticket: RunTicket,
    context: CallContext,
    codec: RunCodec<Response>,
    begin: Begin<Response>,
  ): AsyncGenerator<StreamMessage<Response>, void, void> {
    const run = this.#activeRun(ticket, codec, context.cut);
    try {
      for await (const message of begin(run, context)) {
        run.take(message);
        yield message;
      }
    } catch (error) {
      run.end(error);
      throw error;
    } finally {
      this.#end(run, ticket);
    }
  }

  /** Runs it on its own: what it says goes into the store, and readers have it from there. */
  #begin<Response extends RunResponse>(
    ticket: RunTicket,
    context: CallContext,
    codec: RunCodec<Response>,
    begin: Begin<Response>,
  ): ActiveRun<Response> {
    const { calls, config, log } = this.#options;
    const ending = new AbortController();
    const run = this.#activeRun(ticket, codec, (reason) => ending.abort(reason));
    if (ticket.requestId !== undefined) this.#byRequest.set(keyOf(ticket), run);
    const { cut, close } = calls.open();
    cut.addEventListener('abort', () => run.stop(cut.reason as EngineError), { once: true });
    const own: CallContext = {
      ...context,
      signal: ending.signal,
      cut: (reason) => run.stop(reason),
      deadlineMs: ticket.isDetached ? performance.now() + config.limits.runSeconds * 1000 : context.deadlineMs,
    };
    const work = async (): Promise<void> => {
      try {
        for await (const message of begin(run, own)) run.take(message);
      } catch (error) {
        run.end(error);
        if (!ending.signal.aborted) log.warn({ error }, 'a run failed');
      } finally {
        this.#end(run, ticket);
        close();
      }
    };
    void work();
    return run;
  }

  #activeRun<Response extends RunResponse>(
    { isKept, isDetached, requestDigest }: RunTicket,
    codec: RunCodec<Response>,
    stop: (reason: EngineError) => void,
  ): ActiveRun<Response> {
    const { store, log, now } = this.#options;
    const run = new ActiveRun<Response>({ store, codec, log, now, isKept, isDetached, requestDigest, stop });
    this.#all.add(run);
    return run;
  }

  #admit<Response extends RunResponse>(
    run: ActiveRun<Response>,
    ticket: RunTicket,
    request: StartRequest,
    { imageSteps, ...facts }: RunFacts,
  ): void {
    const { log, now } = this.#options;
    const { principal, requestId, requestDigest, isKept } = ticket;
    const { kind } = run.codec;
    const { isDetached } = run;
    run.admitted({ ...facts, kind, principal, requestId, requestDigest, isKept, isDetached, createdMs: now() });
    this.#byId.set(facts.id, run);
    // Who attacks what with what: by digest, for pixels and labels do not belong into logs.
    const digest = requestDigest ?? requestDigestOf(kind, request);
    const { id: runId, modelName: model, modelVersion: version, modelSha256: sha256, examplesTotal: examples } = facts;
    log.info(
      { audit: true, runId, principal, model, version, sha256, examples, imageSteps, digest },
      'run is admitted',
    );
  }

  #end<Response extends RunResponse>(run: ActiveRun<Response>, ticket: RunTicket): void {
    run.end();
    const ended = run;
    this.#all.delete(ended);
    for (const [id, other] of this.#byId) if (other === ended) this.#byId.delete(id);
    if (ticket.requestId !== undefined && this.#byRequest.get(keyOf(ticket)) === ended)
      this.#byRequest.delete(keyOf(ticket));
  }

  async *#read<Response extends RunResponse>(
    run: ActiveRun<Response>,
    signal: AbortSignal,
  ): AsyncGenerator<StreamMessage<Response>, void, void> {
    const leave = run.enter();
    try {
      yield* followRun(run, signal);
    } finally {
      leave();
    }
  }

  /**
   * A run.
   *
   * @throws EngineError `RUN_NOT_FOUND`, `WRONG_REPLICA`. Thrown when it is none of this gateway, or of another caller.
   */
  get(id: string, principal: Principal): RunRow {
    const row = this.#options.store.get(id);
    const owner = ownerFor(principal);
    if (row === undefined || (owner !== undefined && row.principal !== owner)) throw this.#unknown(id);
    return this.#upToDate(row);
  }

  #unknown(id: string): EngineError {
    return (
      wrongReplica(id, this.#options.config) ??
      new EngineError('RUN_NOT_FOUND', `expected the id of a run that is remembered, got ${id}`, {
        metadata: { run: id },
      })
    );
  }

  /** The newest runs first, of those that the caller may know of. */
  list(filter: Omit<RunFilter, 'principal'>, count: number, principal: Principal): readonly RunRow[] {
    const own = { ...filter, principal: ownerFor(principal) };
    return this.#options.store.list(own, count).map((row) => this.#upToDate(row));
  }

  /** Of a run that goes on, the examples that are done are not always stored at once. */
  #upToDate(row: RunRow): RunRow {
    const examplesDone = this.#byId.get(row.id)?.examplesDone;
    return examplesDone === undefined ? row : { ...row, examplesDone };
  }

  /** Ends a run, if it has not ended; resolves when it has, or the caller has gone. */
  async cancel(id: string, { signal, principal }: CallContext): Promise<RunRow> {
    this.get(id, principal);
    const run = this.#byId.get(id);
    if (run !== undefined) {
      run.stop(new EngineError('CANCELLED', `expected run ${id} to go on, but it was cancelled`));
      while (run.isStopping && !run.isOver && !signal.aborted) await run.changed(signal);
    }
    return this.get(id, principal);
  }

  /**
   * What a run says, from its beginning.
   *
   * @throws EngineError `RUN_NOT_FOUND`, `WRONG_REPLICA`, `RESULTS_NOT_KEPT`, and what the run failed with. Thrown when there is
   *   nothing to tell, or not all of it.
   */
  async *watch(
    id: string,
    { signal, principal }: CallContext,
  ): AsyncGenerator<StreamMessage<ReturnType<RunCodec<RunResponse>['watched']>>, void, void> {
    const row = this.get(id, principal);
    const run = this.#byId.get(id);
    if (run !== undefined && !run.isKept) throw notKept(row);
    const codec = codecOf(row);
    const messages = run === undefined ? replayRun(row, this.#options.store, codec) : this.#read(run, signal);
    for await (const { message, isProgress } of messages) yield { message: codec.watched(message), isProgress };
  }

  /** Ends all runs at once: what is not told by now is not told. The store may be closed then. */
  close(reason: EngineError): void {
    clearInterval(this.#pruning);
    for (const run of this.#all) {
      run.stop(reason);
      run.end(reason);
    }
  }
}

/** Whose runs a caller may know of; `undefined` for those of all. */
const ownerFor = ({ name, roles }: Principal): string | undefined => (roles.has('admin') ? undefined : name);

const codecOf = ({ kind }: RunRow): RunCodec<RunResponse> =>
  (kind === 'attack' ? ATTACK_CODEC : GRADIENT_NORM_CODEC) as RunCodec<RunResponse>;

const keyOf = ({ principal, requestId }: RunTicket): string => JSON.stringify([principal, requestId]);

function requireSame({ requestId, requestDigest }: RunTicket, other: string | undefined): void {
  if (requestDigest === other) return;
  throw new EngineError(
    'REQUEST_ID_REUSED',
    `expected request_id ${requestId} with the request that it stands for, got another`,
  );
}
