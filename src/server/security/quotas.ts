import { EngineError } from '../../engine/index.js';
import type { Quota, QuotasConfig } from './config.js';

/** What a principal has used. */
interface Account {
  runs: number;
  /** Image·steps that may be spent now. */
  tokens: number;
  filledMs: number;
}

const MINUTE_MS = 60_000;

/** Most accounts that are remembered: beyond, those that are idle and full again are forgotten. */
const MAX_ACCOUNTS = 10_000;

/** A run that counts against its principal until `leave`. */
export interface Lease {
  /** Once is enough, twice does no harm. */
  leave(): void;
}

/**
 * Bounds what each principal takes: runs at a time, and gradients of one example each (image·steps) per minute, from a bucket that
 * fills steadily. A run is charged when it is admitted, for all that it may take.
 */
export class Quotas {
  readonly #config: QuotasConfig;
  readonly #now: () => number;
  readonly #accounts = new Map<string, Account>();

  /** @param now milliseconds since any fixed moment */
  constructor(config: QuotasConfig, now: () => number) {
    this.#config = config;
    this.#now = now;
  }

  /**
   * Admits a run.
   *
   * @param imageSteps most gradients of one example each that it takes
   * @throws EngineError `QUOTA_EXCEEDED`. Thrown when the principal has used what it may, with the pause after which it may try again.
   */
  enter(principal: string, imageSteps: number): Lease {
    const quota = this.#quotaOf(principal);
    const account = this.#accountOf(principal, quota);
    const { concurrentRuns } = quota;
    if (concurrentRuns !== undefined && account.runs >= concurrentRuns) {
      throw exceeded(
        'concurrentRuns',
        `expected at most ${concurrentRuns} runs of ${nameOf(principal)} at a time, got one more`,
        2000,
      );
    }
    this.#spend(principal, quota, account, imageSteps);
    account.runs++;
    let isHeld = true;
    return {
      leave: () => {
        if (isHeld) account.runs--;
        isHeld = false;
      },
    };
  }

  #spend(principal: string, quota: Quota, account: Account, imageSteps: number): void {
    const { imageStepsPerMinute: rate } = quota;
    if (rate === undefined) return;
    const capacity = capacityOf(quota, rate);
    if (imageSteps > capacity) {
      throw exceeded(
        'imageSteps',
        `expected a run of at most ${capacity} image·steps for ${nameOf(principal)}, got one of ${imageSteps}`,
      );
    }
    if (imageSteps > account.tokens) {
      const waitMs = Math.ceil(((imageSteps - account.tokens) / rate) * MINUTE_MS);
      throw exceeded(
        'imageSteps',
        `expected at most ${rate} image·steps per minute of ${nameOf(principal)}, got more`,
        waitMs,
      );
    }
    account.tokens -= imageSteps;
  }

  #quotaOf(principal: string): Quota {
    const { principals } = this.#config;
    return (Object.hasOwn(principals, principal) ? principals[principal] : undefined) ?? this.#config.default;
  }

  #accountOf(principal: string, quota: Quota): Account {
    const now = this.#now();
    const rate = quota.imageStepsPerMinute ?? 0;
    const capacity = capacityOf(quota, rate);
    const account = this.#accounts.get(principal) ?? { runs: 0, tokens: capacity, filledMs: now };
    account.tokens = Math.min(capacity, account.tokens + ((now - account.filledMs) / MINUTE_MS) * rate);
    account.filledMs = now;
    if (!this.#accounts.has(principal)) this.#forgetIdle();
    this.#accounts.set(principal, account);
    return account;
  }

  #forgetIdle(): void {
    if (this.#accounts.size < MAX_ACCOUNTS) return;
    for (const [name, { runs, filledMs }] of this.#accounts) {
      const isIdle = runs === 0 && this.#now() - filledMs > 10 * MINUTE_MS;
      if (isIdle) this.#accounts.delete(name);
    }
  }
}

const capacityOf = ({ burstImageSteps }: Quota, rate: number): number => burstImageSteps ?? rate;

const nameOf = (principal: string): string => principal || 'everybody together';

const exceeded = (subject: string, text: string, retryAfterMs?: number): EngineError =>
  new EngineError('QUOTA_EXCEEDED', text, {
    metadata: { quota: subject },
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
