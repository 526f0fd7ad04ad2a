// When a server that crashed is started again, and when no more.
//
// Must not know the editor or the time of day.

/** A server that ends more often than this within `WINDOW` is not started again. */
const MOST = 4;

/** In milliseconds. */
const WINDOW = 3 * 60_000;

/** The wait before the first restart, in milliseconds; it doubles with each. */
const FIRST = 500;

/** Counts crashes. */
export class Restarts {
  #crashes: number[] = [];

  /**
   * The server has crashed.
   *
   * @param now in milliseconds
   * @returns how long to wait before it is started again, in milliseconds; nothing when it is enough
   */
  crashed(now: number): number | undefined {
    this.#crashes = this.#crashes.filter((time) => now - time < WINDOW);
    this.#crashes.push(now);
    const count = this.#crashes.length;
    return count > MOST ? undefined : FIRST * 2 ** (count - 1);
  }

  /** Somebody started it by hand. */
  reset(): void {
    this.#crashes = [];
  }
}
