import type { Duplex } from 'node:stream';
import type {
  AttackJob,
  GradientNormJob,
  InferJob,
  MemoryQuestion,
  ModelSource,
  PredictJob,
  RunContext,
  ServedModel,
  ServedModelOptions,
} from '../../engine/index.js';
import { EngineError } from '../../engine/index.js';
import type { ModelRef } from '../lanes.js';
import { type HostOptions, type Reply, type Request, wireError } from '../protocol.js';
import { Channel } from '../wire/channel.js';
import { encodeMessage } from '../wire/frames.js';
import { fromSharedClock } from '../wire/shared-clock.js';
import { type CallObserver, type Priority, type ScheduledRun, StepScheduler } from './step-scheduler.js';

export type LoadModel = (source: ModelSource, options: ServedModelOptions) => Promise<ServedModel>;

/** How long loading is expected to take: no more than a guess, for the hang limit of loads is long anyway. */
const LOAD_ESTIMATE_MS = 5000;

/** What a host writes to standard error, the gateway logs. */
const warn = (message: string): void => void process.stderr.write(`${message}\n`);

type Call = Extract<Request, { kind: 'call' }>;

/** A call that is being answered. */
interface Active {
  readonly controller: AbortController;
  /** Bytes of events that its reader has not taken yet. */
  aheadBytes: number;
  /** Wakes a stream that waits for that, also when the call is cancelled. */
  onTaken: (() => void) | undefined;
}

/** A model with the calls that use it: it is freed after the last, once another has taken its place. */
interface Held {
  readonly model: ServedModel;
  uses: number;
  isRetired: boolean;
}

const keyOf = ({ name, version }: ModelRef): string => `${name}@${version}`;

/** Answers the calls of one gateway over one stream, until that ends. */
export class HostServer {
  readonly #channel: Channel;
  readonly #options: HostOptions;
  readonly #loadModel: LoadModel;
  readonly #models = new Map<string, Held>();
  readonly #active = new Map<number, Active>();
  readonly #drain = new AbortController();
  readonly #scheduler: StepScheduler;
  /** When the native call that runs began: there is one at a time. */
  #callStartMs = 0;

  /** @param onClose called when the gateway is gone */
  constructor(stream: Duplex, options: HostOptions, loadModel: LoadModel, onClose: () => void) {
    this.#options = options;
    this.#loadModel = loadModel;
    const observer: CallObserver = {
      begin: ({ model, runId }, call, estimateMs) => {
        this.#callStartMs = performance.now();
        this.#tell({ kind: 'native-begin', call, estimateMs, model, runId });
      },
      end: ({ model, runId }, call) => {
        this.#tell({ kind: 'native-end', call, model, runId, durationMs: performance.now() - this.#callStartMs });
        if (call === 'compile') this.#tellKept(model);
      },
    };
    this.#scheduler = new StepScheduler(observer, options.probeShare);
    this.#channel = new Channel(stream, { onMessage: (value) => this.#receive(value as Request), onClose });
    this.#tell({ kind: 'ready' });
  }

