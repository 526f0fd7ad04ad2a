// What is said where the folder is not trusted.
//
// Must not decide what is safe: the server runs nothing without trust, whoever asks.

import * as vscode from 'vscode';

export const RESTRICTED =
  'Draft Tasks: nothing runs in Restricted Mode, since the commands come from this folder. Files are checked and completed as always.';

/** Says why nothing runs, and how to change that. */
export async function refuse(): Promise<void> {
  const manage = 'Manage Workspace Trust';
  const chosen = await vscode.window.showWarningMessage(RESTRICTED, manage);
  if (chosen === manage) await vscode.commands.executeCommand('workbench.trust.manage');
}
