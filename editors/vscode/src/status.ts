// The status bar item: the application of the file that is looked at and where it would run, what runs, how its last run ended.
//
// Must not contact a cluster: the server answers from files.

import * as vscode from 'vscode';
import { isTasksFile, nameOf, type Files } from './files';
import { clientCommands, commands, type TargetFound } from './protocol';
import type { ActiveRun, RunListener, RunMessage, Runs } from './runs';
import type { Server } from './server';

const SIGNS: Readonly<Record<string, string>> = { passed: '$(pass)', failed: '$(error)', stopped: '$(debug-stop)', skipped: '$(debug-stop)', interrupted: '$(warning)' };

export class Status implements RunListener, vscode.Disposable {
  readonly item = vscode.window.createStatusBarItem('draftTasks.status', vscode.StatusBarAlignment.Left, 10);
  readonly #disposables: vscode.Disposable[];
  #target: TargetFound | undefined;
  /** The file whose target it is. */
  #of: string | undefined;
  /** Counts questions: only the last answer counts. */
  #asked = 0;

  constructor(private readonly server: Server, private readonly files: Files, private readonly runs: Runs) {
    this.item.name = 'Draft Tasks';
    this.item.command = clientCommands.menu;
    const ask = (): void => void this.#ask();
    this.#disposables = [
      this.item,
      server.onDidChange(ask),
      files.onDidChange(ask),
      vscode.window.onDidChangeActiveTextEditor(ask),
      vscode.workspace.onDidSaveTextDocument(ask),
      server.onDidChangeTarget(ask),
    ];
    this.#show();
  }

  get target(): TargetFound | undefined {
    return this.#target;
  }

  /** The tasks file of which the item speaks: that of what is looked at, else that which ran last, else the only one. */
  get #subject(): vscode.Uri | undefined {
    const last = this.runs.lastOf();
    const [only, ...others] = this.files.all;
    return this.files.current() ?? (last !== undefined ? vscode.Uri.parse(last.uri) : others.length === 0 ? only : undefined);
  }

  /** How its last run ended. */
  get #last(): RunMessage | undefined {
    const subject = this.#subject;
    return subject === undefined ? undefined : this.runs.lastOf(subject.toString());
  }

  dispose(): void {
    vscode.Disposable.from(...this.#disposables).dispose();
  }

  onRun(): void {
    // It may speak of another file now.
    if (this.#subject?.toString() === this.#of) this.#show();
    else void this.#ask();
  }

  onWait(): void {
    this.#show();
  }

  async #ask(): Promise<void> {
    const asked = ++this.#asked;
    const uri = this.#subject;
    if (uri?.toString() !== this.#of) {
      this.#of = uri?.toString();
      this.#target = undefined;
    }
    this.#show();
    let target: TargetFound | undefined;
    if (uri !== undefined && this.server.can(commands.target)) {
      try {
        target = await this.server.execute<TargetFound>(commands.target, { uri: uri.toString() });
      } catch (error) {
        this.server.log.info(`no application: ${String(error)}`);
      }
    }
    if (asked !== this.#asked) return;
    this.#target = target;
    this.#show();
  }

  #show(): void {
    const editor = vscode.window.activeTextEditor;
    const wanted = this.files.all.length > 0 || (editor !== undefined && isTasksFile(editor.document));
    if (!wanted) return this.item.hide();
    const { text, tooltip, warning } = this.#words();
    this.item.text = text;
    this.item.tooltip = tooltip;
    // Without it the marks of the tooltip are read out.
    this.item.accessibilityInformation = { label: `Draft Tasks: ${this.#spoken(text)}` };
    this.item.backgroundColor = warning ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    this.item.show();
  }

  /** The text without pictures; what a picture says is a word. */
  #spoken(text: string): string {
    const words = text.replace(/\$\([^)]*\) ?/g, '').replaceAll(' · ', ', ');
    if (this.server.state !== 'running') return `${words}, server: ${this.server.state}`;
    if (this.runs.active.length > 0) return `${words}, runs`;
    return [words, this.#last?.outcome].filter(Boolean).join(', ');
  }

  #words(): { text: string; tooltip: vscode.MarkdownString; warning?: boolean } {
    const tooltip = new vscode.MarkdownString('**Draft Tasks**\n\n');
    const where = placeOf(this.#target) ?? this.#folder();
    for (const [name, value] of Object.entries(this.#target ?? {})) {
      if (typeof value === 'string') tooltip.appendMarkdown(`- ${name}: `).appendText(value).appendMarkdown('\n');
    }
    const active = this.runs.active;
    if (this.server.state === 'problem' || this.server.state === 'stopped') {
      tooltip.appendText('The server does not run.');
      return { text: '$(warning) Draft Tasks', tooltip, warning: true };
    }
    if (this.server.state !== 'running') {
      tooltip.appendText('The server starts.');
      return { text: '$(loading~spin) Draft Tasks', tooltip };
    }
    const [first] = active;
    if (first !== undefined) {
      const what = active.length > 1 ? `${active.length} runs` : this.#named(first, first.waiting ?? first.task);
      for (const run of active) tooltip.appendMarkdown('- runs: ').appendText(this.#named(run, run.task)).appendMarkdown('\n');
      return { text: `$(sync~spin) ${shorten(what)}`, tooltip };
    }
    if (!vscode.workspace.isTrusted) {
      tooltip.appendText('Nothing runs in Restricted Mode.');
      return { text: `$(shield) ${where}`, tooltip };
    }
    const last = this.#last;
    if (last === undefined) return { text: `$(checklist) ${where}`, tooltip };
    tooltip.appendMarkdown('- last run: ').appendText(last.message);
    return { text: `${SIGNS[last.outcome ?? ''] ?? '$(checklist)'} ${where} · ${last.phase}`, tooltip };
  }

  /** What runs, with its folder where that is not the one that is looked at. */
  #named({ uri, phase }: ActiveRun, what: string | undefined): string {
    const folder = uri === this.#of ? undefined : nameOf(vscode.Uri.parse(uri));
    return [folder, phase, what].filter(Boolean).join(' · ');
  }

  /** What tells it apart without an application: the folder, of several. */
  #folder(): string {
    const subject = this.#subject;
    return subject !== undefined && this.files.all.length > 1 ? nameOf(subject) : 'Draft Tasks';
  }
}

/** The application, its environment, and where it would run. */
function placeOf(target: TargetFound | undefined): string | undefined {
  if (target?.application === undefined) return undefined;
  const { application, environment, context, namespace } = target;
  const cluster = context === undefined ? undefined : namespace === undefined ? context : `${context}/${namespace}`;
  return [environment === undefined ? application : `${application} (${environment})`, cluster].filter(Boolean).join(' · ');
}

function shorten(text: string): string {
  const [line = ''] = text.split('\n');
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