  /** Sends a small message ahead of others. One that no longer reaches the gateway is of no use to it. */
  #tell(reply: Reply): void {
    this.#channel.send(reply, true).catch(() => undefined);
  }

  #tellKept(key: string): void {
    const sizeBytes = this.#models.get(key)?.model.keptBytes();
    if (sizeBytes !== undefined) this.#tell({ kind: 'kept', model: key, sizeBytes });
  }

  #receive(request: Request): void {
    switch (request.kind) {
      case 'call':
        void this.#answer(request);
        return;
      case 'cancel':
        this.#active.get(request.id)?.controller.abort();
        return;
      case 'taken': {
        const active = this.#active.get(request.id);
        if (active === undefined) return;
        active.aheadBytes -= request.sizeBytes;
        active.onTaken?.();
        return;
      }
      case 'ping':
        this.#tell({ kind: 'pong' });
        return;
      case 'drain':
        this.#drain.abort();
    }
  }

  async #answer(call: Call): Promise<void> {
    const { id } = call;
    const active: Active = { controller: new AbortController(), aheadBytes: 0, onTaken: undefined };
    this.#active.set(id, active);
    active.controller.signal.addEventListener('abort', () => active.onTaken?.(), { once: true });
    try {
      const value = await this.#perform(call, active);
      await this.#channel.send({ kind: 'return', id, value } satisfies Reply);
    } catch (error) {
      await this.#channel.send({ kind: 'failure', id, error: wireError(error) } satisfies Reply).catch(() => undefined);
    } finally {
      this.#active.delete(id);
    }
  }

  async #perform(call: Call, active: Active): Promise<unknown> {
    switch (call.method) {
      case 'load':
        return await this.#load(call.args[0] as ModelSource, call, active);
      case 'unload':
        return await this.#unload(call.args[0] as ModelRef);
      case 'requireMemory': {
        const [ref, question] = call.args as [ModelRef, MemoryQuestion];
        // Not a run: it makes no step, and takes no share of the time.
        return await this.#using(ref, (model) => model.requireMemory(question));
      }
      case 'predict': {
        const [ref, job] = call.args as [ModelRef, PredictJob];
        return await this.#within(call, active, ref, 'predict', (model, context) => model.predict(job, context));
      }
      case 'infer': {
        const [ref, job] = call.args as [ModelRef, InferJob];
        return await this.#within(call, active, ref, 'predict', (model, context) => model.infer(job, context));
      }
      case 'attack': {
        const [ref, job] = call.args as [ModelRef, AttackJob];
        const run = (surrogate?: ServedModel): Promise<void> =>
          this.#within(call, active, ref, 'attack', (model, context) =>
            this.#stream(call.id, active, model.attack(job, context, surrogate)),
          );
        return await (job.surrogate === undefined ? run() : this.#using(job.surrogate, run));
      }
      case 'gradientNorm': {
        const [ref, job] = call.args as [ModelRef, GradientNormJob];
        return await this.#within(call, active, ref, 'attack', (model, context) =>
          this.#stream(call.id, active, model.gradientNorm(job, context)),
        );
      }
    }
  }

  async #load(source: ModelSource, call: Call, active: Active): Promise<ServedModel['info']> {
    const key = keyOf(source);
    const { threads, allowSpinning, memoryBudgetBytes, predictBatch, role } = this.#options;
    const run: ScheduledRun = { runId: call.runId, priority: 'attack', model: key };
    const gate = this.#scheduler.enter(run);
    try {
      const model = await gate.run('load', LOAD_ESTIMATE_MS, active.controller.signal, () =>
        this.#loadModel(source, { role, runtime: { threads, allowSpinning }, memoryBudgetBytes, predictBatch, warn }),
      );
      await this.#retire(key);
      this.#models.set(key, { model, uses: 0, isRetired: false });
      this.#tellKept(key);
      return model.info;
    } finally {
      gate.leave();
    }
  }

  async #unload(ref: ModelRef): Promise<void> {
    await this.#retire(keyOf(ref));
  }

  async #retire(key: string): Promise<void> {
    const held = this.#models.get(key);
    if (held === undefined) return;
    this.#models.delete(key);
    held.isRetired = true;
    if (held.uses === 0) await held.model.dispose();
  }

  async #within<T>(
    call: Call,
    { controller }: Active,
    ref: ModelRef,
    usual: Priority,
    use: (model: ServedModel, context: RunContext) => Promise<T>,
  ): Promise<T> {
    return await this.#using(ref, async (model) => {
      const priority = call.priority ?? usual;
      const gate = this.#scheduler.enter({ runId: call.runId, priority, model: keyOf(ref) });
      try {
        return await use(model, {
          signal: controller.signal,
          drain: this.#drain.signal,
          deadlineMs: call.deadlineMs === undefined ? undefined : fromSharedClock(call.deadlineMs),
          transitMs: Math.max(0, performance.now() - fromSharedClock(call.sentMs)),
          gate,
          now: () => performance.now(),
        });
      } finally {
        gate.leave();
      }
    });
  }

  /** Keeps a model from being freed meanwhile. */
  async #using<T>(ref: ModelRef, use: (model: ServedModel) => Promise<T>): Promise<T> {
    const held = this.#models.get(keyOf(ref));
    if (held === undefined)
      throw new EngineError('MODEL_NOT_READY', `expected model ${keyOf(ref)} to be loaded, got it not yet`);
    held.uses++;
    try {
      return await use(held.model);
    } finally {
      held.uses--;
      if (held.isRetired && held.uses === 0) await held.model.dispose();
    }
  }

  /** Sends what a run yields; waits where its reader is slow. */
  async #stream(id: number, active: Active, events: AsyncGenerator<unknown, void, void>): Promise<void> {
    for await (const event of events) {
      const { sizeBytes } = encodeMessage(event);
      active.aheadBytes += sizeBytes;
      await this.#channel.send({ kind: 'event', id, event, sizeBytes } satisfies Reply);
      while (active.aheadBytes > this.#options.streamBytes && !active.controller.signal.aborted) {
        await new Promise<void>((resolve) => {
          active.onTaken = resolve;
        });
      }
      active.controller.signal.throwIfAborted();
    }
  }
}
