// The tasks files of the workspace: which there are, and which one a command means.
//
// Must not read them: the server does.

import * as vscode from 'vscode';
import { language, packFile, tasksFile } from './protocol';

const EVERYWHERE = `**/${tasksFile}`;
const NOT_LOOKED_INTO = '**/{node_modules,target,vendor,.git}/**';

/** A workspace with more tasks files than this is none that anybody looks through. */
const MOST = 500;

/** Keeps a list of the tasks files of all folders. */
export class Files implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;
  readonly #watcher = vscode.workspace.createFileSystemWatcher(EVERYWHERE);
  readonly #disposables: vscode.Disposable[];
  #files: vscode.Uri[] = [];
  /** Counts searches: only the last answer counts. */
  #search = 0;

  constructor() {
    const look = (): void => void this.look();
    this.#disposables = [
      this.#watcher,
      this.#changed,
      this.#watcher.onDidCreate(look),
      this.#watcher.onDidDelete(look),
      vscode.workspace.onDidChangeWorkspaceFolders(look),
      vscode.workspace.onDidOpenTextDocument((document) => void markPack(document)),
    ];
    vscode.workspace.textDocuments.forEach((document) => void markPack(document));
  }

  get all(): readonly vscode.Uri[] {
    return this.#files;
  }

  async look(): Promise<void> {
    const search = ++this.#search;
    const found = await vscode.workspace.findFiles(EVERYWHERE, NOT_LOOKED_INTO, MOST);
    if (search !== this.#search) return;
    this.#files = found.sort((a, b) => (a.path < b.path ? -1 : 1));
    this.#changed.fire();
  }

  dispose(): void {
    vscode.Disposable.from(...this.#disposables).dispose();
  }

  /** The tasks file that is meant by what is open: that one, else the nearest above what is open. */
  current(): vscode.Uri | undefined {
    const document = vscode.window.activeTextEditor?.document;
    if (document === undefined) return undefined;
    if (isTasksFile(document)) return document.uri;
    const path = document.uri.path;
    const above = this.#files.filter((file) => path.startsWith(file.path.slice(0, -tasksFile.length)));
    return above.sort((a, b) => b.path.length - a.path.length)[0];
  }

  /** The tasks file that a command is about; asks where that is not clear, and says so where there is none. */
  async choose(): Promise<vscode.Uri | undefined> {
    const current = this.current();
    if (current !== undefined) return current;
    if (this.#files.length === 0) await this.look();
    if (this.#files.length <= 1) {
      const [only] = this.#files;
      if (only === undefined) void vscode.window.showInformationMessage(`Draft Tasks: there is no ${tasksFile} in this workspace.`);
      return only;
    }
    const items = this.#files.map((uri) => ({ label: nameOf(uri), uri }));
    const chosen = await vscode.window.showQuickPick(items, { placeHolder: 'Of which tasks file?' });
    return chosen?.uri;
  }
}

/** Whether a document is a tasks file that may run. */
export function isTasksFile(document: vscode.TextDocument): boolean {
  return document.languageId === language || document.uri.path.endsWith(`/${tasksFile}`);
}

/** The folder of a tasks file, as short as it is clear. */
export function nameOf(uri: vscode.Uri): string {
  if (uri.scheme === 'untitled') return uri.path;
  const folder = uri.with({ path: uri.path.replace(/\/[^/]*$/, '') });
  const relative = vscode.workspace.asRelativePath(folder, true);
  const root = vscode.workspace.getWorkspaceFolder(uri);
  return root !== undefined && root.uri.path === folder.path ? root.name : relative;
}

/** A `tasks.toml` is a pack's where a folder `charts` stands beside it; its name alone does not tell. */
async function markPack(document: vscode.TextDocument): Promise<void> {
  if (document.uri.scheme !== 'file' || document.languageId === language || !document.uri.path.endsWith(`/${packFile}`)) return;
  try {
    const charts = await vscode.workspace.fs.stat(vscode.Uri.joinPath(document.uri, '..', 'charts'));
    if ((charts.type & vscode.FileType.Directory) === 0) return;
  } catch {
    return; // Then it is no pack.
  }
  await vscode.languages.setTextDocumentLanguage(document, language);
}
