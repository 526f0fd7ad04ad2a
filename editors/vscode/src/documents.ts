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
  #shown = 0;
  readonly #registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? 'This is not kept any longer; ask for it again.';
  }

  async show(title: string, markdown: string): Promise<void> {
    // Each has an address of its own: a preview that opens while its text changes may go on showing the one before.
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${title}.md`, query: String(++this.#shown) });
    this.#texts.set(uri.toString(), markdown);
    for (const address of this.#texts.keys()) {
      if (this.#texts.size <= MOST) break;
      this.#texts.delete(address);
    }
    await closePreview(title);
    // Beside a preview it would be a third column.
    const isBeside = vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputWebview;
    await vscode.commands.executeCommand(isBeside ? 'markdown.showPreview' : 'markdown.showPreviewToSide', uri);
  }

  dispose(): void {
    this.#registration.dispose();
  }
}
