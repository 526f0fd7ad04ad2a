// The output of runs: the channel that always has it as plain text, and the terminal that shows colours on request.
//
// Must not change what tasks wrote beyond taking out its colours; secrets are masked by the server already.

import * as vscode from 'vscode';
import { nameOf } from './files';
import { section } from './protocol';
import type { OutputMessage, RunListener, RunMessage } from './runs';
import { forTerminal, plain, Tail } from './text';
import { Transcript, type Piece } from './transcript';

/** By it the channel is told from other editors. */
const LANGUAGE = 'draft-tasks-output';

/** The characters that a terminal gets when it is opened late. */
const KEPT = 1_000_000;

const COLORS: Readonly<Record<string, string>> = { passed: '\x1b[32m', failed: '\x1b[31m', stopped: '\x1b[33m', interrupted: '\x1b[33m', skipped: '\x1b[2m' };

export class Output implements RunListener, vscode.Disposable {
  readonly channel = vscode.window.createOutputChannel('Draft Tasks', LANGUAGE);
  readonly #colored = new Tail(KEPT);
  readonly #transcript = new Transcript((piece) => this.#write(piece), (uri) => nameOf(vscode.Uri.parse(uri)));
  #terminal: OutputTerminal | undefined;
  /** Whether a run is shown somewhere else, so that it need not be shown here. */
  isShownElsewhere: (message: RunMessage) => boolean = () => false;

  /** @param stop what Ctrl+C in the terminal does */
  constructor(private readonly stop: () => void) {}

  onRun(message: RunMessage): void {
    this.#transcript.onRun(message);
    const show = vscode.workspace.getConfiguration(section).get<string>('output.show');
    const now = show === 'always' ? message.state === 'started' : show === 'onFailure' && message.outcome === 'failed';
    if (now && !this.isShownElsewhere(message)) this.#open();
  }

  onOutput(message: OutputMessage): void {
    this.#transcript.onOutput(message);
  }

  /** Shows what came last: a channel in which somebody has scrolled up would stay there. */
  show(): void {
    this.#open();
    const shown = vscode.window.visibleTextEditors.find(({ document }) => document.languageId === LANGUAGE);
    const end = shown?.document.lineCount ?? 0;
    shown?.revealRange(new vscode.Range(end, 0, end, 0));
  }

  /** Shows it where the user wants it, without taking the keyboard. */
  #open(): void {
    const view = vscode.workspace.getConfiguration(section).get<string>('output.view');
    if (view === 'terminal') this.showTerminal();
    else this.channel.show(true);
  }

  showTerminal(): void {
    this.#terminal ??= new OutputTerminal(this.#colored, this.stop, () => (this.#terminal = undefined));
    this.#terminal.terminal.show(true);
  }

  dispose(): void {
    this.channel.dispose();
    this.#terminal?.terminal.dispose();
  }

  #write(piece: Piece): void {
    this.channel.append(plain(piece.text));
    const colored = forTerminal(piece.kind === 'output' ? piece.text : inColor(piece.text, piece.outcome));
    this.#colored.add(colored);
    this.#terminal?.write(colored);
  }
}

function inColor(text: string, outcome: string | undefined): string {
  const color = outcome === undefined ? '\x1b[1m' : COLORS[outcome] ?? '';
  return text.replace(/[^\n]+/g, (line) => `${color}${line}\x1b[0m`);
}

/** A terminal of no process. What is written before it is open would be lost, and is kept by the owner. */
class OutputTerminal {
  readonly terminal: vscode.Terminal;
  readonly #written = new vscode.EventEmitter<string>();
  #open = false;

  constructor(kept: Tail, stop: () => void, closed: () => void) {
    const pty: vscode.Pseudoterminal = {
      onDidWrite: this.#written.event,
      open: () => {
        this.#open = true;
        this.#written.fire(kept.text);
      },
      close: closed,
      handleInput: (input) => {
        if (input === '\x03') stop();
      },
    };
    this.terminal = vscode.window.createTerminal({
      name: 'Draft Tasks',
      pty,
      iconPath: new vscode.ThemeIcon('checklist'),
      isTransient: true,
    });
  }

  write(text: string): void {
    if (this.#open) this.#written.fire(text);
  }
}
