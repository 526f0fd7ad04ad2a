// What tasks write, made into the text of a plain channel or of a terminal.
//
// Must not know the editor.

import { stripVTControlCharacters } from 'node:util';

/** The text without colours; of what a line was overwritten with, the last. */
export function plain(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\r+\n/g, '\n')
    .replace(/[^\n]*\r(?=[^\n])/g, '')
    .replace(/\r/g, '');
}

/** The text with the line ends of a terminal, which goes down and to the left apart; a line that begins again is empty. */
export function forTerminal(text: string): string {
  return text.replace(/\r?\n/g, '\r\n').replace(/\r(?=[^\r\n])/g, '\r\x1b[K');
}

/** The last part of a text that grows, up to a number of characters, and whole lines of it where it has some. */
export class Tail {
  #text = '';

  constructor(private readonly most: number) {}

  get text(): string {
    return this.#text;
  }

  add(text: string): void {
    this.#text += text;
    // Some more than needed, so that it is not done for each line.
    if (this.#text.length <= this.most * 1.2) return;
    const kept = this.#text.slice(-this.most);
    const end = kept.indexOf('\n');
    this.#text = end < 0 ? kept : kept.slice(end + 1);
  }

  clear(): void {
    this.#text = '';
  }
}
