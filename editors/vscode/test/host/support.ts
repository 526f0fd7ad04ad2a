// What the suites share: the extension's API, files of the two folders, and waiting for something to be so.
import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { Api } from '../../src/extension';
import type { OutputMessage, RunMessage } from '../../src/runs';

export { assert };

/** How long anything may take, in milliseconds. */
const PATIENCE = 90_000;

export async function api(): Promise<Api> {
  const extension = vscode.extensions.getExtension<Api>('draft-tasks.draft-tasks');
  assert.ok(extension, 'the extension is there');
  const found = await extension.activate();
  await found.started;
  return found;
}

export async function until<T>(what: string, look: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`not within ${PATIENCE / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export function folder(name: string): vscode.WorkspaceFolder {
  const found = vscode.workspace.workspaceFolders?.find((it) => it.name === name);
  assert.ok(found, `the folder ${name} is there`);
  return found;
}

/** Writes a file of a folder as another program would. */
export async function write(folderName: string, name: string, text: string): Promise<vscode.Uri> {
  const uri = vscode.Uri.joinPath(folder(folderName).uri, name);
  await vscode.workspace.fs.writeFile(uri, Buffer.from(text));
  return uri;
}

export async function read(folderName: string, name: string): Promise<string | undefined> {
  try {
    return Buffer.from(await vscode.workspace.fs.readFile(vscode.Uri.joinPath(folder(folderName).uri, name))).toString();
  } catch {
    return undefined;
  }
}

/** Opens a file, and gives it this text. */
export async function edit(uri: vscode.Uri, text: string): Promise<vscode.TextDocument> {
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.window.showTextDocument(document);
  const whole = new vscode.Range(0, 0, document.lineCount, 0);
  const change = new vscode.WorkspaceEdit();
  change.replace(uri, whole, text);
  await vscode.workspace.applyEdit(change);
  if (uri.scheme === 'file') await document.save();
  return document;
}

export function codes(uri: vscode.Uri): string[] {
  return vscode.languages.getDiagnostics(uri).map(({ code }) => String(typeof code === 'object' ? code.value : code)).sort();
}

export async function untilCodes(uri: vscode.Uri, wanted: string[]): Promise<void> {
  let last: string[] = [];
  await until(`the codes ${JSON.stringify(wanted)}`, () => {
    last = codes(uri);
    return JSON.stringify(last) === JSON.stringify(wanted);
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}; found ${JSON.stringify(last)}`);
  });
}

/** Everything that is told about runs from now on. */
export async function listen(): Promise<{ runs: RunMessage[]; output: OutputMessage[]; finished: (run: string) => Promise<RunMessage> }> {
  const { runs } = await api();
  const heard = { runs: [] as RunMessage[], output: [] as OutputMessage[] };
  runs.listen({ onRun: (message) => heard.runs.push(message), onOutput: (message) => heard.output.push(message) });
  const finished = (run: string): Promise<RunMessage> =>
    until(`the end of ${run}`, () => heard.runs.find((it) => it.run === run && it.state === 'finished'));
  return { ...heard, finished };
}
