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

  constructor(private readonly write: (piece: Piece) => void) {}

  onRun(message: RunMessage): void {
    if (message.state === 'started' && !this.#empty) this.#line('');
    if (message.state === 'taskStarted') {
      this.#line(`▶ ${named(message)}`);
      this.#speaker = speaker(message);
      return;
    }
    this.#line(message.message, message.outcome);
    this.#speaker = undefined;
  }

  onOutput(message: OutputMessage): void {
    if (this.#speaker !== speaker(message)) {
      this.#line(`▶ ${message.phase} · ${named(message)}`);
      this.#speaker = speaker(message);
    }
    const text = textOf(message);
    this.write({ kind: 'output', text });
    this.#atLineStart = text.endsWith('\n');
    this.#empty = false;
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
