import { type Checkpoint, writeCheckpoint } from './checkpoint.js';
import type { Batch } from './data/batch.js';
import { exampleStore } from './data/example-store.js';
import { epochOf, stepsPerEpoch } from './data/order.js';
import { trainingBatches } from './data/training-batches.js';
import type { MetricsRecord, StepRecord, ValidationRecord } from './metrics-log.js';
import type { TrainedNumbers } from './model-update.js';
import { scheduleOf } from './schedules/index.js';
import type { Schedule } from './schedules/schedule.js';
import { type MachineSource, machineSource } from './step-machine.js';
import { stepsOf } from './training-plan.js';
import { takeStep } from './training-step.js';
import type { FinishedTraining, TrainingSetting } from './training-work.js';

/** Weight of the newest step in the mean that the time left is told from. */
const NEWEST = 0.1;

/** A training from a checkpoint on. It owns the programs that it runs. */
export class TrainingLoop {
  readonly #setting: TrainingSetting;
  readonly #machines: MachineSource;
  readonly #read: (step: number) => Promise<Batch>;
  readonly #schedule: Schedule;
  readonly #identity: Checkpoint['identity'];
  readonly #numbers: TrainedNumbers;
  readonly #total: number;
  #step: number;
  #seconds: number;
  #savedStep: number;
  #stepSeconds: number | undefined;
  #last: StepRecord | undefined;
  #lastValidation: ValidationRecord | undefined;

  /** @param earlier records of the steps before */
  constructor(start: Checkpoint, setting: TrainingSetting, earlier: readonly MetricsRecord[]) {
    const { config, dataset, trainable } = setting.work;
    this.#setting = setting;
    this.#machines = machineSource(setting);
    const store = exampleStore(dataset, trainable.info, config.memoryMegabytes * 2 ** 20);
    this.#read = trainingBatches(store, this.#machines.batchModel, setting.order, config.augment);
    this.#schedule = scheduleOf(config.schedule, config.optimizer);
    this.#identity = start.identity;
    const slots = this.#machines.slots.map((slot) => [slot, new Map(start.slots.get(slot))] as const);
    this.#numbers = { state: start.state, slots: new Map(slots) };
    this.#total = stepsOf(config, setting.order);
    this.#step = start.step;
    this.#seconds = start.seconds;
    this.#savedStep = start.step;
    this.#last = earlier.findLast((record) => record.type === 'step');
    this.#lastValidation = earlier.findLast((record) => record.type === 'validation');
  }

  /** To the end. @throws as `train`. */
  async run(): Promise<FinishedTraining> {
    const { signal } = this.#setting.work;
    try {
      let next = this.#startReading();
      while (next !== undefined) {
        if (signal.aborted) await this.#save();
        signal.throwIfAborted();
        const batch = await next.batch;
        next = await this.#takeStep(batch);
        if (this.#isTimeToLook()) await this.#look();
        if (this.#step === this.#total || this.#step % this.#saveEvery === 0) await this.#save();
      }
      // An earlier run may have been cut off between its last step and this.
      if (this.#lastValidation?.step !== this.#total) await this.#look();
    } finally {
      await this.#machines.dispose();
    }
    const [state, steps, seconds] = [this.#numbers.state, this.#step, this.#seconds];
    return { state, steps, seconds, last: this.#last, lastValidation: this.#lastValidation };
  }

  /** Steps between two checkpoints. */
  get #saveEvery(): number {
    const { work, order } = this.#setting;
    return work.config.checkpoint.every ?? Math.max(1, Math.round(stepsPerEpoch(order)));
  }

  /** The batch of the step `ahead` steps from here. In an object, for an async function would wait for a bare promise. */
  #startReading(ahead = 0): { readonly batch: Promise<Batch> } | undefined {
    const step = this.#step + ahead;
    if (step >= this.#total) return undefined;
    const batch = this.#read(step);
    // It is awaited later: until then a failure is no unhandled rejection.
    batch.catch(() => undefined);
    return { batch };
  }

  /** Takes a step, and starts to read what the next one takes. */
  async #takeStep(batch: Batch): Promise<{ readonly batch: Promise<Batch> } | undefined> {
    const { work, order, log } = this.#setting;
    const machine = await this.#machines.machineFor(batch);
    const began = work.now();
    const next = this.#startReading(1);
    const rates = this.#schedule({ step: this.#step, epoch: epochOf(this.#step, order), total: this.#total });
    const moment = { rates, count: this.#step + 1 };
    const outcome = await takeStep(machine, batch, this.#numbers, moment);
    this.#step++;
    const seconds = (work.now() - began) / 1000;
    this.#seconds += seconds;
    this.#stepSeconds = NEWEST * seconds + (1 - NEWEST) * (this.#stepSeconds ?? seconds);
    const { learningRate } = rates;
    const [step, epoch] = [this.#step, this.#step / stepsPerEpoch(order)];
    const record: StepRecord = { type: 'step', step, epoch, learningRate, ...outcome, seconds };
    this.#last = record;
    await log.append(record);
    const etaSeconds = this.#stepSeconds * (this.#total - this.#step);
    work.onProgress({ type: 'step', record, total: this.#total, etaSeconds });
    return next;
  }

  /** Whether an epoch ends here, of those after which the validation is looked at. */
  #isTimeToLook(): boolean {
    const { work, order } = this.#setting;
    const every = work.config.validation?.every ?? 1;
    const looks = (step: number): number => Math.floor(epochOf(step, order) / every);
    return this.#step < this.#total && looks(this.#step) > looks(this.#step - 1);
  }

  /** Looks at the examples of the validation. */
  async #look(): Promise<void> {
    const { work, order, log, validation } = this.#setting;
    if (validation === undefined) return;
    const figures = await validation.run(this.#numbers.state, work.signal).catch(async (error: unknown) => {
      if (work.signal.aborted) await this.#save();
      throw error;
    });
    const [step, epoch] = [this.#step, this.#step / stepsPerEpoch(order)];
    const record: ValidationRecord = { type: 'validation', step, epoch, ...figures };
    this.#lastValidation = record;
    await log.append(record);
    work.onProgress({ type: 'validation', record });
  }

  async #save(): Promise<void> {
    if (this.#savedStep === this.#step) return;
    const { path, work } = this.#setting;
    const [step, seconds, identity] = [this.#step, this.#seconds, this.#identity];
    await writeCheckpoint(path, { identity, step, seconds, ...this.#numbers });
    this.#savedStep = step;
    work.onProgress({ type: 'checkpoint', step });
  }
}
