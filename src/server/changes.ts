/** Wakes those who wait for something to change. */
export class Changes {
  readonly #waiting = new Set<() => void>();

  /** Resolved at the next change, or when the signal is aborted. */
  async next(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return;
    let wake = (): void => undefined;
    try {
      await new Promise<void>((resolve) => {
        wake = resolve;
        this.#waiting.add(wake);
        signal?.addEventListener('abort', wake, { once: true });
      });
    } finally {
      this.#waiting.delete(wake);
      signal?.removeEventListener('abort', wake);
    }
  }

  /** Something has changed. */
  tell(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
