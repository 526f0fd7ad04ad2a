// Takes away the quotes that are typed over all that stands between two: placeholders stand between quotes already, and who
// writes a string begins it with one.
//
// Must not touch what was not typed, nor make the next key wait.

import * as vscode from 'vscode';
import { language } from './protocol';

/** A quote that was typed at the beginning of a string, beside the one that is there. */
interface Doubled {
  readonly quote: string;
  readonly line: number;
  /** Where it stands now. */
  column: number;
  /** Whether another one went to the end of the string, as the editor puts quotes around what is selected. */
  readonly surrounds: boolean;
}

/** Follows what is typed. */
export function watchQuotes(): vscode.Disposable {
  /** Those that are not yet taken away. */
  const present = new Set<Doubled>();
  return vscode.workspace.onDidChangeTextDocument((change) => {
    const editor = vscode.window.activeTextEditor;
    if (change.document.languageId !== language || editor?.document !== change.document) return;
    present.forEach((one) => follow(one, change));
    const found = change.reason === undefined ? doubled(change) : undefined;
    if (found === undefined) return;
    present.add(found);
    void takeAway(editor, found).finally(() => present.delete(found));
  });
}

/** What changes before it in its line moves it. */
function follow(one: Doubled, { contentChanges }: vscode.TextDocumentChangeEvent): void {
  for (const { range, text, rangeLength } of contentChanges) {
    if (range.end.line === one.line && range.end.character < one.column - 1) one.column += text.length - rangeLength;
  }
}

function doubled({ contentChanges, document }: vscode.TextDocumentChangeEvent): Doubled | undefined {
  const [first, last] = [...contentChanges].sort((one, other) => one.rangeOffset - other.rangeOffset);
  if (first === undefined || contentChanges.length > 2 || !/^["']$/.test(first.text)) return undefined;
  const { text: quote, range: { start } } = first;
  const surrounds = last !== undefined;
  const replaces = !surrounds && first.rangeLength > 0;
  if (!replaces && last?.text !== quote) return undefined;
  const text = document.lineAt(start.line).text;
  const end = last === undefined ? start.character : last.range.start.character + 1;
  // Three of them are the beginning of a string of several lines.
  const isDoubled = text[start.character - 1] === quote && text[end + 1] === quote && text[start.character - 2] !== quote;
  return isDoubled ? { quote, line: start.line, column: start.character, surrounds } : undefined;
}

/** What is typed meanwhile is newer than what is known here: then the editor refuses the edit, and it is made again. */
async function takeAway(editor: vscode.TextEditor, one: Doubled): Promise<void> {
  const { quote, line, surrounds } = one;
  const pair = quote + quote;
  while (vscode.window.activeTextEditor === editor) {
    const { column } = one;
    const { text } = editor.document.lineAt(line);
    const end = surrounds ? text.indexOf(pair, column + 1) : column;
    if (!text.startsWith(pair, column - 1) || end < 0) return;
    // Of the last two the second goes: what is typed up to there ends behind the first.
    const places = surrounds ? [column, end + 1] : [column];
    const isDone = await editor.edit(
      (edit) => places.forEach((place) => edit.delete(new vscode.Range(line, place, line, place + 1))),
      { undoStopBefore: false, undoStopAfter: false },
    );
    if (isDone) return;
  }
}
