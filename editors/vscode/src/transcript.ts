// What runs do, in the lines that channel and terminal show.
//
// Must not know the editor.

import { textOf, type OutputMessage, type RunListener, type RunMessage } from './runs';

/** A piece of a transcript: what somebody wrote, or a line about it. */
export type Piece =
  | { readonly kind: 'output'; readonly text: string }
  | { readonly kind: 'line'; readonly text: string; readonly outcome: string | undefined };

/** Puts the lines about runs and tasks between what the tasks write. */
export class Transcript implements RunListener {
  /** Whose text came last: another's begins with its name. */
  #speaker: string | undefined;
  #atLineStart = true;
  #empty = true;
  /** The runs that go on, each with its tasks file. */
  readonly #active = new Map<string, string>();
  /** Those of them beside which runs of other files have gone on. */
  readonly #mixed = new Set<string>();

  /** @param nameOf the name of a tasks file's folder */
  constructor(private readonly write: (piece: Piece) => void, private readonly nameOf: (uri: string) => string) {}

  onRun(message: RunMessage): void {
    if (message.state === 'started') this.#begin(message);
    const folder = this.#folder(message);
    if (message.state === 'taskStarted') {
      this.#line(`▶ ${folder}${named(message)}`);
      this.#speaker = speaker(message);
      return;
    }
    this.#line(`${folder}${message.message}`, message.outcome);
    this.#speaker = undefined;
    if (message.state === 'finished') {
      this.#active.delete(message.run);
      this.#mixed.delete(message.run);
    }
  }

  onOutput(message: OutputMessage): void {
    if (this.#speaker !== speaker(message)) {
      this.#line(`▶ ${this.#folder(message)}${message.phase} · ${named(message)}`);
      this.#speaker = speaker(message);
    }
    const text = textOf(message);
    this.write({ kind: 'output', text });
    this.#atLineStart = text.endsWith('\n');
    this.#empty = false;
  }

  #begin({ run, uri }: RunMessage): void {
    if (!this.#empty) this.#line('');
    this.#active.set(run, uri);
    if (new Set(this.#active.values()).size > 1) [...this.#active.keys()].forEach((it) => this.#mixed.add(it));
  }

  /** Whose lines these are, where they stand among those of another file. */
  #folder({ run, uri }: OutputMessage | RunMessage): string {
    return this.#mixed.has(run) ? `${this.nameOf(uri)} · ` : '';
  }

  #line(text: string, outcome?: string): void {
    const start = this.#atLineStart ? '' : '\n';
    this.write({ kind: 'line', text: `${start}${text}\n`, outcome });
    this.#atLineStart = true;
    this.#empty = false;
  }
}

function speaker(message: OutputMessage | RunMessage): string {
  return JSON.stringify([message.run, message.task, message.pod]);
}

function named(message: OutputMessage | RunMessage): string {
  return message.pod === undefined ? `${message.task}` : `${message.task} · ${message.pod}`;
}
