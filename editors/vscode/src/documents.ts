// Read-only documents of what the server answers as Markdown: a plan, what the doctor found.
//
// Must not keep them for longer than they are shown.

import * as vscode from 'vscode';

const SCHEME = 'draft-tasks';

/** The documents that are kept: nobody looks at more. */
const MOST = 20;

/** Closes the preview of the last time: it may be in a column that nobody looks at. */
async function closePreview(title: string): Promise<void> {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  const before = tabs.filter((tab) => tab.input instanceof vscode.TabInputWebview && tab.label.includes(`${title}.md`));
  if (before.length > 0) await vscode.window.tabGroups.close(before);
}

export class Documents implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.path) ?? 'This is not kept any longer; ask for it again.';
  }

  async show(title: string, markdown: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${title}.md` });
    this.#texts.delete(uri.path);
    this.#texts.set(uri.path, markdown);
    for (const path of this.#texts.keys()) {
      if (this.#texts.size <= MOST) break;
      this.#texts.delete(path);
    }
    this.#changed.fire(uri);
    await closePreview(title);
    // Beside a preview it would be a third column.
    const isBeside = vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputWebview;
    await vscode.commands.executeCommand(isBeside ? 'markdown.showPreview' : 'markdown.showPreviewToSide', uri);
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changed.dispose();
  }
}
