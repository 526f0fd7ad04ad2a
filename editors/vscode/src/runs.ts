// The runs that the server tells about, as plain data: which go on, and how the last one ended.
//
// Must not know the editor: what is shown of them is for those who listen.

import type { Command, Location } from 'vscode-languageclient/node';
import type { OutputParams, RunParams } from './protocol';

/** What helps where something is refused or blocked. */
export interface Remedy {
  readonly location?: Location;
  readonly command?: Command;
  /** The tasks file for which another context could be chosen. */
  readonly contextOf?: string;
}

/** What the server tells of a run; that it was interrupted is told in place of a server that is gone. */
export type RunMessage = Omit<RunParams, 'outcome'> & {
  readonly outcome?: RunParams['outcome'] | 'interrupted';
  readonly remedy?: Remedy;
};

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
  onWait?(): void;
  onForget?(): void;
}

/** A run that goes on. */
export interface ActiveRun {
  readonly run: string;
  readonly uri: string;
  readonly phase: string;
  /** The Job that it is, which goes on where the server ends. */
  readonly job?: string;
  /** The task that runs. */
  task?: string;
  /** What it waits for. */
  waiting?: string;
}

/** Keeps what goes on, and passes everything to the listeners. */
export class Runs {
  readonly #listeners: RunListener[] = [];
  readonly #active = new Map<string, ActiveRun>();
  /** How the last run of each tasks file ended, the newest last. */
  readonly #last = new Map<string, RunMessage>();

  /** Those that go on, the oldest first. */
  get active(): readonly ActiveRun[] {
    return [...this.#active.values()];
  }

  /** How the last run of a tasks file that began and is over ended; without a file, that of all. */
  lastOf(uri?: string): RunMessage | undefined {
    return uri === undefined ? [...this.#last.values()].at(-1) : this.#last.get(uri);
  }

  listen(listener: RunListener): void {
    this.#listeners.push(listener);
  }

  onRun(message: RunMessage): void {
    const run = this.#active.get(message.run);
    const { state } = message;
    if (state === 'started') {
      const { run, uri, phase, job } = message;
      this.#active.set(run, { run, uri, phase, ...(job === undefined ? {} : { job }) });
    } else if (state === 'finished') {
      this.#active.delete(message.run);
      // One that did not begin, since the user did not want it, leaves what was before.
      if (message.outcome !== 'skipped') {
        this.#last.delete(message.uri);
        this.#last.set(message.uri, message);
      }
    } else if (run !== undefined) {
      delete run.waiting;
      if (state === 'waiting') run.waiting = message.message;
      else if (state === 'taskStarted' && message.task !== undefined) run.task = message.task;
    }
    for (const listener of this.#listeners) listener.onRun(message);
  }

  /** How long a run that waits has done so by now. */
  onWait(name: string, message: string): void {
    const run = this.#active.get(name);
    if (run?.waiting === undefined) return;
    run.waiting = message;
    for (const listener of this.#listeners) listener.onWait?.();
  }

  onOutput(message: OutputMessage): void {
    for (const listener of this.#listeners) listener.onOutput?.(message);
  }

  /**
   * The server is gone, and its runs are lost: one that was killed cannot end their tasks, nor tell how they end.
   *
   * @param wasAsked whether somebody wanted its end, so that it has stopped them
   * @returns the phases that were interrupted
   */
  onServerGone(wasAsked: boolean): string[] {
    const interrupted: string[] = [];
    for (const { run, uri, phase, job } of this.active) {
      const end = (outcome: 'stopped' | 'interrupted', how: string): void =>
        this.onRun({ run, uri, phase, state: 'finished', outcome, message: `${phase}: ${how}` });
      if (job !== undefined) end('stopped', `goes on as Job ${job}, if that was made; "Attach to a Job" takes it up`);
      else if (wasAsked) end('stopped', 'stopped with the server');
      else {
        interrupted.push(phase);
        end('interrupted', 'interrupted, as the server has ended; its tasks may still run');
      }
    }
    return interrupted;
  }

  /** Results are forgotten. */
  forgetLast(): void {
    this.#last.clear();
    for (const listener of this.#listeners) listener.onForget?.();
  }
}
