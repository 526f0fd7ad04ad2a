// Runs of the command line in a real terminal, as tasks of the editor: for tasks.json, "Run Task", `preLaunchTask`.
//
// Must not decide what can run, nor ask: the command line does, in the terminal.

import * as path from 'node:path';
import * as vscode from 'vscode';
import { nameOf, type Files } from './files';
import { commands, language, localPhases, section, settingOptions, tasksFile, type Outline } from './protocol';
import { NoServer, type Server } from './server';

/** What such a task runs, as tasks.json has it. */
interface Definition extends vscode.TaskDefinition {
  readonly phase: string;
  /** All tasks of the phase without it. */
  readonly task?: string;
  /** The tasks file: absolute, or relative to the folder of the workspace. */
  readonly file?: string;
  /** The task has the terminal for itself, to ask for something. */
  readonly tty?: boolean;
}

/** Offers the phases and tasks of all tasks files. */
export class TerminalTasks implements vscode.TaskProvider {
  constructor(private readonly server: Server, private readonly files: Files) {}

  async provideTasks(): Promise<vscode.Task[]> {
    if (this.server.state !== 'running') return [];
    // One that is gone with its folder, or cannot be read, must not hide those of the others.
    const ofFiles = await Promise.allSettled(this.files.all.map((uri) => this.#ofFile(uri)));
    return ofFiles.flatMap((it) => it.status === 'fulfilled' ? it.value : []);
  }

  /** Tasks of tasks.json come without what runs them. */
  async resolveTask({ definition, scope, name }: vscode.Task): Promise<vscode.Task | undefined> {
    const { file = tasksFile } = definition as Definition;
    const folder = typeof scope === 'object' ? scope : vscode.workspace.workspaceFolders?.[0];
    const uri = path.isAbsolute(file) ? vscode.Uri.file(file) : folder && vscode.Uri.joinPath(folder.uri, file);
    return uri && this.#made(uri, definition as Definition, await this.#outline(uri), scope, name);
  }

  /** Runs a phase, or a task of it: one on this machine has the terminal for itself. */
  async run(uri: vscode.Uri, phase: string, task?: string): Promise<vscode.TaskExecution> {
    const lends = task !== undefined && localPhases.includes(phase);
    const definition = definitionOf(uri, phase, task);
    const outline = await this.#outline(uri);
    return await vscode.tasks.executeTask(this.#task(uri, lends ? { ...definition, tty: true } : definition, outline));
  }

  async #ofFile(uri: vscode.Uri): Promise<vscode.Task[]> {
    const outline = await this.#outline(uri);
    return outline.phases.flatMap(({ phase, tasks }) =>
      [undefined, ...tasks.map((it) => it.task)].map((task) => this.#task(uri, definitionOf(uri, phase, task), outline)));
  }

  async #outline(uri: vscode.Uri): Promise<Outline> {
    return await this.server.execute<Outline>(commands.tasks, { uri: uri.toString() });
  }

  #task(uri: vscode.Uri, definition: Definition, outline: Outline): vscode.Task {
    const { phase, task } = definition;
    const scope = vscode.workspace.getWorkspaceFolder(uri) ?? vscode.TaskScope.Workspace;
    const name = [...(isInRoot(uri) ? [] : [nameOf(uri)]), phase, ...(task === undefined ? [] : [task])].join(' · ');
    return this.#made(uri, definition, outline, scope, name);
  }

  #made(uri: vscode.Uri, definition: Definition, outline: Outline, scope: vscode.Task['scope'], name: string): vscode.Task {
    const { found } = this.server;
    if (found?.kind !== 'program') throw new NoServer(found?.problem ?? 'the server starts; try it again in a moment');
    const { args, env } = commandLine(uri, definition, outline);
    const cwd = path.dirname(uri.fsPath);
    const execution = new vscode.ProcessExecution(found.path, args, { cwd, env });
    const made = new vscode.Task(definition, scope ?? vscode.TaskScope.Workspace, name, language, execution, []);
    made.presentationOptions = { focus: definition.tty === true };
    return made;
  }
}

/** The words and variables of a run with the settings that count for its file. */
function commandLine(uri: vscode.Uri, { phase, task, tty }: Definition, outline: Outline): { args: string[]; env: Record<string, string> } {
  const settings = vscode.workspace.getConfiguration(section, uri);
  const options = Object.entries(settingOptions).flatMap(([name, option]) =>
    [settings.get<unknown>(name) ?? []].flat().filter((value) => value !== '').map((value) => `${option}=${String(value)}`));
  const policy = settings.get<Record<string, string>>('onFailure', {})[phase];
  // Of those that the setting names the tasks of this phase: other files may have the others.
  const tasks = outline.phases.filter((it) => it.phase === phase).flatMap((it) => it.tasks.map(({ task }) => task));
  const once = localPhases.includes(phase) ? [] : (settings.get<string[] | null>('kubernetes.once') ?? []).filter((it) => tasks.includes(it));
  const args = [
    'run', phase, `--file=${path.basename(uri.fsPath)}`, ...options,
    ...(policy === undefined ? [] : [`--on-failure=${policy}`]), ...(tty === true ? ['--tty'] : []), ...once.map((it) => `--once=${it}`),
    ...(task === undefined ? [] : ['--', task]),
  ];
  // Never as words of a command line, which everybody sees.
  const env = { ...settings.get<Record<string, string>>('run.env', {}) };
  const local = settings.get<string[]>('kubernetes.localContexts', []);
  if (local.length > 0) env['DRAFT_TASKS_LOCAL_CONTEXTS'] = local.join(',');
  return { args, env };
}

function definitionOf(uri: vscode.Uri, phase: string, task?: string): Definition {
  const folder = vscode.workspace.getWorkspaceFolder(uri);
  const file = folder === undefined ? uri.fsPath : path.relative(folder.uri.fsPath, uri.fsPath);
  return { type: language, phase, ...(task === undefined ? {} : { task }), ...(isInRoot(uri) ? {} : { file }) };
}

/** Whether it is the file that is meant where none is named. */
function isInRoot(uri: vscode.Uri): boolean {
  const folder = vscode.workspace.getWorkspaceFolder(uri);
  return folder !== undefined && uri.toString() === vscode.Uri.joinPath(folder.uri, tasksFile).toString();
}
