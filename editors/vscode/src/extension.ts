// Puts the parts together when a tasks file is opened or a folder has one.
//
// Must not do anything itself, and must not run a task.

import * as vscode from 'vscode';
import { register } from './commands';
import { Documents } from './documents';
import { Files } from './files';
import { Output } from './output';
import { commands, language, section } from './protocol';
import { watchQuotes } from './quotes';
import { Runs, type RunMessage } from './runs';
import { messageOf, Server } from './server';
import { Status } from './status';
import { TerminalTasks } from './terminal';
import { Testing } from './testing';

/** What other extensions and the tests get. */
export interface Api {
  readonly server: Server;
  readonly runs: Runs;
  readonly testing: Testing;
  readonly terminal: TerminalTasks;
  readonly status: Status;
  /** Resolves when the server was started, or could not be. */
  readonly started: Promise<void>;
}

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): Api {
  const log = vscode.window.createOutputChannel('Draft Tasks Server', { log: true });
  const runs = new Runs();
  const made = new Server(context, log, runs);
  server = made;
  const stop = (): void => {
    made.execute(commands.stop, {}).catch((error: unknown) => log.warn(messageOf(error)));
  };
  const files = new Files();
  const output = new Output(stop);
  const documents = new Documents();
  const status = new Status(made, files, runs);
  const testing = new Testing(made, files, runs);
  const terminal = new TerminalTasks(made, files);
  made.showMarkdown = (title, markdown) => void documents.show(title, markdown);
  made.showOutput = () => output.show();
  output.isShownElsewhere = (message) => testing.isAsked(message);
  const others = {
    onRun: ({ state, message, remedy }: RunMessage) => {
      if (state === 'blocked') void made.offer(message, remedy);
      tellContext(made, files, runs);
    },
  };
  [output, testing, status, others].forEach((listener) => runs.listen(listener));
  context.subscriptions.push(
    log, files, output, documents, status, testing, watchQuotes(),
    register({ context, server: made, files, runs, output, status, documents, terminal, testing }),
    vscode.tasks.registerTaskProvider(language, terminal),
    made.onDidChange(() => tellContext(made, files, runs)),
    files.onDidChange(() => tellContext(made, files, runs)),
    vscode.window.onDidChangeActiveTextEditor(() => tellContext(made, files, runs)),
  );
  told.clear();
  tellContext(made, files, runs);
  void files.look();
  return { server: made, runs, testing, terminal, status, started: made.start() };
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}

/** What the editor knows of them: each word is a message, and a run has many events. */
const told = new Map<string, boolean>();

/** What the manifest's conditions speak of. */
function tellContext(server: Server, files: Files, runs: Runs): void {
  const set = (name: string, value: boolean): void => {
    if (told.get(name) === value) return;
    told.set(name, value);
    void vscode.commands.executeCommand('setContext', `${section}.${name}`, value);
  };
  set('active', true);
  set('ready', server.state === 'running');
  set('running', runs.active.length > 0);
  set('hasFile', files.all.length > 0 || files.current() !== undefined);
  for (const [name, command] of Object.entries(commands)) set(`can.${name}`, server.can(command));
}
