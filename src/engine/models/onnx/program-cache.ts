/** Something that takes memory until it is disposed of. */
interface Disposable {
  readonly sizeBytes: number;
  dispose(): Promise<void>;
}

/** Keeps what was used last, within a budget of bytes. */
export class ProgramCache<T extends Disposable> {
  readonly #entries = new Map<string, T>();
  readonly #budgetBytes: number;

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      // A map keeps the order of insertion: the first is the one that was used longest ago.
      this.#entries.delete(key);
      this.#entries.set(key, entry);
    }
    return entry;
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** Disposes of what was used longest ago until `sizeBytes` more fit, or nothing is left. */
  async makeRoom(sizeBytes: number): Promise<void> {
    for (const [key, entry] of this.#entries) {
      if (this.usedBytes + sizeBytes <= this.#budgetBytes) return;
      this.#entries.delete(key);
      await entry.dispose();
    }
  }

  add(key: string, entry: T): void {
    this.#entries.set(key, entry);
  }

  async clear(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const entry of entries) await entry.dispose();
  }

  /** Bytes of all that is kept. */
  get usedBytes(): number {
    return [...this.#entries.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }
}
