/** A model that hosts died from this often, with no completed step between, is left alone. */
const STRIKES = 3;

interface Record {
  strikes: number;
  untilMs: number | undefined;
}

/** Which models hosts keep dying from. */
export class Quarantine {
  readonly #records = new Map<string, Record>();
  readonly #durationMs: number;
  readonly #now: () => number;

  /** @param now milliseconds since any fixed moment */
  constructor(durationMs: number, now: () => number) {
    this.#durationMs = durationMs;
    this.#now = now;
  }

  /** A host crashed or hung in a native call of `model`. Returns whether attacks on it are refused from now on. */
  strike(model: string): boolean {
    const record = this.#records.get(model) ?? { strikes: 0, untilMs: undefined };
    record.strikes++;
    this.#records.set(model, record);
    if (record.strikes < STRIKES) return false;
    const isNew = record.untilMs === undefined || record.untilMs <= this.#now();
    record.untilMs = this.#now() + this.#durationMs;
    return isNew;
  }

  /** A step of `model` was completed. */
  absolve(model: string): void {
    this.#records.delete(model);
  }

  /** Why attacks on `model` are refused, or `undefined`. After its time it gets one more chance. */
  reason(model: string): string | undefined {
    const record = this.#records.get(model);
    if (record?.untilMs === undefined) return undefined;
    const leftMs = record.untilMs - this.#now();
    if (leftMs <= 0) {
      record.untilMs = undefined;
      record.strikes = STRIKES - 1;
      return undefined;
    }
    return `its native code crashed or hung ${record.strikes} times in a row; attacks are refused for another ${Math.ceil(leftMs / 1000)} s`;
  }
}
