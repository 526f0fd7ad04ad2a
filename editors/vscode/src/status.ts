// The status bar item: the application and where it would run, what runs, how the last run ended.
//
// Must not contact a cluster: the server answers from files.

import * as vscode from 'vscode';
import { isTasksFile, type Files } from './files';
import { clientCommands, commands, type TargetFound } from './protocol';
import type { RunListener, Runs } from './runs';
import type { Server } from './server';

const SIGNS: Readonly<Record<string, string>> = { passed: '$(pass)', failed: '$(error)', stopped: '$(debug-stop)', skipped: '$(debug-stop)' };

export class Status implements RunListener, vscode.Disposable {
  readonly item = vscode.window.createStatusBarItem('draftTasks.status', vscode.StatusBarAlignment.Left, 10);
  readonly #disposables: vscode.Disposable[];
  #target: TargetFound | undefined;
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

  dispose(): void {
    vscode.Disposable.from(...this.#disposables).dispose();
  }

  onRun(): void {
    this.#show();
  }

  async #ask(): Promise<void> {
    const asked = ++this.#asked;
    this.#show();
    const uri = this.files.current() ?? this.files.all[0];
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
    return [words, this.runs.last?.outcome].filter(Boolean).join(', ');
  }

  #words(): { text: string; tooltip: vscode.MarkdownString; warning?: boolean } {
    const tooltip = new vscode.MarkdownString('**Draft Tasks**\n\n');
    const where = placeOf(this.#target);
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
      const what = active.length > 1 ? `${active.length} runs` : [first.phase, first.waiting ?? first.task].filter(Boolean).join(' · ');
      for (const { phase, task } of active) tooltip.appendMarkdown('- runs: ').appendText(`${phase}${task === undefined ? '' : ` · ${task}`}`).appendMarkdown('\n');
      return { text: `$(sync~spin) ${shorten(what)}`, tooltip };
    }
    if (!vscode.workspace.isTrusted) {
      tooltip.appendText('Nothing runs in Restricted Mode.');
      return { text: `$(shield) ${where}`, tooltip };
    }
    const last = this.runs.last;
    if (last === undefined) return { text: `$(checklist) ${where}`, tooltip };
    tooltip.appendMarkdown('- last run: ').appendText(last.message);
    return { text: `${SIGNS[last.outcome ?? ''] ?? '$(checklist)'} ${where} · ${last.phase}`, tooltip };
  }
}

/** The application, its environment, and where it would run. */
function placeOf(target: TargetFound | undefined): string {
  if (target?.application === undefined) return 'Draft Tasks';
  const { application, environment, context, namespace } = target;
  const cluster = context === undefined ? undefined : namespace === undefined ? context : `${context}/${namespace}`;
  return [environment === undefined ? application : `${application} (${environment})`, cluster].filter(Boolean).join(' · ');
}

function shorten(text: string): string {
  const [line = ''] = text.split('\n');
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
