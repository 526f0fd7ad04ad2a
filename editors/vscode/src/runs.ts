// The runs that the server tells about, as plain data: which go on, and how the last one ended.
//
// Must not know the editor: what is shown of them is for those who listen.

import type { OutputParams, RunParams } from './protocol';

/** What the server tells of a run. */
export type RunMessage = RunParams;

/** What a task wrote. */
export type OutputMessage = OutputParams;

/** What both streams wrote, in its order. */
export function textOf(message: OutputMessage): string {
  return message.pieces.map(({ text }) => text).join('');
}

/** Whoever wants to know about runs; all are told in the same order. */
export interface RunListener {
  onRun(message: RunMessage): void;
  onOutput?(message: OutputMessage): void;
}

/** A run that goes on. */
export interface ActiveRun {
  readonly run: string;
  readonly uri: string;
  readonly phase: string;
  /** The task that runs. */
  task?: string;
  /** What it waits for. */
  waiting?: string;
}

/** Keeps what goes on, and passes everything to the listeners. */
export class Runs {
  readonly #listeners: RunListener[] = [];
  readonly #active = new Map<string, ActiveRun>();
  #last: RunMessage | undefined;

  /** Those that go on, the oldest first. */
  get active(): readonly ActiveRun[] {
    return [...this.#active.values()];
  }

  /** How the last run that began and is over ended. */
  get last(): RunMessage | undefined {
    return this.#last;
  }

  listen(listener: RunListener): void {
    this.#listeners.push(listener);
  }

  onRun(message: RunMessage): void {
    const run = this.#active.get(message.run);
    const { state } = message;
    if (state === 'started') {
      const { run, uri, phase } = message;
      this.#active.set(run, { run, uri, phase });
    } else if (state === 'finished') {
      this.#active.delete(message.run);
      // One that did not begin, since the user did not want it, leaves what was before.
      if (message.outcome !== 'skipped') this.#last = message;
    } else if (run !== undefined) {
      delete run.waiting;
      if (state === 'waiting') run.waiting = message.message;
      else if (state === 'taskStarted' && message.task !== undefined) run.task = message.task;
    }
    for (const listener of this.#listeners) listener.onRun(message);
  }

  onOutput(message: OutputMessage): void {
    for (const listener of this.#listeners) listener.onOutput?.(message);
  }

  /** The server is gone, and its runs are lost: one that was killed cannot end their tasks, nor tell how they end. */
  onServerGone(): void {
    for (const { run, uri, phase } of this.active) {
      const message = `${phase}: lost, as the server has ended; its tasks may still run`;
      this.onRun({ run, uri, phase, state: 'finished', outcome: 'stopped', message });
    }
  }

  /** Results are forgotten. */
  forgetLast(): void {
    this.#last = undefined;
  }
}
