import type { ModelStatistics, StatisticDuration } from '../../contract/inference/open_inference.js';
import type { ModelInfo } from '../../engine/index.js';

type Phase = 'computeInput' | 'computeInfer' | 'computeOutput';
type Kind = 'success' | 'fail' | Phase;

/** One inference, timed. */
export interface InferenceClock {
  /** The phase that just ended. */
  mark(phase: Phase): void;
  succeed(batchSize: number): void;
  /** Counts it as failed unless it succeeded. */
  end(): void;
}

interface Counts {
  lastMs: number;
  inferences: number;
  executions: number;
  readonly durations: Record<Kind, { count: number; ns: number }>;
}

const NS_PER_MS = 1e6;
const none = (): { count: number; ns: number } => ({ count: 0, ns: 0 });

/** What Triton's `ModelStatistics` tells, of inferences through this protocol, since the start. */
export class InferenceCounts {
  readonly #byModel = new Map<string, Counts>();

  begin({ name, version }: Pick<ModelInfo, 'name' | 'version'>): InferenceClock {
    const counts = this.#of(name, version);
    const startMs = performance.now();
    let markedMs = startMs;
    let isOver = false;
    const add = (kind: Kind, ms: number): void => {
      counts.durations[kind].count++;
      counts.durations[kind].ns += Math.round(ms * NS_PER_MS);
    };
    return {
      mark(phase) {
        const now = performance.now();
        add(phase, now - markedMs);
        markedMs = now;
      },
      succeed(batchSize) {
        isOver = true;
        counts.lastMs = Date.now();
        counts.inferences += batchSize;
        counts.executions++;
        add('success', performance.now() - startMs);
      },
      end() {
        if (!isOver) add('fail', performance.now() - startMs);
      },
    };
  }

  #of(name: string, version: string): Counts {
    const key = `${name}@${version}`;
    const known = this.#byModel.get(key);
    if (known !== undefined) return known;
    const durations = {
      success: none(),
      fail: none(),
      computeInput: none(),
      computeInfer: none(),
      computeOutput: none(),
    };
    const counts: Counts = { lastMs: 0, inferences: 0, executions: 0, durations };
    this.#byModel.set(key, counts);
    return counts;
  }

  statistics({ name, version }: Pick<ModelInfo, 'name' | 'version'>): ModelStatistics {
    const { lastMs, inferences, executions, durations } = this.#of(name, version);
    const told = ({ count, ns }: { count: number; ns: number }): StatisticDuration => ({
      count: BigInt(count),
      ns: BigInt(ns),
    });
    return {
      name,
      version,
      lastInference: BigInt(lastMs),
      inferenceCount: BigInt(inferences),
      executionCount: BigInt(executions),
      inferenceStats: {
        success: told(durations.success),
        fail: told(durations.fail),
        // Calls wait in the host, inside of computeInfer.
        queue: told(none()),
        computeInput: told(durations.computeInput),
        computeInfer: told(durations.computeInfer),
        computeOutput: told(durations.computeOutput),
      },
    };
  }
}
